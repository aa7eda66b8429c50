// sessions — capture sessions of all schools, and a new one.
import { post } from '../shared/api.js';
import { Dialog } from '../shared/dialog.js';
import { date, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useState } from '../shared/view.js';
import { has } from './account.js';
import { Badge, Heading, More, Table, useList } from './parts.js';
import { PolicyForm } from './policy_form.js';
import { Presets, usePresets } from './presets.js';
import { go } from './route.js';
import { SessionFields, fieldsOf } from './session_fields.js';

const FIELDS = [['code', 8, '[0-9]{8}|[0-9A-Za-z]{6}'], ['school_code', 20], ['school_name', 100]];

function Create({ onClose }) {
  const presets = usePresets();
  const [picked, setPolicy] = useState(null);
  const policy = picked ?? presets?.plain;
  const [state, setState] = useState({});
  const submit = async (event) => {
    event.preventDefault();
    const form = Object.fromEntries(new FormData(event.target));
    const body = Object.fromEntries(FIELDS.map(([name]) => [name, form[name].trim()]));
    setState({ busy: true });
    try {
      const session = await post('/api/v1/console/sessions', { ...body, ...fieldsOf(event.target), policy });
      onClose();
      go(`sessions/${session.id}`);
    } catch (problem) {
      setState({ problem });
    }
  };
  return html`<${Dialog} title=${t('session.new')} onClose=${onClose} wide><form onSubmit=${submit}>
    ${presets && html`<${Presets} presets=${presets} value=${policy.preset} onPick=${(preset) => setPolicy(preset.policy)} />`}
    <div class="grid-2">
      ${FIELDS.map(([name, max, pattern]) => html`<label class="field" key=${name}><span>${t(`session.${name}`)}</span>
        <input name=${name} maxlength=${max} pattern=${pattern} required autocomplete="off" /></label>`)}
      <${SessionFields} />
    </div>
    ${policy && html`<${PolicyForm} policy=${policy} detail=${state.problem?.detail} onChange=${setPolicy} />`}
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
