// guides — the profile's windows drawn over the standardised photo: crown, eyes, face width, middle.
import { t } from '../../shared/i18n.js';
import { html } from '../../shared/view.js';

const RELATED = { crown: 'crown', hair_complete: 'crown', missing_above: 'crown', eye_line: 'eyes', roll: 'eyes', face_width: 'width', centre: 'middle' };

/** Which guides belong to checks that did not pass. */
export const guidesOf = (report) => new Set((report?.checks || [])
  .filter((check) => check.verdict !== 'pass').map((check) => RELATED[check.id]).filter(Boolean));

const band = (name, from, to, width, label) => html`<g class="guide guide-${name}">
  <rect x="0" y=${from} width=${width} height=${to - from} />
  <line x1="0" x2=${width} y1=${from} y2=${from} /><line x1="0" x2=${width} y1=${to} y2=${to} />
  <text x="6" y=${from - 5}>${label} ${from}–${to}</text></g>`;

export function Guides({ profile, report, all }) {
  if (!profile?.width_px)
    return null;
  const { width_px: width, height_px: height } = profile;
  const shown = guidesOf(report);
  const wants = (name, ...fields) => (all || shown.has(name)) && fields.every((field) => Number.isFinite(profile[field]));
  const middle = width / 2;
  return html`<svg class="guides" viewBox="0 0 ${width} ${height}" preserveAspectRatio="xMidYMid meet" aria-hidden="true">
    ${wants('crown', 'crown_min_px', 'crown_max_px') && band('crown', profile.crown_min_px, profile.crown_max_px, width, t('guide.crown'))}
    ${wants('eyes', 'eye_min_px', 'eye_max_px') && band('eyes', profile.eye_min_px, profile.eye_max_px, width, t('guide.eyes'))}
    ${wants('width', 'face_width_min_px', 'face_width_max_px') && html`<g class="guide guide-width">
      ${[profile.face_width_min_px, profile.face_width_max_px].flatMap((w) => [middle - w / 2, middle + w / 2]).map((x) => html`<line key=${x} x1=${x} x2=${x} y1="0" y2=${height} />`)}
      <text x=${middle - profile.face_width_max_px / 2 + 4} y=${height - 8}>${t('guide.width')} ${profile.face_width_min_px}–${profile.face_width_max_px}</text></g>`}
    ${wants('middle') && html`<g class="guide guide-middle"><line x1=${middle} x2=${middle} y1="0" y2=${height} /></g>`}
  </svg>`;
}
