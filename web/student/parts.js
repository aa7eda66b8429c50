// parts — what the screens of the student share.
import { t } from '../shared/i18n.js';
import { ProblemBox, problemText } from '../shared/notices.js';
import { html, useEffect, useRef, useState } from '../shared/view.js';
import { Icon } from './icons.js';
import { goBack } from './route.js';

/** A page: heading that gets the focus, content, and a way back. `wrong`: the title says that something is to be put right. */
export function Screen({ title, back = goBack, wrong, lead, children }) {
  const heading = useRef();
  useEffect(() => {
    document.title = `${wrong ? t('student.title_wrong') : ''}${title} · ${t('student.app')}`;
  }, [title, wrong]);
  useEffect(() => {
    heading.current.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [title]);
  return html`<main>${back && html`<button type="button" class="back quiet" onClick=${back}><span aria-hidden="true">‹</span> ${t('student.back')}</button>`}
    <h1 ref=${heading} tabindex="-1">${title}</h1>${lead && html`<p class="lead">${lead}</p>`}${children}</main>`;
}

/** Does one thing at a time: [{busy, problem, share}, start]; `run` gets onProgress last. */
export function useTask(run) {
  const [state, setState] = useState({ share: null });
  const shown = useRef(true);
  useEffect(() => () => { shown.current = false; }, []);
  const set = (next) => { if (shown.current) setState(next); };
  const start = async (...given) => {
    set({ busy: true, share: null });
    try {
      await run(...given, (share) => set({ busy: true, share }));
      set({ share: null });
    } catch (problem) {
      set({ problem, share: null });
    }
  };
  return [state, start];
}

export const Sending = ({ share }) => (share === null || share === undefined ? null : html`<p class="sending" role="status"><progress max="1"
  value=${share}></progress>
  <span>${t('student.sending', { n: Math.round(share * 100) })}</span></p>`);

export const Working = ({ text }) => html`<p class="sending" role="status"><progress></progress> <span>${text}</span></p>`;

/** A group of rows on one card. */
export const Cells = ({ title, children }) => html`${title && html`<h2 class="cells-title">${title}</h2>`}<div class="cells">${children}</div>`;

/** One row: opens a screen when `onOpen` is given. */
export const Cell = ({ icon, label, note, value, onOpen }) => {
  const inner = html`${icon && html`<${Icon} name=${icon} />`}<span class="cell-label">${label}${note && html`<small>${note}</small>`}</span>
    ${value && html`<span class="cell-value">${value}</span>`}${onOpen && html`<span class="chevron" aria-hidden="true"></span>`}`;
  return onOpen ? html`<button type="button" class="cell" onClick=${onOpen}>${inner}</button>` : html`<div class="cell">${inner}</div>`;
};

/** A labelled field of a form that keeps what was typed. `form` is useDraft's answer. */
export function Field({ form: [values, set], name, label, hint, lines, wrong, ...more }) {
  const on = { name, value: values[name] || '', onInput: (event) => set(name, event.target.value), 'aria-invalid': wrong ? 'true' : undefined };
  return html`<label class="field ${wrong ? 'wrong' : ''}"><span>${label}</span>
    ${lines ? html`<textarea rows=${lines} ...${on} ...${more}></textarea>` : html`<input autocomplete="off" autocapitalize="none" spellcheck=${false} ...${on} ...${more} />`}
    ${wrong ? html`<small class="wrong-text">${wrong}</small>` : hint && html`<small>${hint}</small>`}</label>`;
}

/** A form with one way on. Problems stand above the button and take the focus. */
export function Form({ state, label, onSubmit, off, children }) {
  const box = useRef();
  useEffect(() => { if (state.problem) box.current?.focus(); }, [state.problem]);
  return html`<form onSubmit=${(event) => { event.preventDefault(); onSubmit(); }}>${children}
    <div ref=${box} tabindex="-1" class="problem-place"><${ProblemBox} problem=${state.problem} /></div>
    <button type="submit" class="primary big" disabled=${state.busy || off}>${label}</button></form>`;
}

/** When and where customer service answers, as the session says; '' when it does not. */
export const serviceOf = (policy) => [policy?.service_hours && t('student.service_hours', { hours: policy.service_hours }), policy?.service_phone && t('student.service_phone', { phone: policy.service_phone })].filter(Boolean).join(' · ');

export const inWeChat = () => /MicroMessenger/i.test(navigator.userAgent);

/** Short and readable over the telephone: the status and the end of the request's number. */
const troubleCode = (problem) => `E-${problem.status || 'P'}-${String(problem.request_id || problem.code || problem.name || '').slice(-6).toUpperCase()}`;

/** Something broke: what is safe, a code to tell customer service, a way on. */
export function Trouble({ problem, retry }) {
  const known = problem.code && problem.code !== 'internal';
  return html`<${Screen} title=${t(problem.code === 'offline' ? 'student.trouble_offline' : 'student.trouble')} back=${null} lead=${t('student.trouble_safe')}>
    ${known && html`<p>${problemText(problem)}</p>`}
    <p class="muted">${t('student.trouble_code')} <code class="code">${troubleCode(problem)}</code></p>
    <div class="stack"><button type="button" class="primary big" onClick=${retry}>${t('act.again')}</button></div><//>`;
}
