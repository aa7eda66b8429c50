// batches — what goes out in lots: packages for CHSI, print sheets, parcels. List, and a small wizard's first step.
import { get, post } from '../shared/api.js';
import { Dialog } from '../shared/dialog.js';
import { dateTime, t } from '../shared/i18n.js';
import { on } from '../shared/live.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useEffect, useLoad, useState, useValue } from '../shared/view.js';
import { has } from './account.js';
import { Badge, Heading, More, Table, useList } from './parts.js';
import { go, route, setQuery } from './route.js';

const KINDS = ['chsi', 'print', 'mail'];
export const BATCH_TONES = { building: 'warn', built: 'info', handed_over: 'info', done: 'ok', failed: 'bad' };

function Create({ kind, onClose }) {
  const { data, error } = useLoad((signal) => get('/api/v1/console/sessions', { query: { limit: 100 }, signal }), []);
  const [state, setState] = useState({});
  const today = new Date().toISOString().slice(0, 10);
  const submit = async (event) => {
    event.preventDefault();
    const form = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value !== ''));
    setState({ busy: true });
    try {
      const batch = await post('/api/v1/console/batches', { kind, ...form });
      onClose();
      go(`batches/${batch.id}`);
    } catch (problem) {
      setState({ problem });
    }
  };
  return html`<${Dialog} title=${t(`batch.new.${kind}`)} onClose=${onClose}><form onSubmit=${submit}>
    <p class="muted">${t(`batch.about.${kind}`)}</p>
    <${ProblemBox} problem=${error || state.problem} />
    <label class="field"><span>${t('col.session')}</span><select name="session_code" required>
      ${(data?.items || []).map((session) => html`<option key=${session.id}
        value=${session.code}>${session.school_name} · ${session.name} (${session.code})</option>`)}</select></label>
    <label class="field"><span>${t('field.batch_name')}</span><input name="name" required maxlength="80"
      value=${`${today} ${t(`batch.${kind}`)}`} /></label>
    ${kind === 'chsi' && html`<label class="field"><span>${t('field.template')}</span><input name="template"
      class="mono" maxlength="120" value="{student_no}" />
      <small>${t('batch.template_hint')}</small></label>`}
    <footer><button type="button" onClick=${onClose}>${t('act.cancel')}</button><button type="submit" class="primary"
      disabled=${state.busy || !data}>${t('batch.build')}</button></footer>
  </form><//>`;
}

export function Batches() {
  const { query } = useValue(route);
  const kind = KINDS.includes(query.get('kind')) ? query.get('kind') : 'chsi';
  const [create, setCreate] = useState(false);
  const list = useList('/api/v1/console/batches', { kind });
  useEffect(() => on('batch.changed', list.reload), [kind]);
  return html`
    <${Heading} title=${t('page.batches')}>
      ${has('batch') && html`<button type="button" class="primary"
        onClick=${() => setCreate(true)}>${t(`batch.new.${kind}`)}</button>`}<//>
    <div class="tabs" role="group" aria-label=${t('batch.kind')}>${KINDS.map((name) => html`
      <button key=${name} type="button" aria-pressed=${name === kind}
        onClick=${() => setQuery({ kind: name })}>${t(`batch.${name}`)}</button>`)}</div>
    <${Table} label=${t(`batch.${kind}`)} heads=${['name', 'session', 'count', 'state', 'created'].map((name) => t(`col.${name}`))}
        empty=${!list.loading && list.items.length === 0 && !list.error ? t(`batch.none.${kind}`) : null}>
      ${list.items.map((batch) => html`<tr key=${batch.id}>
        <td><a href="#/batches/${batch.id}">${batch.name}</a></td><td>${batch.session_name}</td><td
          class="num">${batch.item_count}</td>
        <td><${Badge} tone=${BATCH_TONES[batch.state]}>${t(`batch.state.${batch.state}`)}<//> <span
          class="small">${batch.problem}</span></td>
        <td class="num">${dateTime(batch.created)} <span class="muted">${batch.created_by}</span></td></tr>`)}<//>
    <${More} list=${list} />
    ${create && html`<${Create} kind=${kind} onClose=${() => setCreate(false)} />`}`;
}
