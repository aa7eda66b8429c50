// account — who is logged in to the console.
import { get, post, setCsrf } from '../shared/api.js';
import { observable } from '../shared/view.js';
import { startLive, stopLive } from '../shared/live.js';
import { startWorkflow } from '../shared/workflow.js';

/** null: not known yet; false: nobody; else the answer of /console/me. */
export const account = observable(null);

export const has = (...roles) => roles.some((role) => account.value?.roles?.includes(role));

export async function refreshAccount() {
  try {
    const me = await get('/api/v1/console/me');
    setCsrf(me.csrf);
    if (!account.value) {
      await startWorkflow();
      startLive('/api/v1/console/events');
    }
    account.set(me);
  } catch (problem) {
    if (problem.status !== 401)
      throw problem;
    leave();
  }
}

export async function logIn(name, password) {
  const answer = await post('/api/v1/console/login', { name, password });
  setCsrf(answer.csrf);
  await refreshAccount();
}

export async function logOut() {
  await post('/api/v1/logout').catch(() => {});
  leave();
}

export function leave() {
  setCsrf('');
  stopLive();
  account.set(false);
}
