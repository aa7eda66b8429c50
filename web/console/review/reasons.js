// reasons — numbered chips for sending back, and what the student will read.
import { language, t } from '../../shared/i18n.js';
import { allReasons, reasonFix, reasonLabel, reasonOf, reasonText } from '../../shared/workflow.js';
import { html } from '../../shared/view.js';

/** What the student reads: reasons and fixes in one message. `in_english` shows the other version. */
export function Message({ codes, note, inEnglish, onSwitch }) {
  const from = (code, part) => reasonOf(code)?.[part ? `${inEnglish ? 'en' : 'zh'}_${part}` : inEnglish ? 'en' : 'zh'] || code;
  const unique = (list) => [...new Set(list)];
  return html`<div class="message" aria-live="off">
    <div class="row spread"><strong>${t('message.title')}</strong>
      <button type="button" class="quiet" aria-keyshortcuts="M"
        onClick=${onSwitch}>${t(inEnglish ? 'message.in.en' : 'message.in.zh')} <kbd aria-hidden="true">M</kbd></button></div>
    <p lang=${inEnglish ? 'en' : 'zh-CN'}>
      <b>${t(inEnglish ? 'message.problem.en' : 'message.problem.zh')}</b>${unique(codes.map((code) => from(code))).join(inEnglish ? '; ' : '；')}</p>
    <p lang=${inEnglish ? 'en' : 'zh-CN'}>
      <b>${t(inEnglish ? 'message.fix.en' : 'message.fix.zh')}</b>${unique(codes.map((code) => from(code, 'fix'))).join(inEnglish ? '; ' : '；')}</p>
    ${note && html`<p>“${note}”</p>`}
  </div>`;
}

export function Reasons({ offered, armed, onToggle, note, onNote, noteField }) {
  const others = allReasons().filter((reason) => !offered.includes(reason.code));
  const extra = armed.filter((code) => !offered.includes(code));
  const chip = (code, keyName) => html`<li key=${code}><button type="button" class="chip" aria-pressed=${armed.includes(code)}
      aria-keyshortcuts=${keyName} title=${`${reasonText(code)} — ${reasonFix(code)}`} onClick=${() => onToggle(code)}>
      <kbd aria-hidden="true">${keyName || '+'}</kbd><span>${reasonLabel(code)}</span></button></li>`;
  return html`<section aria-label=${t('review.reasons')}>
    <h2>${t('review.reasons')}</h2>
    <ol class="chips">${offered.map((code, i) => chip(code, String(i + 1)))}${extra.map((code) => chip(code, ''))}</ol>
    <label class="field compact"><span class="unseen">${t('review.more_reasons')}</span>
      <select value="" lang=${language.value === 'en' ? 'en' : 'zh-CN'}
        onChange=${(event) => { if (event.target.value) onToggle(event.target.value); event.target.value = ''; event.target.blur(); }}>
        <option value="">${t('review.more_reasons')}</option>
        ${others.map((reason) => html`<option key=${reason.code} value=${reason.code}>${reasonLabel(reason.code)}</option>`)}
      </select></label>
    <label class="field compact"><span>${t('review.note')} <kbd aria-hidden="true">N</kbd></span>
      <textarea ref=${noteField} rows="2" maxlength="500" aria-keyshortcuts="N" placeholder=${t('review.note_hint')} value=${note}
        onInput=${(event) => onNote(event.target.value)}></textarea></label>
  </section>`;
}
