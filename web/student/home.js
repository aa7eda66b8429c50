// home — the list of tasks before the photo is handed in, the progress after. People leave and come back: nothing is lost.
import { get } from '../shared/api.js';
import { dateTime, t } from '../shared/i18n.js';
import { html, useEffect, useLoad, useState, useValue } from '../shared/view.js';
import { Code, codeGiven } from './code.js';
import { Consent, Link, Portrait } from './enter.js';
import { Messages } from './messages.js';
import { Screen } from './parts.js';
import { TakePhoto } from './photo.js';
import { Actions, Progress, Timeline, Why } from './progress.js';
import { follow, student, submission } from './student.js';
import { Confirm, Pay } from './submit.js';

function Task({ name, done, open, note, onOpen }) {
  const status = done ? 'done' : open ? 'open' : 'later';
  const inner = html`<span>${t(`task.${name}`)}${note && html`<br /><small class="muted">${note}</small>`}</span><span
    class="task-status task-${status}">${t(`task.status.${status}`)}</span>`;
  return html`<li>${open || done ? html`<button type="button" class="task" onClick=${onOpen}>${inner}</button>` : html`<span
    class="task">${inner}</span>`}</li>`;
}

export function Home() {
  const me = useValue(student);
  const now = useValue(submission);
  const [page, setPage] = useState('');
  const session = useLoad((signal) => (now ? get(`/api/v1/sessions/${now.session_code}`, { signal }) : Promise.resolve(null)), [now?.session_code]).data;
  useEffect(() => (now ? follow(now.id) : undefined), [now?.id]);
  const back = () => setPage('');
  const consented = ['privacy', 'passing_on'].every((kind) => me.consents.some((one) => one.kind === kind));
  const chosen = Boolean(now?.attempt_id) && now.attempts.some((one) => one.chosen && !one.rejected);
  const pages = { consent: html`<${Consent} me=${me} back=${back} />`, link: html`<${Link} back=${back} />`, portrait: html`<${Portrait} back=${back} />`,
    messages: html`<${Messages} back=${back} />` };
  if (now) {
    if (now.collection_code)
      pages.code = html`<${Code} now=${now} back=${back} />`;
    pages.photo = html`<${TakePhoto} now=${now} session=${session} back=${back} />`;
    pages.confirm = html`<${Confirm} now=${now} session=${session} back=${back} />`;
    pages.pay = html`<${Pay} now=${now} back=${back} />`;
  }
  if (page && pages[page])
    return pages[page];
  const working = !now || ['draft', 'retake', 'awaiting_payment'].includes(now.state);
  const payFirst = session?.policy.payment === 'before' && now?.price_fen > 0 && !now.paid;
  return html`<${Screen} title=${now ? `${now.session_name}` : t('student.app')}>
    ${now && html`<p class="muted">${t('student.number')} <code
      class="code">${now.code}</code>${me.name_masked && html` · ${me.name_masked}`}</p>`}
    ${now?.state === 'retake' && html`<section class="status status-retake"><p class="status-label">${now.label}</p>
      <p>${now.text}</p>${now.deadline && html`<p>${t('student.deadline', { time: dateTime(now.deadline) })}</p>`}</section>`}
    ${now && ['retake', 'closed'].includes(now.state) && html`<${Why} now=${now} />`}
    ${working ? html`<ol class="tasks">
        <${Task} name="consent" done=${consented} open=${true} onOpen=${() => setPage('consent')} />
        <${Task} name="link" done=${Boolean(now)} open=${consented && !now} note=${now?.session_code}
          onOpen=${() => !now && setPage('link')} />
        <${Task} name="portrait" done=${me.portrait} open=${consented} onOpen=${() => setPage('portrait')} />
        ${now?.collection_code && html`<${Task} name="code" done=${codeGiven(now.collection_code)} open=${now.state !== 'awaiting_payment'}
          note=${now.collection_code.wanted === 'optional' ? t('student.code_optional') : null} onOpen=${() => now.state !== 'awaiting_payment' && setPage('code')} />`}
        ${payFirst && html`<${Task} name="pay" done=${false} open=${true} onOpen=${() => setPage('pay')} />`}
        <${Task} name="photo" done=${chosen} open=${Boolean(now) && now.state !== 'awaiting_payment' && !payFirst}
          onOpen=${() => now.state !== 'awaiting_payment' && setPage('photo')} />
        <${Task} name="confirm" done=${now?.state === 'awaiting_payment'} open=${chosen && now.allowed.includes('confirm')}
          onOpen=${() => now.allowed.includes('confirm') && setPage('confirm')} />
        ${now?.state === 'awaiting_payment' && html`<${Task} name="pay" done=${now.paid} open=${!now.paid}
          onOpen=${() => setPage('pay')} />`}</ol>
      ${now && html`<${Actions} now=${now} />`}${now && now.state !== 'draft' && html`<h2>${t('submission.timeline')}</h2>
        <${Timeline} now=${now} />`}`
      : html`<${Progress} now=${now} />`}
    <button type="button" class="quiet" onClick=${() => setPage('messages')}>${t('student.messages')} ›</button><//>`;
}
