// ring — the items in a reviewer's hand: one on the stage, some claimed ahead with their pictures already decoded.
//
// Claims are leases: a heartbeat keeps them, a hidden page gives the waiting ones back, leaving gives all back. What the
// server took away is dropped; losing the item on the stage moves on.
import { get, patch, post, remove } from '../../shared/api.js';
import { observable } from '../../shared/view.js';
import { loadPictures } from './pictures.js';

const AHEAD = 6;
const REFILL_BELOW = 4;
const HEARTBEAT_MS = 20000;
const HIDDEN_MS = 60000;
const profiles = new Map();

/** The photo profile of a session, for the guides; undefined until it is known. */
const profileOf = (code) => {
  if (!profiles.has(code)) {
    profiles.set(code, undefined);
    get(`/api/v1/sessions/${code}`).then((session) => profiles.set(code, session.profile), () => profiles.delete(code));
  }
  return profiles.get(code);
};

export class Ring {
  constructor(lane, { onLost, onProblem }) {
    this.lane = lane;
    this.onLost = onLost;
    this.onProblem = onProblem;
    this.ahead = [];
    this.current = null;
    this.seen = 0;
    this.view = observable({ current: null, ahead: 0, status: 'loading', seen: 0 });
    this.timer = setInterval(() => this.heartbeat(), HEARTBEAT_MS);
    this.onHide = () => this.hidden();
    document.addEventListener('visibilitychange', this.onHide);
    this.onLeave = () => this.releaseAll(true);
    addEventListener('pagehide', this.onLeave);
  }

  publish(status) {
    const next = status || (this.current ? 'ready' : this.filling ? 'loading' : 'empty');
    this.view.set({ current: this.current, ahead: this.ahead.length, status: next, seen: this.seen });
  }

  make(claim) {
    const item = { ...claim, key: `${claim.submission.id}.${claim.claim_id}` };
    item.pictures = loadPictures(item);
    item.profile = () => claim.profile || profileOf(claim.submission.session_code);
    item.profile();
    return item;
  }

  async fill() {
    if (this.filling || this.closed || document.hidden || this.ahead.length >= REFILL_BELOW)
      return;
    this.filling = true;
    this.publish();
    try {
      const want = AHEAD - this.ahead.length;
      const { items } = await post('/api/v1/console/claims', { lane: this.lane, want });
      const known = new Set([this.current, ...this.ahead].filter(Boolean).map((item) => item.submission.id));
      this.ahead.push(...items.filter((claim) => !known.has(claim.submission.id)).map((claim) => this.make(claim)));
      this.filling = false;
      if (this.closed)
        this.releaseAll(false);
      else if (!this.current && this.ahead.length > 0)
        this.next();
      else
        this.publish();
    } catch (problem) {
      this.filling = false;
      this.publish(this.current ? undefined : 'failed');
      this.onProblem(problem);
    }
  }

  next() {
    this.current = this.ahead.shift() || null;
    this.seen += this.current ? 1 : 0;
    this.publish();
    this.fill();
  }

  /** An undone item comes back to the stage; what was there waits. */
  back(item) {
    if (this.current)
      this.ahead.unshift(this.current);
    this.current = item;
    this.publish();
  }

  held() { return [this.current, ...this.ahead].filter(Boolean); }

  async heartbeat() {
    const held = this.held();
    if (held.length === 0)
      return;
    try {
      const { lost } = await patch('/api/v1/console/claims', { claim_ids: held.map((item) => item.claim_id) });
      lost.forEach((id) => this.drop(id));
    } catch { /* the next beat or the decision itself will tell */ }
  }

  drop(claim_id) {
    this.ahead = this.ahead.filter((item) => item.claim_id !== claim_id);
    if (this.current?.claim_id === claim_id) {
      this.onLost(this.current);
      this.next();
    } else {
      this.publish();
      this.fill();
    }
  }

  /** Skipped: back to the queue, next one. */
  skip() {
    const item = this.current;
    this.next();
    this.release(item, false);
  }

  release(item, keepalive) {
    remove(`/api/v1/console/claims/${item.claim_id}`, { keepalive }).catch(() => {});
  }

  releaseAll(keepalive) {
    this.held().forEach((item) => this.release(item, keepalive));
    this.ahead = [];
    this.current = null;
  }

  hidden() {
    clearTimeout(this.hideTimer);
    if (!document.hidden)
      return this.fill();
    this.hideTimer = setTimeout(() => {
      this.ahead.forEach((item) => this.release(item, false));
      this.ahead = [];
      this.publish();
    }, HIDDEN_MS);
  }

  close() {
    this.closed = true;
    clearInterval(this.timer);
    clearTimeout(this.hideTimer);
    document.removeEventListener('visibilitychange', this.onHide);
    removeEventListener('pagehide', this.onLeave);
    this.releaseAll(false);
  }
}
