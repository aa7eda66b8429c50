// retouch — the repairs of one photo: take the files, send a mask or a photo back, see what each try changed, choose one.
import { address, get, post, put } from '../../shared/api.js';
import { dateTime, number, t } from '../../shared/i18n.js';
import { complain, notify } from '../../shared/notices.js';
import { CheckMark } from '../../shared/report.js';
import { html, useEffect, useInterval, useMemo, useState } from '../../shared/view.js';
import { loadPictures } from './pictures.js';

const POLL_MS = 700;
const SIZE_MAX = 1024 * 1024;
const TYPES = ['image/png', 'image/jpeg'];
const FACE_DIFFERENCE_MAX = 12; /* workers/retouch.h */

/** The versions of an item's photo, kept fresh, and the item as it looks with the chosen one. Null versions: none. */
export function useRetouch(item) {
  const [versions, setVersions] = useState(item.retouch || null);
  const [busy, setBusy] = useState(false);
  const path = `/api/v1/console/submissions/${item.submission.id}/retouch`;
  const waits = Boolean(versions?.items.some((one) => one.state === 'processing'));
  useInterval(() => get(path).then(setVersions, () => {}), waits ? POLL_MS : 0);
  useEffect(() => setVersions(item.retouch || null), [item.key]);
  const repaired = versions && versions.items.length > 0;
  const shown = useMemo(() => (repaired
    ? { ...item, key: `${item.key}.${versions.chosen}`, attempt: { ...item.attempt, report: versions.report }, pictures: loadPictures(item, versions.chosen) }
    : item), [item.key, versions?.chosen, Boolean(repaired)]);
  const send = async (file, repair) => {
    if (!TYPES.includes(file.type) || file.size > SIZE_MAX)
      return notify('warn', t('retouch.wrong_file'));
    setBusy(true);
    try {
      await post(path, file, { type: file.type, query: { repair }, timeout_ms: 60000 });
      setVersions(await get(path));
    } catch (problem) {
      complain(problem);
    }
    return setBusy(false);
  };
  const choose = (n) => put(path, { number: n }).then(setVersions, complain);
  const change = versions?.items.find((one) => one.number === versions.chosen)?.change;
  return { versions, shown, repaired, waits, busy, send, choose, change };
}

/** What a try changed and how far the face moved, or why it was refused. */
function Changed({ one }) {
  if (one.problem)
    return html`<p class="refusal"><strong>${one.problem.title}</strong> ${one.problem.fix}${one.problem.detail && html` <span
      class="muted" lang="en">${one.problem.detail}</span>`}</p>`;
  if (!one.change)
    return null;
  const { face_difference_max: face, changed_share: share } = one.change;
  return html`<p class="small muted">${typeof face === 'number' && html`<span class="num">${t('retouch.face', { value: face.toFixed(1), max: FACE_DIFFERENCE_MAX })}</span>`}
    ${typeof share === 'number' && html` · <span class="num">${t('retouch.share', { value: (share * 100).toFixed(1) })}</span>`}</p>`;
}

/** onChoose absent: only to look. short: the chosen one, the others when asked for. */
export function Versions({ versions, onChoose, short }) {
  const others = versions.items.filter((one) => one.number !== versions.chosen);
  if (short)
    return html`<${Versions} versions=${{ ...versions, items: versions.items.filter((one) => one.number === versions.chosen) }} />
      <details><summary class="small">${t('retouch.others', { n: others.length })}</summary><${Versions} versions=${{ ...versions, items: others }} /></details>`;
  return html`<ol class="versions">${[...versions.items].reverse().map((one) => html`<li key=${one.number}
      class="version ${one.number === versions.chosen ? 'version-chosen' : ''}">
    <div class="row"><b class="num">${t('retouch.version', { n: one.number })}</b> <span>${t(`retouch.repair.${one.repair}`)}</span>
      ${one.state === 'processing' && html`<span class="muted" role="status">${t('retouch.processing')}</span>`}
      ${one.state === 'ready' && html`<${CheckMark} verdict=${one.verdict} />`}
      ${one.state === 'refused' && html`<span class="check-fail">${t('retouch.refused')}</span>`}
      <span class="spacer"></span>
      ${one.number === versions.chosen ? html`<span class="badge badge-ok">${t('retouch.chosen')}</span>`
        : onChoose && one.state === 'ready' && html`<button type="button" onClick=${() => onChoose(one.number)}>${t('retouch.choose')}</button>`}</div>
    <${Changed} one=${one} />
    <p class="small muted">${one.by || t('actor.server')} · <span class="num">${dateTime(one.created)}</span></p></li>`)}</ol>`;
}

/** The files to work on, and the way back for them. */
export function RetouchPanel({ item, retouch }) {
  const { submission, attempt } = item;
  const { versions, busy, send, choose } = retouch;
  const size = item.profile();
  const take = (variant, name) => html`<a class="button" download="${submission.code}-${name}"
    href=${address(`/api/v1/console/submissions/${submission.id}/media/${variant}`, { attempt: attempt.id })}>${t(`retouch.take.${variant}`)}</a>`;
  const pick = (repair) => html`<label class="button ${busy ? 'off' : ''}">${t(`retouch.send.${repair}`)}<input class="unseen" type="file"
    accept=${TYPES.join(',')} disabled=${busy} onChange=${(event) => { const file = event.target.files[0]; event.target.value = ''; if (file) send(file, repair); }} /></label>`;
  return html`<section class="retouch" aria-label=${t('retouch.title')}>
    <h2>${t('retouch.title')}</h2>
    <div class="retouch-files">${take('original', 'original')}${take('standard', 'finished.jpg')}${versions?.mask && take('mask', 'mask.png')}</div>
    <div class="retouch-files">${pick('mask')}${pick('photo')}</div>
    <p class="small muted">${t('retouch.rules', { width: number(size?.width_px || 480), height: number(size?.height_px || 640) })}</p>
    ${versions && versions.items.length > 0 && html`<${Versions} versions=${versions} onChoose=${choose} />`}
  </section>`;
}
