// notices — short messages at the edge of the screen, and what a screen reader is told.
import { html, observable, useEffect, useValue } from './view.js';
import { language, t } from './i18n.js';

const list = observable([]);
const spoken = observable({ polite: '', urgent: '' });
let last = 0;

export const dismiss = (id) => list.set(list.value.filter((notice) => notice.id !== id));

/** kind: ok, info, warn, bad; action: {label, run}. Stays longer when it is bad. */
export function notify(kind, text, { action, stay_ms } = {}) {
  const id = ++last;
  list.set([...list.value.slice(-3), { id, kind, text, action }]);
  setTimeout(() => dismiss(id), stay_ms || (kind === 'bad' ? 12000 : 5000));
  spoken.update(kind === 'bad' ? { urgent: text } : { polite: text });
  return id;
}

export const say = (text) => spoken.update({ polite: text });

const isConsole = location.pathname.startsWith('/console/');
/** The detail is English: it helps staff everywhere, but a student only on an English page. */
const detailOf = (problem) => (language.value === 'en' || isConsole ? problem.detail : '');
/** To be told to the operator: a student has something to tell only when the server is to blame. */
const idOf = (problem) => (isConsole || problem.status >= 500 ? problem.request_id : '');

/** One line for a Problem: what happened, where, what to do. */
export function problemText(problem) {
  if (problem?.code === 'offline')
    return t('problem.offline');
  if (!problem?.title)
    return t('problem.unknown', { what: problem?.code || String(problem) });
  return [problem.title, detailOf(problem), problem.fix].filter(Boolean).join(' ');
}
export const complain = (problem) => notify('bad', problemText(problem));

export function ProblemBox({ problem, retry }) {
  if (!problem)
    return null;
  return html`<div class="problem" role="alert">
    <strong>${problem.title || problemText(problem)}</strong>
    ${detailOf(problem) && html`<p>${detailOf(problem)}</p>`}
    ${problem.fix && html`<p>${problem.fix}</p>`}
    ${idOf(problem) && html`<p class="muted">${t('problem.request')} <code>${idOf(problem)}</code></p>`}
    ${retry && html`<button type="button" onClick=${retry}>${t('act.again')}</button>`}
  </div>`;
}

/** Goes once at the end of the page. */
export function Notices() {
  const notices = useValue(list);
  const words = useValue(spoken);
  useEffect(() => {
    const escape = (event) => {
      if (event.code === 'Escape' && list.value.length > 0 && !document.querySelector('dialog[open]'))
        list.set([]);
    };
    addEventListener('keydown', escape);
    return () => removeEventListener('keydown', escape);
  }, []);
  return html`
    <div class="notices">${notices.map((notice) => html`
      <div key=${notice.id} class="notice notice-${notice.kind}">
        <span>${notice.text}</span>
        ${notice.action && html`<button type="button" class="quiet"
          onClick=${() => { dismiss(notice.id); notice.action.run(); }}>${notice.action.label}</button>`}
        <button type="button" class="quiet icon" aria-label=${t('act.close')} onClick=${() => dismiss(notice.id)}>×</button>
      </div>`)}
    </div>
    <div class="unseen" role="status" aria-live="polite">${words.polite}</div>
    <div class="unseen" role="alert" aria-live="assertive">${words.urgent}</div>`;
}
