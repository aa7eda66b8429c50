// preview — the standardised photo with its report: choose it, take another one, or insist once that a person looks.
import * as server from '../shared/client.js';
import { Ask } from '../shared/dialog.js';
import { language, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { Annotations, checkFix, checkLabel, countOf, stepsOf } from '../shared/report.js';
import { html, useEffect, useLoad, useState, useValue } from '../shared/view.js';
import { Screen, Working, useTask } from './parts.js';
import { Photo, Verdict } from './pieces.js';
import { goInstead } from './route.js';
import { session, submission, take } from './student.js';

const CHECKING_MS = [1000, 1500, 2000, 3000];
const AGAIN_MS = 3000;

/** One thing to do; its number stands on the photo too, where it has a place there. */
const Step = ({ step }) => html`<li class="step step-${step.verdict}"><span class="step-number" aria-hidden="true">${step.number}</span>
  <span><strong>${step.checks.map(checkLabel).join(t('list.comma'))}</strong> <span class="unseen">${t(`verdict.${step.verdict}`)}</span><br />
    ${checkFix(step.checks[0])}</span></li>`;

/** What to do, in order. Warnings stand behind what must be put right. */
function Report({ report, steps = stepsOf(report), onUnfold }) {
  useValue(language);
  const fails = steps.filter((step) => step.verdict === 'fail');
  const warns = steps.filter((step) => step.verdict === 'warn');
  const passed = countOf(report, 'pass');
  const list = (some) => html`<ol class="steps">${some.map((step) => html`<${Step} key=${step.number} step=${step} />`)}</ol>`;
  return html`
    ${fails.length > 0 && html`<h2>${t('student.to_do')}</h2>${list(fails)}`}
    ${warns.length > 0 && (fails.length > 0 ? html`<details class="more" onToggle=${(event) => onUnfold?.(event.target.open)}><summary>${t('student.warns', { n: warns.length })}</summary>${list(warns)}</details>`
      : html`<h2>${t('student.could_be_better')}</h2>${list(warns)}`)}
    ${passed > 0 && html`<p class="passed"><span aria-hidden="true">✔</span> ${t('student.passed', { n: passed })}</p>`}`;
}

/** The finished photo, or the one that was sent, at a touch. */
function Compare({ path, marked, size }) {
  const [side, setSide] = useState('after');
  const tab = (name) => html`<button type="button" aria-pressed=${side === name} onClick=${() => setSide(name)}>${t(`student.compare.${name}`)}</button>`;
  return html`<${Photo} key=${side} path=${side === 'after' ? path : `${path}?variant=proxy`} alt=${t(side === 'after' ? 'student.photo_alt' : 'student.photo_before_alt')} big>
      ${side === 'after' && html`<${Annotations} steps=${marked} size=${size} />`}<//>
    <div class="tabs">${tab('after')}${tab('before')}</div>`;
}

const again = () => goInstead('photo');

function Ready({ now, attempt }) {
  const [asking, setAsking] = useState(false);
  const [unfolded, setUnfolded] = useState(false);
  const bad = attempt.verdict === 'fail';
  const steps = stepsOf(attempt.report);
  const profile = session.value?.profile;
  const size = profile?.width_px ? { width: profile.width_px, height: profile.height_px } : null;
  const choose = async (insist) => {
    take(await server.attemptChoose(now.id, { attempt_id: attempt.id, insist }));
    goInstead('home');
  };
  const [state, use] = useTask(() => choose(false));
  return html`
    <${Verdict} tone=${attempt.verdict}>${t(`student.verdict.${attempt.verdict}`)}<//>
    <${Compare} path=${`/api/v1/submissions/${now.id}/attempts/${attempt.id}/photo`} marked=${bad && !unfolded ? steps.filter((step) => step.verdict === 'fail') : steps} size=${size} />
    <${Report} report=${attempt.report} steps=${steps} onUnfold=${setUnfolded} />
    <${ProblemBox} problem=${state.problem} />
    <div class="stack">
      ${!bad && html`<button type="button" class="primary big" disabled=${state.busy} onClick=${use}>${t('student.use')}</button>`}
      <button type="button" class="${bad ? 'primary ' : ''}big" onClick=${again}>${t('student.again')}</button>
      ${bad && html`<button type="button" class="quiet big insist" disabled=${state.busy} onClick=${() => setAsking(true)}>${t('student.insist')}</button>`}
    </div>
    ${asking && html`<${Ask} title=${t('student.insist')} text=${t('student.insist_text')} label=${t('student.insist_do')} run=${() => choose(true)} onClose=${() => setAsking(false)} />`}`;
}

export function Preview({ query }) {
  const now = useValue(submission);
  const attempt = useLoad((signal) => server.attemptShow(now.id, query.attempt, { signal }), [query.attempt, now.version]);
  const [turn, setTurn] = useState(0);
  const { data, error } = attempt;
  useEffect(() => {
    if (data?.state !== 'processing')
      return undefined;
    const timer = setTimeout(() => { setTurn(turn + 1); attempt.reload(); }, CHECKING_MS[Math.min(turn, CHECKING_MS.length - 1)]);
    return () => clearTimeout(timer);
  }, [data]);
  useEffect(() => { /* what passes is asked again without being told to */
    if (!error?.passes)
      return undefined;
    const timer = setTimeout(attempt.reload, error.retry_after_ms || AGAIN_MS);
    return () => clearTimeout(timer);
  }, [error]);
  const state = !data ? 'loading' : data.state;
  return html`<${Screen} title=${t('student.preview')}>
    ${error ? html`<${ProblemBox} problem=${error} retry=${attempt.reload} />`
      : state === 'loading' || state === 'processing' ? html`<div class="photo photo-big"><${Working} text=${t('student.checking')} /></div>`
        : state === 'failed' ? html`<div class="problem" role="alert"><strong>${t('student.photo_failed')}</strong></div>
          <${Report} report=${data.report} /><button type="button" class="primary big" onClick=${again}>${t('student.again')}</button>`
          : html`<${Ready} now=${now} attempt=${data} />`}<//>`;
}
