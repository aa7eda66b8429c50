// parts — small things several pages share.
import { get } from '../shared/api.js';
import { t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { stateLabel } from '../shared/workflow.js';
import { html, useEffect, useState } from '../shared/view.js';

export const Heading = ({ title, children }) => html`<div class="head"><h1 tabindex="-1">${title}</h1><div
  class="row">${children}</div></div>`;

export const State = ({ name }) => html`<span class="state state-${name}">${stateLabel(name)}</span>`;
export const Badge = ({ tone = 'plain', children }) => html`<span class="badge badge-${tone}">${children}</span>`;

/** A table with a caption for screen readers; `rows` are arrays of cells, `keys` their identity. */
export function Table({ label, heads, children, empty }) {
  return html`<div class="table-box" tabindex="0" role="region" aria-label=${label}><table><caption
    class="unseen">${label}</caption>
    <thead><tr>${heads.map((head) => html`<th key=${head} scope="col">${head}</th>`)}</tr></thead>
    <tbody>${children}</tbody></table>${empty && html`<p class="empty muted">${empty}</p>`}</div>`;
}

/** Pages of a list: items so far, and a button for more. `path` and `query` are asked again when they change. */
export function useList(path, query = {}) {
  const [state, set] = useState({ items: [], next: null, loading: true });
  const wanted = JSON.stringify([path, query]);
  const [turn, again] = useState(0);
  const load = (cursor, signal) => get(path, { query: { limit: 50, ...query, cursor }, signal });
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => load(undefined, abort.signal).then(
      (page) => set({ ...page, loading: false }), (error) => abort.signal.aborted || set({ items: [], next: null, loading: false, error })), 150);
    set((was) => ({ ...was, loading: true, error: null }));
    return () => { clearTimeout(timer); abort.abort(); };
  }, [wanted, turn]);
  const more = () => load(state.next).then((page) => set({ ...page, items: [...state.items, ...page.items] }), (error) => set({ ...state, error }));
  return { ...state, more, reload: () => again((n) => n + 1) };
}

export const More = ({ list }) => html`<${ProblemBox} problem=${list.error} retry=${list.reload} />
  ${list.next && html`<button type="button" onClick=${list.more}>${t('act.more')}</button>`}`;

/** A file chosen from disk or pasted text, as bytes for the API. */
export function FileOrText({ label, hint, accept, onBytes, name }) {
  const [text, setText] = useState('');
  const [file, setFile] = useState(null);
  const change = (nextFile, nextText) => {
    setFile(nextFile);
    setText(nextText);
    onBytes(nextFile || (nextText.trim() ? new Blob([nextText]) : null));
  };
  return html`<div class="file-or-text">
    <label class="field"><span>${label}</span><input type="file" name=${name} accept=${accept}
      onChange=${(event) => change(event.target.files[0] || null, '')} /></label>
    <label class="field"><span>${t('file.or_paste')}</span>
      <textarea rows="4" class="mono" spellcheck=${false} disabled=${Boolean(file)} placeholder=${hint} value=${text}
        onInput=${(event) => change(null, event.target.value)}></textarea></label>
  </div>`;
}
