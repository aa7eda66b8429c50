// trouble — something broke: what is safe, a code to tell customer service, a way on.
import { t } from '../shared/i18n.js';
import { problemText } from '../shared/notices.js';
import { html } from '../shared/view.js';
import { Screen } from './parts.js';

/** Short and readable over the telephone: the status and the end of the request's number. */
const codeOf = (problem) => `E-${problem.status || 'P'}-${String(problem.request_id || problem.code || problem.name || '').slice(-6).toUpperCase()}`;

export function Trouble({ problem, retry }) {
  const known = problem.code && problem.code !== 'internal';
  return html`<${Screen} title=${t(problem.code === 'offline' ? 'student.trouble_offline' : 'student.trouble')} back=${null}>
    <p class="lead">${t('student.trouble_safe')}</p>
    ${known && html`<p>${problemText(problem)}</p>`}
    <p class="muted">${t('student.trouble_code')} <code class="code">${codeOf(problem)}</code></p>
    <div class="stack"><button type="button" class="primary big" onClick=${retry}>${t('act.again')}</button></div><//>`;
}
