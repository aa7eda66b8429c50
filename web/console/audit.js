// audit — who did what to what, newest first; read only. Each row's hash covers the one before.
import { dateTimeExact, t } from '../shared/i18n.js';
import { html, useState, useValue } from '../shared/view.js';
import { Heading, More, Table, useList } from './parts.js';
import { route, setQuery } from './route.js';

export function Audit() {
  const { query } = useValue(route);
  const [wanted, setWanted] = useState({ object: query.get('object') || '', actor: query.get('actor') || '' });
  const list = useList('/api/v1/console/audit', wanted);
  const change = (name) => (event) => { const next = { ...wanted, [name]: event.target.value.trim() }; setWanted(next); setQuery(next); };
  return html`
    <${Heading} title=${t('page.audit')} />
    <p class="muted">${t('audit.about')}</p>
    <form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
      ${['object', 'actor'].map((name) => html`<label key=${name} class="grow"><span class="unseen">${t(`audit.${name}`)}</span>
        <input type="search" maxlength="40" placeholder=${t(`audit.${name}`)} value=${wanted[name]} onInput=${change(name)} />
        </label>`)}</form>
    <${Table} label=${t('page.audit')}
      heads=${['number', 'time', 'actor', 'action', 'object', 'detail'].map((name) => t(`col.${name}`))} empty=${!list.loading && list.items.length === 0 && !list.error ? t('audit.none') : null}>
      ${list.items.map((row) => html`<tr key=${row.number}><td class="num">${row.number}</td><td
        class="num nowrap">${dateTimeExact(row.at)}</td>
        <td>${row.actor || html`<code>${row.actor_id}</code>`} <span class="muted small">${t(`actor.${row.actor_kind}`)}</span></td>
          <td class="nowrap">${row.action}</td>
        <td>${row.object_kind === 'submission' ? html`<a href="#/submissions/${row.object_id}"><code>${row.object_id}</code>
          </a>` : html`${row.object_kind} <code>${row.object_id}</code>`}</td>
        <td class="mono small">${Object.entries(row.detail).map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`).join(' ')}</td></tr>`)}<//>
    <${More} list=${list} />`;
}
