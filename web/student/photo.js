// photo — before the photo: what to look after, then the camera or the album; sends the picture and goes on to its report.
import { t } from '../shared/i18n.js';
import { html, useState, useValue } from '../shared/view.js';
import { OnItsWay, titleOf, usePhotoUpload } from './camera.js';
import { HeicHelp } from './capture/capture.js';
import { Picker } from './capture/native.js';
import { prepared, timeOf } from './capture/picture.js';
import { Icon } from './icons.js';
import { Screen } from './parts.js';
import { go } from './route.js';
import { session, submission } from './student.js';

const TIPS = [['light', 'light'], ['shirt', 'plain'], ['helper', 'helper'], ['wall', 'wall']];

export function TakePhoto() {
  const now = useValue(submission);
  const { policy } = session.value;
  const latest = now.attempts[now.attempts.length - 1];
  const [state, send, again, drop] = usePhotoUpload();
  const [heic, setHeic] = useState(false);
  const fromAlbum = async (file) => {
    const made = await prepared(file);
    setHeic(Boolean(made.heic));
    if (!made.heic)
      send(made.file, 'album', file.lastModified > 0 ? { captured_at: timeOf(file.lastModified) } : {});
  };
  if (state.busy || state.problem)
    return html`<${Screen} title=${titleOf(state)} wrong=${Boolean(state.problem)}><${OnItsWay} state=${state} again=${again} drop=${drop} /><//>`;
  const live = policy.capture_source !== 'album';
  const album = policy.capture_source !== 'live';
  return html`<${Screen} title=${t('student.photo')} lead=${t('student.photo_lead')}>
    <ul class="cells prepare">${TIPS.map(([icon, tip]) => html`<li key=${tip} class="cell"><${Icon} name=${icon} /><span class="cell-label">${t(`student.tip.${tip}`)}</span></li>`)}</ul>
    ${policy.selfie !== 'allowed' && html`<p class="hint">${t(`student.selfie.${policy.selfie}`)}</p>`}
    ${policy.capture_source !== 'live_or_album' && html`<p class="hint">${t(`student.source.${policy.capture_source}`)}</p>`}
    <button type="button" class="quiet link" onClick=${() => go('examples')}>${t('student.see_examples')} <span aria-hidden="true">›</span></button>
    ${heic && html`<${HeicHelp} />`}
    <div class="stack">${live && html`<button type="button" class="primary big" onClick=${() => go('camera')}>${t('student.take')}</button>`}
      ${album && html`<${Picker} kind="album" label=${t('student.from_album')} primary=${!live} purpose="photo" onFile=${fromAlbum} />`}
      ${!live && html`<button type="button" class="quiet big" onClick=${() => go('camera')}>${t('student.take')}</button>`}</div>
    ${latest && !latest.rejected && html`<button type="button" class="big" onClick=${() => go('preview', { attempt: latest.id })}>${t('student.last_photo')}</button>`}
    <p class="muted small">${t('student.attempts', { left: now.attempts_left })}</p><//>`;
}
