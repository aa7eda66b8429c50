// messages — what was said to the student, newest first; opening it marks it read.
import { post } from '../shared/api.js';
import { dateTime, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useEffect, useLoad } from '../shared/view.js';
import { get } from '../shared/api.js';
import { Screen } from './parts.js';

export function Messages({ back }) {
  const { data, error, reload } = useLoad((signal) => get('/api/v1/me/messages', { query: { limit: 50 }, signal }), []);
  useEffect(() => {
    (data?.items || []).filter((message) => !message.read).forEach((message) => post(`/api/v1/me/messages/${message.id}/read`).catch(() => {}));
  }, [data]);
  return html`<${Screen} title=${t('student.messages')} back=${back}><${ProblemBox} problem=${error} retry=${reload} />
    ${data?.items.length === 0 && html`<p class="muted">${t('student.no_messages')}</p>`}
    <ul class="inbox">${(data?.items || []).map((message) => html`<li key=${message.id} class=${message.read ? '' : 'new'}><time
      class="muted" datetime=${message.created}>${dateTime(message.created)}</time>
      <strong>${message.title}</strong><p>${message.text}</p></li>`)}</ul><//>`;
}
