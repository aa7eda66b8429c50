// help — every key of the review screen.
import { Dialog } from '../../shared/dialog.js';
import { t } from '../../shared/i18n.js';
import { html } from '../../shared/view.js';

const KEYS = ['A', '1–9', 'Enter', 'Esc', 'U', 'E', 'T', 'S', 'N', 'M', 'Z', '← ↑ ↓ →', 'G', 'B', 'C', 'Q', '?'];

export const Help = ({ onClose }) => html`<${Dialog} title=${t('help.title')} onClose=${onClose}>
  <dl class="keys">${KEYS.map((key) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${t(`key.${key}`)}</dd></div>`)}</dl>
  <p class="muted small">${t('help.identity')}</p>
  <p class="muted small">${t('help.ime')}</p>
<//>`;
