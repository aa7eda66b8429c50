// follow — the poll. In the first minutes it waits at the server (long polls), then it asks ever more rarely: 15 s, 1 min,
// 5 min, 30 min. Nothing while the page is hidden. A day with the page open costs about 67 requests, nearly all answered 304.
import { submissionShow, wholeAnswer } from '../shared/client.js';
import { submission } from './student.js';

/** Pauses in seconds and how often each is made; the last one for ever. */
const LONG_POLLS = 4; /* answered the moment something changes */
const PLAN = [[1, LONG_POLLS], [15, 4], [60, 5], [300, 6], [1800, Infinity]];
const LONG_POLL_S = 20;
const AGAIN_AT_MOST_MS = 15000; /* a page that is hidden and shown all the time asks no more often */

/** The pause before poll number `turn` (0…), in seconds. */
function pauseOf(turn) {
  for (const [pause_s, times] of PLAN) {
    if (turn < times)
      return pause_s;
    turn -= times;
  }
  return PLAN[PLAN.length - 1][0];
}

const spread = (time_ms) => time_ms * (0.8 + Math.random() * 0.4);
let nudge = () => {};
/** Something is about to happen (a payment, a code being read): ask quickly for a while. */
export const hurry = () => nudge();

/** Waits for changes of one submission; gives the function that stops it. */
export function follow(id) {
  const stop = new AbortController();
  let etag = '', turn = 0, timer = 0, asked_ms = 0, not_before_ms = 0, asking = false;

  const later = (pause_ms) => {
    clearTimeout(timer);
    timer = 0;
    if (!stop.signal.aborted && !document.hidden)
      timer = setTimeout(ask, pause_ms);
  };

  function take(answer) {
    const tag = answer.headers.get('etag');
    not_before_ms = Date.now() + 1000 * Number(answer.headers.get('retry-after') || 0);
    if (answer.status !== 200 || tag === etag)
      return;
    if (etag)
      turn = 0;
    etag = tag;
    submission.set(answer.data);
  }

  async function ask() {
    if (asking)
      return;
    [asking, asked_ms] = [true, Date.now()];
    const headers = etag ? { 'if-none-match': etag } : {};
    if (etag && turn <= LONG_POLLS)
      headers.prefer = `wait=${LONG_POLL_S}`;
    try {
      take(await submissionShow(id, wholeAnswer({ headers, signal: stop.signal, timeout_ms: 30000 })));
    } catch (problem) {
      if (stop.signal.aborted || problem.status === 401 || problem.status === 404)
        return;
      not_before_ms = Date.now() + (problem.retry_after_ms || 0);
    } finally {
      asking = false;
    }
    later(Math.max(spread(1000 * pauseOf(turn++)), not_before_ms - Date.now()));
  }

  const onSeen = () => {
    if (document.hidden)
      clearTimeout(timer);
    else
      later(Math.max(0, asked_ms + AGAIN_AT_MOST_MS - Date.now(), not_before_ms - Date.now()));
  };
  nudge = () => { turn = 0; later(Math.max(0, not_before_ms - Date.now())); };
  document.addEventListener('visibilitychange', onSeen);
  addEventListener('online', onSeen);
  later(0);
  return () => {
    stop.abort();
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', onSeen);
    removeEventListener('online', onSeen);
    nudge = () => {};
  };
}
