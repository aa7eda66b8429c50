// identity — the same person? The human judges first, without the machine's opinion, without a clock, not before four
// seconds; the machine is shown after the vote. Letters do nothing here, so that habits of the fast lanes stay out.
import { newKey, post } from '../../shared/api.js';
import { t } from '../../shared/i18n.js';
import { say } from '../../shared/notices.js';
import { html, useEffect, useRef, useState } from '../../shared/view.js';
import { useKeys } from './keys.js';
import { versionNow } from './fresh.js';
import { Stage } from './stage.js';
import { Gauge } from './checks.js';

const FLOOR_MS = 4000;
const VOTES = ['same', 'unsure', 'different'];
const STILL = { x: 0, y: 0 };

export function Identity({ item, onNext, onRefused, onHelp, onQueue, onSkip }) {
  const [shown_at, setShown] = useState(0);
  const [open, setOpen] = useState(false);
  const [result, setResult] = useState(null);
  const [busy, setBusy] = useState(false);
  const key = useRef(newKey());
  const [zoom, setZoom] = useState('fit');
  const next = useRef();

  useEffect(() => {
    if (!shown_at)
      return undefined;
    const timer = setTimeout(() => { setOpen(true); say(t('identity.ready')); }, FLOOR_MS);
    return () => clearTimeout(timer);
  }, [shown_at]);
  useEffect(() => { if (result) next.current?.focus(); }, [result]);

  const send = (name, version, once) => post(`/api/v1/console/submissions/${item.submission.id}/identity`, { claim_id: item.claim_id, version, vote: name }, { key: once });
  const vote = async (name) => {
    if (!open || busy || result)
      return;
    setBusy(true);
    const seen = item.submission.version;
    try {
      const answer = await send(name, seen, key.current).catch(async (problem) => {
        const version = problem.code === 'stale' ? await versionNow(item, seen) : 0;
        if (version === 0)
          throw problem;
        return send(name, version, newKey());
      });
      setResult({ vote: name, ...answer });
    } catch (problem) {
      onRefused(item, problem);
    }
    setBusy(false);
  };

  useKeys((action) => {
    if (action === 'help') return onHelp();
    if (action === 'queue') return onQueue();
    if (action === 'skip' && !result) return onSkip();
    if (action === 'zoom') return setZoom(zoom === 'fit' ? 'eyes' : 'fit');
    if (result) return action === 'commit' ? onNext() : false;
    const digit = /^digit([1-3])$/.exec(action);
    return digit ? vote(VOTES[digit[1] - 1]) : false;
  });

  const after = result && (result.submission.state !== 'face_comparison' ? t('identity.moved') : result.submission.lane === 'senior' ? t('identity.to_senior') : t('identity.second'));
  return html`<div class="identity">
    <div class="stage" role="application" aria-label=${t('identity.question')} tabindex="-1">
      <${Stage} item=${item} panes=${['standard', 'portrait']} zoom=${zoom} move=${STILL} onPainted=${() => setShown(Date.now())} />
    </div>
    <div class="question">
      <h2>${t('identity.question')}</h2>
      ${!result && html`
        <div class="row votes">${VOTES.map((name, i) => html`<button key=${name} type="button" class="vote"
          disabled=${!open || busy}
            aria-keyshortcuts=${i + 1} onClick=${() => vote(name)}><kbd
              aria-hidden="true">${i + 1}</kbd> ${t(`vote.${name}`)}</button>`)}</div>
        <p class="muted small">${open ? t('identity.calm') : t('identity.wait')}</p>`}
      ${result && html`<div class="revealed">
        <p>${t('identity.yours')} <strong>${t(`vote.${result.vote}`)}</strong>. ${after}</p>
        <${Gauge} face=${result.machine} />
        <p class="muted small">${t('identity.machine', { verdict: t(`face.${result.machine.verdict}`) })}</p>
        <button ref=${next} type="button" class="primary big" onClick=${onNext}>${t('act.next')} <kbd aria-hidden="true">Enter</kbd>
          </button>
      </div>`}
    </div>
  </div>`;
}
