// messages — what was said to the student; opening it marks it read.
import * as server from '../shared/client.js';
import { dateTime, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useEffect, useLoad } from '../shared/view.js';
import { Screen } from './parts.js';
import { session } from './student.js';

export function Messages() {
  const { data, error, reload } = useLoad((signal) => server.messages({ query: { limit: 50 }, signal }), []);
  const policy = session.value?.policy;
  useEffect(() => {
    (data?.items || []).filter((message) => !message.read).forEach((message) => server.messageRead(message.id).catch(() => {}));
  }, [data]);
  return html`<${Screen} title=${t('student.messages')}><${ProblemBox} problem=${error} retry=${reload} />
    ${policy && (policy.service_hours || policy.service_phone) && html`<p class="hint">${[policy.service_hours && t('student.service_hours', { hours: policy.service_hours }), policy.service_phone && t('student.service_phone', { phone: policy.service_phone })].filter(Boolean).join(' · ')}</p>`}
    ${data?.items.length === 0 && html`<p class="muted">${t('student.no_messages')}</p>`}
    <ul class="inbox">${(data?.items || []).map((message) => html`<li key=${message.id} class="card ${message.read ? '' : 'new'}"><time
      class="muted small" datetime=${message.created}>${dateTime(message.created)}</time>
      <strong>${message.title}</strong><p>${message.text}</p></li>`)}</ul><//>`;
}
