// draft — what was typed survives a reload of the page (the phone's camera may cause one). Lives as long as the tab, on this
// phone only, and goes with the log-out.
import { useRef, useState } from '../shared/view.js';

const PREFIX = 'xueying.draft.';

export function keepDraft(name, value) {
  try {
    sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch { /* full or not allowed: the page still works */ }
}

export function draftOf(name) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + name));
  } catch {
    return null;
  }
}

export const dropDraft = (name) => sessionStorage.removeItem(PREFIX + name);

export function dropDrafts() {
  for (const name of Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX)))
    sessionStorage.removeItem(name);
}

/** The fields of a form: [values, set(name, value), drop()]. */
export function useDraft(name, initial) {
  const [values, setValues] = useState(() => ({ ...initial, ...draftOf(name) }));
  const latest = useRef(values);
  latest.current = values;
  const set = (field, value) => {
    latest.current = { ...latest.current, [field]: value };
    keepDraft(name, latest.current);
    setValues(latest.current);
  };
  return [values, set, () => dropDraft(name)];
}
