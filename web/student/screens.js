// screens — which module draws which screen; all but the first are fetched when they are wanted.
import { html, useEffect, useState } from '../shared/view.js';
import { ProblemBox } from '../shared/notices.js';
import { t } from '../shared/i18n.js';

/** name → [module, what it exports, what must be there: 'me', 'session', 'now'] */
const SCREENS = {
  consent: [() => import('./consent.js'), 'Consent', 'me'],
  link: [() => import('./link.js'), 'Link', 'session'],
  'id-card': [() => import('./idcard.js'), 'IdCard', 'session'],
  portrait: [() => import('./portrait.js'), 'Portrait', 'me'],
  phone: [() => import('./phone.js'), 'Phone', 'me'],
  code: [() => import('./code.js'), 'Code', 'now'],
  pay: [() => import('./pay.js'), 'Pay', 'now'],
  photo: [() => import('./photo.js'), 'TakePhoto', 'now'],
  camera: [() => import('./camera.js'), 'TakeLive', 'now'],
  preview: [() => import('./preview.js'), 'Preview', 'now'],
  confirm: [() => import('./submit.js'), 'Confirm', 'now'],
  receipt: [() => import('./receipt.js'), 'Receipt', 'now'],
  progress: [() => import('./progress.js'), 'Progress', 'now'],
  actions: [() => import('./progress.js'), 'Actions', 'now'],
  retake: [() => import('./progress.js'), 'Retake', 'now'],
  proofread: [() => import('./proofread.js'), 'Proofread', 'now'],
  approve: [() => import('./approve.js'), 'Approve', 'now'],
  messages: [() => import('./messages.js'), 'Messages', 'me'],
  examples: [() => import('./examples.js'), 'Examples', ''],
  mine: [() => import('./mine.js'), 'Mine', 'me'],
  delivery: [() => import('./delivery.js'), 'Delivery', 'now'],
  follow: [() => import('./account.js'), 'FollowAccount', 'now'],
  notice: [() => import('./notice.js'), 'Notice', 'now'],
  details: [() => import('./details.js'), 'Details', 'now'],
  request: [() => import('./request.js'), 'LinkRequest', 'session'],
  'own-data': [() => import('./owndata.js'), 'OwnData', 'me'],
  enter: [() => import('./entry.js'), 'Entry', 'me'],
};
const loaded = new Map();

export const needsOf = (name) => SCREENS[name]?.[2];
export const isScreen = (name) => name in SCREENS;

async function load(name) {
  const [fetchModule, part] = SCREENS[name];
  loaded.set(name, (await fetchModule())[part]);
}

/** Fetch a screen's module when there is nothing better to do: opening it then takes no time. */
export function prepare(name) {
  if (!name || !isScreen(name) || loaded.has(name))
    return undefined;
  const timer = setTimeout(() => load(name).catch(() => {}), 1500);
  return () => clearTimeout(timer);
}

/** A screen by its name: nothing until its module is there, with a way to try again. */
export function Lazy({ screen, ...props }) {
  const [state, setState] = useState({});
  const again = () => {
    setState({ screen });
    if (!loaded.has(screen))
      load(screen).then(() => setState({ screen, ready: true }), () => setState({ screen, problem: { code: 'offline' } }));
  };
  useEffect(again, [screen]);
  const Part = loaded.get(screen);
  if (Part)
    return html`<${Part} ...${props} />`;
  return state.problem ? html`<div class="page"><${ProblemBox} problem=${state.problem} retry=${again} /></div>` : html`<p class="page muted" aria-busy="true">${t('student.loading')}</p>`;
}
