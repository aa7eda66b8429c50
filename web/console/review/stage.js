// stage — original, standardised photo and ID portrait on neutral grey. Elements come decoded from the ring and are
// swapped in; zoom and movement are the same in all three.
import { t } from '../../shared/i18n.js';
import { html, useEffect, useLayoutEffect, useRef, useState } from '../../shared/view.js';
import { Guides } from './guides.js';

export const ZOOMS = ['fit', 'eyes', 'pixels'];
const SCALE = { fit: 1, eyes: 2.4, pixels: 1 };
const EYE_HEIGHT = { original: 0.36, standard: 0.39, portrait: 0.42 }; /* of the picture, when nothing better is known */

function scaleOf(zoom, image) {
  if (zoom !== 'pixels' || !image)
    return SCALE[zoom];
  const shown = image.getBoundingClientRect();
  const now = Number(image.parentElement?.dataset.scale || 1);
  const fit = Math.min(shown.width / now / image.naturalWidth, shown.height / now / image.naturalHeight);
  return Math.max(1 / Math.max(fit * devicePixelRatio, 0.05), 1);
}

function Pane({ name, picture, zoom, move, children, alt, onReady }) {
  const holder = useRef();
  const [failed, setFailed] = useState(false);
  useLayoutEffect(() => {
    holder.current.replaceChildren(...(picture.image ? [picture.image] : []));
    if (picture.image)
      picture.image.alt = alt;
    setFailed(Boolean(picture.failed));
  }, [picture, picture.image, picture.failed]);
  useLayoutEffect(() => {
    const scale = scaleOf(zoom, picture.image);
    const eyes = zoom === 'fit' ? 0 : (0.5 - EYE_HEIGHT[name]) * 100 * (scale - 1) / scale;
    const box = holder.current.parentElement;
    holder.current.dataset.scale = scale;
    box.style.transform = `scale(${scale}) translate(${move.x}%, ${eyes + move.y}%)`;
  }, [zoom, move, picture, picture.image]);
  return html`<figure class="pane pane-${name}">
    <figcaption>${t(`picture.${name}`)}</figcaption>
    <div class="window"><div class="movable"><div class="picture" ref=${holder}></div>${children}</div>
      ${failed && html`<p class="missing">${t('picture.failed')}</p>`}</div>
  </figure>`;
}

/** onPainted is called once per item, when every picture is on the screen (or known to be missing). */
export function Stage({ item, zoom, move, allGuides, panes = ['original', 'standard', 'portrait'], onPainted }) {
  const [, redraw] = useState(0);
  useEffect(() => {
    let gone = false;
    item.pictures.ready.then(() => {
      if (gone)
        return;
      redraw((n) => n + 1);
      requestAnimationFrame(() => requestAnimationFrame(() => !gone && onPainted(item)));
    });
    return () => { gone = true; };
  }, [item.key]);
  const alt = (name) => t(`picture.${name}.alt`, { code: item.submission.code });
  return html`<div class="panes panes-${panes.length}">
    ${panes.map((name) => html`<${Pane} key=${name} name=${name} picture=${item.pictures[name]}
        zoom=${zoom} move=${move} alt=${alt(name)}>
      ${name === 'standard' && panes.length === 3 && html`<${Guides} profile=${item.profile()}
        report=${item.attempt.report} all=${allGuides} />`}
    <//>`)}
  </div>`;
}
