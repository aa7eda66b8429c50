// native — the phone's own camera and its album, for when there is no live picture. The phone may load the page again while its
// camera is open and lose what was taken; so where we were is written down before it is opened.
import { t } from '../../shared/i18n.js';
import { html, useEffect, useRef, useState } from '../../shared/view.js';
import { drop, keep, kept } from '../idb.js';
import { draftOf, dropDraft, keepDraft } from '../draft.js';

const SILENT_MS = 20000; /* some phones never say that a photo was taken */
const LOST_MS = 10 * 60000;
const STEP = 'native_step';

function writeDown(purpose) {
  const step = { id: STEP, what: 'step', purpose, screen: location.hash, nonce: Math.random().toString(36).slice(2) };
  keepDraft(STEP, { ...step, at: Date.now() });
  keep(step);
}

function crossOut() {
  dropDraft(STEP);
  drop(STEP);
}

/** Whether the camera was opened for this before the page was loaded again, and nothing came back. */
export async function cameBackEmpty(purpose) {
  const here = draftOf(STEP);
  const there = (await kept()).find((one) => one.id === STEP);
  crossOut();
  return [here && { ...here, kept: here.at }, there].some((one) => one && one.purpose === purpose && Date.now() - one.kept < LOST_MS);
}

/** One way to a picture. kind: native | album */
export function Picker({ kind, label, note, primary, busy, purpose, onFile }) {
  const [silent, setSilent] = useState(false);
  const timer = useRef(0);
  const settle = () => { clearTimeout(timer.current); crossOut(); setSilent(false); };
  useEffect(() => () => clearTimeout(timer.current), []);
  const opened = () => {
    writeDown(purpose);
    clearTimeout(timer.current);
    /* Counted from the return: while the phone's camera is in front, the page is hidden. */
    const wait = () => { timer.current = setTimeout(() => (document.hidden ? wait() : setSilent(true)), SILENT_MS); };
    wait();
  };
  const chosen = (event) => {
    const [file] = event.target.files;
    settle();
    event.target.value = '';
    if (file)
      onFile(file, kind);
  };
  const input = useRef();
  useEffect(() => {
    const node = input.current;
    node.addEventListener('cancel', settle); /* Preact knows no onCancel for inputs */
    return () => node.removeEventListener('cancel', settle);
  }, []);
  return html`<label class="button big ${primary ? 'primary' : ''} ${busy ? 'off' : ''}">${label}<input ref=${input} class="unseen" type="file" accept="image/*"
      name=${kind === 'album' ? 'album' : 'camera'} capture=${kind === 'album' ? undefined : 'environment'} disabled=${busy} onClick=${opened} onChange=${chosen} /></label>
    ${note && html`<p class="muted small">${note}</p>`}
    ${silent && html`<p class="hint" role="status">${t('capture.silent')}</p>`}`;
}
