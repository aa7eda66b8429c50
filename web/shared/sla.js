// sla — how much of the promised time is used: always a shape, a number and a colour.
import { html, useReducer, useInterval } from './view.js';
import { t } from './i18n.js';

const STAGES = [
  { name: 'fine', until: 0.75, shape: '○' },
  { name: 'soon', until: 1, shape: '◔' },
  { name: 'late', until: 1.5, shape: '◑' },
  { name: 'very_late', until: 2, shape: '◕' },
  { name: 'over', until: Infinity, shape: '●' },
];
const shapeOf = (name) => STAGES.find((stage) => stage.name === name)?.shape || '○';

function stageAt(submitted, due, now) {
  const from = Date.parse(submitted);
  const share = (now - from) / Math.max(Date.parse(due) - from, 1);
  return STAGES.find((stage) => share < stage.until).name;
}

function spanText(span_ms) {
  const minutes = Math.floor(Math.abs(span_ms) / 60000);
  if (minutes < 60)
    return t('span.minutes', { n: minutes });
  if (minutes < 48 * 60)
    return t('span.hours', { n: Math.floor(minutes / 60), m: String(minutes % 60).padStart(2, '0') });
  return t('span.days', { n: Math.floor(minutes / 1440) });
}

/** Remaining time of one item, or of the oldest one in a lane (then `stage` comes from the server). */
export function Clock({ due, submitted, stage }) {
  const [, again] = useReducer((n) => n + 1, 0);
  useInterval(again, 20000);
  if (!due)
    return null;
  const now = Date.now();
  const name = stage || (submitted ? stageAt(submitted, due, now) : 'fine');
  const left_ms = Date.parse(due) - now;
  return html`<span class="clock clock-${name}" title=${t(`sla.${name}`)}>
    <span aria-hidden="true">${shapeOf(name)}</span>
    <span class="num">${left_ms < 0 ? t('sla.overdue', { span: spanText(left_ms) }) : t('sla.left', { span: spanText(left_ms) })}</span>
    <span class="unseen">${t(`sla.${name}`)}</span></span>`;
}
