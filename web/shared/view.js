// view — the only door to the library that draws: Preact with htm templates, nothing compiled.
import { Component, Fragment, h, render } from '../vendor/preact.js';
import { useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from '../vendor/hooks.js';
import htm from '../vendor/htm.js';

export const html = htm.bind(h);
export { Component, Fragment, render, useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState };

/** A value that several parts of a page look at. */
export function observable(value) {
  const watchers = new Set();
  return {
    get value() { return value; },
    set(next) {
      if (Object.is(next, value))
        return;
      value = next;
      for (const watch of [...watchers])
        watch(value);
    },
    update(change) { this.set({ ...value, ...change }); },
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}

/** The observable's value; draws again when it changes. */
export function useValue(source) {
  const [, again] = useReducer((n) => n + 1, 0);
  useLayoutEffect(() => source.watch(again), [source]);
  return source.value;
}

/** Load something when `inputs` change; gives {data, error, loading, reload}. The last request wins. */
export function useLoad(load, inputs) {
  const [state, set] = useState({ loading: true });
  const [turn, again] = useReducer((n) => n + 1, 0);
  useEffect(() => {
    const abort = new AbortController();
    set((was) => ({ ...was, loading: true }));
    load(abort.signal).then(
      (data) => { if (!abort.signal.aborted) set({ data, loading: false }); },
      (error) => { if (!abort.signal.aborted) set({ error, loading: false }); });
    return () => abort.abort();
  }, [...inputs, turn]);
  return { ...state, reload: again, replace: (data) => set({ data, loading: false }) };
}

/** Runs `tick` every so many milliseconds while the part is shown. */
export function useInterval(tick, period_ms) {
  const latest = useRef(tick);
  latest.current = tick;
  useEffect(() => {
    if (!period_ms)
      return undefined;
    const timer = setInterval(() => latest.current(), period_ms);
    return () => clearInterval(timer);
  }, [period_ms]);
}
