// report — the compliance report in words and marks: worst first, each check with its value, its limit and what to do. What
// belongs to one place gets one number, in the list and on the photo.
import { pick, t } from './i18n.js';
import { html } from './view.js';

const RANK = { fail: 0, warn: 1, pass: 3 };
const MARK = { fail: '✖', warn: '⚠', pass: '✔' };
const UNITS = { px: ' px', deg: '°', KB: ' KB', 'L*': ' L*', bit: ' bit' };
const SAME_PLACE_PX = 6;

const round = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 1 ? 2 : 1));

export const sortedChecks = (report) => [...(report?.checks || [])].sort((a, b) => (RANK[a.verdict] ?? 2) - (RANK[b.verdict] ?? 2));
export const openChecks = (report) => sortedChecks(report).filter((check) => check.verdict === 'fail' || check.verdict === 'warn');
export const countOf = (report, verdict) => (report?.checks || []).filter((check) => check.verdict === verdict).length;

/** What is wrong, in the words of the report; what is measured, when nothing is. */
export function checkLabel(check) {
  const named = t(`check.${check.id}`);
  const neutral = named === `check.${check.id}` ? check.id : named;
  const label = check.verdict === 'pass' ? neutral : pick({ zh: check.short_zh, en: check.short_en }) || neutral;
  return label.charAt(0).toUpperCase() + label.slice(1);
}

export const checkFix = (check) => pick({ zh: check.fix_zh, en: check.fix_en });

export function checkValue(check) {
  if (typeof check.measured !== 'number')
    return '';
  return check.unit === 'days' ? t('span.days', { n: Math.round(check.measured) }) : `${round(check.measured)}${UNITS[check.unit] ?? ''}`;
}

export function checkLimit(check) {
  const low = typeof check.allowed?.min === 'number' && check.unit !== 'days' ? round(check.allowed.min) : null;
  const high = typeof check.allowed?.max === 'number' ? round(check.allowed.max) : null;
  if (low !== null && high !== null)
    return Number(low) === -Number(high) ? `±${high}` : low === high ? low : `${low} – ${high}`;
  return low !== null ? `≥ ${low}` : high !== null ? `≤ ${high}` : '';
}

export const CheckMark = ({ verdict }) => html`<span class="check-mark check-${verdict}"><span
  aria-hidden="true">${MARK[verdict] || '?'}</span>
  <span class="unseen">${t(`verdict.${verdict}`)}</span></span>`;

/** How far the measure itself can be trusted: a word, and why in the title. */
export const Evidence = ({ check }) => (check.evidence ? html`<small class="evidence evidence-${check.evidence}"
  title=${t('evidence.about')}>${t(`evidence.${check.evidence}`)}</small>` : null);

/** "✖ 2 ⚠ 3", and the same for ears. */
export function Counts({ report }) {
  const fails = countOf(report, 'fail');
  const warns = countOf(report, 'warn');
  return html`<span class="counts">
    ${fails > 0 && html`<span class="check-fail"><span aria-hidden="true">✖ ${fails}</span><span class="unseen">${t('report.fails', { n: fails })}</span></span>`}
    ${warns > 0 && html` <span class="check-warn"><span aria-hidden="true">⚠ ${warns}</span><span class="unseen">${t('report.warns', { n: warns })}</span></span>`}
    ${fails + warns === 0 && html`<span class="check-pass"><span aria-hidden="true">✔</span><span class="unseen">${t('verdict.pass')}</span></span>`}</span>`;
}

const isPlace = (at) => at && at.w > 0 && at.h > 0;
const samePlace = (a, b) => ['x', 'y', 'w', 'h'].every((side) => Math.abs(a[side] - b[side]) <= SAME_PLACE_PX);

/** What to do, in order: checks that ask for the same thing are one step. [{number, verdict, checks, places}] */
export function stepsOf(report) {
  const steps = [];
  for (const check of openChecks(report)) {
    const same = steps.find((step) => checkFix(step.checks[0]) === checkFix(check));
    if (same)
      same.checks.push(check);
    else
      steps.push({ number: steps.length + 1, verdict: check.verdict, checks: [check] });
  }
  for (const step of steps) {
    step.places = [];
    for (const { at } of step.checks)
      if (isPlace(at) && !step.places.some((place) => samePlace(place, at)))
        step.places.push(at);
  }
  return steps;
}

const BADGE = 15;

/** Where a badge can stand: at the corner of its place, moved along until it hides no other. */
function badgesOf(steps, size) {
  const taken = [];
  return steps.flatMap((step) => step.places.slice(0, 1).map((at) => {
    const spot = { x: Math.min(Math.max(at.x, BADGE + 2), size.width - BADGE - 2), y: Math.min(Math.max(at.y, BADGE + 2), size.height - BADGE - 2) };
    while (taken.some((other) => Math.hypot(other.x - spot.x, other.y - spot.y) < BADGE * 2 + 2)) {
      spot.x += BADGE * 2 + 3;
      if (spot.x > size.width - BADGE)
        Object.assign(spot, { x: BADGE + 2, y: spot.y + BADGE * 2 + 3 });
    }
    taken.push(spot);
    return { ...spot, number: step.number, verdict: step.verdict };
  }));
}

/** Numbered marks over a finished photo, drawn from the report; `size`: {width, height} of the photo in pixels. */
export function Annotations({ steps, size, pointed }) {
  if (!size)
    return null;
  return html`<svg class="annotations" viewBox="0 0 ${size.width} ${size.height}" preserveAspectRatio="xMidYMid meet" aria-hidden="true">
    ${steps.flatMap((step) => step.places.map((at, i) => html`<rect key=${`${step.number}.${i}`}
      class="place place-${step.verdict} ${pointed === step.number ? 'place-pointed' : ''}" x=${at.x} y=${at.y} width=${at.w} height=${at.h} rx="4" />`))}
    ${badgesOf(steps, size).map((badge) => html`<g key=${badge.number} class="spot spot-${badge.verdict}"><circle cx=${badge.x} cy=${badge.y} r=${BADGE} />
      <text x=${badge.x} y=${badge.y + 6.5}>${badge.number}</text></g>`)}</svg>`;
}

/** One place outlined over a photo: {x, y, w, h} in its pixels. */
export const Outline = ({ at, size, tone = 'pointed' }) => (isPlace(at) && size ? html`<svg class="annotations"
  viewBox="0 0 ${size.width} ${size.height}" preserveAspectRatio="xMidYMid meet" aria-hidden="true"><rect class="place place-${tone}"
  x=${at.x} y=${at.y} width=${at.w} height=${at.h} rx="4" /></svg>` : null);

/** What no machine judges here, for people. */
export const peopleOf = (report) => (report?.for_people || []).filter((id) => typeof id === 'string');
