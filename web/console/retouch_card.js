// retouch_card — on the submission page: what was repaired on the finished photo, before and after.
import { t } from '../shared/i18n.js';
import { html } from '../shared/view.js';
import { Before, Slider, useCompare, versionPath } from './review/compare.js';
import { Versions } from './review/retouch.js';

export function RetouchCard({ submission }) {
  const { retouch, profile } = submission;
  const compare = useCompare();
  if (!retouch || retouch.items.length === 0)
    return null;
  const path = (version) => versionPath(submission.id, retouch.attempt_id, version);
  const change = retouch.items.find((one) => one.number === retouch.chosen)?.change;
  return html`<section class="card retouch-card"><h2>${t('retouch.title')}</h2>
    <div class="retouch-pair"><figure class="thumb"><div class="thumb-box compare-box"><img src=${path(retouch.chosen)} alt=${t('picture.standard.alt', { code: submission.code })} />
        <${Before} path=${path(0)} share=${compare.share} box=${change?.changed_box} size=${profile?.width_px && { width: profile.width_px, height: profile.height_px }}
          alt=${t('retouch.before_alt', { code: submission.code })} /></div>
      <figcaption><${Slider} share=${compare.share} onShare=${compare.setShare} /></figcaption></figure>
    <${Versions} versions=${retouch} /></div></section>`;
}
