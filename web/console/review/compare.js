// compare — a finished photo before and after its repair: the same place, one over the other, as far as the slider says.
import { address } from '../../shared/api.js';
import { t } from '../../shared/i18n.js';
import { Outline } from '../../shared/report.js';
import { html, useState } from '../../shared/view.js';

export const versionPath = (submission_id, attempt_id, version, variant = 'standard') =>
  address(`/api/v1/console/submissions/${submission_id}/media/${variant}`, { attempt: attempt_id, version: String(version) });

/** share: how much of the photo, from the left, shows what it was before; 0: only after. */
export function useCompare() {
  const [share, setShare] = useState(0);
  return { share, setShare, flip: () => setShare(share > 0 ? 0 : 1) };
}

/** Lies over the photo as it is now. */
export function Before({ path, share, box, size, alt }) {
  return html`
    <div class="before" hidden=${share === 0} style=${{ clipPath: `inset(0 ${100 - share * 100}% 0 0)` }}><img src=${path}
      alt=${alt} draggable=${false} /></div>
    ${share > 0 && share < 1 && html`<span class="split" aria-hidden="true" style=${{ left: `${share * 100}%` }}></span>`}
    <${Outline} at=${box} size=${size} tone="changed" />`;
}

export const Slider = ({ share, onShare }) => html`<label class="slider"><span>${t('retouch.before')}</span>
  <input type="range" min="0" max="1" step="0.01" value=${share} aria-label=${t('retouch.slider')}
    onInput=${(event) => onShare(Number(event.target.value))} /><kbd aria-hidden="true">B</kbd></label>`;
