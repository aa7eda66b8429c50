// live — events of the server as they happen (SSE). The browser connects again by itself; `connected` says how it is.
import { observable } from './view.js';

export const connected = observable(false);
const listeners = new Map();
let source = null;
let again = 0;

const deliver = (name) => (event) => {
  let data = null;
  try {
    data = JSON.parse(event.data);
  } catch { /* an empty ping */ }
  for (const listen of [...(listeners.get(name) || [])])
    listen(data);
};

/** Listen to one kind of event; gives the function that stops it. */
export function on(name, listen) {
  if (!listeners.has(name)) {
    listeners.set(name, new Set());
    source?.addEventListener(name, deliver(name));
  }
  listeners.get(name).add(listen);
  return () => listeners.get(name).delete(listen);
}

export function startLive(path) {
  stopLive();
  source = new EventSource(path);
  source.onopen = () => connected.set(true);
  source.onerror = () => {
    connected.set(false);
    if (source?.readyState === EventSource.CLOSED) /* an HTTP error ends it for good: a server that is starting */
      again = setTimeout(() => startLive(path), 3000);
  };
  for (const name of listeners.keys())
    source.addEventListener(name, deliver(name));
}

export function stopLive() {
  clearTimeout(again);
  source?.close();
  source = null;
  connected.set(false);
}
