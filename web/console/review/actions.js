// actions — the bar under the stage: every button shows its key; the last decision and how long it can be undone.
import { t } from '../../shared/i18n.js';
import { eventLabel } from '../../shared/workflow.js';
import { html, useInterval, useState } from '../../shared/view.js';

const Button = ({ name, keyName, tone = '', run, pressed }) => html`<button type="button" class="act ${tone}"
  aria-keyshortcuts=${keyName} aria-pressed=${pressed} onClick=${run}>
  <kbd aria-hidden="true">${keyName}</kbd> ${name}</button>`;

export function LastDecision({ last, onUndo }) {
  const [now, setNow] = useState(Date.now());
  useInterval(() => setNow(Date.now()), last ? 250 : 0);
  if (!last)
    return html`<span class="last"></span>`;
  const left_ms = last.commit_at ? Date.parse(last.commit_at) - now : null;
  if (left_ms !== null && left_ms <= 0)
    return html`<span class="last"></span>`;
  return html`<span class="last">
    <span>${eventLabel(last.body.event || 'retouch_done')} <b>${last.item.submission.code}</b></span>
    <button type="button" class="act" aria-keyshortcuts="U" onClick=${onUndo}><kbd aria-hidden="true">U</kbd> ${t('act.undo')}
      <span class="num">${left_ms === null ? '…' : t('span.seconds', { n: Math.ceil(left_ms / 1000) })}</span></button>
    <progress max="10000" value=${left_ms ?? 10000} aria-hidden="true"></progress></span>`;
}

export function Actions({ allowed, armed, act, zoom, last }) {
  const can = (event) => allowed.includes(event);
  return html`<div class="actions" role="toolbar" aria-label=${t('review.actions')}>
    ${can('approve') && html`<${Button} keyName="A" name=${eventLabel('approve')} tone="go" run=${act.approve} />`}
    ${can('retouch_done') && html`<${Button} keyName="A" name=${eventLabel('retouch_done')} tone="go" run=${act.approve} />`}
    ${can('reject_retry') && html`<button type="button" class="act stop" disabled=${armed === 0} aria-keyshortcuts="Enter"
      onClick=${act.commit}>
      <kbd aria-hidden="true">Enter</kbd> ${eventLabel('reject_retry')}${armed > 0 && html` <span
        class="num">(${armed})</span>`}</button>`}
    ${can('retouch') && html`<${Button} keyName="T" name=${eventLabel('retouch')} run=${act.retouch} />`}
    ${can('escalate') && html`<${Button} keyName="E" name=${eventLabel('escalate')} run=${act.escalate} />`}
    <${Button} keyName="S" name=${t('act.skip')} run=${act.skip} />
    <${Button} keyName="Z" name=${t(`zoom.${zoom}`)} run=${act.zoom} pressed=${zoom !== 'fit'} />
    ${can('reject_final') && html`<button type="button" class="act" onClick=${act.final}>${eventLabel('reject_final')}…</button>`}
    <button type="button" class="act narrow" aria-label=${t('help.title')} onClick=${act.help}><kbd>?</kbd></button>
    <${LastDecision} last=${last} onUndo=${act.undo} />
  </div>`;
}
