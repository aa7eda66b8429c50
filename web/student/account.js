// account — the service account that the session asks to follow before photos are taken: its name, its QR code, and whether
// WeChat has told that it is followed. The poll tells; coming back from WeChat asks at once.
import { t } from '../shared/i18n.js';
import { html, useEffect, useValue } from '../shared/view.js';
import { Icon } from './icons.js';
import { hurry } from './follow.js';
import { Screen, Working, inWeChat } from './parts.js';
import { goBack } from './route.js';
import { session, submission } from './student.js';

const PICTURE = '/api/v1/service-account/picture';

const Ask = ({ account }) => html`${account.picture && html`<figure class="account"><img src=${PICTURE} alt=${t('follow.picture', account)} />
    <figcaption>${t(inWeChat() ? 'follow.press' : 'follow.scan')}</figcaption></figure>`}
  <p>${t(account.picture ? 'follow.or_search' : 'follow.search', account)}</p>
  <${Working} text=${t('follow.waiting')} />
  <p class="muted small">${t('follow.known_before')}</p>`;

export function FollowAccount() {
  const now = useValue(submission);
  const account = useValue(session).service_account;
  const followed = !account || !now.missing.includes('follow');
  useEffect(hurry, []);
  return html`<${Screen} title=${t('follow.title')} lead=${account && t('follow.lead', account)}>
    ${followed ? html`<p class="verdict verdict-pass" role="status"><${Icon} name="done" /> ${t('follow.done')}</p>
      <button type="button" class="primary big" onClick=${goBack}>${t('student.code_done')}</button>`
      : html`<${Ask} account=${account} />`}<//>`;
}
