// payments — money: what was paid and given back, the bank's bill of each day against ours, the ledger. Three views of one
// page, chosen by links, so that the keyboard and the back button work as everywhere.
import { complain, notify } from '../shared/notices.js';
import { post } from '../shared/api.js';
import { Ask } from '../shared/dialog.js';
import { dateTime, money, t } from '../shared/i18n.js';
import { html, useState, useValue } from '../shared/view.js';
import { has } from './account.js';
import { Badge, Heading, More, Table, useList } from './parts.js';
import { Days, Ledger } from './payments_books.js';
import { go, route, setQuery } from './route.js';

const STATES = ['created', 'prepaid', 'paid', 'refunding', 'refunded', 'closed'];
const tone = (state) => ({ paid: 'ok', refunding: 'warn', refunded: 'plain' }[state] || 'plain');

/** Yuan as people type them, in fen; 0 when nothing is typed, null when it is no amount. */
export function fenOf(text) {
  if (!text.trim())
    return 0;
  const fit = /^(\d{1,7})(?:\.(\d{1,2}))?$/.exec(text.trim());
  return fit ? Number(fit[1]) * 100 + Number((fit[2] || '').padEnd(2, '0')) : null;
}

function Refunds({ payment, onDone }) {
  const again = async (refund) => {
    try {
      await post(`/api/v1/console/refunds/${refund.id}/again`);
      notify('ok', t('money.asked'));
      onDone();
    } catch (problem) {
      complain(problem);
    }
  };
  return html`${payment.refunds.map((one) => html`<div key=${one.id} class="small"><span class="num">−${money(one.amount_fen)}</span> <${Badge}
    tone=${one.state === 'abnormal' ? 'bad' : one.state === 'done' ? 'plain' : 'warn'}>${t(`refund.${one.state}`)}<//> <span
    class="muted">${[one.reason, one.problem].filter(Boolean).join(' · ')}</span>
    ${['abnormal', 'closed'].includes(one.state) && has('service', 'administrator') && html` <button type="button" onClick=${() => again(one)}>${t('money.again')}</button>`}</div>`)}`;
}

function Row({ payment, onRefund, onDone }) {
  const ask = async () => {
    try {
      await post(`/api/v1/console/payments/${payment.id}/ask`);
      notify('ok', t('money.asked'));
      setTimeout(onDone, 1500);
    } catch (problem) {
      complain(problem);
    }
  };
  const open = ['created', 'prepaid'].includes(payment.state);
  const mayRefund = payment.paid && payment.refunded_fen < payment.amount_fen && payment.state !== 'refunding';
  return html`<tr><td class="num nowrap">${dateTime(payment.created)}</td>
    <td>${payment.submission_id ? html`<a href="#/submissions/${payment.submission_id}">${payment.submission_code}</a>` : payment.payer_name}</td>
    <td class="nowrap">${payment.session_name}</td><td class="nowrap">${t(`channel.${payment.channel}`)}</td>
    <td class="num nowrap">${money(payment.amount_fen)}</td>
    <td><${Badge} tone=${tone(payment.state)}>${t(`payment.${payment.state}`)}<//> <${Refunds} payment=${payment} onDone=${onDone} /></td>
    <td class="mono small">${payment.transaction_id || payment.id}</td>
    <td class="nowrap">${has('service', 'administrator') && html`${open && html`<button type="button" onClick=${ask}>${t('money.ask')}</button>`}
      ${mayRefund && html`<button type="button" onClick=${() => onRefund(payment)}>${t('money.refund')}</button>`}`}</td></tr>`;
}

function List() {
  const { query } = useValue(route);
  const [wanted, setWanted] = useState({ q: query.get('q') || '', state: query.get('state') || '', session: query.get('session') || '' });
  const [asked, setAsked] = useState(null);
  const list = useList('/api/v1/console/payments', Object.fromEntries(Object.entries(wanted).filter(([, value]) => value)));
  const change = (name) => (event) => { const next = { ...wanted, [name]: event.target.value.trim() }; setWanted(next); setQuery(next); };
  const refund = async ({ amount, reason }) => {
    const fen = fenOf(amount);
    if (fen === null)
      throw Object.assign(new Error(t('money.no_amount')), { title: t('money.no_amount') });
    await post(`/api/v1/console/payments/${asked.id}/refund`, { reason, ...(fen > 0 ? { amount_fen: fen } : {}) });
    notify('ok', t('money.refund_ordered'));
    setTimeout(list.reload, 1000);
  };
  return html`<form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
      <label class="grow"><span class="unseen">${t('money.find')}</span><input type="search" maxlength="64" placeholder=${t('money.find')} value=${wanted.q} onInput=${change('q')} /></label>
      <label><span class="unseen">${t('col.session')}</span><input type="search" maxlength="20" placeholder=${t('money.session_code')} value=${wanted.session} onInput=${change('session')} /></label>
      <label><span class="unseen">${t('col.state')}</span><select value=${wanted.state} onChange=${change('state')}><option value="">${t('money.any_state')}</option>
        ${STATES.map((name) => html`<option key=${name} value=${name}>${t(`payment.${name}`)}</option>`)}</select></label></form>
    <${Table} label=${t('page.payments')} heads=${['created', 'payer', 'session', 'channel', 'amount', 'state', 'transaction', 'change'].map((name) => t(`col.${name}`))}
      empty=${!list.loading && list.items.length === 0 && !list.error ? t('money.none') : null}>
      ${list.items.map((one) => html`<${Row} key=${one.id} payment=${one} onRefund=${setAsked} onDone=${list.reload} />`)}<//>
    <${More} list=${list} />
    ${asked && html`<${Ask} title=${t('money.refund')} danger label=${t('money.refund')} onClose=${() => setAsked(null)} run=${refund}
      text=${t('money.refund_text', { left: money(asked.amount_fen - asked.refunded_fen) })}
      fields=${[{ name: 'amount', label: t('money.amount'), hint: t('money.amount_hint') }, { name: 'reason', label: t('money.reason'), required: true, max: 80 }]} />`}`;
}

export function Payments({ view = 'list' }) {
  const views = { list: List, days: Days, ledger: Ledger };
  const View = views[view] || List;
  return html`<${Heading} title=${t('page.payments')} />
    <div class="tabs" role="group" aria-label=${t('money.views')}>${Object.keys(views).map((name) => html`<button key=${name} type="button"
      aria-pressed=${(view in views ? view : 'list') === name} onClick=${() => go(`payments/${name}`)}>${t(`money.view_${name}`)}</button>`)}</div>
    <${View} />`;
}
