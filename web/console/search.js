// search — find a submission by code, student number or tracking number. The server looks; the page only waits.
import { t } from '../shared/i18n.js';
import { Clock } from '../shared/sla.js';
import { stateLabel, stateNames } from '../shared/workflow.js';
import { dateTime } from '../shared/i18n.js';
import { html, useEffect, useRef, useState, useValue } from '../shared/view.js';
import { Heading, More, State, Table, useList } from './parts.js';
import { go, route, setQuery } from './route.js';

export function Search() {
  const { query } = useValue(route);
  const [wanted, setWanted] = useState({ q: query.get('q') || '', state: query.get('state') || '', session: query.get('session') || '' });
  const list = useList('/api/v1/console/submissions', wanted);
  const field = useRef();
  const body = useRef();
  useEffect(() => field.current?.focus(), []);
  const change = (part) => { const next = { ...wanted, ...part }; setWanted(next); setQuery(next); };
  const rows = () => [...body.current.querySelectorAll('tbody a')];
  const walk = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.code];
    if (!step || event.target.tagName === 'SELECT')
      return;
    event.preventDefault();
    const all = rows();
    const at = all.indexOf(document.activeElement) + step;
    (at < 0 ? field.current : all[Math.min(at, all.length - 1)])?.focus();
  };
  return html`<div ref=${body} onKeyDown=${walk}>
    <${Heading} title=${t('page.submissions')} />
    <form class="filters" role="search"
      onSubmit=${(event) => { event.preventDefault(); if (list.items.length === 1) go(`submissions/${list.items[0].id}`); }}>
      <label class="grow"><span class="unseen">${t('search.for')}</span>
        <input ref=${field} type="search" name="q" maxlength="60" placeholder=${t('search.for')} value=${wanted.q}
          onInput=${(event) => change({ q: event.target.value.trim() })} /></label>
      <label><span class="unseen">${t('col.state')}</span>
        <select value=${wanted.state} onChange=${(event) => change({ state: event.target.value })}>
          <option value="">${t('search.any_state')}</option>
          ${stateNames().map((name) => html`<option key=${name} value=${name}>${stateLabel(name)}</option>`)}</select></label>
    </form>
    <${Table} label=${t('page.submissions')}
      heads=${['code', 'student', 'session', 'state', 'submitted', 'due'].map((name) => t(`col.${name}`))}
        empty=${!list.loading && list.items.length === 0 && !list.error ? t('search.none') : null}>
      ${list.items.map((one) => html`<tr key=${one.id}>
        <td><a href="#/submissions/${one.id}"><code class="code">${one.code}</code></a></td>
        <td>${one.name_masked} <span class="muted num">${one.student_no}</span></td>
        <td>${one.school_name} <span class="muted">${one.session_name}</span></td>
        <td><${State} name=${one.state} /></td>
        <td class="num">${dateTime(one.submitted)}</td>
        <td>${one.lane ? html`<${Clock} due=${one.due} submitted=${one.submitted} />` : '–'}</td></tr>`)}
    <//>
    <${More} list=${list} />
  </div>`;
}
