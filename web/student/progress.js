// progress — where the photo is, what happens next, and what the student may do about it.
import { get, post } from '../shared/api.js';
import { Ask } from '../shared/dialog.js';
import { dateTime, t } from '../shared/i18n.js';
import { ProblemBox, complain } from '../shared/notices.js';
import { eventLabel, reasonLabel, stateLabel } from '../shared/workflow.js';
import { html, useLoad, useState } from '../shared/view.js';
import { savePhoto } from './parts.js';
import { submission } from './student.js';

/** What an event asks for; which are offered is the server's `allowed`. */
const FORMS = { recall: {}, withdraw: { danger: true }, accept: {}, object: { note: true }, appeal: { note: true } };

export function Timeline({ now }) {
  const { data, error } = useLoad((signal) => get(`/api/v1/submissions/${now.id}/timeline`, { query: { limit: 100 }, signal }), [now.id, now.version]);
  return html`<${ProblemBox} problem=${error} /><ol
    class="timeline">${[...(data?.items || [])].reverse().map((move) => html`<li key=${move.number}>
    <time class="muted" datetime=${move.moved}>${dateTime(move.moved)}</time><span>
      <strong>${eventLabel(move.event)}</strong>${move.to !== move.from && html` → ${stateLabel(move.to)}`}
      ${move.reasons.length > 0 && html`<br />${move.reasons.map(reasonLabel).join(t('list.comma'))}`}${move.note && html`<br />
        <q>${move.note}</q>`}</span></li>`)}</ol>`;
}

export function Why({ now }) {
  if (now.reasons.length === 0 && !now.note)
    return null;
  return html`<section class="why"><h2>${t('student.why')}</h2><ul
    class="report">${now.reasons.map((reason) => html`<li key=${reason.code} class="report-fail"><span aria-hidden="true">✖</span>
    <span><strong>${reason.text}</strong><br />${reason.fix}</span></li>`)}</ul>${now.note && html`<p><q>${now.note}</q>
      </p>`}</section>`;
}

export function Actions({ now }) {
  const [event, setEvent] = useState(null);
  const send = async (name, more) => submission.set(await post(`/api/v1/submissions/${now.id}/${name}`, { version: now.version, ...more }));
  const proofread = (result) => () => send('proofread', { result }).catch(complain);
  return html`<div class="stack">
    ${now.allowed.includes('proofread') && now.proofread === 'not_yet' && html`<p>${t('student.proofread_text')}</p>
      <div class="row"><button type="button" onClick=${proofread('right')}>${t('proofread.right')}</button><button type="button"
        onClick=${proofread('wrong')}>${t('proofread.wrong')}</button></div>`}
    ${Object.keys(FORMS).filter((name) => now.allowed.includes(name)).map((name) => html`<button key=${name} type="button"
      class=${name === 'accept' ? 'primary big' : 'big'} onClick=${() => setEvent(name)}>${eventLabel(name)}</button>`)}
    ${event && html`<${Ask} title=${eventLabel(event)} text=${t(`student.ask.${event}`)}
      label=${eventLabel(event)} danger=${FORMS[event].danger}
      fields=${FORMS[event].note ? [{ name: 'note', label: t('field.note'), lines: 3, max: 500, required: true }] : []} run=${(values) => send(event, values)} onClose=${() => setEvent(null)} />`}</div>`;
}

function Estimate({ now }) {
  if (!['submitted', 'human_review', 'retouch', 'face_comparison'].includes(now.state))
    return null;
  const seconds = now.estimate?.seconds;
  return html`<p class="muted">${seconds ? t('student.estimate', { n: Math.max(1, Math.ceil(seconds / 60)), ahead: now.estimate.ahead }) : now.due ? t('student.due', { time: dateTime(now.due) }) : ''}</p>`;
}

export function Progress({ now }) {
  const save = () => savePhoto(`/api/v1/submissions/${now.id}/photo`, `${now.code}.jpg`).catch(complain);
  const approved = ['student_confirm', 'chsi_upload', 'printing', 'mailing', 'completed'].includes(now.state);
  return html`
    <section class="status status-${now.state}" role="status"><p class="status-label">${now.label}</p><p>${now.text}</p>
      <${Estimate} now=${now} />
      ${now.deadline && html`<p class="muted">${t('student.deadline', { time: dateTime(now.deadline) })}</p>`}
      ${now.tracking_no && html`<p>${now.carrier} <strong class="num">${now.tracking_no}</strong></p>`}</section>
    ${approved && html`<button type="button" class="big" onClick=${save}>${t('student.download')}</button>`}
    <${Actions} now=${now} />
    <h2>${t('submission.timeline')}</h2><${Timeline} now=${now} />`;
}
