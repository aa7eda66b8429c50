// checks — what the machine measured: failing first, each with its value and its limit; what passed is one line.
import { pick, t } from '../../shared/i18n.js';
import { reasonLabel } from '../../shared/workflow.js';
import { html } from '../../shared/view.js';

const RANK = { fail: 0, warn: 1, pass: 3 };
const MARK = { fail: '✖', warn: '⚠', pass: '✔' };

const UNITS = { px: ' px', deg: '°', KB: ' KB', 'L*': ' L*', bit: ' bit' };

const round = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 1 ? 2 : 1));

/** What is wrong, in the words of the report; what is measured, when nothing is. */
export function checkLabel(check) {
  const named = t(`check.${check.id}`);
  const neutral = named === `check.${check.id}` ? check.id : named;
  return check.verdict === 'pass' ? neutral : pick({ zh: check.short_zh, en: check.short_en }) || neutral;
}

export const checkFix = (check) => pick({ zh: check.fix_zh, en: check.fix_en });
export const checkValue = (check) => (typeof check.measured === 'number' ? `${round(check.measured)}${UNITS[check.unit] || ''}` : '');

export function checkLimit(check) {
  const low = typeof check.allowed?.min === 'number' ? round(check.allowed.min) : null;
  const high = typeof check.allowed?.max === 'number' ? round(check.allowed.max) : null;
  if (low !== null && high !== null)
    return Number(low) === -Number(high) ? `±${high}` : low === high ? low : `${low} – ${high}`;
  return low !== null ? `≥ ${low}` : high !== null ? `≤ ${high}` : '';
}

export const sortedChecks = (report) => [...(report?.checks || [])].sort((a, b) => (RANK[a.verdict] ?? 2) - (RANK[b.verdict] ?? 2));

export const CheckMark = ({ verdict }) => html`<span class="check-mark check-${verdict}"><span
  aria-hidden="true">${MARK[verdict] || '?'}</span>
  <span class="unseen">${t(`verdict.${verdict}`)}</span></span>`;

const Row = ({ check }) => html`<li class="check check-row-${check.verdict}">
  <${CheckMark} verdict=${check.verdict} /><span>${checkLabel(check)}</span>
  <span class="num check-value">${checkValue(check)}</span><span class="num muted check-limit">${checkLimit(check)}</span></li>`;

export function Checks({ report, open, onToggle }) {
  const checks = sortedChecks(report);
  const passed = checks.filter((check) => check.verdict === 'pass');
  const rest = checks.filter((check) => check.verdict !== 'pass');
  return html`<section aria-label=${t('review.checks')}>
    <h2>${t('review.checks')}</h2>
    ${checks.length === 0 && html`<p class="muted small">${t('review.no_report')}</p>`}
    <ul class="checks">${rest.map((check) => html`<${Row} key=${check.id} check=${check} />`)}
      ${open && passed.map((check) => html`<${Row} key=${check.id} check=${check} />`)}</ul>
    ${passed.length > 0 && html`<button type="button" class="quiet fold" aria-expanded=${open} aria-keyshortcuts="C"
      onClick=${onToggle}>
      <span class="check-pass" aria-hidden="true">✔</span> ${t('review.passed', { n: passed.length })} <kbd
        aria-hidden="true">C</kbd></button>`}
  </section>`;
}

/** Distance between the faces and the two thresholds; a number and a bar, never a verdict in words. */
export function Gauge({ face }) {
  if (!face || typeof face.distance !== 'number')
    return html`<section class="gauge" aria-label=${t('review.face')}><h2>${t('review.face')}</h2><p
      class="muted small">${face ? t('review.face_none') : t('review.face_pending')}</p></section>`;
  const at = (value) => Math.max(0, Math.min(value, 1)) * 300;
  return html`<section class="gauge" aria-label=${t('review.face')}>
    <h2>${t('review.face')} <span class="num gauge-value" title=${face.model}>${face.distance.toFixed(2)}</span></h2>
    <svg viewBox="0 0 300 26" role="img"
      aria-label=${t('review.face_alt', { distance: face.distance.toFixed(2), match: face.match.toFixed(2), mismatch: face.mismatch.toFixed(2) })}>
      <rect class="gauge-bed" x="0" y="5" width="300" height="6" rx="3" />
      <rect class="gauge-fill" x="0" y="5" width=${at(face.distance)} height="6" rx="3" />
      ${[face.match, face.mismatch].map((value) => html`<g key=${value}><line
        class="gauge-tick" x1=${at(value)} x2=${at(value)} y1="1" y2="15" />
        <text class="gauge-text" x=${at(value)} y="25">${value.toFixed(2)}</text></g>`)}
    </svg></section>`;
}

export function Earlier({ list }) {
  if (!list || list.length === 0)
    return null;
  return html`<section aria-label=${t('review.earlier')}><h2>${t('review.earlier')}</h2>
    <ol class="earlier">${list.map((one) => html`<li key=${one.attempt_id + one.decided}>
      <span class="num">#${one.number}</span> <span>${one.reasons.map(reasonLabel).join(t('list.comma')) || t('review.no_reason')}</span>
      ${one.note && html`<q>${one.note}</q>`}<small class="muted">${one.by}</small></li>`)}</ol></section>`;
}
