// messages — what happened and what customer service says, and what the student says to them: text and pictures.
import { messageRead, messageSend, messages } from '../shared/client.js';
import { dateTime, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useEffect, useLoad, useRef, useState } from '../shared/view.js';
import { useDraft } from './draft.js';
import { Icon } from './icons.js';
import { Screen, Sending, serviceOf, useTask } from './parts.js';
import { usePicture } from './pieces.js';
import { session, submission } from './student.js';
import { upload } from './upload.js';

const LOOK_S = [10, 20, 30, 60, 120, 300]; /* while the conversation is open and seen */

function Picture({ id }) {
  const { url, failed } = usePicture(`/api/v1/me/messages/${id}/picture`);
  return html`<span class="said-picture">${url ? html`<img src=${url} alt=${t('chat.picture')} />` : t(failed ? 'picture.failed' : 'student.loading')}</span>`;
}

const Said = ({ one }) => html`<li class="said-by said-${one.from}"><small class="muted">${t(`chat.from.${one.from}`)} · <time datetime=${one.created}>${dateTime(one.created)}</time></small>
  <div class="bubble ${one.read || one.from === 'me' ? '' : 'new'}">${one.title && one.from === 'system' && html`<strong>${one.title}</strong>`}${one.text && html`<p>${one.text}</p>`}${one.picture && html`<${Picture} id=${one.id} />`}</div></li>`;

/** Again and again while it is looked at, ever more slowly; quickly after something was said. */
function useLook(reload, turn, next) {
  useEffect(() => {
    const timer = setTimeout(() => { if (!document.hidden) reload(); next(); }, 1000 * LOOK_S[Math.min(turn, LOOK_S.length - 1)]);
    return () => clearTimeout(timer);
  }, [turn]);
}

function Say({ onSaid }) {
  const form = useDraft('message', { text: '' });
  const [values, set] = form;
  const [state, send] = useTask(async (file, onProgress) => {
    const upload_id = file && await upload(file, 'message', 'album', onProgress);
    const text = values.text.trim();
    await messageSend({ ...(text ? { text } : {}), ...(upload_id ? { upload_id } : {}), ...(submission.value ? { submission_id: submission.value.id } : {}) });
    set('text', '');
    onSaid();
  });
  const pick = (event) => { const file = event.target.files[0]; event.target.value = ''; if (file) send(file); };
  return html`<form class="say" onSubmit=${(event) => { event.preventDefault(); if (values.text.trim()) send(null, () => {}); }}>
    <${Sending} share=${state.share} /><${ProblemBox} problem=${state.problem} />
    <label class="field"><span>${t('chat.say')}</span><textarea name="text" rows="2" maxlength="1000" value=${values.text} onInput=${(event) => set('text', event.target.value)}></textarea></label>
    <div class="say-ways"><label class="button ${state.busy ? 'off' : ''}"><${Icon} name="camera" /> ${t('chat.add_picture')}<input class="unseen" type="file" accept="image/*" name="picture" disabled=${state.busy} onChange=${pick} /></label>
      <button type="submit" class="primary" disabled=${state.busy || !values.text.trim()}>${t('act.send')}</button></div></form>`;
}

export function Messages() {
  const { data, error, reload } = useLoad((signal) => messages({ query: { limit: 50 }, signal }), []);
  const [turn, setTurn] = useState(0);
  const end = useRef();
  const items = [...(data?.items || [])].reverse();
  const last = items.length > 0 ? items[items.length - 1].id : '';
  useLook(reload, turn, () => setTurn((n) => n + 1));
  useEffect(() => {
    (data?.items || []).filter((one) => !one.read && one.from !== 'me').forEach((one) => messageRead(one.id).catch(() => {}));
  }, [data]);
  useEffect(() => { if (last) end.current?.scrollIntoView({ block: 'end' }); }, [last]);
  const hours = serviceOf(session.value?.policy);
  return html`<${Screen} title=${t('student.messages')}><${ProblemBox} problem=${error} retry=${reload} />
    ${hours && html`<p class="hint">${hours}</p>`}
    ${data?.items.length === 0 && html`<p class="muted">${t('student.no_messages')}</p>`}
    <ol class="chat" aria-live="polite">${items.map((one) => html`<${Said} key=${one.id} one=${one} />`)}</ol>
    <${Say} onSaid=${() => { reload(); setTurn(0); }} /><div ref=${end}></div><//>`;
}
