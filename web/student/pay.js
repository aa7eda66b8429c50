// pay — the order is the server's: starting again gives the same one. Whether it was paid is what the server says, never the phone.
import * as server from '../shared/client.js';
import { money, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useEffect, useState, useValue } from '../shared/view.js';
import { Screen, Working, inWeChat, useTask } from './parts.js';
import { draftOf, dropDraft, keepDraft } from './draft.js';
import { go, goInstead } from './route.js';
import { session, submission, take } from './student.js';

const PAUSES_MS = [1000, 1500, 2000, 3000, 5000, 8000, 10000];
const LOOKS_MAX = 30;

/** WeChat's own payment sheet; what it says is only a cue to look. */
const inSheet = (prepay) => new Promise((done) => { window.WeixinJSBridge.invoke('getBrandWCPayRequest', prepay, done); });

/** Go to where money is asked for: WeChat's sheet inside of it, else its page, which leads back here. */
async function openPayment({ prepay }) {
  if (prepay.paySign)
    return window.WeixinJSBridge && inSheet(prepay);
  if (/^https?:\/\//.test(prepay.h5_url))
    location.assign(`${prepay.h5_url}${prepay.h5_url.includes('?') ? '&' : '?'}redirect_url=${encodeURIComponent(location.href)}`);
  return undefined;
}

export function Pay() {
  const now = useValue(submission);
  const [waiting, setWaiting] = useState(() => draftOf('pay') === now.id);
  const [looks, setLooks] = useState(0);
  const [state, start] = useTask(async () => {
    const order = await server.paymentStart(now.id, inWeChat() ? { channel: 'jsapi', account: 'page' } : { channel: 'h5' });
    keepDraft('pay', now.id); /* the page may be left for the payment and come back */
    setWaiting(true);
    setLooks(0);
    await openPayment(order);
    if (inWeChat())
      setLooks(0);
  });
  const stopWaiting = () => { dropDraft('pay'); setWaiting(false); };
  const [looking, look] = useTask(async () => {
    const { state: paid } = await server.paymentShow(now.id);
    if (paid !== 'paid')
      return setLooks((n) => n + 1);
    const fresh = take(await server.submissionShow(now.id));
    dropDraft('pay');
    return goInstead(fresh.state === 'draft' || fresh.state === 'retake' ? 'home' : 'receipt');
  });
  useEffect(() => {
    if (!waiting || looks >= LOOKS_MAX || document.hidden)
      return undefined;
    const timer = setTimeout(look, PAUSES_MS[Math.min(looks, PAUSES_MS.length - 1)]);
    return () => clearTimeout(timer);
  }, [waiting, looks]);
  useEffect(() => { /* back from the payment */
    const onSeen = () => { if (!document.hidden && waiting) setLooks(0); };
    document.addEventListener('visibilitychange', onSeen);
    return () => document.removeEventListener('visibilitychange', onSeen);
  }, [waiting]);
  return html`<${Screen} title=${t('student.pay')}>
    <section class="card pay-card"><p class="muted">${t('student.pay_for', { school: session.value.school })}</p><p class="price num">${money(now.price_fen)}</p>
      <p>${t('student.pay_text')}</p></section>
    <${ProblemBox} problem=${state.problem || looking.problem} />
    ${waiting ? html`<${Working} text=${t('student.pay_wait')} />
      <div class="stack"><button type="button" class="primary big" onClick=${look}>${t('student.paid')}</button>
        <button type="button" class="big" onClick=${() => { stopWaiting(); start(); }}>${t('student.not_paid')}</button>
        <button type="button" class="big" onClick=${() => go('messages')}>${t('student.ask_service')}</button></div>`
      : html`<button type="button" class="primary big" disabled=${state.busy} onClick=${start}>${t('student.pay_do', { price: money(now.price_fen) })}</button>`}<//>`;
}
