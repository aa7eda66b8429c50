// stuck — effects that gave up: visible, with the reason, and one button to let them run again.
import { complain, notify } from '../shared/notices.js';
import { post } from '../shared/api.js';
import { dateTime, number, t } from '../shared/i18n.js';
import { html, useState } from '../shared/view.js';
import { Badge, Heading, More, Table, useList } from './parts.js';

export function Stuck() {
  const list = useList('/api/v1/console/outbox');
  const [busy, setBusy] = useState('');
  const replay = async (row) => {
    setBusy(row.id);
    try {
      await post(`/api/v1/console/outbox/${row.id}/replay`);
      notify('ok', t('stuck.replayed'));
      list.reload();
    } catch (problem) {
      complain(problem);
    }
    setBusy('');
  };
  return html`
    <${Heading} title=${t('page.stuck')}><button type="button" onClick=${list.reload}>${t('act.reload')}</button><//>
    <p class="muted">${t('stuck.about')}</p>
    ${list.counts && html`<dl
      class="figures">${['waiting', 'running', 'unknown', 'dead', 'parked'].map((name) => html`<div key=${name}>
      <dt>${t(`outbox.${name}`)}</dt><dd class="num">${number(list.counts[name])}</dd></div>`)}</dl>`}
    <${Table} label=${t('page.stuck')}
      heads=${['kind', 'state', 'tries', 'outcome', 'created', 'submission', 'change'].map((name) => t(`col.${name}`))} empty=${!list.loading && list.items.length === 0 && !list.error ? t('stuck.none') : null}>
      ${list.items.map((row) => html`<tr key=${row.id}><td>${row.kind}</td><td>
        <${Badge} tone=${row.state === 'dead' ? 'bad' : 'warn'}>${t(`outbox.${row.state}`)}<//></td><td
        class="num">${row.tries}</td><td>${row.outcome}</td>
        <td class="num">${dateTime(row.created)}</td>
          <td>${row.submission_id ? html`<a href="#/submissions/${row.submission_id}">${t('act.open')}</a>` : '–'}</td>
        <td><button type="button" disabled=${busy === row.id} onClick=${() => replay(row)}>${t('stuck.replay')}</button></td>
          </tr>`)}<//>
    <${More} list=${list} />`;
}
