// photo — send a photo, see it standardised with its report, choose it or take another one.
import { get, post, put } from '../shared/api.js';
import { language, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { Annotations, checkFix, checkLabel, countOf, stepsOf } from '../shared/report.js';
import { html, useEffect, useLoad, useState, useValue } from '../shared/view.js';
import { Choose, Photo, Screen, Sending } from './parts.js';
import { submission } from './student.js';
import { upload } from './upload.js';

/** One thing to do; its number stands on the photo too, where it has a place there. */
const Step = ({ step }) => html`<li class="step step-${step.verdict}"><span class="step-number" aria-hidden="true">${step.number}</span>
  <span><strong>${step.checks.map(checkLabel).join(t('list.comma'))}</strong> <span class="unseen">${t(`verdict.${step.verdict}`)}</span><br />
    ${checkFix(step.checks[0])}</span></li>`;

/** What to do, in order. Warnings stand behind what must be put right. */
export function Report({ report, steps = stepsOf(report), onUnfold }) {
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

function Result({ now, session, attempt_id, onAgain, onChosen }) {
  const attempt = useLoad((signal) => get(`/api/v1/submissions/${now.id}/attempts/${attempt_id}`, { signal }), [attempt_id, now.version]);
  const [state, setState] = useState({});
  const [unfolded, setUnfolded] = useState(false);
  const { data, error } = attempt;
  useEffect(() => {
    if (data?.state !== 'processing')
      return undefined;
    const timer = setTimeout(attempt.reload, 1500);
    return () => clearTimeout(timer);
  }, [data]);
  const choose = (insist) => async () => {
    setState({ busy: true });
    try {
      submission.set(await put(`/api/v1/submissions/${now.id}/attempt`, { attempt_id, insist }));
      onChosen();
    } catch (problem) {
      setState({ problem });
    }
  };
  if (!data || data.state === 'processing')
    return html`<${ProblemBox} problem=${error} /><p class="sending" role="status"><progress>
      </progress> ${t('student.checking')}</p>`;
  if (data.state === 'failed')
    return html`<div class="problem" role="alert"><strong>${t('student.photo_failed')}</strong></div><${Report}
      report=${data.report} /><button type="button" class="primary big" onClick=${onAgain}>${t('student.again')}</button>`;
  const bad = data.verdict === 'fail';
  const steps = stepsOf(data.report);
  const marked = bad && !unfolded ? steps.filter((step) => step.verdict === 'fail') : steps;
  const profile = session?.profile;
  const size = profile?.width_px ? { width: profile.width_px, height: profile.height_px } : null;
  return html`
    <p class="verdict verdict-${data.verdict}" role="status"><span aria-hidden="true">${{ pass: '✔', warn: '⚠', fail: '✖' }[data.verdict]}</span>
      ${t(`student.verdict.${data.verdict}`)}</p>
    <${Photo} path=${`/api/v1/submissions/${now.id}/attempts/${attempt_id}/photo`} alt=${t('student.photo_alt')} big><${Annotations} steps=${marked} size=${size} /><//>
    <${Report} report=${data.report} steps=${steps} onUnfold=${setUnfolded} />
    <${ProblemBox} problem=${state.problem} />
    <div class="stack">
      ${!bad && html`<button type="button" class="primary big" disabled=${state.busy}
        onClick=${choose(false)}>${t('student.use')}</button>`}
      <button type="button" class="${bad ? 'primary ' : ''}big" onClick=${onAgain}>${t('student.again')}</button>
      ${bad && html`<button type="button" class="quiet big" disabled=${state.busy}
        onClick=${choose(true)}>${t('student.insist')}</button><p class="muted small">${t('student.insist_text')}</p>`}
    </div>`;
}

export function TakePhoto({ now, session, back }) {
  const latest = now.attempts.at(-1);
  const [shown, setShown] = useState(latest && !latest.rejected ? latest.id : null);
  const [state, setState] = useState({ share: null });
  const source = session?.policy.capture_source || 'live_or_album';
  const send = async (file, from) => {
    setState({ share: 0, busy: true });
    try {
      const upload_id = await upload(file, 'photo', from, (share) => setState({ share, busy: true }));
      const attempt = await post(`/api/v1/submissions/${now.id}/attempts`, { upload_id });
      setState({ share: null });
      setShown(attempt.id);
    } catch (problem) {
      setState({ share: null, problem });
    }
  };
  if (shown)
    return html`<${Screen} title=${t('student.preview')} back=${back}><${Result} key=${shown} now=${now} session=${session} attempt_id=${shown}
      onAgain=${() => setShown(null)} onChosen=${back} /><//>`;
  return html`<${Screen} title=${t('student.photo')} back=${back}>
    <ol class="tips">${['light', 'wall', 'helper', 'plain'].map((tip) => html`<li key=${tip}>${t(`student.tip.${tip}`)}</li>`)}</ol>
    <${Sending} share=${state.share} /><${ProblemBox} problem=${state.problem} />
    <${Choose} camera=${source === 'album' ? null : t('student.take')} album=${source === 'live' ? null : t('student.from_album')} busy=${state.busy} onFile=${send} />
    <p class="muted small">${t('student.attempts', { made: now.attempts_made, used: now.attempts_used, max: now.attempts_max })}</p>
      <//>`;
}
