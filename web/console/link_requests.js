// link_requests — students whom the roster does not know: what they wrote, the entries that may be meant, link or refuse.
import { get, post } from '../shared/api.js';
import { dateTime, t } from '../shared/i18n.js';
import { ProblemBox, notify } from '../shared/notices.js';
import { html, useLoad, useState } from '../shared/view.js';
import { Badge, Heading, More, Table, useList } from './parts.js';
import { go } from './route.js';
import { IdentityCard } from './submission_parts.js';

const STATES = ['waiting', 'linked', 'refused', 'withdrawn'];
const TONES = { waiting: 'warn', linked: 'good', refused: 'bad', withdrawn: 'plain' };
const CLAIM = ['name_masked', 'id_number_masked', 'student_no', 'college', 'major', 'class_name', 'phone_masked', 'note'];
const FITS = ['name', 'id_number', 'student_no'];

export function LinkRequests() {
  const [state, setState] = useState('waiting');
  const list = useList('/api/v1/console/link-requests', { state });
  return html`
    <${Heading} title=${t('page.link-requests')}><label class="field inline"><span>${t('col.state')}</span>
      <select value=${state} onChange=${(event) => setState(event.target.value)}>
        ${STATES.map((name) => html`<option key=${name} value=${name}>${t(`link_request.${name}`)}</option>`)}</select></label>
      <button type="button" onClick=${list.reload}>${t('act.reload')}</button><//>
    <p class="muted">${t('link_request.about')}</p>
    <${Table} label=${t('page.link-requests')}
      heads=${['name_masked', 'student_no', 'college', 'session', 'created', 'change'].map((name) => t(`link_request.${name}`))}
      empty=${!list.loading && list.items.length === 0 && !list.error ? t('link_request.none') : null}>
      ${list.items.map((one) => html`<tr key=${one.id}><td>${one.name_masked}</td><td class="num">${one.student_no || '–'}</td>
        <td>${one.college || '–'}</td><td>${one.school} · ${one.session_name}</td><td class="num">${dateTime(one.created)}</td>
        <td><a href="#/link-requests/${one.id}">${t('act.open')}</a></td></tr>`)}<//>
    <${More} list=${list} />`;
}

function Fit({ name, good }) {
  return html`<${Badge} tone=${good ? 'good' : 'bad'}>${good ? '✓' : '✗'} ${t(`link_request.${name}_fits`)}<//> `;
}

function Candidate({ one, chosen, onChoose, disabled }) {
  return html`<tr><td><label class="check-field"><input type="radio" name="roster_id" value=${one.roster_id} checked=${chosen}
      disabled=${disabled || one.taken} onChange=${() => onChoose(one.roster_id)} /> <span class="num">${one.student_no}</span></label></td>
    <td>${one.name_masked}</td><td class="num">${one.id_number_masked}</td>
    <td>${[one.college, one.major, one.class_name].filter(Boolean).join(' · ') || '–'}</td>
    <td>${FITS.map((name) => html`<${Fit} key=${name} name=${name} good=${one[`${name}_fits`]} />`)}
      ${one.taken && html`<${Badge} tone="warn">${t('link_request.taken')}<//>`}</td></tr>`;
}

function Decide({ request, onDone }) {
  const free = request.candidates.filter((one) => !one.taken);
  const [chosen, setChosen] = useState(free.length === 1 ? free[0].roster_id : '');
  const [reason, setReason] = useState('');
  const [state, setState] = useState({});
  const send = async (verdict) => {
    setState({ busy: true });
    try {
      const done = await post(`/api/v1/console/link-requests/${request.id}/decision`,
        { verdict, reason, ...(verdict === 'link' && chosen ? { roster_id: chosen } : {}) });
      notify('ok', t(`link_request.done_${verdict}`));
      onDone(done);
    } catch (problem) {
      setState({ problem });
    }
  };
  return html`<section class="card"><h2>${t('link_request.candidates')}</h2>
    <${Table} label=${t('link_request.candidates')}
      heads=${['student_no', 'name_masked', 'id_number_masked', 'college', 'fits'].map((name) => t(`link_request.${name}`))}
      empty=${request.candidates.length === 0 ? t('link_request.no_candidates') : null}>
      ${request.candidates.map((one) => html`<${Candidate} key=${one.roster_id} one=${one} chosen=${chosen === one.roster_id}
        onChoose=${setChosen} disabled=${state.busy} />`)}<//>
    <label class="field"><span>${t('link_request.reason')}</span><textarea name="reason" rows="2" maxlength="300" value=${reason}
      disabled=${state.busy} onInput=${(event) => setReason(event.target.value)}></textarea></label>
    <${ProblemBox} problem=${state.problem} />
    <div class="row"><button type="button" disabled=${state.busy || !reason.trim()} onClick=${() => send('refuse')}>${t('link_request.refuse')}</button>
      <button type="button" class="primary" disabled=${state.busy || (request.candidates.length > 0 && !chosen)}
        onClick=${() => send('link')}>${t('link_request.link')}</button></div></section>`;
}

export function LinkRequestPage({ id }) {
  const { data: request, error, reload } = useLoad((signal) => get(`/api/v1/console/link-requests/${id}`, { signal }), [id]);
  if (error)
    return html`<${Heading} title=${t('page.link-requests')} /><${ProblemBox} problem=${error} retry=${reload} />`;
  if (!request)
    return html`<${Heading} title=${t('page.link-requests')} />`;
  const { identity } = request;
  return html`<${Heading} title=${`${t('page.link-requests')} · ${request.name_masked}`}>
      <${Badge} tone=${TONES[request.state]}>${t(`link_request.${request.state}`)}<//><//>
    <div class="stack"><section class="card"><h2>${t('link_request.claim')}</h2><dl class="facts">
      <div><dt>${t('link_request.session')}</dt><dd>${request.school} · ${request.session_name}</dd></div>
      ${CLAIM.filter((name) => request[name]).map((name) => html`<div key=${name}><dt>${t(`link_request.${name}`)}</dt>
        <dd class="wrap">${request[name]}</dd></div>`)}
      ${request.reason && html`<div><dt>${t('link_request.reason')}</dt><dd class="wrap">${request.reason}</dd></div>`}
      ${request.submission_id && html`<div><dt>${t('col.submission')}</dt><dd><a href="#/submissions/${request.submission_id}">${t('act.open')}</a></dd></div>`}
    </dl></section>
    <${IdentityCard} identity=${identity} always />
    ${request.state === 'waiting' && html`<${Decide} request=${request} onDone=${() => go('link-requests')} />`}</div>`;
}
