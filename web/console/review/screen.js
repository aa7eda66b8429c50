// screen — the review screen of one lane: the ring of items, the outbox of decisions, and which bench the item needs.
import { get } from '../../shared/api.js';
import { language, number, t } from '../../shared/i18n.js';
import { on } from '../../shared/live.js';
import { complain, notify, problemText } from '../../shared/notices.js';
import { Clock } from '../../shared/sla.js';
import { html, useEffect, useMemo, useRef, useState, useValue } from '../../shared/view.js';
import { go } from '../route.js';
import { Help } from './help.js';
import { Identity } from './identity.js';
import { Judge } from './judge.js';
import { useKeys } from './keys.js';
import { LastDecision } from './actions.js';
import { Outbox } from './outbox.js';
import { Ring } from './ring.js';

const leave = () => go('queue');

/** Where a decision goes: retouching is finished by an event of its own, everything else is a decision. */
function target(item, event) {
  const base = `/api/v1/console/submissions/${item.submission.id}`;
  return event === 'retouch_done' ? `${base}/retouch_done` : `${base}/decision`;
}

function bodyOf(item, event, fields) {
  if (event === 'retouch_done')
    return { version: item.submission.version, note: fields.internal_note };
  return { claim_id: item.claim_id, version: item.submission.version, event, ...fields };
}

function useReview(lane) {
  const kit = useMemo(() => {
    const ring = new Ring(lane, {
      onLost: (item) => notify('warn', t('review.lost', { code: item.submission.code })),
      onProblem: complain,
    });
    const outbox = new Outbox((entry, problem) => {
      const known = { stale: 'review.stale', refused: 'review.stale', lease_lost: 'review.lease_lost' }[problem.code];
      notify(known ? 'warn' : 'bad', known ? t(known, { code: entry.item.submission.code }) : `${entry.item.submission.code}: ${problemText(problem)}`);
    });
    return { ring, outbox };
  }, [lane]);
  useEffect(() => {
    kit.ring.fill();
    const stops = [
      on('lease.lost', (event) => event?.claim_id && kit.ring.drop(event.claim_id)),
      on('counts', (counts) => { if (!kit.ring.current && counts?.lanes?.some((row) => row.lane === lane && row.waiting > 0)) kit.ring.fill(); }),
    ];
    return () => { stops.forEach((stop) => stop()); kit.ring.close(); kit.outbox.close(); };
  }, [kit]);
  return kit;
}

function Head({ lane, item, left, onQueue, onHelp }) {
  const submission = item?.submission;
  return html`<header class="review-head lane-${lane}">
    <button type="button" class="quiet" aria-keyshortcuts="Q" onClick=${onQueue}>← ${t('page.queue')} <kbd
      aria-hidden="true">Q</kbd></button>
    <h1 tabindex="-1"><span class="lane-mark" aria-hidden="true"></span>${t(`lane.${lane}`)}${submission && html` <code
      class="code">${submission.code}</code>`}</h1>
    ${submission && html`<span class="who"><span>${submission.name_masked}</span><span>${submission.school_name}</span>
      <span>${submission.session_name}</span>
      <span>${t('review.attempt', { n: item.attempt.number })}</span></span>`}
    <span class="spacer"></span>
    ${submission && lane !== 'identity' && html`<${Clock} due=${submission.due} submitted=${submission.submitted} />`}
    ${left !== null && html`<span class="num muted">${t('review.left', { n: number(left) })}</span>`}
    <button type="button" class="quiet" aria-label=${t('help.title')} onClick=${onHelp}><kbd>?</kbd></button>
  </header>`;
}

function Idle({ status, last, onUndo, onRetry, onQueue, onHelp }) {
  useKeys((action) => ({ undo: onUndo, queue: onQueue, help: onHelp }[action] || (() => false))());
  return html`<div class="idle" aria-busy=${status === 'loading'}>
    ${status === 'loading' && html`<p class="muted">${t('review.loading')}</p>`}
    ${status === 'empty' && html`<p class="idle-big">${t('review.empty')}</p><p class="muted">${t('review.empty_text')}</p>`}
    ${status === 'failed' && html`<p class="idle-big">${t('review.failed')}</p><button type="button" class="primary"
      onClick=${onRetry}>${t('act.again')}</button>`}
    ${status !== 'loading' && html`<div class="row"><button type="button" onClick=${onQueue}>${t('page.queue')} <kbd
      aria-hidden="true">Q</kbd></button><${LastDecision} last=${last} onUndo=${onUndo} /></div>`}
  </div>`;
}

export function Review({ lane }) {
  useValue(language);
  const { ring, outbox } = useReview(lane);
  const { current: item, status, seen } = useValue(ring.view);
  const { last, unsent, blocked } = useValue(outbox.view);
  const [left, setLeft] = useState(null);
  const [help, setHelp] = useState(false);
  const skips = useRef(0);

  useEffect(() => {
    const show = (counts) => counts?.lanes && setLeft(counts.lanes.find((row) => row.lane === lane)?.waiting ?? null);
    get('/api/v1/console/queue').then(show, () => {});
    return on('counts', show);
  }, [lane]);
  useEffect(() => {
    document.title = `${t(`lane.${lane}`)} · ${t('app.name')}`;
    document.querySelector('.stage')?.focus({ preventScroll: true });
  }, [item?.key]);

  const decide = (event, fields) => {
    skips.current = 0;
    outbox.send(item, target(item, event), bodyOf(item, event, fields));
    ring.next();
  };
  const undo = async () => {
    try {
      const back = await outbox.undo();
      if (!back)
        return notify('info', t('review.nothing_to_undo'));
      ring.back({ ...back, key: `${back.key}.${Date.now()}` });
      notify('ok', t('review.undone', { code: back.submission.code }));
    } catch (problem) {
      complain(problem);
    }
    return undefined;
  };
  const skip = () => {
    ring.skip();
    if (++skips.current >= 3)
      notify('info', t('review.skips'));
  };
  const refused = (refusedItem, problem) => {
    complain(problem);
    if (!problem.passes && ring.current === refusedItem)
      ring.next();
  };
  const shared = { onQueue: leave, onHelp: () => setHelp(true) };
  const identity = item && (lane === 'identity' || (item.allowed || []).includes('identity_vote'));

  return html`<div class="review">
    <${Head} lane=${lane} item=${item} left=${left} ...${shared} />
    ${unsent > 2 && html`<p class="banner" role="status">${t(blocked ? 'review.blocked' : 'review.unsent', { n: unsent })}</p>`}
    <main class="review-main">
      ${!item || blocked ? html`<${Idle} status=${blocked ? 'loading' : status} last=${last} onUndo=${undo}
        onRetry=${() => ring.fill()} ...${shared} />`
        : identity ? html`<${Identity} key=${item.key} item=${item} onNext=${() => ring.next()} onRefused=${refused}
          onSkip=${skip} ...${shared} />`
        : html`<${Judge} key=${item.key} item=${item} position=${seen} last=${last} onDecide=${decide} onSkip=${skip}
          onUndo=${undo} ...${shared} />`}
    </main>
    ${help && html`<${Help} onClose=${() => setHelp(false)} />`}
  </div>`;
}
