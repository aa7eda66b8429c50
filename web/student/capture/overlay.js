// overlay — what is drawn over the camera's picture: where the head, the card or the code goes. Lines come from the profile's
// numbers, never from the style sheet; the part outside is darkened.
import { html } from '../../shared/view.js';

const CARD_ASPECT = 1.585; /* ID-1: 85.6 × 54 mm */
const FACE_SHARE = 0.35; /* of the face's window: rather small, so that shoulders show */
const HEAD_WIDER = 1.12; /* hair and ears beyond the cheeks */
const CHIN_BELOW = 1.05; /* eyes lie half-way up a head, a little above with hair */

const middle = (a, b) => (a + b) / 2;

/** Heights and widths in pixels of the finished photo; what a profile does not say follows from the rest of the head. */
function guideOf(profile) {
  const w = profile.width_px, h = profile.height_px;
  const crown = profile.crown_max_px ? { from: profile.crown_min_px, to: profile.crown_max_px } : null;
  let eyes = profile.eye_max_px ? { from: profile.eye_min_px, to: profile.eye_max_px } : null;
  const head = profile.head_height_max_px ? middle(profile.head_height_min_px, profile.head_height_max_px) : 0;
  const crown_y = crown ? middle(crown.from, crown.to) : Math.max(0.06 * h, middle(eyes.from, eyes.to) - 0.27 * h);
  if (!eyes && head)
    eyes = { from: crown_y + 0.42 * head, to: crown_y + 0.56 * head };
  const eye_y = eyes ? middle(eyes.from, eyes.to) : crown_y + 0.27 * h;
  const chin_y = head ? crown_y + head : eye_y + CHIN_BELOW * (eye_y - crown_y);
  const face = profile.face_width_max_px ? profile.face_width_min_px + FACE_SHARE * (profile.face_width_max_px - profile.face_width_min_px) : 0.7 * (chin_y - crown_y);
  return { w, h, crown, eyes, crown_y, eye_y, chin_y, face, head_x: Math.min(face * HEAD_WIDER, 0.8 * w) / 2 };
}

const number = (value) => Math.round(value * 10) / 10;

/** Head and shoulders as one outline: an egg for the head, the neck, shoulders to the edges. */
function outline({ w, h, crown_y, chin_y, head_x, face }) {
  const x = w / 2, widest = crown_y + 0.42 * (chin_y - crown_y), neck = 0.3 * face, shoulder = Math.min(chin_y + 0.24 * (chin_y - crown_y), 0.97 * h);
  const egg = `M${x} ${crown_y}C${x + head_x * 0.75} ${crown_y} ${x + head_x} ${crown_y + 0.2 * (chin_y - crown_y)} ${x + head_x} ${widest}`
    + `C${x + head_x} ${chin_y - 0.18 * (chin_y - crown_y)} ${x + 0.55 * head_x} ${chin_y} ${x} ${chin_y}`
    + `C${x - 0.55 * head_x} ${chin_y} ${x - head_x} ${chin_y - 0.18 * (chin_y - crown_y)} ${x - head_x} ${widest}`
    + `C${x - head_x} ${crown_y + 0.2 * (chin_y - crown_y)} ${x - head_x * 0.75} ${crown_y} ${x} ${crown_y}Z`;
  const body = `M${x - neck} ${chin_y - 0.12 * (chin_y - crown_y)}C${x - neck} ${shoulder - 0.06 * h} ${x - 0.3 * w} ${shoulder - 0.04 * h} ${0.03 * w} ${number(Math.min(h, shoulder + 0.1 * h))}V${h}H${0.97 * w}`
    + `V${number(Math.min(h, shoulder + 0.1 * h))}C${x + 0.3 * w} ${shoulder - 0.04 * h} ${x + neck} ${shoulder - 0.06 * h} ${x + neck} ${chin_y - 0.12 * (chin_y - crown_y)}Z`;
  return { egg, body, shoulder };
}

/** labels: {crown, eyes} in the student's language. */
export function PortraitGuide({ profile, labels, green }) {
  const guide = guideOf(profile);
  const { w, h, crown, eyes, face } = guide;
  const { egg, body, shoulder } = outline(guide);
  const x = w / 2, tick = 0.022 * w, text = 0.036 * w;
  return html`<svg class="capture-guide ${green ? 'is-green' : ''}" viewBox="0 0 ${w} ${h}" aria-hidden="true" preserveAspectRatio="none">
    <defs><mask id="capture-hole"><rect width=${w} height=${h} fill="white" /><path d=${egg} fill="black" /><path d=${body} fill="black" /></mask></defs>
    <rect class="guide-shade" width=${w} height=${h} mask="url(#capture-hole)" />
    ${eyes && html`<rect class="guide-band" x=${x - face / 2} y=${eyes.from} width=${face} height=${eyes.to - eyes.from} rx="6" />`}
    <path class="guide-line guide-shoulders" d="M${0.03 * w} ${number(Math.min(h, shoulder + 0.1 * h))}C${x - 0.3 * w} ${shoulder - 0.04 * h} ${x - 0.3 * face} ${shoulder - 0.06 * h} ${x - 0.3 * face} ${guide.chin_y}M${0.97 * w} ${number(Math.min(h, shoulder + 0.1 * h))}C${x + 0.3 * w} ${shoulder - 0.04 * h} ${x + 0.3 * face} ${shoulder - 0.06 * h} ${x + 0.3 * face} ${guide.chin_y}" />
    <path class="guide-head" d=${egg} />
    <line class="guide-line guide-fine" x1=${x} y1=${guide.crown_y} x2=${x} y2=${guide.chin_y} />
    ${eyes && html`<line class="guide-line guide-eyes" x1=${x - face / 2} y1=${guide.eye_y} x2=${x + face / 2} y2=${guide.eye_y} />
      <text class="guide-text" x=${x + guide.head_x + tick} y=${guide.eye_y + text / 3} font-size=${text}>${labels.eyes}</text>`}
    ${crown && html`<line class="guide-line" x1=${x - 0.14 * w} y1=${crown.from} x2=${x + 0.14 * w} y2=${crown.from} /><line class="guide-line" x1=${x - 0.14 * w} y1=${crown.to} x2=${x + 0.14 * w} y2=${crown.to} />
      <text class="guide-text" x=${x + 0.15 * w} y=${middle(crown.from, crown.to) + text / 3} font-size=${text}>${labels.crown}</text>`}
    ${[-1, 1].map((side) => html`<line key=${side} class="guide-line" x1=${x + (side * face) / 2} y1=${guide.eye_y + 2.6 * tick} x2=${x + (side * face) / 2} y2=${guide.eye_y + 4.6 * tick} />`)}
  </svg>`;
}

/** Where the card lies in a picture of these sides: as wide as it can be with a margin. */
export function cardArea({ width, height }) {
  const card = Math.min(width * 0.9, height * 0.9 * CARD_ASPECT);
  return { x: (width - card) / 2, y: (height - card / CARD_ASPECT) / 2, width: card, height: card / CARD_ASPECT };
}

/** A square for a code. */
export function codeArea({ width, height }) {
  const side = 0.78 * Math.min(width, height);
  return { x: (width - side) / 2, y: (height - side) / 2, width: side, height: side };
}

/** A window with four corners; `portrait`: where the card's face is, as a share of its width. */
export function WindowGuide({ size, area, portrait, green }) {
  const { x, y, width, height } = area(size);
  const arm = 0.09 * Math.min(width, height) + 8, r = 0.035 * width;
  const corner = (cx, cy, dx, dy) => `M${cx + dx * arm} ${cy}H${cx + dx * r}Q${cx} ${cy} ${cx} ${cy + dy * r}V${cy + dy * arm}`;
  const corners = corner(x, y, 1, 1) + corner(x + width, y, -1, 1) + corner(x, y + height, 1, -1) + corner(x + width, y + height, -1, -1);
  return html`<svg class="capture-guide ${green ? 'is-green' : ''}" viewBox="0 0 ${size.width} ${size.height}" aria-hidden="true" preserveAspectRatio="none">
    <defs><mask id="capture-hole"><rect width=${size.width} height=${size.height} fill="white" /><rect x=${x} y=${y} width=${width} height=${height} rx=${r} fill="black" /></mask></defs>
    <rect class="guide-shade" width=${size.width} height=${size.height} mask="url(#capture-hole)" />
    <path class="guide-head guide-corners" d=${corners} />
    ${portrait && html`<rect class="guide-line guide-fine" x=${x + 0.63 * width} y=${y + 0.17 * height} width=${0.3 * width} height=${0.58 * height} rx=${r} />`}
  </svg>`;
}
