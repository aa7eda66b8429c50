// payments_books — the bank's daily bill against our rows, and the ledger of a day.
import { get, post } from '../shared/api.js';
import { dateTime, dateTimeExact, money, number, t } from '../shared/i18n.js';
import { ProblemBox, complain, notify } from '../shared/notices.js';
import { html, useLoad, useState } from '../shared/view.js';
import { has } from './account.js';
import { Badge, More, Table, useList } from './parts.js';

/** A day of China time, `back` days ago. */
const dayOf = (back) => new Date(Date.now() + 8 * 3600e3 - back * 864e5).toISOString().slice(0, 10);
const TONES = { matched: 'ok', differs: 'bad', failed: 'bad', running: 'warn' };

function Differences({ day }) {
  const { data, error, reload } = useLoad((signal) => get(`/api/v1/console/reconciliations/${day}`, { signal }), [day]);
  if (!data)
    return html`<${ProblemBox} problem=${error} retry=${reload} />`;
  return html`<section class="card"><h2><span class="num">${day}</span> <${Badge} tone=${TONES[data.state]}>${t(`reconciliation.${data.state}`)}<//></h2>
    ${data.problem && html`<p>${data.problem}</p>`}
    <${Table} label=${t('money.differences')} heads=${['number', 'kind', 'payment', 'refund', 'bill', 'ours'].map((name) => t(`col.${name}`))}
      empty=${data.items.length === 0 ? t('money.no_differences') : null}>
      ${data.items.map((one) => html`<tr key=${one.number}><td class="num">${one.number}</td><td>${t(`difference.${one.kind}`)}</td>
        <td class="mono small"><a href="#/payments/list?q=${one.payment_id}">${one.payment_id}</a></td><td class="mono small">${one.refund_id}</td>
        <td class="num">${money(one.bill_fen)}</td><td class="num">${money(one.our_fen)}</td></tr>`)}<//></section>`;
}

export function Days() {
  const list = useList('/api/v1/console/reconciliations');
  const [day, setDay] = useState(dayOf(1));
  const [shown, setShown] = useState('');
  const run = async (event) => {
    event.preventDefault();
    try {
      await post('/api/v1/console/reconciliations', { day });
      notify('ok', t('money.reconciling'));
      setTimeout(list.reload, 1500);
    } catch (problem) {
      complain(problem);
    }
  };
  return html`<p class="muted">${t('money.days_about')}</p>
    ${has('service', 'administrator') && html`<form class="filters" onSubmit=${run}><label class="field"><span>${t('money.day')}</span>
      <input type="date" required max=${dayOf(0)} value=${day} onInput=${(event) => setDay(event.target.value)} /></label>
      <div class="row"><button type="submit" class="primary">${t('money.reconcile')}</button>
        <button type="button" onClick=${list.reload}>${t('act.reload')}</button></div></form>`}
    <${Table} label=${t('money.view_days')} heads=${['day', 'state', 'lines', 'bill', 'ours', 'differences', 'ended', 'change'].map((name) => t(`col.${name}`))}
      empty=${!list.loading && list.items.length === 0 && !list.error ? t('money.no_days') : null}>
      ${list.items.map((one) => html`<tr key=${one.day}><td class="num nowrap">${one.day}</td><td><${Badge} tone=${TONES[one.state]}>${t(`reconciliation.${one.state}`)}<//></td>
        <td class="num">${number(one.bill_lines)}</td><td class="num nowrap">${money(one.paid_fen)} −${money(one.refunded_fen)}</td>
        <td class="num nowrap">${money(one.our_paid_fen)} −${money(one.our_refunded_fen)}</td><td class="num">${number(one.differences)}</td>
        <td class="num nowrap">${one.ended ? dateTime(one.ended) : '–'}</td>
        <td><button type="button" aria-expanded=${shown === one.day} onClick=${() => setShown(shown === one.day ? '' : one.day)}>${t('act.open')}</button></td></tr>`)}<//>
    <${More} list=${list} />${shown && html`<${Differences} key=${shown} day=${shown} />`}`;
}

export function Ledger() {
  const [day, setDay] = useState(dayOf(0));
  const list = useList('/api/v1/console/ledger', { day });
  return html`<p class="muted">${t('money.ledger_about')}</p>
    <form class="filters" onSubmit=${(event) => event.preventDefault()}><label class="field"><span>${t('money.day')}</span>
      <input type="date" required max=${dayOf(0)} value=${day} onInput=${(event) => event.target.value && setDay(event.target.value)} /></label></form>
    ${list.accounts && html`<dl class="figures">${list.accounts.map((one) => html`<div key=${one.account}><dt>${t(`ledger.${one.account}`)}</dt>
      <dd class="num">${money(one.balance_fen)}</dd></div>`)}</dl>`}
    <${Table} label=${t('money.view_ledger')} heads=${['number', 'time', 'fact', 'account', 'amount', 'object'].map((name) => t(`col.${name}`))}
      empty=${!list.loading && list.items.length === 0 && !list.error ? t('money.no_lines') : null}>
      ${list.items.map((one) => html`<tr key=${one.number}><td class="num">${one.number}</td><td class="num nowrap">${dateTimeExact(one.at)}</td>
        <td>${t(`fact.${one.fact}`)}</td><td>${t(`ledger.${one.account}`)}</td><td class="num nowrap">${money(one.amount_fen)}</td>
        <td class="mono small"><a href="#/payments/list?q=${one.payment_id}">${one.object_id}</a></td></tr>`)}<//>
    <${More} list=${list} />`;
}
