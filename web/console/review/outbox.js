// outbox — decisions on their way to the server. The stage does not wait for them: each is sent with its own key, again
// after a pause when the network fails, and can be undone until the server's commit time.
import { newKey, post, remove } from '../../shared/api.js';
import { observable } from '../../shared/view.js';
import { versionNow } from './fresh.js';

const PAUSES_MS = [500, 1000, 2000, 4000, 8000];
const UNSENT_MAX = 20;
const OFFLINE_MAX_MS = 45000;
const UNDO_MAX = 5;

export class Outbox {
  /** onRefused(entry, problem): the server did not take it. */
  constructor(onRefused) {
    this.onRefused = onRefused;
    this.entries = [];
    this.view = observable({ unsent: 0, blocked: false, last: null });
    this.timer = setInterval(() => this.publish(), 1000);
  }

  publish() {
    const unsent = this.entries.filter((entry) => entry.state === 'sending');
    const waits_ms = unsent.length > 0 ? Date.now() - Math.min(...unsent.map((entry) => entry.started)) : 0;
    const last = this.undoable().at(-1) || null;
    const blocked = unsent.length >= UNSENT_MAX || waits_ms > OFFLINE_MAX_MS;
    const was = this.view.value;
    if (was.unsent !== unsent.length || was.blocked !== blocked || was.last !== last || was.state !== last?.state)
      this.view.set({ unsent: unsent.length, blocked, last, state: last?.state });
  }

  undoable() {
    return this.entries.slice(-UNDO_MAX).filter((entry) =>
      entry.state === 'sending' || (entry.state === 'sent' && Date.parse(entry.commit_at) > Date.now()));
  }

  /** Takes a decision; returns at once. */
  send(item, path, body) {
    const entry = { item, path, body, key: newKey(), state: 'sending', started: Date.now() };
    this.entries = [...this.entries.slice(-49), entry];
    entry.done = this.deliver(entry);
    this.publish();
    return entry;
  }

  async deliver(entry) {
    for (let turn = 0; !this.closed || turn === 0; turn++) {
      try {
        const answer = await post(entry.path, entry.body, { key: entry.key });
        Object.assign(entry, { state: 'sent', decision_id: answer.decision_id, commit_at: answer.commit_at });
        break;
      } catch (problem) {
        if (problem.code === 'stale' && !entry.caughtUp && await this.catchUp(entry))
          continue;
        if (!problem.passes) {
          entry.state = 'refused';
          this.onRefused(entry, problem);
          break;
        }
        const pause_ms = problem.retry_after_ms || PAUSES_MS[Math.min(turn, PAUSES_MS.length - 1)];
        await new Promise((resolve) => setTimeout(resolve, pause_ms * (0.7 + Math.random() * 0.6)));
      }
    }
    this.publish();
  }

  /** Refused as stale: once more with the version of now, when nothing that was seen has changed. */
  async catchUp(entry) {
    entry.caughtUp = true;
    const version = await versionNow(entry.item, entry.body.version);
    if (version > 0)
      Object.assign(entry, { body: { ...entry.body, version }, key: newKey() });
    return version > 0;
  }

  /** Undo the newest that can be; gives the item as it is now, or null when there is none. Throws a Problem. */
  async undo() {
    const entry = this.undoable().at(-1);
    if (!entry || entry.state === 'undoing')
      return null;
    await entry.done;
    if (entry.state !== 'sent')
      return null;
    entry.state = 'undoing';
    this.publish();
    try {
      const answer = await remove(`/api/v1/console/decisions/${entry.decision_id}`);
      entry.state = 'undone';
      return { ...entry.item, submission: answer.submission || entry.item.submission, claim_id: answer.claim_id || entry.item.claim_id };
    } catch (problem) {
      entry.state = 'final';
      throw problem;
    } finally {
      this.publish();
    }
  }

  close() {
    this.closed = true;
    clearInterval(this.timer);
  }
}
