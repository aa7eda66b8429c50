// photo — send a photo, see it standardised with its report, choose it or take another one.
import { get, post, put } from '../shared/api.js';
import { language, pick, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useEffect, useLoad, useState, useValue } from '../shared/view.js';
import { Choose, Photo, Screen, Sending } from './parts.js';
import { submission } from './student.js';
import { upload } from './upload.js';

const MARK = { fail: '✖', warn: '⚠', pass: '✔' };

export function Report({ report }) {
  useValue(language);
  const checks = report?.checks || [];
  const open = checks.filter((check) => check.verdict !== 'pass').sort((a, b) => a.verdict.localeCompare(b.verdict));
  const passed = checks.length - open.length;
  return html`<ul class="report">${open.map((check) => html`<li key=${check.id} class="report-${check.verdict}"><span
    aria-hidden="true">${MARK[check.verdict]}</span>
      <span><strong>${pick({ zh: check.short_zh, en: check.short_en })}</strong> <span
        class="unseen">${t(`verdict.${check.verdict}`)}</span><br />${pick({ zh: check.fix_zh, en: check.fix_en })}</span></li>`)}
    ${passed > 0 && html`<li class="report-pass"><span aria-hidden="true">✔</span><span>${t('student.passed', { n: passed })}</span>
      </li>`}</ul>`;
}

function Result({ now, attempt_id, onAgain, onChosen }) {
  const attempt = useLoad((signal) => get(`/api/v1/submissions/${now.id}/attempts/${attempt_id}`, { signal }), [attempt_id, now.version]);
  const [state, setState] = useState({});
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
  return html`
    <${Photo} path=${`/api/v1/submissions/${now.id}/attempts/${attempt_id}/photo`} alt=${t('student.photo_alt')} />
    <p class="verdict verdict-${data.verdict}" role="status">${t(`student.verdict.${data.verdict}`)}</p>
    <${Report} report=${data.report} />
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
    return html`<${Screen} title=${t('student.preview')} back=${back}><${Result} key=${shown} now=${now} attempt_id=${shown}
      onAgain=${() => setShown(null)} onChosen=${back} /><//>`;
  return html`<${Screen} title=${t('student.photo')} back=${back}>
    <ol class="tips">${['light', 'wall', 'helper', 'plain'].map((tip) => html`<li key=${tip}>${t(`student.tip.${tip}`)}</li>`)}</ol>
    <${Sending} share=${state.share} /><${ProblemBox} problem=${state.problem} />
    <${Choose} camera=${source === 'album' ? null : t('student.take')} album=${source === 'live' ? null : t('student.from_album')} busy=${state.busy} onFile=${send} />
    <p class="muted small">${t('student.attempts', { made: now.attempts_made, used: now.attempts_used, max: now.attempts_max })}</p>
      <//>`;
}
