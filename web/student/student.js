// student — who is logged in on this phone, the capture session, and the submission being worked on. The token lives as long
// as the tab.
import { setToken } from '../shared/api.js';
import * as server from '../shared/client.js';
import { language } from '../shared/i18n.js';
import { observable } from '../shared/view.js';
import { dropDrafts } from './draft.js';

const TOKEN = 'xueying.student';
const SESSION = 'xueying.session';
/** null: not known yet; false: nobody; else the answer of /me. */
export const student = observable(null);
/** The submission being worked on, as the poll gives it; null when there is none. */
export const submission = observable(null);
/** The capture session the student came for or works in, with its policy and profile; null when none is known. */
export const session = observable(null);

export const consented = (kinds) => kinds.every((kind) => student.value.consents.some((one) => one.kind === kind));
export const isOwn = (code) => Boolean(student.value) && student.value.submissions.some((one) => one.session_code === code);
/** Kinds that must be agreed to before a photo is handed in. */
export const neededConsents = () => ['privacy', 'passing_on', ...(session.value?.policy.face_consent_needed ? ['face'] : [])];

/** Go into a capture session by its code; throws a Problem when there is none. */
export async function openSession(code) {
  if (session.value?.code !== code)
    session.set(await server.sessionPublic(code));
  sessionStorage.setItem(SESSION, code);
  const own = student.value && student.value.submissions.filter((one) => one.session_code === code).pop();
  if (!own)
    submission.set(null);
  else if (submission.value?.id !== own.id)
    submission.set(await server.submissionShow(own.id));
  return session.value;
}

export function leaveSession() {
  sessionStorage.removeItem(SESSION);
  session.set(null);
  submission.set(null);
}

/** The code in the address (the poster's QR) wins over the one of before; then the newest submission's. */
async function findSession(newest) {
  const asked = new URLSearchParams(location.search).get('session');
  const code = asked || sessionStorage.getItem(SESSION) || newest?.session_code;
  if (!code)
    return;
  await openSession(code).catch((problem) => {
    if (problem.status !== 404 && problem.status !== 422 && problem.status !== 400)
      throw problem;
    leaveSession();
  });
}

export async function startStudent() {
  const token = sessionStorage.getItem(TOKEN);
  setToken(token || '');
  if (token)
    return refresh();
  await findSession();
  return student.set(false);
}

/** With the answer of any log-in. */
export async function logInWith({ token }) {
  sessionStorage.setItem(TOKEN, token);
  setToken(token);
  await refresh();
}

export function forget() {
  sessionStorage.removeItem(TOKEN);
  setToken('');
  dropDrafts();
  submission.set(null);
  student.set(false);
}

export async function logOut() {
  await server.logout().catch(() => {});
  forget();
}

/** Who I am, again; after it the session and submission are those of the newest answer. */
export async function refresh() {
  const me = await server.me().catch((problem) => { if (problem.status === 401) return false; throw problem; });
  if (!me)
    return forget();
  const first = !student.value;
  if (first && me.language !== language.value)
    server.languageSet({ language: language.value }).catch(() => {});
  const shown = student.value;
  student.set({ ...me, isStarting: first });
  if (first || !shown || !session.value)
    await findSession(me.submissions[me.submissions.length - 1]);
  student.set(me);
  return me;
}

/** The submission of an answer: shown at once, whatever the poll does. */
export function take(answer) {
  submission.set(answer);
  return answer;
}
export const reloadSubmission = async () => take(await server.submissionShow(submission.value.id));
