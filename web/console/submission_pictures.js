// submission_pictures — the attempts of a submission: pictures, checks with values, ledger of operations.
import { address } from '../shared/api.js';
import { dateTime, t } from '../shared/i18n.js';
import { html, useState } from '../shared/view.js';
import { CheckMark, Counts, Evidence, Outline, checkFix, checkLabel, checkLimit, checkValue, sortedChecks } from '../shared/report.js';
import { ForPeople, Gauge } from './review/checks.js';
import { Badge, Table } from './parts.js';

const sizeOf = (profile) => (profile?.width_px ? { width: profile.width_px, height: profile.height_px } : null);
const TONES = { pass: 'ok', warn: 'warn', fail: 'bad' };

function Picture({ submission, attempt, variant, children }) {
  const [failed, setFailed] = useState(false);
  const source = address(`/api/v1/console/submissions/${submission.id}/media/${variant}`, variant === 'portrait' ? {} : { attempt: attempt.id });
  return html`<figure class="thumb"><div class="thumb-box">
    ${failed ? html`<p class="missing">${t('picture.none')}</p>`
      : html`<img src=${source} alt=${t(`picture.${variant}.alt`, { code: submission.code })} loading="lazy"
        onError=${() => setFailed(true)} />${children}`}</div>
    <figcaption>${t(`picture.${variant === 'proxy' ? 'original' : variant}`)}</figcaption></figure>`;
}

const CheckTable = ({ checks, onPoint }) => html`<${Table} label=${t('review.checks')}
  heads=${['check', 'value', 'limit', 'evidence'].map((name) => t(`col.${name}`))}>
  ${checks.map((check) => html`<tr key=${check.id} tabindex=${check.at ? 0 : null} onMouseEnter=${() => onPoint(check)} onMouseLeave=${() => onPoint(null)}
    onFocus=${() => onPoint(check)} onBlur=${() => onPoint(null)}><td><${CheckMark} verdict=${check.verdict} /> ${checkLabel(check)}
    ${check.verdict !== 'pass' && html`<br /><small class="muted">${checkFix(check)}</small>`}</td>
    <td class="num nowrap">${checkValue(check) || '–'}</td><td class="num muted nowrap">${checkLimit(check) || '–'}</td><td><${Evidence} check=${check} /></td></tr>`)}<//>`;

function Report({ attempt, onPoint }) {
  const checks = sortedChecks(attempt.report);
  const passed = checks.filter((check) => check.verdict === 'pass');
  const rest = checks.filter((check) => check.verdict !== 'pass');
  const ledger = attempt.report?.ledger || [];
  return html`
    ${rest.length > 0 && html`<${CheckTable} checks=${rest} onPoint=${onPoint} />`}
    ${passed.length > 0 && html`<details><summary>${t('review.passed', { n: passed.length })}</summary>
      <${CheckTable} checks=${passed} onPoint=${onPoint} /></details>`}
    <${ForPeople} report=${attempt.report} />
    ${ledger.length > 0 && html`<details><summary>${t('submission.ledger', { n: ledger.length })}</summary>
      <pre class="mono small">${ledger.map((step) => JSON.stringify(step)).join('\n')}</pre></details>`}`;
}

export function Pictures({ submission }) {
  const { attempts } = submission;
  const [pointed, setPointed] = useState(null);
  const [chosen, setChosen] = useState(submission.attempt_id || attempts.at(-1)?.id);
  const attempt = attempts.find((one) => one.id === chosen) || attempts.at(-1);
  return html`<section class="card"><h2>${t('submission.photos')}</h2>
    ${!attempt && html`<p class="muted">${t('submission.no_attempt')}</p>`}
    ${attempt && html`
      <div class="tabs" role="group" aria-label=${t('submission.attempts')}>${attempts.map((one) => html`
        <button key=${one.id} type="button" aria-pressed=${one === attempt} onClick=${() => setChosen(one.id)}>
          ${t('submission.attempt', { n: one.number })} ${one.chosen && html`<span
            aria-label=${t('submission.chosen')}>★</span>`}${one.rejected && html` <span
            class="muted">${t('submission.rejected')}</span>`}</button>`)}</div>
      <div class="thumbs">${['proxy', 'standard', 'portrait'].map((variant) => html`<${Picture} key=${`${attempt.id}.${variant}`} submission=${submission} attempt=${attempt} variant=${variant}>
        ${variant === 'standard' && html`<${Outline} at=${pointed?.at} size=${sizeOf(submission.profile)} />`}<//>`)}</div>
      <p class="row">${attempt.verdict && html`<${Badge} tone=${TONES[attempt.verdict]}>${t(`verdict.${attempt.verdict}`)}<//> <${Counts} report=${attempt.report} />`}
        ${attempt.insisted && html`<${Badge} tone="warn">${t('submission.insisted')}<//>`}
        <span class="muted small">${t(`source.${attempt.source}`)} · ${dateTime(attempt.created)}</span></p>
      ${submission.face && html`<${Gauge} face=${submission.face} />`}
      <${Report} attempt=${attempt} onPoint=${setPointed} />`}
  </section>`;
}
