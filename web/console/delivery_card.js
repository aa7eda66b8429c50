// delivery_card — what the student was told about a submission, and which channel came how far and why.
import { get } from '../shared/api.js';
import { dateTime, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useLoad } from '../shared/view.js';
import { Badge } from './parts.js';

const TONES = { sent: 'ok', held: 'info', again: 'warn', sending: 'warn', skipped: 'plain', refused: 'warn', failed: 'bad' };

/* The server's words (dispatch/notify.c) in the reader's language; codes of WeChat stay as they are. */
const WHYS = {
  'only for answers of customer service': 'only_answers',
  'the picture is too large for WeChat': 'picture',
  'no open conversation in WeChat': 'no_window',
  'no template for this message': 'no_template',
  'no accepted prompt left': 'no_prompt',
  'the WeChat user is not known any more': 'no_user',
  'no service account is set up': 'no_account',
  'does not follow the service account': 'no_follow',
  'text messages are not set up': 'no_sms',
  'not sent as a text message': 'not_sms',
  'no phone number': 'no_phone',
  'quiet hours': 'quiet',
  'arrived before': 'before',
  'arrived': 'arrived',
  'a field cannot be made to fit': 'field',
  'the circuit breaker is open': 'breaker',
  'no access token': 'token',
};
const why = (words) => (WHYS[words] ? t(`why.${WHYS[words]}`) : words);

const Hop = ({ hop }) => html`<li><span>${t(`channel.${hop.channel}`)}</span> <${Badge} tone=${TONES[hop.state]}>${t(`hop.${hop.state}`)}<//> <span
  class="muted small">${why(hop.why)}${hop.tries > 1 ? ` · ${t('hop.tries', { n: hop.tries })}` : ''}</span></li>`;

export function DeliveryCard({ submission }) {
  const { data, error, reload } = useLoad((signal) => get(`/api/v1/console/submissions/${submission.id}/messages`, { signal }), [submission.id, submission.version]);
  return html`<section class="card"><h2>${t('delivery.title')}</h2><${ProblemBox} problem=${error} retry=${reload} />
    ${data && data.items.length === 0 && html`<p class="muted">${t('delivery.none')}</p>`}
    <ol class="plain deliveries">${(data?.items || []).map((one) => html`<li key=${one.id}>
      <strong>${one.sender === 'service' ? t('inbox.service') : one.title}</strong> <span class="muted small">${dateTime(one.created)} · ${one.read ? t('delivery.read') : t('delivery.unread')}</span>
      <ul class="plain">${one.hops.map((hop) => html`<${Hop} key=${hop.channel} hop=${hop} />`)}<li><span>${t('channel.inbox')}</span> <${Badge} tone="ok">${t('hop.sent')}<//></li></ul></li>`)}</ol>
  </section>`;
}
