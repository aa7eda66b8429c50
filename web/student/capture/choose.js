// choose — the camera and the album as two buttons within a screen, for a card or a code. The camera opens over the screen; where
// it does not work the button becomes the phone's own.
//
//   <CardChoose side="portrait|emblem" camera album busy onFile />       camera, album: what the buttons say
//   <CodeChoose camera album busy onFile onCode />                       the album comes first; camera '' leaves it out
//
// onFile(blob, mode) with mode live, native or album. onCode(text): where the browser reads codes by itself.
import { t } from '../../shared/i18n.js';
import { html, useState } from '../../shared/view.js';
import { HeicHelp, canGoLive, cardMode, codeMode } from './capture.js';
import { Live } from './live.js';
import { Picker } from './native.js';
import { fileOfCanvas, prepared } from './picture.js';

function Choose({ mode, purpose, camera, album, albumFirst, busy, whole, onFile }) {
  const [open, setOpen] = useState(false);
  const [failed, setFailed] = useState(canGoLive() ? '' : 'missing');
  const [heic, setHeic] = useState(false);
  const shot = async (canvas, { lens }) => {
    setOpen(false);
    onFile(await fileOfCanvas(canvas), 'live', { lens: lens.slice(0, 60) });
  };
  const chosen = async (file, kind) => {
    const made = whole ? { file } : await prepared(file);
    setHeic(Boolean(made.heic));
    if (!made.heic)
      onFile(made.file, kind, {});
  };
  const primary = (first) => (first ? 'primary' : '');
  const live = camera && (failed
    ? html`<${Picker} kind="native" label=${camera} primary=${!albumFirst} busy=${busy} purpose=${purpose} onFile=${chosen} />`
    : html`<button type="button" class="big ${primary(!albumFirst)}" disabled=${busy} onClick=${() => setOpen(true)}>${camera}</button>`);
  const pick = album && html`<${Picker} kind="album" label=${album} primary=${Boolean(albumFirst) === Boolean(camera)} busy=${busy} purpose=${purpose} onFile=${chosen} />`;
  return html`${failed && failed !== 'missing' && html`<div class="hint" role="alert"><strong>${t(`capture.failed.${failed}`)}</strong><br />${t('capture.failed.next')}</div>`}
    ${heic && html`<${HeicHelp} />`}
    <div class="stack">${albumFirst ? [pick, live] : [live, pick]}</div>
    ${open && html`<${Live} mode=${mode} onShot=${shot} onCancel=${() => setOpen(false)} onFail=${(code) => { setOpen(false); setFailed(code); }} />`}`;
}

export const CardChoose = ({ side, ...more }) => html`<${Choose} mode=${cardMode(side)} purpose="card" ...${more} />`;

/** A code is sent as it is: its squares are small in a large picture. */
export const CodeChoose = ({ onCode, ...more }) => html`<${Choose} mode=${codeMode(onCode)} purpose="code" albumFirst whole ...${more} />`;
