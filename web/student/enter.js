// enter — log in with the WeChat stand-in, consents, link with the roster, ID portrait.
import { get, post } from '../shared/api.js';
import { date, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useRef, useState } from '../shared/view.js';
import { Choose, Screen, Sending } from './parts.js';
import { logIn, refresh, submission } from './student.js';
import { upload } from './upload.js';

const TEXT_VERSION = '2026-06';
const KINDS = ['privacy', 'face', 'passing_on'];

function useTask(run) {
  const [state, setState] = useState({ share: null });
  const start = async (...given) => {
    setState({ busy: true, share: null });
    try {
      await run(...given, (share) => setState({ busy: true, share }));
      setState({ share: null });
    } catch (problem) {
      setState({ problem, share: null });
    }
  };
  return [state, start];
}

export function Login() {
  const field = useRef();
  const [state, start] = useTask(() => {
    const code = field.current.value.trim();
    return logIn(code.startsWith('student-') ? code : `student-${code}`);
  });
  return html`<${Screen} title=${t('student.login')}>
    <p class="lead">${t('student.login_text')}</p>
    <form onSubmit=${(event) => { event.preventDefault(); start(); }}>
      <label class="field"><span>${t('student.code')}</span>
        <input ref=${field} name="code" required maxlength="120" autocapitalize="none" autocomplete="off" spellcheck=${false} />
        <small>${t('student.code_hint')}</small></label>
      <${ProblemBox} problem=${state.problem} />
      <button type="submit" class="primary big" disabled=${state.busy}>${t('student.login_do')}</button></form><//>`;
}

export function Consent({ me, back }) {
  const given = new Set(me.consents.map((one) => one.kind));
  const [ticked, setTicked] = useState(KINDS.filter((kind) => given.has(kind)));
  const [state, start] = useTask(async () => {
    await post('/api/v1/me/consents', { kinds: ticked, text_version: TEXT_VERSION });
    await refresh();
    back?.();
  });
  const flip = (kind) => (event) => setTicked(event.target.checked ? [...ticked, kind] : ticked.filter((one) => one !== kind));
  return html`<${Screen} title=${t('student.consent')} back=${back}>
    <p class="lead">${t('student.consent_text')}</p>
    <form onSubmit=${(event) => { event.preventDefault(); start(); }}>
      ${KINDS.map((kind) => html`<label key=${kind} class="tick">
        <input type="checkbox" name=${kind} checked=${ticked.includes(kind)} onChange=${flip(kind)} />
        <span><strong>${t(`consent.${kind}`)}</strong>${kind === 'face' && html` <small
          class="muted">${t('consent.optional')}</small>`}<br />${t(`consent.${kind}.text`)}</span></label>`)}
      <${ProblemBox} problem=${state.problem} />
      <button type="submit" class="primary big"
        disabled=${state.busy || !ticked.includes('privacy') || !ticked.includes('passing_on')}>${t('student.consent_do')}</button>
        </form><//>`;
}

export function Link({ back }) {
  const form = useRef();
  const [session, setSession] = useState(null);
  const [state, start] = useTask(async () => {
    const value = (name) => form.current.elements[name]?.value.trim();
    if (!session)
      return setSession(await get(`/api/v1/sessions/${encodeURIComponent(value('session_code'))}`));
    const byNumber = session.policy.identity_method !== 'roster';
    submission.set(await post('/api/v1/me/link', { session_code: session.code, ...(byNumber ? { student_no: value('student_no'), last_four: value('last_four') } : { name: value('name'), id_number: value('id_number') }) }));
    await refresh();
    return back?.();
  });
  const field = (name, more = {}) => html`<label class="field" key=${name}><span>${t(`student.${name}`)}</span>
    <input name=${name} required maxlength="60" autocomplete="off" autocapitalize="none" ...${more} /></label>`;
  return html`<${Screen} title=${t('student.link')} back=${back}>
    <form ref=${form} onSubmit=${(event) => { event.preventDefault(); start(); }}>
      ${!session && html`<p class="lead">${t('student.session_text')}</p>${field('session_code', { pattern: '[0-9]{8}|[0-9A-Za-z]{6}', inputmode: 'text' })}`}
      ${session && html`<div class="card"><strong>${session.school}</strong><br />${session.name}<br /><span
        class="muted">${date(session.opens)} – ${date(session.closes)}</span>
          <button type="button" class="quiet" onClick=${() => setSession(null)}>${t('student.other_session')}</button></div>
        ${session.policy.identity_method === 'roster' ? [field('name'), field('id_number', { maxlength: 20 })] : [field('student_no', { maxlength: 40 }), field('last_four', { pattern: '[0-9]{3}[0-9Xx]', maxlength: 4 })]}`}
      <${ProblemBox} problem=${state.problem} />
      <button type="submit" class="primary big" disabled=${state.busy}>${session ? t('student.link_do') : t('act.next')}</button>
        </form><//>`;
}

export function Portrait({ back }) {
  const [state, start] = useTask(async (file, source, onProgress) => {
    const upload_id = await upload(file, 'id_portrait', source, onProgress);
    await post('/api/v1/me/portrait', { upload_id });
    await refresh();
    back();
  });
  return html`<${Screen} title=${t('student.portrait')} back=${back}>
    <p class="lead">${t('student.portrait_text')}</p>
    <${Sending} share=${state.share} /><${ProblemBox} problem=${state.problem} />
    <${Choose} camera=${t('student.take')} album=${t('student.from_album')} busy=${state.busy} onFile=${start} /><//>`;
}
