// stage — original, standardised photo and ID portrait on neutral grey. Elements come decoded from the ring and are
// swapped in; zoom and movement are the same in all three.
import { t } from '../../shared/i18n.js';
import { Outline } from '../../shared/report.js';
import { html, useEffect, useLayoutEffect, useRef, useState } from '../../shared/view.js';
import { Before, Slider, versionPath } from './compare.js';
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

function Pane({ name, picture, zoom, move, children, alt, tools }) {
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
    <figcaption>${t(`picture.${name}`)}${tools}</figcaption>
    <div class="window"><div class="movable"><div class="picture" ref=${holder}></div>${children}</div>
      ${failed && html`<p class="missing">${t('picture.failed')}</p>`}</div>
  </figure>`;
}

const sizeOf = (profile) => (profile?.width_px ? { width: profile.width_px, height: profile.height_px } : null);

/**
 * onPainted is called once per item, when every picture is on the screen (or known to be missing). pointed: the check to
 * outline. compare: {share, setShare}, `change`: what a repair changed, for a photo that was repaired.
 */
export function Stage({ item, zoom, move, allGuides, panes, onPainted, pointed, compare, change }) {
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
        zoom=${zoom} move=${move} alt=${alt(name)}
        tools=${name === 'standard' && compare && html`<${Slider} share=${compare.share} onShare=${compare.setShare} />`}>
      ${name === 'standard' && panes.includes('original') && html`
        ${compare && html`<${Before} path=${versionPath(item.submission.id, item.attempt.id, 0)} share=${compare.share}
          box=${change?.changed_box} size=${sizeOf(item.profile())} alt=${t('retouch.before_alt', { code: item.submission.code })} />`}
        <${Guides} profile=${item.profile()} report=${item.attempt.report} all=${allGuides} />
        <${Outline} at=${pointed?.at} size=${sizeOf(item.profile())} />`}
    <//>`)}
  </div>`;
}
