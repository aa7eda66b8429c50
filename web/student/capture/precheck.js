// precheck — asks the server about a frame now and then, as often as it allows and only while the network is quick.
import { call } from '../../shared/api.js';
import { middleOf } from './pixels.js';

const FRAME_PX = 320;
const QUALITY = 0.6;
const FIRST_MS = 300;
const QUICK_MS = 400;
const SLOW_MAX = 3; /* so many slow answers in a row, and it rests */
const REST_MS = 15000;

const frameOf = (video, aspect, canvas) => new Promise((resolve) => {
  const part = middleOf(video.videoWidth, video.videoHeight, aspect);
  canvas.width = FRAME_PX;
  canvas.height = Math.round(FRAME_PX / aspect);
  canvas.getContext('2d').drawImage(video, part.x, part.y, part.width, part.height, 0, 0, canvas.width, canvas.height);
  canvas.toBlob(resolve, 'image/jpeg', QUALITY);
});

/** Runs until the function it gives is called. onAnswer(the answer) comes for every frame that was looked at. */
export function startPrecheck(video, { aspect, profile }, onAnswer) {
  const canvas = document.createElement('canvas');
  const abort = new AbortController();
  let timer = 0;
  let slow = 0;
  const later = (time_ms) => { if (!abort.signal.aborted) timer = setTimeout(step, time_ms * (0.9 + Math.random() * 0.2)); };
  async function step() {
    if (document.hidden || !video.videoWidth || navigator.onLine === false)
      return later(1000);
    const width = Math.round(middleOf(video.videoWidth, video.videoHeight, aspect).width);
    const body = await frameOf(video, aspect, canvas);
    const began = performance.now();
    try {
      const { data } = await call('POST', '/api/v1/precheck', { query: { profile, width: Math.max(160, width) }, body, type: 'image/jpeg', signal: abort.signal, timeout_ms: 5000 });
      const took = performance.now() - began;
      slow = took > QUICK_MS ? slow + 1 : 0;
      if (abort.signal.aborted || data.next_ms === 0)
        return undefined;
      if (data.analysed && took <= 2 * QUICK_MS)
        onAnswer(data);
      return later(slow >= SLOW_MAX ? REST_MS : Math.max(data.next_ms - took, 100));
    } catch (problem) {
      return later(problem.retry_after_ms || (problem.passes ? 5000 : REST_MS));
    }
  }
  timer = setTimeout(step, FIRST_MS);
  return () => { abort.abort(); clearTimeout(timer); };
}
