// camera — the screens that take pictures: the photo itself, and what happens to it until the server has it.
import { attemptAdd, submissionShow } from '../shared/client.js';
import { t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useEffect, useState, useValue } from '../shared/view.js';
import { Capture } from './capture/capture.js';
import { Screen, Sending } from './parts.js';
import { go, goBack, goInstead } from './route.js';
import { session, submission, take } from './student.js';
import { useUpload } from './upload.js';

/** What was taken or chosen, and how far it is: also on other screens while a picture is on its way. */
export function OnItsWay({ state, again, drop }) {
  const [url, setUrl] = useState('');
  const [drawn, setDrawn] = useState(true);
  useEffect(() => {
    const made = state.preview ? URL.createObjectURL(state.preview) : '';
    setUrl(made);
    setDrawn(true);
    return () => { if (made) URL.revokeObjectURL(made); };
  }, [state.preview]);
  return html`${url && drawn && html`<div class="photo"><img src=${url} alt=${t('capture.yours')} onError=${() => setDrawn(false)} /></div>`}
    <${Sending} share=${state.busy ? state.share : null} /><${ProblemBox} problem=${state.problem} />
    ${state.busy && html`<p class="muted small">${t('capture.kept')}</p>`}
    ${state.problem && html`<div class="stack">${state.problem.status !== 415 && state.problem.status !== 409 && html`<button type="button" class="primary big" onClick=${again}>${t('act.again')}</button>`}
      <button type="button" class="big" onClick=${drop}>${t('capture.other')}</button></div>`}`;
}

export const titleOf = (state) => t(state.problem ? 'capture.not_sent' : 'capture.sending');

/** A photo of this submission on its way to becoming an attempt: [state, send(blob, mode, meta), again, drop]. */
export function usePhotoUpload() {
  const now = useValue(submission);
  return useUpload('photo', now.id, async (upload_id, record) => {
    const attempt = await attemptAdd(now.id, { upload_id }, { key: record.id }); /* asked again after a reload it is the same attempt */
    take(await submissionShow(now.id));
    goInstead('preview', { attempt: attempt.id });
  });
}

export function TakeLive() {
  const [state, send, again, drop] = usePhotoUpload();
  const { profile, policy } = session.value;
  if (state.busy || state.problem)
    return html`<${Screen} title=${titleOf(state)}><${OnItsWay} state=${state} again=${again} drop=${drop} /><//>`;
  return html`<${Capture} profile=${profile} policy=${policy} onPhoto=${send} onCancel=${goBack} onHelp=${() => go('messages')} />`;
}
