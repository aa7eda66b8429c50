// workflow — labels of states, events and reasons as the server tells them. The rules stay there too: what may be done
// is in the `allowed` list that comes with each submission.
import { get } from './api.js';
import { pick, t } from './i18n.js';

const states = new Map();
const events = new Map();
const reasons = new Map();

export async function startWorkflow() {
  const [workflow, list] = await Promise.all([get('/api/v1/workflow'), get('/api/v1/reasons')]);
  workflow.states.forEach((state) => states.set(state.name, state));
  workflow.events.forEach((event) => events.set(event.name, event));
  list.items.forEach((reason) => reasons.set(reason.code, reason));
}

export const stateNames = () => [...states.keys()];
export const stateLabel = (name) => pick(states.get(name)) || name;
/** The first row of a history is no event of the table. */
export const eventLabel = (name) => pick(events.get(name)) || (name === 'created' ? t('event.created') : name);
export const reasonOf = (code) => reasons.get(code);
export const reasonLabel = (code) => pick(reasons.get(code), 'short') || code;
export const reasonText = (code) => pick(reasons.get(code)) || code;
export const reasonFix = (code) => pick(reasons.get(code), 'fix');

/** Reasons that people give, those of failing and warning checks first: the likely one is always number 1. */
export function reasonsFor(report, count) {
  const rank = { fail: 0, warn: 1 };
  const found = (report?.checks || [])
    .filter((check) => check.verdict in rank)
    .sort((a, b) => rank[a.verdict] - rank[b.verdict])
    .map((check) => check.reason) /* which it speaks for: the report's word */
    .filter((code) => reasons.has(code));
  const usual = ['ears', 'brow_hair', 'background', 'matting', 'glasses_glare', 'clothes_style', 'makeup_filter', 'blur', 'shoulders', 'ornament'];
  return [...new Set([...found, ...usual.filter((code) => reasons.has(code))])].slice(0, count);
}
export const allReasons = () => [...reasons.values()];
