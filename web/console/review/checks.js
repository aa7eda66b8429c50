// checks — what the machine measured: failing first, each with its value and its limit; what passed is one line. The check
// under the pointer or the focus is outlined on the photo.
import { t } from '../../shared/i18n.js';
import { CheckMark, Counts, Evidence, checkFix, checkLabel, checkLimit, checkValue, peopleOf, sortedChecks } from '../../shared/report.js';
import { reasonLabel } from '../../shared/workflow.js';
import { html } from '../../shared/view.js';

function Row({ check, pointed, onPoint }) {
  const here = pointed?.id === check.id;
  const point = (on) => () => onPoint(on ? check : null);
  return html`<li class="check check-row-${check.verdict} ${here ? 'check-here' : ''}" tabindex="0" onMouseEnter=${point(true)}
    onMouseLeave=${point(false)} onFocus=${point(true)} onBlur=${point(false)}>
    <${CheckMark} verdict=${check.verdict} /><span>${checkLabel(check)}</span>
    <span class="num check-value">${checkValue(check)}</span><span class="num muted check-limit">${checkLimit(check)}</span>
    ${here && html`<span class="check-more">${check.verdict !== 'pass' && checkFix(check)} <${Evidence} check=${check} /></span>`}</li>`;
}

/** Hints on how the photo came here: they decide nothing. */
export function Source({ attempt, wanted }) {
  const other = wanted === 'live' && attempt.source !== 'live';
  if (attempt.source !== 'album' && !other)
    return null;
  return html`<p class="hint-line"><span class="check-warn" aria-hidden="true">⚠</span> ${attempt.source === 'album' ? t('review.source_album') : t('review.source_native')}</p>`;
}

export function Checks({ report, open, onToggle, pointed, onPoint }) {
  const checks = sortedChecks(report);
  const passed = checks.filter((check) => check.verdict === 'pass');
  const rest = checks.filter((check) => check.verdict !== 'pass');
  const row = (check) => html`<${Row} key=${check.id} check=${check} pointed=${pointed} onPoint=${onPoint} />`;
  return html`<section aria-label=${t('review.checks')}>
    <h2>${t('review.checks')} ${checks.length > 0 && html`<${Counts} report=${report} />`}</h2>
    ${checks.length === 0 && html`<p class="muted small">${t('review.no_report')}</p>`}
    <ul class="checks">${rest.map(row)}${open && passed.map(row)}</ul>
    ${passed.length > 0 && html`<button type="button" class="quiet fold" aria-expanded=${open} aria-keyshortcuts="C"
      onClick=${onToggle}>
      <span class="check-pass" aria-hidden="true">✔</span> ${t('review.passed', { n: passed.length })} <kbd
        aria-hidden="true">C</kbd></button>`}
  </section>`;
}

/** What no machine judges here. */
export function ForPeople({ report }) {
  const people = peopleOf(report);
  return people.length > 0 && html`<p class="for-people small"><b>${t('review.for_people')}</b> ${people.map((id) => t(`people.${id}`)).join(t('list.comma'))}</p>`;
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
