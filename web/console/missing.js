// missing — who of a session has not been collected: filters, pages, a file; where there is no roster the school's own list is
// compared with who came.
import { call, get, post } from '../shared/api.js';
import { t } from '../shared/i18n.js';
import { ProblemBox, notify } from '../shared/notices.js';
import { saveBlob } from '../shared/save.js';
import { stateLabel } from '../shared/workflow.js';
import { html, useLoad, useState } from '../shared/view.js';
import { has } from './account.js';
import { FileOrText, Heading, More, State, Table, useList } from './parts.js';

const STATES = ['none', 'draft', 'awaiting_payment', 'retake', 'closed', 'ambiguous'];
const COLUMNS = ['student_no', 'name', 'last_four', 'college', 'class', 'state'];
const stateWords = (name) => (['none', 'ambiguous'].includes(name) ? t(`missing.${name}`) : html`<${State} name=${name} />`);

function Compare({ session, onDone }) {
  const [bytes, setBytes] = useState(null);
  const [state, setState] = useState({});
  const compare = async () => {
    setState({ busy: true });
    try {
      const result = await post(`/api/v1/console/sessions/${session.id}/reconciliation`, await bytes.arrayBuffer(), { type: 'text/csv', timeout_ms: 120000 });
      setState({ result });
      notify('ok', t('missing.compared', result));
      onDone();
    } catch (problem) {
      setState({ problem });
    }
  };
  return html`<section class="card"><h2>${t('missing.compare')}</h2>
    <${FileOrText} label=${t('missing.list')} hint="last_four,name" accept=".csv,text/csv" name="expected" onBytes=${setBytes} />
    <${ProblemBox} problem=${state.problem} />
    ${state.result && html`<p role="status">${t('missing.compared', state.result)}</p>`}
    <button type="button" class="primary" disabled=${!bytes || state.busy} onClick=${compare}>${t('missing.compare')}</button></section>`;
}

export function MissingPage({ id }) {
  const { data: session, error, reload } = useLoad((signal) => get(`/api/v1/console/sessions/${id}`, { signal }), [id]);
  const [filter, setFilter] = useState({ college: '', class: '', state: '' });
  const [problem, setProblem] = useState(null);
  const asked = Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
  const list = useList(`/api/v1/console/sessions/${id}/missing`, asked);
  const field = (name) => html`<label class="field"><span>${t(`missing.${name}`)}</span><input value=${filter[name]} maxlength="80"
    onInput=${(event) => setFilter({ ...filter, [name]: event.target.value.trim() })} /></label>`;
  const save = async () => {
    try {
      const { data } = await call('GET', `/api/v1/console/sessions/${id}/missing`, { query: { ...asked, format: 'csv' }, timeout_ms: 120000 });
      saveBlob(data, `missing-${session.code}.csv`);
      setProblem(null);
    } catch (failed) {
      setProblem(failed);
    }
  };
  if (!session)
    return html`<${Heading} title=${t('page.missing')} /><${ProblemBox} problem=${error} retry=${reload} />`;
  return html`<nav class="crumbs" aria-label=${t('nav.crumbs')}><a href="#/sessions">${t('page.sessions')}</a> › <a
      href="#/sessions/${id}">${session.name}</a></nav>
    <${Heading} title=${t('missing.title')}><button type="button" onClick=${save}>${t('missing.save')}</button><//>
    <p class="muted">${t('missing.about')}</p>
    ${session.policy.roster_mode === 'code_only' && (has('administrator') || has('school')) && html`<${Compare} session=${session} onDone=${list.reload} />`}
    <div class="row filters">${field('college')}${field('class')}<label class="field"><span>${t('missing.state')}</span><select value=${filter.state}
      onChange=${(event) => setFilter({ ...filter, state: event.target.value })}><option value="">${t('missing.any')}</option>${STATES.map((name) => html`<option
        key=${name} value=${name}>${['none', 'ambiguous'].includes(name) ? t(`missing.${name}`) : stateLabel(name)}</option>`)}</select></label></div>
    <${ProblemBox} problem=${problem} />
    <${Table} label=${t('missing.title')} heads=${COLUMNS.map((name) => t(`missing.${name}`))}
      empty=${!list.loading && !list.error && list.items.length === 0 && t('missing.empty')}>
      ${list.items.map((one, i) => html`<tr key=${i}><td class="num">${one.student_no}</td><td>${one.name_masked}</td><td
        class="num">${one.last_four}</td><td>${one.college}</td><td>${one.class_name}</td><td>${one.submission_id
          ? html`<a href="#/submissions/${one.submission_id}">${stateWords(one.state)}</a>` : stateWords(one.state)}</td></tr>`)}<//>
    <${More} list=${list} />`;
}
