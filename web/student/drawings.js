// drawings — our own pictures of what a photo should and should not look like, and of the ID card. Nobody's portrait is used.
import { t } from '../shared/i18n.js';
import { html } from '../shared/view.js';

const SKIN = '#f0c9a4', SKIN_DARK = '#d9a77c', HAIR = '#33271f', WALL = '#e9edf0', LINE = '#5b4636';

const Clutter = () => html`<g><path d="M0 40h120 M0 88h120" stroke="#a8855f" stroke-width="4" /><path d="M8 14h9v26H8z M21 20h7v20h-7z M92 10h10v30H92z" fill="#c8553d" /><path d="M32 16h8v24h-8z M104 18h9v22h-9z" fill="#3f6c8f" />
  <path d="M6 60h10v28H6z M98 56h8v32h-8z" fill="#588157" /><path d="M108 62h9v26h-9z" fill="#d9a441" /></g>`;

const Stripes = () => html`<g stroke="#24405c" stroke-width="4"><path d="M24 132L20 160 M38 122L36 160 M52 122V160 M68 122V160 M82 122L84 160 M96 132L100 160" /></g>`;

function Glasses({ kind }) {
  const lens = { clear: 'rgb(255 255 255 / 25%)', glare: '#ffffff', tint: '#1d1d22' }[kind];
  return html`<g fill=${lens} stroke="#2b2b30" stroke-width="2"><rect x="38" y="61" width="19" height="14" rx="6" /><rect x="63" y="61" width="19" height="14" rx="6" /><path d="M57 66h6 M38 66l-4-1 M82 66l4-1" /></g>
    ${kind === 'glare' && html`<path d="M41 73l9-11 M67 73l9-11" stroke="#9fc9ff" stroke-width="3" />`}`;
}

function Head({ ears = true, fringe, mouth = 'closed', glasses }) {
  return html`${ears && html`<g fill=${SKIN} stroke=${SKIN_DARK}><ellipse cx="35" cy="71" rx="5" ry="8" /><ellipse cx="85" cy="71" rx="5" ry="8" /></g>`}
    <ellipse cx="60" cy="67" rx="25" ry="32" fill=${SKIN} />
    <path d="M34 66C30 30 48 26 60 26s30 4 26 40c-3-14-8-20-12-24-8 5-20 5-28 0-4 4-9 10-12 24z" fill=${HAIR} />
    <g fill="none" stroke=${LINE} stroke-width="2.2" stroke-linecap="round"><path d="M42 60q6-4 13-1 M65 59q7-3 13 1" /><path d="M60 68v9q-3 2-1 3" stroke=${SKIN_DARK} /></g>
    <g fill="#2b211a"><ellipse cx="48.5" cy="67" rx="3.2" ry="2.6" /><ellipse cx="71.5" cy="67" rx="3.2" ry="2.6" /></g>
    ${mouth === 'closed' ? html`<path d="M51 87q9 4 18 0" fill="none" stroke="#a8574b" stroke-width="2.6" stroke-linecap="round" />` : html`<path d="M49 84q11 14 22 0z" fill="#ffffff" stroke="#a8574b" stroke-width="2.4" />`}
    ${fringe && html`<path d="M33 70C30 34 46 28 60 28s30 6 27 42c-3-4-6-4-8-1-3-4-8-4-11 0-3-4-10-4-13 0-3-4-9-4-12 0-3-4-7-4-10 1z" fill=${HAIR} />`}
    ${!ears && html`<path d="M36 44c-12 18-9 46-5 62l10-4c-6-16-7-36-5-46z M84 44c12 18 9 46 5 62l-10-4c6-16 7-36 5-46z" fill=${HAIR} />`}
    ${glasses && html`<${Glasses} kind=${glasses} />`}`;
}

/** A person before a wall, 120 × 160. */
function Person({ wall = WALL, clutter, shadow, clothes = '#8b2f3c', stripes, collar = true, bare, scale = 1, light, tilt = 0, ...head }) {
  const place = `translate(60 ${scale > 1 ? 84 : 100}) rotate(${tilt}) scale(${scale}) translate(-60 ${scale > 1 ? -76 : -100})`;
  return html`<rect width="120" height="160" fill=${wall} />${clutter && html`<${Clutter} />`}
    ${shadow && html`<path d="M66 40c26-8 40 16 34 44 6 16 18 24 20 40v36H70z" fill="#aeb6bd" />`}
    <g transform=${place}><path d="M50 88h20v26c0 8-20 8-20 0z" fill=${SKIN_DARK} />
      <path d="M8 164c1-32 20-42 42-48 4 8 16 8 20 0 22 6 41 16 42 48z" fill=${bare ? SKIN : clothes} />
      ${bare && html`<path d="M26 164c0-14 4-24 8-26l6-20 M94 164c0-14-4-24-8-26l-6-20" fill="none" stroke=${clothes} stroke-width="6" /><path d="M24 142h72l4 22H20z" fill=${clothes} />`}
      ${stripes && html`<${Stripes} />`}
      ${collar && !bare && html`<path d="M48 113l12 17 12-17 6 5-11 20-7-8-7 8-11-20z" fill="#ffffff" stroke="#c9ced3" />`}
      <${Head} ...${head} /></g>
    ${light === 'half' && html`<rect x="60" width="60" height="160" fill="#000000" opacity=".5" />`}
    ${light === 'back' && html`<g><rect width="120" height="160" fill="#000000" opacity=".52" /><path d="M84 0h36v60H84z" fill="#fffbe0" /></g>`}`;
}

/** Seen from the side: who holds the phone. */
function Scene({ helper }) {
  const body = (x, colour) => html`<g><circle cx=${x} cy="62" r="12" fill=${SKIN} /><path d=${`M${x - 12} 60a12 12 0 0 1 24-3q-12-5-24 3z`} fill=${HAIR} /><path d=${`M${x - 13} 142V92q0-14 13-14t13 14v50z`} fill=${colour} /></g>`;
  return html`<rect width="120" height="160" fill=${WALL} /><path d="M0 142h120v18H0z" fill="#cfd5da" /><path d="M112 0h8v142h-8z" fill="#bcc4cb" />
    ${body(94, '#8b2f3c')}
    ${helper ? html`${body(22, '#3f6c8f')}<path d="M30 92L46 76" stroke="#3f6c8f" stroke-width="8" stroke-linecap="round" /><rect x="45" y="60" width="6" height="22" rx="2" fill="#22262b" /><path d="M53 70h26" stroke="#067a3e" stroke-width="2" stroke-dasharray="4 4" />`
      : html`<path d="M86 94L62 80" stroke="#8b2f3c" stroke-width="8" stroke-linecap="round" /><rect x="56" y="64" width="6" height="22" rx="2" fill="#22262b" /><path d="M64 72h16" stroke="#b3261e" stroke-width="2" stroke-dasharray="4 4" />`}`;
}

/** name → [good, bad]; what differs between the two is the point. */
const PAIRS = {
  light: [html`<${Person} />`, html`<${Person} light="half" />`],
  distance: [html`<${Person} scale=${0.92} />`, html`<${Person} scale=${1.55} />`],
  background: [html`<${Person} />`, html`<${Person} clutter shadow />`],
  clothes: [html`<${Person} clothes="#2f4858" />`, html`<${Person} clothes="#7fc4ff" stripes collar=${false} />`],
  ears: [html`<${Person} />`, html`<${Person} ears=${false} fringe />`],
  glasses: [html`<${Person} glasses="clear" />`, html`<${Person} glasses="glare" />`],
  mouth: [html`<${Person} />`, html`<${Person} mouth="open" tilt=${8} />`],
  selfie: [html`<${Scene} helper />`, html`<${Scene} />`],
};
export const pairNames = Object.keys(PAIRS);

export const Drawing = ({ name, good }) => html`<svg class="drawing" viewBox="0 0 120 160" role="img" aria-label=${t(`example.${name}.${good ? 'good' : 'bad'}`)}>${PAIRS[name][good ? 0 : 1]}</svg>`;

/** The card as it should lie in the picture. */
export const CardFrame = ({ side }) => html`<svg class="card-frame" viewBox="0 0 316 200" role="img" aria-label=${t(`student.card_side.${side}`)}>
  <rect x="16" y="14" width="284" height="172" rx="12" fill="#e8eef5" stroke="#9fb0c2" />
  ${side === 'portrait' ? html`<g fill="#9fb0c2"><rect x="40" y="44" width="70" height="9" rx="4" /><rect x="40" y="68" width="46" height="9" rx="4" /><rect x="40" y="92" width="104" height="9" rx="4" /><rect x="40" y="116" width="130" height="9" rx="4" /><rect x="40" y="152" width="176" height="11" rx="5" /></g>
    <rect x="204" y="36" width="76" height="98" rx="4" fill="#ffffff" /><circle cx="242" cy="72" r="19" fill="#9fb0c2" /><path d="M212 134c2-24 14-34 30-34s28 10 30 34z" fill="#9fb0c2" />`
    : html`<circle cx="76" cy="66" r="27" fill="#c98b8b" /><g fill="#9fb0c2"><rect x="124" y="44" width="140" height="13" rx="6" /><rect x="124" y="70" width="100" height="13" rx="6" /><rect x="60" y="132" width="90" height="9" rx="4" /><rect x="60" y="152" width="150" height="9" rx="4" /></g>`}
  <g fill="none" stroke="#067a3e" stroke-width="5" stroke-linecap="round"><path d="M6 40V12q0-8 8-8h28 M274 4h28q8 0 8 8v28 M310 160v28q0 8-8 8h-28 M42 196H14q-8 0-8-8v-28" /></g></svg>`;
