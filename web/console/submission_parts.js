// submission_parts — facts, timeline, decisions and audit of the submission page.
import { get } from '../shared/api.js';
import { dateTime, dateTimeExact, money, pick, t } from '../shared/i18n.js';
import { eventLabel, reasonLabel, stateLabel } from '../shared/workflow.js';
import { html, useLoad } from '../shared/view.js';
import { Badge, Table } from './parts.js';

const reasonsText = (codes) => codes.map(reasonLabel).join(t('list.comma'));

export function Facts({ submission }) {
  const { student } = submission;
  const rows = {
    id_number: student.id_number_masked, phone: student.phone_masked,
    class_name: [student.college, student.major, student.class_name].filter(Boolean).join(' · '),
    attempts_used: submission.attempts_used,
    chsi_status: submission.chsi_status && t(`chsi.${submission.chsi_status}`),
    proofread: t(`proofread.${submission.proofread}`),
    tracking_no: [submission.carrier, submission.tracking_no].filter(Boolean).join(' '),
    payment: submission.payments.map((one) => `${money(one.amount_fen)} ${t(`payment.${one.state}`)}`).join(t('list.comma')),
  };
  return html`<dl class="facts">${Object.entries(rows).filter(([, value]) => value !== '' && value != null).map(([name, value]) => html`
    <div key=${name}><dt>${t(`field.${name}`)}</dt><dd class="num">${value}</dd></div>`)}</dl>`;
}

function identityRows(identity) {
  if (identity.state === 'none')
    return { 'link_request.identity': t('identity.none') };
  const sides = [identity.portrait_shown && t('identity.side.portrait'), identity.emblem_shown && t('identity.side.emblem')].filter(Boolean);
  return {
    'link_request.identity': [t(`identity.${identity.state}`), identity.confirmed_by && t(`identity.by_${identity.confirmed_by}`)].filter(Boolean).join(' · '),
    'identity.stated': [identity.name_masked, identity.id_number_masked].join(' '),
    'card.document': [t(`document.${identity.document_type}`), sides.join(t('list.comma')), identity.number_read && t('identity.number_read')].filter(Boolean).join(' · '),
    'identity.valid_until': identity.valid_until === 'long' ? t('identity.long') : identity.valid_until,
    'identity.problem': identity.problem && pick(identity.problem),
  };
}

/** What somebody said to be, and who confirmed it; a student found by number or code alone never said: `always` says so. */
export function IdentityCard({ identity, always }) {
  if (!identity || (identity.state === 'none' && !always))
    return null;
  const rows = Object.entries(identityRows(identity)).filter(([, value]) => value);
  return html`<section class="card"><h2>${t('identity.title')}</h2><dl class="facts">${rows.map(([label, value]) => html`
    <div key=${label}><dt>${t(label)}</dt><dd class="num">${value}</dd></div>`)}</dl></section>`;
}

export function Timeline({ history }) {
  return html`<ol class="timeline">${[...history].reverse().map((move) => html`<li key=${move.number} class="by-${move.actor_kind}">
    <time class="num muted" datetime=${move.moved} title=${dateTimeExact(move.moved)}>${dateTime(move.moved)}</time>
    <div><strong>${eventLabel(move.event)}</strong>${move.from !== move.to && html` <span
      class="muted">→ ${stateLabel(move.to)}</span>`}
      <small class="muted"> ${move.actor_kind === 'staff' ? move.actor : t(`actor.${move.actor_kind}`)}</small>
      ${move.reasons.length > 0 && html`<p class="small">${reasonsText(move.reasons)}</p>`}
      ${[move.note, move.said].filter(Boolean).map((words) => html`<p key=${words} class="small"><q>${words}</q></p>`)}</div></li>`)}</ol>`;
}

const DECISION_TONES = { pending: 'warn', committed: 'ok', undone: 'plain', void: 'plain' };

export function Decisions({ submission }) {
  const { decisions, votes, outbox } = submission;
  return html`
    ${decisions.length > 0 && html`<section class="card"><h2>${t('submission.decisions')}</h2>
      <ul class="rows">${decisions.map((one) => html`<li key=${one.id}>
        <span><strong>${eventLabel(one.event)}</strong> ${one.reasons.length > 0 && reasonsText(one.reasons)} ${one.note && html`<q>${one.note}</q>`}
          ${one.internal_note && html`<small class="muted"> ${t('submission.internal')} ${one.internal_note}</small>`}</span>
        <span class="muted small num">${one.account} · ${dateTime(one.decided)} · ${(one.shown_ms / 1000).toFixed(1)} s</span>
        <${Badge} tone=${DECISION_TONES[one.state]}>${t(`decision.${one.state}`)}<//></li>`)}</ul></section>`}
    ${votes.length > 0 && html`<section class="card"><h2>${t('submission.votes')}</h2>
      <ul class="rows">${votes.map((one) => html`<li key=${`${one.round}.${one.account}`}><strong>${t(`vote.${one.vote}`)}</strong>
        <span class="muted small num">${one.account}${one.is_senior ? ` · ${t('role.senior')}` : ''} · ${dateTime(one.given)} · ${t('submission.round', { n: one.round })}</span></li>`)}</ul></section>`}
    ${outbox.length > 0 && html`<section class="card"><h2>${t('submission.outbox')}</h2>
      <${Table} label=${t('submission.outbox')}
        heads=${['kind', 'state', 'tries', 'outcome', 'ended'].map((name) => t(`col.${name}`))}>
        ${outbox.map((row) => html`<tr key=${row.id}><td>${row.kind}</td><td>${t(`outbox.${row.state}`)}</td><td
          class="num">${row.tries}</td><td>${row.outcome}</td><td class="num">${dateTime(row.ended)}</td></tr>`)}<//></section>`}`;
}

export function AuditTrail({ id }) {
  const { data } = useLoad((signal) => get('/api/v1/console/audit', { query: { object: id, limit: 50 }, signal }), [id]);
  if (!data || data.items.length === 0)
    return null;
  return html`<section class="card"><details><summary>${t('submission.audit', { n: data.items.length })}</summary>
    <ul class="rows small">${data.items.map((row) => html`<li key=${row.number}><span><span
      class="num muted">${row.number}</span> ${row.action}</span>
      <span class="muted num">${row.actor || row.actor_id} · ${dateTimeExact(row.at)}</span></li>`)}</ul></details></section>`;
}
