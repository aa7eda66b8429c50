// photo — before the photo: what to look after, then the camera or the album; sends the picture and goes on to its report.
import { attemptAdd, submissionShow } from '../shared/client.js';
import { t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useValue } from '../shared/view.js';
import { Icon } from './icons.js';
import { Choose, Screen, Sending, useTask } from './parts.js';
import { go, goInstead } from './route.js';
import { session, submission, take } from './student.js';
import { upload } from './upload.js';

const TIPS = [['light', 'light'], ['shirt', 'plain'], ['helper', 'helper'], ['wall', 'wall']];

export function TakePhoto() {
  const now = useValue(submission);
  const { policy } = session.value;
  const latest = now.attempts[now.attempts.length - 1];
  const [state, send] = useTask(async (file, from, onProgress) => {
    const upload_id = await upload(file, 'photo', from, onProgress);
    const attempt = await attemptAdd(now.id, { upload_id });
    take(await submissionShow(now.id));
    goInstead('preview', { attempt: attempt.id });
  });
  const live = policy.capture_source !== 'album';
  const album = policy.capture_source !== 'live';
  return html`<${Screen} title=${t('student.photo')} lead=${t('student.photo_lead')}>
    <ul class="cells prepare">${TIPS.map(([icon, tip]) => html`<li key=${tip} class="cell"><${Icon} name=${icon} /><span class="cell-label">${t(`student.tip.${tip}`)}</span></li>`)}</ul>
    ${policy.selfie !== 'allowed' && html`<p class="hint">${t(`student.selfie.${policy.selfie}`)}</p>`}
    ${policy.capture_source !== 'live_or_album' && html`<p class="hint">${t(`student.source.${policy.capture_source}`)}</p>`}
    <button type="button" class="quiet link" onClick=${() => go('examples')}>${t('student.see_examples')} <span aria-hidden="true">›</span></button>
    <${Sending} share=${state.share} /><${ProblemBox} problem=${state.problem} />
    <${Choose} camera=${live ? t('student.take') : null} album=${album ? t('student.from_album') : null} busy=${state.busy} onFile=${send} />
    ${latest && !latest.rejected && html`<button type="button" class="big" onClick=${() => go('preview', { attempt: latest.id })}>${t('student.last_photo')}</button>`}
    <p class="muted small">${t('student.attempts', { made: now.attempts_made, used: now.attempts_used, max: now.attempts_max })}</p><//>`;
}
