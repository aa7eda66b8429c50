// payments_groups — a class or the school pays for many students of a session at once.
import { post } from '../shared/api.js';
import { Ask, Dialog } from '../shared/dialog.js';
import { dateTime, money, number, t } from '../shared/i18n.js';
import { complain, notify } from '../shared/notices.js';
import { html, useState } from '../shared/view.js';
import { has } from './account.js';
import { Badge, More, useList } from './parts.js';

const TONES = { paid: 'ok', open: 'warn', cancelled: 'plain' };

/** A QR code from its modules, with the light margin that readers need. */
function Modules({ modules, label }) {
  const side = Math.sqrt(modules.length);
  const dark = [...modules].map((module, i) => (module === '1' ? `M${i % side} ${Math.floor(i / side)}h1v1h-1z` : '')).join('');
  return html`<svg class="qr" viewBox=${`-4 -4 ${side + 8} ${side + 8}`} role="img" aria-label=${label} shape-rendering="crispEdges"><path
    d=${`M-4 -4h${side + 8}v${side + 8}h-${side + 8}z`} fill="#fff" /><path d=${dark} fill="#000" /></svg>`;
}

function Code({ code, onClose }) {
  return html`<${Dialog} title=${t('group.code')} onClose=${onClose}><p>${t('group.code_text', { amount: money(code.amount_fen), until: dateTime(code.expires) })}</p>
    ${code.modules && html`<${Modules} modules=${code.modules} label=${t('group.code')} />`}<p class="mono">${code.code_url}</p><footer><button type="button" onClick=${() => navigator.clipboard.writeText(code.code_url).then(() => notify('ok', t('group.copied')))}>${t('group.copy')}</button>
      <button type="button" class="primary" onClick=${onClose}>${t('act.close')}</button></footer><//>`;
}

export function GroupOrders({ session }) {
  const list = useList(`/api/v1/console/sessions/${session.id}/group-orders`);
  const [dialog, setDialog] = useState(null);
  const mayChange = has('service', 'administrator');
  const close = () => setDialog(null);
  const then = async (what) => { await what; list.reload(); };
  const make = ({ payer_name, class_name, college }) => then(post(`/api/v1/console/sessions/${session.id}/group-orders`, { payer_name, class_name, college }));
  const showCode = async (order) => {
    try {
      setDialog(html`<${Code} code=${await post(`/api/v1/console/group-orders/${order.id}/code`)} onClose=${() => { close(); list.reload(); }} />`);
    } catch (problem) {
      complain(problem);
    }
  };
  const book = (order) => setDialog(html`<${Ask} title=${t('group.book')} label=${t('group.book')} text=${t('group.book_text', { amount: money(order.amount_fen) })} onClose=${close}
    fields=${[{ name: 'reference', label: t('group.reference'), required: true, max: 50 }]} run=${(fields) => then(post(`/api/v1/console/group-orders/${order.id}/paid`, fields))} />`);
  const cancel = (order) => setDialog(html`<${Ask} title=${t('group.cancel')} label=${t('group.cancel')} danger text=${t('group.cancel_text')} onClose=${close}
    run=${() => then(post(`/api/v1/console/group-orders/${order.id}/cancel`))} />`);
  const add = () => setDialog(html`<${Ask} title=${t('group.make')} label=${t('group.make')} text=${t('group.make_text')} onClose=${close} run=${make}
    fields=${[{ name: 'payer_name', label: t('group.payer'), required: true, max: 80 }, { name: 'college', label: t('group.college'), max: 80 }, { name: 'class_name', label: t('group.class'), max: 80, hint: t('group.class_hint') }]} />`);
  return html`<section class="card"><div class="head"><h2>${t('group.title')}</h2>${mayChange && html`<button type="button" onClick=${add}>${t('group.make')}</button>`}</div>
    ${!list.loading && list.items.length === 0 && !list.error && html`<p class="muted">${t('group.none')}</p>`}
    <ul class="versions">${list.items.map((one) => html`<li key=${one.id}><p class="row"><strong>${one.payer_name}</strong> <${Badge} tone=${TONES[one.state]}>${t(`group.${one.state}`)}<//></p>
      <p class="muted num">${t('group.for', { students: number(one.students), amount: money(one.amount_fen) })}</p>
      ${one.state === 'open' && mayChange && html`<p class="row"><button type="button" onClick=${() => showCode(one)}>${t('group.code')}</button>
        <button type="button" onClick=${() => book(one)}>${t('group.book')}</button> <button type="button" onClick=${() => cancel(one)}>${t('group.cancel')}</button></p>`}</li>`)}</ul>
    <${More} list=${list} />${dialog}</section>`;
}
