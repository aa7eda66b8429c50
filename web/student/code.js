// code — CHSI's collection code: how to get it, send its picture, read what it was.
import { codeAdd } from '../shared/client.js';
import { t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useValue } from '../shared/view.js';
import { CodeChoose } from './capture/choose.js';
import { hurry } from './follow.js';
import { Screen, Sending, Working, useTask } from './parts.js';
import { Verdict } from './pieces.js';
import { goBack } from './route.js';
import { reloadSubmission, submission } from './student.js';
import { codeGiven } from './tasks.js';
import { upload } from './upload.js';

const TONES = { read: 'pass', seen_before: 'warn' };

function Found({ code }) {
  if (code.state === '')
    return null;
  if (code.state === 'processing')
    return html`<${Working} text=${code.text} />`;
  const tone = code.mismatch ? 'warn' : TONES[code.state] || 'fail';
  return html`<${Verdict} tone=${tone}>${t(code.mismatch ? 'code.match.no' : `code.${code.state}`)}<//>
    ${tone !== 'pass' && html`<p class="lead">${code.text}</p>`}`;
}

export const HowToGetCode = () => html`<ol class="tips card">${['get', 'wechat', 'save', 'whole'].map((tip) => html`<li key=${tip}>${t(`student.code_tip.${tip}`)}</li>`)}</ol>`;

export function Code() {
  const now = useValue(submission);
  const code = now.collection_code;
  const [state, send] = useTask(async (file, from, onProgress) => {
    const upload_id = await upload(file, 'code', from, onProgress);
    await codeAdd(now.id, { upload_id });
    hurry();
    await reloadSubmission();
  });
  const given = codeGiven(code);
  return html`<${Screen} title=${t('student.code')}>
    <${Found} code=${code} />
    ${!given && html`<${HowToGetCode} />`}
    <${Sending} share=${state.share} /><${ProblemBox} problem=${state.problem} />
    ${given && html`<button type="button" class="primary big" onClick=${goBack}>${t('student.code_done')}</button>`}
    <${CodeChoose} album=${t(given ? 'student.code_other' : 'student.code_album')} camera=${given ? '' : t('student.code_camera')}
      busy=${state.busy || code.state === 'processing'} onFile=${(blob, mode) => send(blob, mode)} />
    <p class="muted small">${t('student.code_why')}</p><//>`;
}
