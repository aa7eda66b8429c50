// capture — pictures for the student's page: a portrait, an ID card, a collection code. Opens the live camera when it proves
// itself, else says why not and offers the phone's own camera; the album as the session's policy wants it.
//
//   <Capture profile policy busy onPhoto onCancel onHelp />      profile and policy as GET /sessions/{code} gives them
//   <CardCapture side="portrait|emblem" album busy onPhoto onCancel />
//   <CodeCapture album busy onPhoto onCode onCancel />    onCode(text) where the browser reads codes itself
//
// onPhoto(blob, mode, {lens, captured_at}): mode is live, native or album; the blob is ready to be sent (picture.js). All of
// them are screens by themselves: mount them in place of one, and unmount them to let the camera go.
import { t } from '../../shared/i18n.js';
import { html, useEffect, useState } from '../../shared/view.js';
import { inWeChat, Screen } from '../parts.js';
import { flatHint, portraitHint } from './hints.js';
import { Live } from './live.js';
import { Picker, cameBackEmpty } from './native.js';
import { PortraitGuide, WindowGuide, cardArea, codeArea } from './overlay.js';
import { fileOfCanvas, prepared, timeOf } from './picture.js';

const CARD_MARGIN = 0.06;
const CODE_MARGIN = 0.1;
const STAGE = { width: 300, height: 400 }; /* of card and code: a phone held upright */

/** The page can ask for the camera at all; whether it works shows when it is opened. */
export const canGoLive = () => Boolean(window.isSecureContext && navigator.mediaDevices && navigator.mediaDevices.getUserMedia);

/** A window of the stage in pixels of the camera, with some room around it, never beyond the picture. */
const windowOf = (area, margin) => (visible) => {
  const inner = area(visible), m = margin * inner.width;
  const x = Math.max(visible.x, visible.x + inner.x - m), y = Math.max(visible.y, visible.y + inner.y - m);
  return { x, y, width: Math.min(inner.width + 2 * m, visible.x + visible.width - x), height: Math.min(inner.height + 2 * m, visible.y + visible.height - y) };
};

/** What the person can do to let the page use the camera. */
function PermissionHelp() {
  const ua = navigator.userAgent;
  const place = inWeChat() ? 'wechat' : /iPhone|iPad/.test(ua) ? 'ios' : /Android/.test(ua) ? 'android' : 'desktop';
  return html`<details class="more"><summary>${t('capture.permission')}</summary><ol class="tips">${[1, 2, 3].map((n) => html`<li key=${n}>${t(`capture.permission.${place}.${n}`)}</li>`)}</ol></details>`;
}

/** A photo in a form that neither this browser nor perhaps the server reads: how to change that. */
export const HeicHelp = () => html`<div class="problem" role="alert"><strong>${t('capture.heic')}</strong><span>${t('capture.heic.fix')}</span></div>`;

/** The phone's camera and the album. `failed`: why there is no live picture; '' when nobody tried. */
function Fallback({ title, lead, failed, album, albumFirst, purpose, busy, onFile, onAgain, onCancel, heic }) {
  const [empty, setEmpty] = useState(false);
  useEffect(() => { cameBackEmpty(purpose).then(setEmpty); }, []);
  const camera = html`<${Picker} kind="native" primary=${!albumFirst} busy=${busy} purpose=${purpose} onFile=${onFile}
    label=${t('capture.native')} note=${albumFirst ? '' : t(`capture.native_note.${purpose}`)} />`;
  const pick = album && html`<${Picker} kind="album" primary=${albumFirst} busy=${busy} purpose=${purpose} onFile=${onFile} label=${t('student.from_album')} />`;
  return html`<${Screen} title=${title} lead=${lead} back=${onCancel}>
    ${failed && html`<div class="hint" role="alert"><strong>${t(`capture.failed.${failed}`)}</strong><br />${t('capture.failed.next')}</div>`}
    ${empty && html`<p class="hint" role="status">${t('capture.empty')}</p>`}
    ${heic && html`<${HeicHelp} />`}
    <div class="stack">${albumFirst ? [pick, camera] : [camera, pick]}
      ${onAgain && failed !== 'insecure' && failed !== 'missing' && html`<button type="button" class="quiet big" onClick=${onAgain}>${t('capture.again')}</button>`}</div>
    ${failed === 'denied' && html`<${PermissionHelp} />`}<//>`;
}

/** Live first, the rest when that fails. */
function Camera({ mode, lead, live, album, albumFirst, purpose, busy, onPhoto, onCancel, onHelp }) {
  const [failed, setFailed] = useState(live ? '' : canGoLive() ? '' : 'none');
  const [way, setWay] = useState(live && canGoLive() ? 'live' : 'files');
  const [heic, setHeic] = useState(false);
  const [working, setWorking] = useState(false);
  const fail = (code) => { setFailed(code); setWay('files'); };
  const shot = async (canvas, { lens }) => onPhoto(await fileOfCanvas(canvas), 'live', { lens: lens.slice(0, 60), captured_at: timeOf(Date.now()) });
  const chosen = async (file, kind) => {
    setWorking(true);
    setHeic(false);
    const made = await prepared(file);
    setWorking(false);
    if (made.heic)
      return setHeic(true);
    return onPhoto(made.file, kind, { lens: '', ...(file.lastModified > 0 ? { captured_at: timeOf(file.lastModified) } : {}) });
  };
  if (way === 'live')
    return html`<${Live} mode=${mode} onShot=${shot} onFail=${fail} onCancel=${onCancel} onHelp=${onHelp} />`;
  return html`<${Fallback} title=${mode.title} lead=${lead} failed=${live ? (canGoLive() ? failed : window.isSecureContext ? 'missing' : 'insecure') : ''} album=${album} albumFirst=${albumFirst} purpose=${purpose}
    busy=${busy || working} heic=${heic} onFile=${chosen} onAgain=${live ? () => { setFailed(''); setWay('live'); } : null} onCancel=${onCancel} />`;
}

export function Capture({ profile, policy, busy, onPhoto, onCancel, onHelp }) {
  const aspect = profile.width_px / profile.height_px;
  const labels = { crown: t('capture.guide.crown'), eyes: t('capture.guide.eyes') };
  const mode = {
    title: t('capture.title'), line: 'capture.line', aspect, auto: true, facing: 'environment', rear: policy.selfie === 'forbidden', precheck: profile.name, hint: portraitHint,
    guide: ({ green }) => html`<${PortraitGuide} profile=${profile} labels=${labels} green=${green} />`,
  };
  const source = policy.capture_source;
  return html`<${Camera} mode=${mode} lead=${t('capture.lead')} live=${source !== 'album'} album=${source !== 'live'} albumFirst=${source === 'album'} purpose="photo"
    busy=${busy} onPhoto=${onPhoto} onCancel=${onCancel} onHelp=${onHelp} />`;
}

/** The camera looking for a card, or for a code; for Live. */
export const cardMode = (side) => ({
  title: t(`capture.card.${side}`), line: 'capture.card.line', aspect: STAGE.width / STAGE.height, auto: false, hint: flatHint,
  guide: ({ green }) => html`<${WindowGuide} size=${STAGE} area=${cardArea} portrait=${side === 'portrait'} green=${green} />`,
  area: windowOf(cardArea, CARD_MARGIN),
});
export const codeMode = (onCode) => ({
  title: t('capture.code'), line: 'capture.code.line', aspect: STAGE.width / STAGE.height, auto: false, hint: flatHint, code: onCode,
  guide: ({ green }) => html`<${WindowGuide} size=${STAGE} area=${codeArea} green=${green} />`,
  area: windowOf(codeArea, CODE_MARGIN),
});

export function CardCapture({ side = 'portrait', album = true, busy, onPhoto, onCancel }) {
  return html`<${Camera} mode=${cardMode(side)} lead=${t('capture.card.lead')} live album=${album} purpose="card" busy=${busy} onPhoto=${onPhoto} onCancel=${onCancel} />`;
}

export function CodeCapture({ album = true, busy, onPhoto, onCode, onCancel }) {
  return html`<${Camera} mode=${codeMode(onCode)} lead=${t('capture.code.lead')} live album=${album} purpose="code" busy=${busy} onPhoto=${onPhoto} onCancel=${onCancel} />`;
}
