// progress — where the photo is, what happens next, and what the student may do about it.
import * as server from '../shared/client.js';
import { Ask } from '../shared/dialog.js';
import { dateTime, money, t } from '../shared/i18n.js';
import { ProblemBox, complain } from '../shared/notices.js';
import { Annotations, stepsOf as placesOf } from '../shared/report.js';
import { eventLabel, reasonLabel, startWorkflow, stateLabel } from '../shared/workflow.js';
import { html, useLoad, useState, useValue } from '../shared/view.js';
import { Icon } from './icons.js';
import { Cell, Cells } from './parts.js';
import { Facts, Photo, savePhoto } from './pieces.js';
import { go } from './route.js';
import { act, session, submission } from './student.js';

/** What an event asks for; which are offered is the server's `allowed`. */
const FORMS = { recall: {}, withdraw: { danger: true }, appeal: { note: true } };
const WAITS = ['submitted', 'human_review', 'retouch', 'face_comparison'];
const APPROVED = ['student_confirm', 'chsi_upload', 'printing', 'mailing', 'completed'];
/** The steps a student is told of, and the states in which each is going on. */
const STEPS = { sent: [], review: WAITS, approve: ['student_confirm'], chsi: ['chsi_upload'], print: ['printing'], mail: ['mailing'], proofread: [] };

function stepsOf(now, policy) {
  const wanted = { sent: true, review: true, approve: policy.confirm_after_approval, chsi: policy.deliver_chsi, print: policy.deliver_print, mail: policy.deliver_mail !== 'none', proofread: policy.deliver_chsi };
  const names = Object.keys(STEPS).filter((name) => wanted[name]);
  const ended = now.state === 'completed' ? names.indexOf('proofread') : -1;
  const at = now.state === 'completed' ? (ended < 0 || now.proofread === 'right' ? names.length : ended) : names.findIndex((name) => STEPS[name].includes(now.state));
  return names.map((name, i) => ({ name, is: i < at ? 'done' : i === at ? 'now' : 'later' }));
}

/** Minutes while they can be told, else until when. */
export function estimateText(now) {
  if (!WAITS.includes(now.state))
    return '';
  const seconds = now.estimate?.seconds;
  if (seconds && seconds < 5400)
    return t('student.estimate', { n: Math.max(1, Math.ceil(seconds / 60)), ahead: now.estimate.ahead });
  return now.due ? t('student.due', { time: dateTime(now.due) }) : '';
}

function Steps({ now }) {
  const note = { sent: dateTime(now.submitted), review: estimateText(now), chsi: now.state === 'chsi_upload' ? t(`chsi.${now.chsi_status || 'queued'}`) : '', mail: now.tracking_no ? `${now.carrier} ${now.tracking_no}` : '' };
  return html`<ol class="track">${stepsOf(now, session.value.policy).map(({ name, is }) => html`<li key=${name} class="track-${is}" aria-current=${is === 'now' ? 'step' : undefined}>
    <span class="track-mark" aria-hidden="true">${is === 'done' && html`<${Icon} name="done" />`}</span>
    <span><strong>${t(`track.${name}`)}</strong>${note[name] && (is !== 'later') && html`<small>${note[name]}</small>`}<span class="unseen">${t(`track.is.${is}`)}</span></span></li>`)}</ol>`;
}

/** Everything that happened, for who wants to know. */
function History({ now }) {
  const { data, error } = useLoad(async (signal) => {
    await startWorkflow();
    return server.timeline(now.id, { query: { limit: 100 }, signal });
  }, [now.id, now.version]);
  return html`<${ProblemBox} problem=${error} /><ol class="timeline">${[...(data?.items || [])].reverse().map((move) => html`<li key=${move.number}>
    <time class="muted" datetime=${move.moved}>${dateTime(move.moved)}</time><span>
      <strong>${eventLabel(move.event)}</strong>${move.to !== move.from && html` → ${stateLabel(move.to)}`}
      ${move.reasons.length > 0 && html`<br />${move.reasons.map(reasonLabel).join(t('list.comma'))}`}${move.note && html`<br /><q>${move.note}</q>`}</span></li>`)}</ol>`;
}

function Why({ now }) {
  if (now.reasons.length === 0 && !now.note)
    return null;
  return html`<section class="why"><ul class="steps">${now.reasons.map((reason, i) => html`<li key=${reason.code} class="step step-fail"><span class="step-number" aria-hidden="true">${i + 1}</span>
    <span><strong>${reason.text}</strong><br />${reason.fix}</span></li>`)}</ul>${now.note && html`<p class="said"><q>${now.note}</q></p>`}</section>`;
}

/** What was paid and what went back; a group's or no fee has nothing to show. */
function Fee({ now }) {
  const { data } = useLoad((signal) => server.paymentShow(now.id, { signal }), [now.id, now.version]);
  if (!data || !['paid', 'refunding', 'refunded'].includes(data.state))
    return null;
  const back = data.state === 'refunding' ? t('student.fee_going_back') : data.refunded_fen > 0 && t('student.fee_back', { price: money(data.refunded_fen) });
  return html`<div class="card fee"><${Facts} rows=${[[t('student.fee'), money(data.amount_fen)], [t('student.fee_refund'), back]]} /></div>`;
}

export function Actions() {
  const now = useValue(submission);
  const [event, setEvent] = useState(null);
  const names = Object.keys(FORMS).filter((name) => now.allowed.includes(name));
  return html`${names.length > 0 && html`<${Cells}>${names.map((name) => html`<${Cell} key=${name} label=${t(`act.student.${name}`)} onOpen=${() => setEvent(name)} />`)}<//>`}
    ${event && html`<${Ask} title=${t(`act.student.${event}`)} text=${t(`student.ask.${event}`)} label=${t(`act.student.${event}`)} danger=${FORMS[event].danger}
      fields=${FORMS[event].note ? [{ name: 'note', label: t('field.note'), lines: 3, max: 500, required: true }] : []} run=${(values) => act(event, values)} onClose=${() => setEvent(null)} />`}`;
}

/** The photo that was sent back, each reason marked with its number where the machine found the place. */
function SentBack({ now, attempt }) {
  const { data } = useLoad((signal) => server.attemptShow(now.id, attempt.id, { signal }), [attempt.id]);
  const profile = session.value?.profile;
  const codes = now.reasons.map((reason) => reason.code);
  const steps = placesOf(data?.report).map((step) => ({ ...step, verdict: 'fail', number: 1 + codes.findIndex((code) => step.checks.some((check) => check.reason === code)) }))
    .filter((step) => step.number > 0);
  return html`<${Photo} path=${`/api/v1/submissions/${now.id}/attempts/${attempt.id}/photo`} alt=${t('student.photo_sent_back')} mid>
    <${Annotations} steps=${steps} size=${profile?.width_px ? { width: profile.width_px, height: profile.height_px } : null} /><//>`;
}

/** Sent back: what was wrong, what to do, and the camera in one touch. */
export function Retake() {
  const now = useValue(submission);
  const attempt = now.attempts.filter((one) => one.rejected).pop();
  return html`<section class="status status-retake" role="status"><p class="status-label">${now.label}</p><p>${now.text}</p>
      <p class="muted">${[now.deadline && t('student.deadline', { time: dateTime(now.deadline) }), t('student.left', { n: now.attempts_left }), now.price_fen > 0 && !now.allowed.includes('pay') && now.paid && t('student.no_fee')].filter(Boolean).join(' · ')}</p></section>
    ${attempt && html`<${SentBack} key=${attempt.id} now=${now} attempt=${attempt} />`}
    <${Why} now=${now} />
    <div class="stack"><button type="button" class="primary big" onClick=${() => go(session.value.policy.capture_source === 'album' ? 'photo' : 'camera')}>${t('student.retake_do')}</button>
      <button type="button" class="big" onClick=${() => go('messages')}>${t('student.ask_why')}</button></div>`;
}

export function Progress() {
  const now = useValue(submission);
  const save = () => savePhoto(`/api/v1/submissions/${now.id}/photo`, `${now.code}.jpg`).catch(complain);
  const estimate = estimateText(now);
  const proofread = now.allowed.includes('proofread') && now.proofread === 'not_yet';
  return html`
    <section class="status status-${now.state}" role="status"><p class="status-label">${now.label}</p><p>${now.text}</p>
      ${estimate && html`<p class="estimate">${estimate}</p>`}
      ${now.deadline && html`<p>${t('student.deadline', { time: dateTime(now.deadline) })}</p>`}</section>
    ${now.state === 'student_confirm' && html`<button type="button" class="primary big" onClick=${() => go('approve')}>${t('student.approve_do')}</button>`}
    ${proofread && html`<button type="button" class="primary big" onClick=${() => go('proofread')}>${t('student.proofread_do')}</button>`}
    ${now.state === 'closed' ? html`<${Why} now=${now} />` : html`<${Steps} now=${now} />`}
    ${now.price_fen > 0 && html`<${Fee} now=${now} />`}
    ${now.tracking_no && html`<div class="card"><${Facts} rows=${[[t('student.carrier'), now.carrier], [t('student.tracking_no'), now.tracking_no]]} /></div>`}
    <${Cells}>
      ${now.submitted && now.state !== 'closed' && html`<${Cell} icon="confirm" label=${t('student.receipt_show')} onOpen=${() => go('receipt')} />`}
      ${APPROVED.includes(now.state) && session.value.policy.download_photo && html`<${Cell} icon="portrait" label=${t('student.download')} onOpen=${save} />`}<//>
    <${Actions} />
    <details class="more"><summary>${t('submission.timeline')}</summary><${History} now=${now} /></details>`;
}
