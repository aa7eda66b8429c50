// student — who is logged in on this phone, and the submission being worked on. The token lives as long as the tab.
import { call, get, post, put, setToken } from '../shared/api.js';
import { language } from '../shared/i18n.js';
import { observable } from '../shared/view.js';

const NAME = 'xueying.student';
/** null: not known yet; false: nobody; else the answer of /me. */
export const student = observable(null);
/** The newest submission as the poll gives it; null when there is none. */
export const submission = observable(null);

export async function startStudent() {
  setToken(sessionStorage.getItem(NAME) || '');
  if (!sessionStorage.getItem(NAME))
    return student.set(false);
  return refresh();
}

export async function logIn(code) {
  const answer = await post('/api/v1/login/wechat', { code });
  sessionStorage.setItem(NAME, answer.token);
  setToken(answer.token);
  await refresh();
}

export function forget() {
  sessionStorage.removeItem(NAME);
  setToken('');
  submission.set(null);
  student.set(false);
}

export async function logOut() {
  await post('/api/v1/logout').catch(() => {});
  forget();
}

export async function refresh() {
  const me = await get('/api/v1/me').catch((problem) => { if (problem.status === 401) return false; throw problem; });
  if (!me)
    return forget();
  const newest = me.submissions.at(-1);
  if (newest && submission.value?.id !== newest.id)
    submission.set(await get(`/api/v1/submissions/${newest.id}`));
  if (me.language !== language.value)
    put('/api/v1/me/language', { language: language.value }).catch(() => {});
  student.set(me);
  return me;
}

/** Ask for the submission again, whatever the poll does. */
export const reloadSubmission = async () => submission.set(await get(`/api/v1/submissions/${submission.value.id}`));

/** Waits for changes while the page is seen: long polls that mostly end in 304. Gives the function that stops it. */
export function follow(id) {
  const stop = new AbortController();
  let etag = '';
  let pause_ms = 0;
  const sleep = (time_ms) => new Promise((resolve) => setTimeout(resolve, time_ms));
  const seen = () => (document.hidden ? new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true })) : null);
  (async () => {
    while (!stop.signal.aborted) {
      await seen();
      try {
        const headers = etag ? { 'if-none-match': etag, prefer: 'wait=25' } : {};
        const answer = await call('GET', `/api/v1/submissions/${id}`, { headers, signal: stop.signal, timeout_ms: 45000 });
        etag = answer.headers.get('etag') || etag;
        if (answer.status === 200 && !stop.signal.aborted)
          submission.set(answer.data);
        pause_ms = 1000;
      } catch (problem) {
        if (problem.status === 401 || problem.status === 404)
          return;
        pause_ms = Math.min(Math.max(pause_ms * 2, problem.retry_after_ms || 2000), 60000);
      }
      await sleep(pause_ms * (0.8 + Math.random() * 0.4));
    }
  })();
  return () => stop.abort();
}
