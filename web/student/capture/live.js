// live — a running camera on the whole screen: picture, guide, one line of advice, the shutter. The same for a portrait, a card
// and a code; what differs comes in `mode`.
//
//   mode: {aspect, guide({size, green}), area(size), hint(small copy), precheck?, code?(text), auto, facing, rear?, title}
//   onShot(canvas, {lens}) · onFail(code of a CameraProblem) · onCancel() · onHelp(): to customer service, when given
import { t } from '../../shared/i18n.js';
import { prefs } from '../../shared/prefs.js';
import { html, useEffect, useRef, useState, useValue } from '../../shared/view.js';
import { openCamera } from './camera.js';
import { HintBoard, LUMA } from './hints.js';
import { greyOf, middleOf } from './pixels.js';
import { startPrecheck } from './precheck.js';
import { beep, wakeSound } from './shutter.js';

const LOOK_MS = 167; /* six times a second */
const COUNT_MS = 800;

/** Styles of the camera come with it, not with the first screen. */
function useStyles() {
  useEffect(() => {
    if (document.querySelector('link[href$="/capture.css"]'))
      return;
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = new URL('./capture.css', import.meta.url).pathname;
    document.head.append(link);
  }, []);
}

/** Opens the camera and closes it when the page is left, hidden or another lens is chosen. */
function useCamera(mode, onFail) {
  const video = useRef();
  const [camera, setCamera] = useState(null);
  const [wish, setWish] = useState({ id: '', turn: 0 });
  useEffect(() => {
    let running = null;
    let over = false;
    openCamera(video.current, { facing: mode.facing || 'environment', rear: mode.rear, id: wish.id, left: () => over }).then((one) => {
      running = one;
      if (over)
        return one.stop();
      one.track.addEventListener('ended', () => { if (!over) onFail('busy'); });
      return setCamera(one);
    }, (problem) => { if (!over) onFail(problem.code || 'busy'); });
    const leave = () => { over = true; if (running) running.stop(); setCamera(null); };
    const look = () => {
      if (document.hidden)
        leave();
      else if (over)
        setWish((was) => ({ ...was, turn: was.turn + 1 }));
    };
    document.addEventListener('visibilitychange', look);
    addEventListener('pagehide', leave);
    return () => {
      document.removeEventListener('visibilitychange', look);
      removeEventListener('pagehide', leave);
      leave();
    };
  }, [wish]);
  const turnLens = () => {
    const at = camera.lenses.findIndex((one) => one.id === camera.lens_id);
    setWish((was) => ({ id: camera.lenses[(at + 1) % camera.lenses.length].id, turn: was.turn + 1 }));
  };
  return [video, camera, turnLens];
}

/** What the page sees six times a second, and what the server says in between. */
function useHints(camera, mode) {
  const [state, setState] = useState({ hint: null, green: false });
  useEffect(() => {
    if (!camera)
      return undefined;
    const board = new HintBoard();
    const canvas = document.createElement('canvas');
    const show = (next) => setState((was) => (was.green === next.green && was.hint === next.hint ? was : next));
    const timer = setInterval(() => {
      const { width, height } = camera.size;
      if (width > 0)
        show(board.see(mode.hint(greyOf(camera.video, middleOf(width, height, mode.aspect), LUMA.width, Math.round(LUMA.width / mode.aspect), canvas))));
    }, LOOK_MS);
    const stop = mode.precheck ? startPrecheck(camera.video, { aspect: mode.aspect, profile: mode.precheck }, (answer) => show(board.hear(answer.hint))) : () => {};
    return () => { clearInterval(timer); stop(); };
  }, [camera]);
  return state;
}

/** Reads codes where the browser can; others press the shutter. */
function useCodes(camera, onCode) {
  useEffect(() => {
    if (!camera || !onCode || typeof BarcodeDetector === 'undefined')
      return undefined;
    let over = false;
    const detector = new BarcodeDetector({ formats: ['qr_code'] });
    const look = async () => {
      const [found] = await detector.detect(camera.video).catch(() => []);
      if (over)
        return;
      if (found && found.rawValue)
        onCode(found.rawValue);
      else
        setTimeout(look, 250);
    };
    look();
    return () => { over = true; };
  }, [camera]);
}

const Count = ({ left }) => html`<span class="capture-count" aria-hidden="true">${left}</span>`;

export function Live({ mode, onShot, onFail, onCancel, onHelp }) {
  useStyles();
  const box = useRef();
  const [video, camera, turnLens] = useCamera(mode, onFail);
  const { hint, green } = useHints(camera, mode);
  const auto = useValue(prefs).autoShutter === 'on';
  const [left, setLeft] = useState(0); /* of the count-down; 0: none */
  const [taking, setTaking] = useState(false);
  const area = (size) => (mode.area ? mode.area(middleOf(size.width, size.height, mode.aspect), size) : middleOf(size.width, size.height, mode.aspect));
  useEffect(() => { box.current.focus({ preventScroll: true }); }, []);
  useCodes(camera, mode.code);
  const take = async () => {
    if (!camera || taking)
      return;
    setTaking(true);
    setLeft(0);
    beep(true);
    const lens = camera.lens;
    const canvas = await camera.shoot(area);
    camera.stop();
    onShot(canvas, { lens });
  };
  useEffect(() => {
    if (!auto || !mode.auto || taking)
      return undefined;
    if (!green) {
      setLeft(0);
      return undefined;
    }
    if (left === 0) {
      setLeft(3);
      return undefined;
    }
    beep(false);
    const timer = setTimeout(() => (left === 1 ? take() : setLeft(left - 1)), COUNT_MS);
    return () => clearTimeout(timer);
  }, [green, left, auto, taking]);
  const flip = () => prefs.update({ autoShutter: auto ? 'off' : 'on' });
  const line = taking ? t('capture.taking') : left > 0 ? t('capture.counting') : hint ? hint.text || t(`capture.hint.${hint.code}`) : t(camera ? mode.line : 'capture.opening');
  const tone = taking || left > 0 || (hint && hint.code === 'ok') ? 'good' : hint ? 'warn' : 'calm';
  return html`<section class="capture ${green ? 'is-green' : ''}" ref=${box} tabindex="-1" role="dialog" aria-modal="true" aria-label=${mode.title}
      onKeyDown=${(event) => { if (event.code === 'Escape') onCancel(); }} onClick=${wakeSound}>
    <header class="capture-bar"><button type="button" class="capture-icon" onClick=${onCancel} aria-label=${t('act.close')}>✕</button>
      <strong>${mode.title}</strong>
      ${camera && camera.lenses.length > 1 ? html`<button type="button" class="capture-icon" onClick=${turnLens} aria-label=${t('capture.lens')}>⟳</button>` : html`<span class="capture-icon"></span>`}</header>
    <div class="capture-stage"><div class="capture-frame" style=${{ aspectRatio: `${mode.aspect}`, '--aspect': `${mode.aspect}` }}>
      <video ref=${video} playsinline muted autoplay aria-hidden="true"></video>
      ${mode.guide({ green })}${left > 0 && html`<${Count} left=${left} />`}</div></div>
    <p class="capture-hint capture-hint-${tone}"><span aria-hidden="true">${{ good: '✔', warn: '⚠', calm: '●' }[tone]}</span> <span aria-live="polite">${line}</span></p>
    <footer class="capture-controls">
      ${onHelp ? html`<button type="button" class="capture-help" onClick=${onHelp}>${t('capture.help')}</button>` : html`<span></span>`}
      <button type="button" class="capture-shutter" disabled=${!camera || taking} onClick=${take} aria-label=${t('capture.shoot')}><span></span></button>
      ${mode.auto ? html`<button type="button" class="capture-auto" aria-pressed=${auto} onClick=${flip}><span>${t('capture.auto')}</span><b>${t(auto ? 'capture.on' : 'capture.off')}</b></button>` : html`<span></span>`}
    </footer>
    <p class="capture-upright">${t('capture.upright')}</p>
  </section>`;
}
