// sessions — capture sessions of all schools, and a new one.
import { post } from '../shared/api.js';
import { Dialog } from '../shared/dialog.js';
import { date, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useState } from '../shared/view.js';
import { has } from './account.js';
import { Badge, Heading, More, Table, useList } from './parts.js';
import { POLICY_START, PolicyForm } from './policy_form.js';
import { go } from './route.js';

const FIELDS = [['code', 8, '[0-9]{8}|[0-9A-Za-z]{6}'], ['school_code', 20], ['school_name', 100], ['name', 100]];

function Create({ onClose }) {
  const [policy, setPolicy] = useState(POLICY_START);
  const [state, setState] = useState({});
  const submit = async (event) => {
    event.preventDefault();
    const form = Object.fromEntries(new FormData(event.target));
    const body = Object.fromEntries(FIELDS.map(([name]) => [name, form[name].trim()]));
    setState({ busy: true });
    try {
      const session = await post('/api/v1/console/sessions', { ...body, opens: new Date(form.opens).toISOString(), closes: new Date(form.closes).toISOString(), policy });
      onClose();
      go(`sessions/${session.id}`);
    } catch (problem) {
      setState({ problem });
    }
  };
  return html`<${Dialog} title=${t('session.new')} onClose=${onClose} wide><form onSubmit=${submit}>
    <div class="grid-2">
      ${FIELDS.map(([name, max, pattern]) => html`<label class="field" key=${name}><span>${t(`session.${name}`)}</span>
        <input name=${name} maxlength=${max} pattern=${pattern} required autocomplete="off" /></label>`)}
      <label class="field"><span>${t('session.opens')}</span><input type="datetime-local" name="opens" required /></label>
      <label class="field"><span>${t('session.closes')}</span><input type="datetime-local" name="closes" required /></label>
    </div>
    <${PolicyForm} policy=${policy} detail=${state.problem?.detail} onChange=${setPolicy} />
    <p class="muted small">${t('session.policy_rest')}</p>
    <${ProblemBox} problem=${state.problem} />
    <footer><button type="button" onClick=${onClose}>${t('act.cancel')}</button><button type="submit" class="primary"
      disabled=${state.busy}>${t('act.save')}</button></footer>
  </form><//>`;
}

export function Sessions() {
  const list = useList('/api/v1/console/sessions');
  const [create, setCreate] = useState(false);
  return html`
    <${Heading} title=${t('page.sessions')}>${has('administrator') && html`<button type="button" class="primary"
      onClick=${() => setCreate(true)}>${t('session.new')}</button>`}<//>
    <${Table} label=${t('page.sessions')} heads=${['session', 'code', 'school', 'open', 'window'].map((name) => t(`col.${name}`))}
      empty=${!list.loading && list.items.length === 0 && !list.error ? t('session.none') : null}>
      ${list.items.map((session) => html`<tr key=${session.id}><td><a href="#/sessions/${session.id}">${session.name}</a></td><td
        class="num">${session.code}</td><td>${session.school_name}</td>
        <td><${Badge} tone=${session.open_now ? 'ok' : 'plain'}>${session.open_now ? t('session.open') : t('session.shut')}<//></td>
        <td class="num">${date(session.opens)} – ${date(session.closes)}</td></tr>`)}<//>
    <${More} list=${list} />
    ${create && html`<${Create} onClose=${() => setCreate(false)} />`}`;
}
