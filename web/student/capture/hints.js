// hints — what the page itself sees in the picture (tier 0), what the server said (tier 1), and which one line is shown.
import { shareFrom, sharpnessOf, spreadOf } from './pixels.js';

export const LUMA = { width: 160, height: 213 }; /* of a portrait; others keep the number of pixels */
const HOLD_MS = 1000; /* a line is read before the next one comes */
const FRESH_MS = 2500; /* what the server said about a frame that is older is about another picture */
const GREEN_MS = 800;

const DARK = 60, BRIGHT = 215, HALF = 0.58, CORNERS = 26, BLUR = 22, GLARE = 0.02;

/** The first thing a small grey copy shows to be wrong with a portrait; '' when nothing. Faces it cannot see. */
export function portraitHint(small) {
  const face = spreadOf(small, 0.3, 0.25, 0.7, 0.6);
  if (face.mean < DARK)
    return 'dark';
  if (face.mean > BRIGHT)
    return 'bright';
  const left = spreadOf(small, 0.3, 0.3, 0.48, 0.55).mean, right = spreadOf(small, 0.52, 0.3, 0.7, 0.55).mean;
  if (Math.min(left, right) < HALF * Math.max(left, right))
    return left < right ? 'right_dark' : 'left_dark'; /* the left of the picture is the person's right */
  const a = spreadOf(small, 0, 0, 0.16, 0.16), b = spreadOf(small, 0.84, 0, 1, 0.16);
  if (Math.max(a.spread, b.spread, Math.abs(a.mean - b.mean)) > CORNERS)
    return 'background';
  return sharpnessOf(small, 0.25, 0.2, 0.75, 0.7) < BLUR ? 'blur' : '';
}

/** The same for a card or a code inside the frame. */
export function flatHint(small) {
  const all = spreadOf(small);
  if (all.mean < DARK)
    return 'dark';
  if (shareFrom(small, 252) > GLARE && all.mean < 235)
    return 'glare';
  return sharpnessOf(small) < BLUR ? 'blur' : '';
}

/**
 * One line at a time, held at least a second. The server's word counts while it is fresh and nothing worse is seen here; good
 * only when both agree, and green when that lasts 800 ms. `local` is a code or ''; `remote` the answer's hint or null.
 */
export class HintBoard {
  constructor(now = () => performance.now()) {
    Object.assign(this, { now, local: '', remote: null, remote_at: -Infinity, shown: null, shown_at: -Infinity, good_at: 0 });
  }
  see(local) { this.local = local; return this.look(); }
  hear(remote) { this.remote = remote; this.remote_at = this.now(); return this.look(); }
  /** {hint: {code, text?} or null, green} */
  look() {
    const now = this.now();
    const fresh = this.remote && now - this.remote_at < FRESH_MS ? this.remote : null;
    const wish = this.local ? { code: this.local } : fresh;
    const good = Boolean(fresh) && fresh.code === 'ok' && !this.local;
    if (!good)
      this.good_at = 0;
    else if (!this.good_at)
      this.good_at = now;
    if ((wish && wish.code) !== (this.shown && this.shown.code) && now - this.shown_at >= HOLD_MS) {
      this.shown = wish;
      this.shown_at = now;
    }
    return { hint: this.shown, green: good && now - this.good_at >= GREEN_MS };
  }
}
