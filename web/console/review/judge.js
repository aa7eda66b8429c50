// judge — one photo in the quality lanes: pictures, checks, reasons, one key to approve, two to send back.
import { CodeWarning } from '../code_card.js';
import { t } from '../../shared/i18n.js';
import { notify, say } from '../../shared/notices.js';
import { checkLabel, openChecks } from '../../shared/report.js';
import { reasonsFor } from '../../shared/workflow.js';
import { html, useMemo, useRef, useState } from '../../shared/view.js';
import { Ask } from '../../shared/dialog.js';
import { Actions } from './actions.js';
import { Checks, Earlier, ForPeople, Gauge, Source } from './checks.js';
import { useCompare } from './compare.js';
import { useKeys } from './keys.js';
import { Message, Reasons } from './reasons.js';
import { RetouchPanel, Versions, useRetouch } from './retouch.js';
import { Stage, ZOOMS } from './stage.js';

const PAINTED_MS = 300;
const STEP = 6;
const STEPS = { left: [STEP, 0], right: [-STEP, 0], up: [0, STEP], down: [0, -STEP] };
const JUDGED = ['original', 'standard', 'portrait'];
const RETOUCHED = ['original', 'standard']; /* who repairs an edge needs no identity */
const STILL = { x: 0, y: 0 };

/** onDecide(event, {reasons, note, shown_ms}), onSkip, onUndo, onHelp, onQueue. `last`: the decision U would undo. */
export function Judge({ item, position, last, onDecide, onSkip, onUndo, onHelp, onQueue }) {
  const [armed, setArmed] = useState([]);
  const [note, setNote] = useState('');
  const [zoom, setZoom] = useState('fit');
  const [move, setMove] = useState(STILL);
  const [view, setView] = useState({ guides: false, checks: false, english: false, final: false });
  const [pointed, setPointed] = useState(null);
  const retouch = useRetouch(item);
  const compare = useCompare();
  const { shown } = retouch;
  const shown_at = useRef(0);
  const noteField = useRef();
  const stage = useRef();
  const offered = useMemo(() => reasonsFor(shown.attempt.report, 9), [item.key]);
  const allowed = item.allowed || [];

  const painted = () => {
    shown_at.current = Date.now();
    const failing = openChecks(shown.attempt.report);
    say(t('review.spoken', { n: position, code: item.submission.code, count: failing.length, list: failing.map((check) => checkLabel(check)).join(t('list.comma')) }));
  };
  const decide = (event) => {
    if (!allowed.includes(event))
      return notify('info', t('review.not_allowed'));
    if (event === 'retouch_done' && retouch.waits)
      return notify('info', t('retouch.wait'));
    if (!shown_at.current || Date.now() - shown_at.current < PAINTED_MS)
      return undefined;
    if (event === 'approve' && (shown.pictures.standard.failed || shown.pictures.original.failed))
      return notify('warn', t('review.no_picture'));
    return onDecide(event, { reasons: event.startsWith('reject') ? armed : [], note: event.startsWith('reject') ? note.trim() : '', internal_note: event.startsWith('reject') ? '' : note.trim(), shown_ms: Date.now() - shown_at.current });
  };
  const toggle = (code) => setArmed(armed.includes(code) ? armed.filter((one) => one !== code) : [...armed, code].slice(0, 9));
  const reject = () => (armed.length > 0 ? decide('reject_retry') : undefined);
  const flip = (name) => setView({ ...view, [name]: !view[name] });

  const act = {
    approve: () => decide(allowed.includes('retouch_done') ? 'retouch_done' : 'approve'),
    commit: reject, escalate: () => decide('escalate'), retouch: () => decide('retouch'),
    skip: onSkip, undo: onUndo, help: onHelp, queue: onQueue, before: () => (retouch.repaired ? compare.flip() : false),
    note: () => noteField.current?.focus(), message: () => flip('english'), guides: () => flip('guides'), checks: () => flip('checks'),
    zoom: () => { setMove(STILL); setZoom(ZOOMS[(ZOOMS.indexOf(zoom) + 1) % ZOOMS.length]); },
    cancel: () => { setArmed([]); document.activeElement?.blur?.(); stage.current?.focus(); },
    final: () => setView({ ...view, final: true }),
  };
  useKeys((action) => {
    if (action in STEPS)
      return zoom === 'fit' ? false : setMove({ x: move.x + STEPS[action][0], y: move.y + STEPS[action][1] });
    const digit = /^digit([1-9])$/.exec(action);
    if (digit)
      return offered[digit[1] - 1] && toggle(offered[digit[1] - 1]);
    return act[action] ? act[action]() : false;
  });

  return html`
    <div class="bench">
      <div class="stage" role="application" tabindex="-1" ref=${stage}
        aria-label=${t('review.stage', { code: item.submission.code })}>
        <${Stage} item=${shown} zoom=${zoom} move=${move} allGuides=${view.guides} onPainted=${painted} pointed=${pointed}
          compare=${retouch.repaired && compare} change=${retouch.change} panes=${allowed.includes('retouch_done') ? RETOUCHED : JUDGED} />
        ${armed.length > 0 && html`<${Message} codes=${armed} note=${note} inEnglish=${view.english}
          onSwitch=${() => flip('english')} />`}
      </div>
      <aside class="rail" tabindex="0" aria-label=${t('review.panel')}>
        ${allowed.includes('retouch_done') ? html`<${RetouchPanel} item=${item} retouch=${retouch} />` : html`<${Gauge} face=${item.face} />`}
        ${!allowed.includes('retouch_done') && retouch.repaired && html`<section aria-label=${t('retouch.title')}><h2>${t('retouch.title')}</h2>
          <${Versions} versions=${retouch.versions} short /></section>`}
        <${Source} attempt=${item.attempt} wanted=${item.capture_source} />
        <${Checks} report=${shown.attempt.report} open=${view.checks} onToggle=${() => flip('checks')} pointed=${pointed} onPoint=${setPointed} />
        <${Reasons} offered=${offered} armed=${armed} onToggle=${toggle} note=${note} onNote=${setNote} noteField=${noteField} />
        <${ForPeople} report=${shown.attempt.report} />
        <${CodeWarning} code=${item.collection_code} />
        <${Earlier} list=${item.earlier} />
      </aside>
    </div>
    <${Actions} allowed=${allowed} armed=${armed.length} act=${act} zoom=${zoom} last=${last} />
    ${view.final && html`<${Ask} title=${t('final.title')} text=${t('final.text')} label=${t('final.label')} danger
        run=${() => decide('reject_final')} onClose=${() => setView({ ...view, final: false })} />`}`;
}
