// queue — the console's home: how many wait in each lane, live. No list of faces: nobody picks favourites.
import { get } from '../shared/api.js';
import { number, t } from '../shared/i18n.js';
import { on } from '../shared/live.js';
import { ProblemBox } from '../shared/notices.js';
import { prefs } from '../shared/prefs.js';
import { Clock } from '../shared/sla.js';
import { html, useEffect, useLoad, useState, useValue } from '../shared/view.js';
import { account, has } from './account.js';
import { go } from './route.js';

const LANES = [
  { lane: 'green', roles: ['reviewer', 'senior'], key: 'Enter' },
  { lane: 'amber', roles: ['reviewer', 'senior'], key: '2' },
  { lane: 'identity', roles: ['identity_reviewer', 'senior'], key: '3' },
  { lane: 'senior', roles: ['senior'], key: '4' },
  { lane: 'retouch', roles: ['retoucher', 'senior'], key: '5' },
];
const CODES = { Enter: 'Enter', NumpadEnter: 'Enter', Digit2: '2', Digit3: '3', Digit4: '4', Digit5: '5' };

/** The queue as it is: loaded once, then told by events. */
export function useQueue() {
  const loaded = useLoad((signal) => get('/api/v1/console/queue', { signal }), []);
  const [told, setTold] = useState(null);
  useEffect(() => on('counts', (counts) => counts?.lanes && setTold(counts)), []);
  const now = told && loaded.data ? { ...loaded.data, ...told, mine: told.mine || loaded.data.mine } : loaded.data;
  return { queue: now, error: loaded.error, reload: loaded.reload };
}

function Lane({ lane, keyName, row, open }) {
  const empty = row.waiting === 0;
  return html`<li class="lane lane-${lane}">
    <span class="lane-mark" aria-hidden="true"></span>
    <span class="lane-name"><strong>${t(`lane.${lane}`)}</strong><small class="muted">${t(`lane.${lane}.about`)}</small></span>
    <span class="lane-count num" data-lane=${lane}>${number(row.waiting)}<small class="muted"> ${t('queue.waiting')}</small></span>
    <span class="lane-clock">${empty ? html`<span
      class="muted">${t('queue.nothing')}</span>` : html`<${Clock} due=${row.oldest_due} stage=${row.sla} />`}</span>
    ${open ? html`<a class="button ${lane === 'green' ? 'primary' : ''}" href="#/review/${lane}"
      aria-keyshortcuts=${keyName}>${t('queue.start')} <kbd aria-hidden="true">${keyName}</kbd></a>`
      : html`<span class="muted small lane-closed">${t('queue.no_role')}</span>`}
  </li>`;
}

export function Queue() {
  const who = useValue(account);
  const { queue, error, reload } = useQueue();
  useEffect(() => {
    const press = (event) => {
      if (prefs.value.shortcuts === 'off' || event.repeat || event.ctrlKey || event.metaKey || event.altKey
          || event.target.closest?.('input, textarea, select, dialog, a, button'))
        return;
      const found = LANES.find((each) => each.key === CODES[event.code]);
      if (found && has(...found.roles)) {
        event.preventDefault();
        go(`review/${found.lane}`);
      }
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  const rowOf = (lane) => queue.lanes.find((row) => row.lane === lane) || { waiting: 0 };
  return html`
    <div class="head"><h1 tabindex="-1">${t('page.queue')}</h1>
      <p class="muted">${t('queue.today', { n: number(queue?.mine.decided_today ?? who.today.decisions) })}</p></div>
    <${ProblemBox} problem=${error} retry=${reload} />
    ${queue && html`
      <ul class="lanes">${LANES.map(({ lane, roles, key }) => html`<${Lane} key=${lane} lane=${lane} keyName=${key} row=${rowOf(lane)} open=${has(...roles)} />`)}</ul>
      <p class="muted mine">${t('queue.mine', { claimed: queue.mine.claimed, pending: queue.mine.pending })}</p>
      <section class="card quiet-card"><h2>${t('queue.how')}</h2>
        <dl class="keys">
          ${['A', '1–9 + Enter', 'U', 'E', 'S', 'Z', '?'].map((key) => html`<div key=${key}><dt><kbd>${key}</kbd></dt>
            <dd>${t(`key.${key}`)}</dd></div>`)}
        </dl></section>`}`;
}
