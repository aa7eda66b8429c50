// pieces — pictures, choices and facts: what the screens behind the first one share.
import { call } from '../shared/api.js';
import { t } from '../shared/i18n.js';
import { saveBlob } from '../shared/save.js';
import { html, useEffect, useState } from '../shared/view.js';

/** The picture behind an address that needs the token: {url, failed}; forgotten with the page. */
export function usePicture(path) {
  const [state, setState] = useState({});
  useEffect(() => {
    if (!path)
      return undefined;
    const abort = new AbortController();
    let url = '';
    setState({});
    call('GET', path, { signal: abort.signal }).then(({ data }) => { url = URL.createObjectURL(data); setState({ url }); }, () => setState({ failed: true }));
    return () => { abort.abort(); if (url) URL.revokeObjectURL(url); };
  }, [path]);
  return state;
}

export function Photo({ path, alt, mid, big, children }) {
  const state = usePicture(path);
  return html`<div class="photo ${mid ? 'photo-mid' : ''} ${big ? 'photo-big' : ''}">${state.url ? html`<img src=${state.url} alt=${alt} />${children}` : html`<span
    class="muted" role="status">${state.failed ? t('picture.failed') : t('student.loading')}</span>`}</div>`;
}

const READING_MS = [700, 1000, 1500, 2000];
const READS_MAX = 40;
/** The pause before look number `turn` (0…) at something that a machine reads. */
export const readingPause = (turn) => READING_MS[Math.min(turn, READING_MS.length - 1)];

/** Looks again and again while a machine reads a picture: the answer, still `processing` when it takes too long. */
export async function untilRead(look) {
  for (let turn = 0; ; turn++) {
    const answer = await look();
    if (answer.state !== 'processing' || turn >= READS_MAX)
      return answer;
    await new Promise((resolve) => setTimeout(resolve, readingPause(turn)));
  }
}

export const savePhoto = async (path, name) => saveBlob((await call('GET', path)).data, name);

/** What a list of facts says: [[label, value], …]; what has no value is left out. */
export const Facts = ({ rows }) => html`<dl class="facts">${rows.filter(([, value]) => value).map(([label, value]) => html`<div key=${label}>
  <dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`;

const MARKS = { pass: '✔', warn: '⚠', fail: '✖' };
export const Verdict = ({ tone, children }) => html`<p class="verdict verdict-${tone}" role="status"><span aria-hidden="true">${MARKS[tone]}</span> ${children}</p>`;

/** Choices of which one holds. */
export const Choice = ({ name, value, options, onChange }) => html`<div class="choices">${options.map((one) => html`<label key=${one.value}
  class="choice ${value === one.value ? 'choice-on' : ''}"><input type="radio" name=${name} value=${one.value} checked=${value === one.value}
  onChange=${() => onChange(one.value)} /><span><strong>${one.label}</strong>${one.note && html`<small>${one.note}</small>`}</span></label>`)}</div>`;
