// student — who is logged in on this phone, the capture session, and the submission being worked on. The token lives as long
// as the tab.
import { setToken } from '../shared/api.js';
import * as server from '../shared/client.js';
import { language } from '../shared/i18n.js';
import { observable } from '../shared/view.js';
import { draftOf, dropDrafts } from './draft.js';

const TOKEN = 'xueying.student';
const SESSION = 'xueying.session';
const SEEN = 'xueying.seen';
/** null: not known yet; false: nobody; else the answer of /me. */
export const student = observable(null);
/** The submission being worked on, as the poll gives it; null when there is none. */
export const submission = observable(null);
/** The capture session the student came for or works in, with its policy and profile; null when none is known. */
export const session = observable(null);

export const consented = (kinds) => kinds.every((kind) => student.value.consents.some((one) => one.kind === kind));
/** Kinds that must be agreed to before a photo is handed in. */
export const neededConsents = () => ['privacy', 'passing_on', ...(session.value?.policy.face_consent_needed ? ['face'] : [])];

/** Go into a capture session by its code; throws a Problem when there is none. Who is enrolled there twice says by `id`
 * which submission; else it is the one of before, or the newest. */
export async function openSession(code, id = submission.value?.id) {
  if (session.value?.code !== code)
    session.set(await server.sessionPublic(code));
  sessionStorage.setItem(SESSION, code);
  const there = student.value ? student.value.submissions.filter((one) => one.session_code === code) : [];
  const own = there.find((one) => one.id === id) ?? there.pop();
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

/** The code in the address (the poster's QR) wins over the one of before. */
const codeAsked = () => new URLSearchParams(location.search).get('session') || sessionStorage.getItem(SESSION) || '';

/** Where the student came to, else where the newest submission is. */
async function findSession(newest) {
  const code = codeAsked() || newest?.session_code;
  if (!code)
    return;
  await openSession(code).catch((problem) => {
    if (problem.status !== 404 && problem.status !== 422 && problem.status !== 400)
      throw problem;
    leaveSession();
  });
}

/** A page that is loaded again shows at once what it showed last, also without a network; then it asks. */
function showSeen() {
  const seen = JSON.parse(sessionStorage.getItem(SEEN) || 'null');
  if (!seen?.me || !seen.session || (codeAsked() && codeAsked() !== seen.session.code))
    return false;
  session.set(seen.session);
  submission.set(seen.submission);
  student.set(seen.me);
  return true;
}

const keepSeen = () => {
  if (student.value && !student.value.isStarting)
    sessionStorage.setItem(SEEN, JSON.stringify({ me: student.value, session: session.value, submission: submission.value }));
};

for (const part of [student, session, submission])
  part.watch(keepSeen);

export async function startStudent() {
  const token = sessionStorage.getItem(TOKEN);
  setToken(token || '');
  if (token)
    return showSeen() ? refresh().catch((problem) => { if (!problem.passes) throw problem; }) : refresh();
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
  sessionStorage.removeItem(SEEN);
  setToken('');
  dropDrafts();
  import('./idb.js').then(({ dropAll }) => dropAll()).catch(() => {});
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
  me.asked = Boolean(draftOf('asked')); /* whether messages were asked for on this phone */
  if (first && me.language !== language.value)
    server.languageSet({ language: language.value }).catch(() => {});
  student.set({ ...me, isStarting: first });
  if (first || !session.value)
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

/** What the student decides about the submission. When it moved on meanwhile and the event is still allowed, it is asked again. */
export async function act(event, more) {
  const send = (now) => server.studentEvent(now.id, event, { version: now.version, ...more });
  try {
    return take(await send(submission.value));
  } catch (problem) {
    if (problem.code !== 'stale' || !(await reloadSubmission()).allowed.includes(event))
      throw problem;
    return take(await send(submission.value));
  }
}
