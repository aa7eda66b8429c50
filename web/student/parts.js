// parts — what the pages of the student share.
import { call } from '../shared/api.js';
import { t } from '../shared/i18n.js';
import { html, useEffect, useRef, useState } from '../shared/view.js';

/** A page: heading that gets the focus, content, and a way back. */
export function Screen({ title, back, children }) {
  const heading = useRef();
  useEffect(() => {
    document.title = `${title} · ${t('student.app')}`;
    heading.current.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [title]);
  return html`<main>${back && html`<button type="button" class="back quiet" onClick=${back}>‹ ${t('student.back')}</button>`}
    <h1 ref=${heading} tabindex="-1">${title}</h1>${children}</main>`;
}

/** A picture that needs the token: fetched, shown, forgotten with the page. */
export function Photo({ path, alt, wide, big, children }) {
  const [state, setState] = useState({});
  useEffect(() => {
    const abort = new AbortController();
    let url = '';
    call('GET', path, { signal: abort.signal }).then(({ data }) => { url = URL.createObjectURL(data); setState({ url }); }, () => setState({ failed: true }));
    return () => { abort.abort(); if (url) URL.revokeObjectURL(url); };
  }, [path]);
  return html`<div class="photo ${wide ? 'photo-wide' : ''} ${big ? 'photo-big' : ''}">${state.url ? html`<img src=${state.url} alt=${alt} />${children}` : html`<span
    class="muted">${state.failed ? t('picture.failed') : '…'}</span>`}</div>`;
}

export async function savePhoto(path, name) {
  const { data } = await call('GET', path);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(data);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Two ways to a picture: the phone's camera and the album. */
export function Choose({ camera, album, onFile, busy }) {
  const pick = (source) => (event) => { const file = event.target.files[0]; event.target.value = ''; if (file) onFile(file, source); };
  return html`<div class="stack">
    ${camera && html`<label class="button primary big ${busy ? 'off' : ''}">${camera}<input
      class="unseen" type="file" accept="image/*" capture="environment" disabled=${busy} onChange=${pick('native')} /></label>`}
    ${album && html`<label class="button big ${busy ? 'off' : ''}">${album}<input class="unseen" type="file" accept="image/*"
      disabled=${busy} onChange=${pick('album')} /></label>`}
  </div>`;
}

export const Sending = ({ share }) => (share === null ? null : html`<p class="sending" role="status"><progress max="1"
  value=${share}></progress>
  <span>${t('student.sending', { n: Math.round(share * 100) })}</span></p>`);
