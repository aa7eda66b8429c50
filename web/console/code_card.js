// code_card — what became of the student's collection code; its content is never shown.
import { dateTime, t } from '../shared/i18n.js';
import { html } from '../shared/view.js';
import { Badge } from './parts.js';

const TONES = { read: 'ok', seen_before: 'warn', processing: 'info', unreadable: 'bad', many: 'bad', foreign: 'bad' };
const MATCH_TONES = { yes: 'ok', no: 'bad', unknown: 'plain' };

/** The lines alone, for the review screen; nothing where the session does not take the code. */
export function CodeLines({ code }) {
  if (code.state === '')
    return html`<p class="muted">${t(code.wanted === 'required' ? 'code.missing' : 'code.not_sent')}</p>`;
  return html`<p><${Badge} tone=${TONES[code.state]}>${t(`code.${code.state}`)}<//>
      ${code.looks_like && html` <span class="muted">${t(`code.kind.${code.looks_like}`)}</span>`}
      ${code.state in { read: 1, seen_before: 1 } && html` <${Badge} tone=${MATCH_TONES[code.code_match]}>${t(`code.match.${code.code_match}`)}<//>`}</p>
    ${code.other_students > 0 && html`<p role="note"><strong>⚠ ${t('code.others', { n: code.other_students })}</strong></p>`}`;
}

export function CodeCard({ submission }) {
  const code = submission.collection_code;
  if (!code)
    return null;
  return html`<section class="card"><h2>${t('code.title')}</h2><${CodeLines} code=${code} />
    ${code.number > 0 && html`<p class="muted small num">${t(`code.source.${code.source}`)} · ${t('code.try', { n: code.number })} · ${dateTime(code.created)}${code.bytes > 0
      ? ` · ${t('code.bytes', { n: code.bytes })}` : ''}</p>`}</section>`;
}

/** For the review screen: only what a reviewer should know of. */
export const CodeWarning = ({ code }) => code && (code.other_students > 0 || code.code_match === 'no' || (code.wanted === 'required' && code.state === ''))
  && html`<section aria-label=${t('code.title')}><h2>${t('code.title')}</h2><${CodeLines} code=${code} /></section>`;
