// tasks — what is to be done before the photo is handed in, in the order the session's policy gives. Pure: no drawing here.

const CODE_GIVEN = ['read', 'seen_before'];
/** The code counts; with another student's a person decides. */
export const codeGiven = (code) => Boolean(code) && CODE_GIVEN.includes(code.state);

export const isCollecting = (now) => !now || ['draft', 'retake', 'awaiting_payment'].includes(now.state);
const isChosen = (now) => Boolean(now?.attempt_id) && now.attempts.some((one) => one.chosen && !one.rejected);
const paysFirst = (policy, now) => policy.payment === 'before' && now.price_fen > 0 && !now.paid;
const byCard = (policy) => policy.identity_method === 'id_card' || policy.identity_method === 'id_card_both';

/** Before the roster is linked. */
function beforeLink({ me, policy, now, agreed }) {
  const known = me.identity?.state === 'confirmed';
  return [
    { name: 'consent', icon: 'consent', done: agreed, open: true },
    byCard(policy) && { name: 'identity', icon: 'card', screen: 'id-card', done: known || Boolean(now), open: agreed && !now },
    { name: 'link', icon: 'link', done: Boolean(now), open: agreed && !now && (known || !byCard(policy)) },
  ];
}

function about({ me, policy, place, now, locked }) {
  const open = Boolean(now) && !locked;
  const wanted = (what) => what === 'optional' || what === 'required' || what === 'asked';
  const optional = (what) => (what === 'required' ? '' : 'optional');
  return [
    { name: 'portrait', icon: 'portrait', done: me.portrait, open: open && !me.portrait && !byCard(policy), hidden: byCard(policy) && !me.portrait },
    policy.details !== 'none' && now?.details && { name: 'details', icon: 'details', done: Boolean(now.details.confirmed), open },
    wanted(policy.phone) && { name: 'phone', icon: 'phone', done: Boolean(me.phone_masked), open, note: me.phone_masked, hint: optional(policy.phone) },
    place.service_account && { name: 'follow', icon: 'follow', done: gives(now, 'follow'), open, note: place.service_account.name },
    now?.collection_code && { name: 'code', icon: 'code', done: codeGiven(now.collection_code), open, hint: optional(now.collection_code.wanted) },
  ];
}

/** Prints: whether the student says where they go or how large they are. */
export const delivers = (policy) => policy.deliver_mail === 'student' || (policy.deliver_print && policy.print_layout === 'student');
const gives = (now, what) => Boolean(now) && !now.missing.includes(what);

function photoAndPay({ me, policy, place, now, locked }) {
  const payFirst = Boolean(now) && paysFirst(policy, now);
  const waits = now?.state === 'awaiting_payment';
  const pays = policy.payment !== 'none' && (now ? now.price_fen > 0 : policy.price_fen > 0);
  const pay = { name: 'pay', icon: 'pay', done: Boolean(now?.paid), open: Boolean(now) && !now.paid && (payFirst || waits), fen: now ? now.price_fen : policy.price_fen };
  return [
    pays && policy.payment === 'before' && pay,
    policy.notice !== 'none' && { name: 'notice', icon: 'notice', done: policy.notice === 'required' ? gives(now, 'notice') : me.asked, open: Boolean(now) && !locked, hint: policy.notice === 'required' ? '' : 'optional' },
    { name: 'photo', icon: 'camera', done: isChosen(now), open: Boolean(now) && !locked && !payFirst && (!place.service_account || gives(now, 'follow')) },
    delivers(policy) && { name: 'delivery', icon: 'box', done: policy.deliver_mail === 'student' ? gives(now, 'address') : Boolean(now?.print_layout), open: Boolean(now) && !locked },
    { name: 'confirm', icon: 'confirm', done: Boolean(waits), open: isChosen(now) && now.allowed.includes('confirm') },
    pays && policy.payment === 'after' && pay,
  ];
}

/** [{name, screen, icon, done, open, note, hint, fen}]; `now` is null before the roster is linked, `place` the session. */
export function tasksOf({ me, place, now, agreed }) {
  const given = { me, place, policy: place.policy, now, agreed, locked: now?.state === 'awaiting_payment' };
  return [...beforeLink(given), ...about(given), ...photoAndPay(given)]
    .filter((task) => task && !task.hidden)
    .map((task) => ({ screen: task.name, ...task }));
}

export const nextOf = (tasks) => tasks.find((task) => task.open && !task.done && task.hint !== 'optional') || tasks.find((task) => task.open && !task.done);
