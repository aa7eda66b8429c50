// camera — the phone's camera as a running video: which attempts are made, which lens is taken, what proves that it works, how
// a still is taken. Nothing here is ever mirrored. Whoever opens a camera calls stop().
import { greyOf, sharpnessOf, spreadOf } from './pixels.js';

const WATCH_MS = 1200; /* a camera that shows nothing by then never will; with the rest it is two seconds until another way is offered */
const LOOK_MS = 60;
const BLACK_SPREAD = 1.5; /* of 255: a lens that is covered still has noise, a dead camera has none */
const BURST = 3;
const BURST_GAP_MS = 90;
const TAKE_PHOTO_MS = 1200;
const TAKE_PHOTO_SHARE = 0.7; /* as sharp as the burst, or nearly: some phones fire while they refocus */

/** Why there is no camera: insecure, missing, denied, absent, front, busy, play, black. */
export class CameraProblem extends Error {
  constructor(code, cause) {
    super(`${code}${cause ? `: ${cause.name}` : ''}`);
    this.code = code;
  }
}

const CODES = { NotAllowedError: 'denied', SecurityError: 'denied', NotFoundError: 'absent', OverconstrainedError: 'absent', NotReadableError: 'busy', AbortError: 'busy', TypeError: 'missing' };
const wait = (time_ms) => new Promise((resolve) => setTimeout(resolve, time_ms));
const within = (promise, time_ms) => Promise.race([promise, wait(time_ms).then(() => { throw new DOMException('late', 'TimeoutError'); })]);

const BACK = /back|rear|environment|\u540e\u7f6e|\u80cc\u9762/i;
const FRONT = /front|facetime|\u524d\u7f6e/i;
const ODD = /ultra|tele|depth|macro|infrared|virtual|\u8d85\u5e7f|\u957f\u7126|\u5fae\u8ddd/i;

/** 'front', 'back' or '': what the camera says of itself, else what its name tells. */
function sideOf({ label }, facing) {
  return { user: 'front', environment: 'back' }[facing] || (FRONT.test(label) ? 'front' : BACK.test(label) ? 'back' : '');
}
const sideOfTrack = (track) => sideOf(track, track.getSettings?.().facingMode);

/** The plain rear lens first: wide-angle lenses bend faces, phones list them beside the main one. rear: no others. */
function lensesOf(devices, facing, rear = false) {
  const score = ({ label }) => (BACK.test(label) === (facing !== 'user') ? 2 : 0) - (ODD.test(label) ? 1 : 0);
  return devices.filter((one) => one.kind === 'videoinput' && one.deviceId && !(rear && sideOf(one) === 'front')).map((one, at) => ({ id: one.deviceId, label: one.label, at }))
    .sort((a, b) => score(b) - score(a) || a.at - b.at);
}

const wanted = (facing, id) => ({
  audio: false,
  video: { ...(id ? { deviceId: { exact: id } } : { facingMode: { ideal: facing } }), width: { ideal: 1920 }, height: { ideal: 1440 }, frameRate: { ideal: 24, max: 30 } },
});

const stopTracks = (stream) => stream && stream.getTracks().forEach((track) => track.stop());

async function ask(facing, id) {
  try {
    return await navigator.mediaDevices.getUserMedia(wanted(facing, id));
  } catch (error) {
    throw new CameraProblem(CODES[error.name] || 'busy', error);
  }
}

/** Two different proofs: the video has a size, and not all of its pixels are the same. */
async function prove(video, end) {
  let size = false;
  while (performance.now() < end) {
    size = video.videoWidth > 0 && video.readyState >= 2;
    if (size && spreadOf(greyOf(video, { x: 0, y: 0, width: video.videoWidth, height: video.videoHeight }, 40, 40)).spread > BLACK_SPREAD)
      return;
    await wait(LOOK_MS);
  }
  throw new CameraProblem(size ? 'black' : 'play');
}

async function show(video, stream) {
  const end = performance.now() + WATCH_MS;
  video.srcObject = stream;
  try {
    await within(video.play(), WATCH_MS); /* WeChat on iOS does not start it by itself */
  } catch (error) {
    throw new CameraProblem('play', error);
  }
  await prove(video, end);
}

/** facing: environment | user; rear: never a front camera; id: of a lens chosen by hand. Gives a running camera or throws a CameraProblem. */
export async function openCamera(video, { facing = 'environment', rear = false, id = '', left = () => false } = {}) {
  if (!window.isSecureContext)
    throw new CameraProblem('insecure');
  if (!navigator.mediaDevices?.getUserMedia)
    throw new CameraProblem('missing');
  let stream = await ask(facing, id);
  try {
    const lenses = lensesOf(await navigator.mediaDevices.enumerateDevices().catch(() => []), facing, rear);
    const isFront = () => rear && sideOfTrack(stream.getVideoTracks()[0]) === 'front';
    const label = stream.getVideoTracks()[0].label;
    const better = !id && lenses.length > 0 && lenses[0].label !== label && (ODD.test(label) || isFront());
    if (better) {
      stopTracks(stream);
      stream = await ask(facing, lenses[0].id);
    }
    if (isFront())
      throw new CameraProblem('front');
    if (!left())
      await show(video, stream);
    return new Camera(video, stream, lenses, facing);
  } catch (error) {
    stopTracks(stream);
    video.srcObject = null;
    throw error;
  }
}

class Camera {
  constructor(video, stream, lenses, facing) {
    Object.assign(this, { video, stream, lenses, facing, track: stream.getVideoTracks()[0] });
  }
  /** Begins with the side where that is known: the server goes by it where selfies are forbidden. */
  get lens() { return `${sideOfTrack(this.track)} ${this.track.label}`.trim(); }
  get lens_id() { return this.track.getSettings?.().deviceId || ''; }
  get size() { return { width: this.video.videoWidth, height: this.video.videoHeight }; }
  stop() {
    stopTracks(this.stream);
    if (this.video.srcObject === this.stream)
      this.video.srcObject = null;
  }
  /** The part that is shown (`area(size)` in pixels of the video) as a canvas: of three frames, or the camera's own photo, the sharpest. */
  async shoot(area) {
    let best = null;
    for (let i = 0; i < BURST; i++) {
      if (i > 0)
        await wait(BURST_GAP_MS);
      best = sharper(best, cut(this.video, this.size, area));
    }
    const photo = await this.photo().catch(() => null);
    if (!photo)
      return best.canvas;
    const size = { width: photo.naturalWidth, height: photo.naturalHeight };
    const same = size.width > this.size.width && (size.width < size.height) === (this.size.width < this.size.height);
    const own = same && Math.abs(size.width / size.height - this.size.width / this.size.height) < 0.02 ? cut(photo, size, area) : null;
    URL.revokeObjectURL(photo.src);
    return own && own.sharpness >= TAKE_PHOTO_SHARE * best.sharpness ? own.canvas : best.canvas;
  }
  /** The camera's own photo has more pixels than its video on some phones, where it comes at all. */
  async photo() {
    if (typeof ImageCapture === 'undefined')
      return null;
    const blob = await within(new ImageCapture(this.track).takePhoto(), TAKE_PHOTO_MS);
    const picture = new Image();
    picture.src = URL.createObjectURL(blob);
    await picture.decode();
    return picture;
  }
}

function cut(source, size, area) {
  const part = area(size);
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(part.width);
  canvas.height = Math.round(part.height);
  canvas.getContext('2d').drawImage(source, part.x, part.y, part.width, part.height, 0, 0, canvas.width, canvas.height);
  const whole = { x: 0, y: 0, width: canvas.width, height: canvas.height };
  const small = greyOf(canvas, whole, 320, Math.round((320 * canvas.height) / canvas.width));
  return { canvas, sharpness: sharpnessOf(small, 0.25, 0.2, 0.75, 0.7) };
}

const sharper = (a, b) => (a && a.sharpness >= b.sharpness ? a : b);
