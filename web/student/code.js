// code — CHSI's collection code: how to get it, send its picture, read what it was.
import { post } from '../shared/api.js';
import { t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useState } from '../shared/view.js';
import { Screen, Sending } from './parts.js';
import { reloadSubmission } from './student.js';
import { upload } from './upload.js';

/** The code counts; with another student's a person decides. */
export const codeGiven = (code) => code?.state === 'read' || code?.state === 'seen_before';

const TONES = { read: 'pass', seen_before: 'warn' };
const MARKS = { pass: '✔', warn: '⚠', fail: '✖' };

function Found({ code }) {
  if (code.state === '')
    return null;
  if (code.state === 'processing')
    return html`<p class="sending" role="status"><progress></progress> ${code.text}</p>`;
  const tone = code.mismatch ? 'warn' : TONES[code.state] || 'fail';
  return html`<p class="verdict verdict-${tone}" role="status"><span aria-hidden="true">${MARKS[tone]}</span> ${t(code.mismatch ? 'code.match.no' : `code.${code.state}`)}</p>
    ${tone !== 'pass' && html`<p class="lead">${code.text}</p>`}`;
}

/** The saved picture comes first: a code photographed from a screen is harder to read. */
function Pick({ first, second, busy, onFile }) {
  const pick = (source) => (event) => { const file = event.target.files[0]; event.target.value = ''; if (file) onFile(file, source); };
  return html`<div class="stack"><label class="button big ${second ? 'primary' : ''} ${busy ? 'off' : ''}">${first}<input class="unseen" type="file"
      accept="image/*" name="album" disabled=${busy} onChange=${pick('album')} /></label>
    ${second && html`<label class="button big ${busy ? 'off' : ''}">${second}<input class="unseen" type="file" accept="image/*"
      capture="environment" name="camera" disabled=${busy} onChange=${pick('native')} /></label>`}</div>`;
}

export function Code({ now, back }) {
  const code = now.collection_code;
  const [state, setState] = useState({ share: null });
  const send = async (file, from) => {
    setState({ share: 0, busy: true });
    try {
      const upload_id = await upload(file, 'code', from, (share) => setState({ share, busy: true }));
      await post(`/api/v1/submissions/${now.id}/code`, { upload_id });
      await reloadSubmission();
      setState({ share: null });
    } catch (problem) {
      setState({ share: null, problem });
    }
  };
  const given = codeGiven(code);
  return html`<${Screen} title=${t('student.code')} back=${back}>
    <${Found} code=${code} />
    ${!given && html`<ol class="tips">${['get', 'save', 'whole'].map((tip) => html`<li key=${tip}>${t(`student.code_tip.${tip}`)}</li>`)}</ol>`}
    <${Sending} share=${state.share} /><${ProblemBox} problem=${state.problem} />
    ${given && html`<button type="button" class="primary big" onClick=${back}>${t('student.code_done')}</button>`}
    <${Pick} first=${t(given ? 'student.code_other' : 'student.code_album')} second=${given ? null : t('student.code_camera')}
      busy=${state.busy || code.state === 'processing'} onFile=${send} />
    <p class="muted small">${t('student.code_why')}</p><//>`;
}
