// upload — pictures to the server in parts of up to 256 KiB: through bad networks, over reloads of the page, each byte as seldom as can be.
//
// The picture is kept on the phone (idb.js) from the moment it was taken until whoever wanted it sent has done what it was sent
// for, so a page that is loaded again goes on at the same step. The server says where to go on; a part whose answer was lost is
// not sent twice. Parts become larger while all goes well; after a loss, and when a transfer is taken up again, they are small.
import { Problem, call, newKey, post } from '../shared/api.js';
import { useEffect, useRef, useState } from '../shared/view.js';
import { drop, keep, kept } from './idb.js';
import { sha256 } from './sha256.js';

const PART_BYTES_MAX = 256 * 1024;
const PART_BYTES_FIRST = 64 * 1024;
const PART_BYTES_MIN = 32 * 1024; /* who has just been cut off may be cut off again: little is lost with a small part */
const PAUSES_MS = [1000, 2000, 4000, 8000, 15000];
const FAILURES_MAX = 60; /* in a row: a quarter of an hour and more; then the student is asked */

/** Waits, but not longer than until the network is back or the page is seen again. */
export function pause(time_ms) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener('online', end);
      document.removeEventListener('visibilitychange', seen);
      resolve();
    };
    const seen = () => { if (!document.hidden) end(); };
    const timer = setTimeout(end, time_ms * (0.7 + Math.random() * 0.6));
    addEventListener('online', end);
    document.addEventListener('visibilitychange', seen);
  });
}

/** Says again what passes, with growing pauses; anything else is thrown. */
async function patiently(attempt, onTrouble) {
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (problem) {
      if (!(problem instanceof Problem) || !problem.passes || failures >= FAILURES_MAX)
        throw problem;
      onTrouble(problem);
      await pause(problem.retry_after_ms || PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)]);
    }
  }
}

async function begin(record) {
  const { purpose, size_bytes, source, captured_at, lens } = record;
  return post('/api/v1/uploads', { purpose, size_bytes, sha256: record.sha256, source, ...(captured_at ? { captured_at } : {}), ...(lens ? { lens } : {}) }, { key: record.key });
}

/** Where the server stopped; null when it knows nothing of this upload any more. */
async function offsetOf(id) {
  try {
    const { headers } = await call('HEAD', `/api/v1/uploads/${id}`);
    return Number(headers.get('upload-offset'));
  } catch (problem) {
    if (problem.status === 404)
      return null;
    throw problem;
  }
}

/** Once more from where the server stopped. */
async function takeUp(record) {
  const offset = record.upload_id ? await offsetOf(record.upload_id) : null;
  if (offset !== null)
    return { offset, complete: offset === record.size_bytes };
  const started = await begin(record.upload_id ? { ...record, key: newKey() } : record);
  record.upload_id = started.id;
  await keep(record);
  return started;
}

async function sendPart(record, offset, part_bytes) {
  const body = record.blob.slice(offset, offset + part_bytes);
  const answer = await call('PATCH', `/api/v1/uploads/${record.upload_id}`,
    { body, type: 'application/offset+octet-stream', headers: { 'upload-offset': String(offset) }, timeout_ms: 60000 });
  return answer.data;
}

/** Sends what is left of a kept picture: onProgress(share 0..1). Gives the upload's id. */
async function transfer(record, onProgress) {
  let [part_bytes, part_bytes_max] = [PART_BYTES_FIRST, PART_BYTES_MAX];
  const shrink = () => { part_bytes = part_bytes_max = PART_BYTES_MIN; };
  if (record.upload_id)
    shrink();
  let at = await patiently(() => takeUp(record), () => {});
  while (!at.complete) {
    onProgress(at.offset / record.size_bytes);
    let lost = false;
    at = await patiently(async () => {
      if (lost) { /* the answer or the part was lost: the server knows which */
        const now = await takeUp(record);
        if (now.complete || now.offset !== at.offset)
          return now;
      }
      lost = true;
      try {
        return await sendPart(record, at.offset, part_bytes);
      } catch (problem) {
        if (problem.code === 'offset_mismatch' || problem.status === 404) {
          shrink(); /* the browser sent it twice by itself, and the first answer was lost */
          return takeUp(record);
        }
        throw problem;
      }
    }, shrink);
    part_bytes = Math.min(part_bytes_max, part_bytes * 2);
  }
  onProgress(1);
  return record.upload_id;
}

/** The picture is kept before a byte is sent. */
async function keepPicture(blob, purpose, source, meta) {
  return keep({ ...meta, id: newKey(), key: newKey(), what: 'upload', purpose, source, blob, size_bytes: blob.size, sha256: await sha256(await blob.arrayBuffer()) });
}

/**
 * purpose: photo | id_portrait | code …; source: live | native | album; meta: {captured_at, lens}. Gives the upload's id; throws a
 * Problem when it is hopeless. Kept until the last byte has arrived; see useUpload for what goes on after a reload.
 */
export async function upload(blob, purpose, source, onProgress, meta = {}) {
  const record = await keepPicture(blob, purpose, source, { ...meta, place: '' });
  try {
    return await transfer(record, onProgress);
  } finally {
    await drop(record.id);
  }
}

/** Pictures on their way for this purpose and place, oldest first. */
export const waiting = async (purpose, place) => (await kept()).filter((one) => one.what === 'upload' && one.purpose === purpose && (one.place === place || one.place === ''));

/**
 * Pictures for one purpose and place (a submission's id, or 'me'): [{busy, share, problem, preview}, send(blob, source, meta), again, drop].
 * `onArrived(upload_id, record)` does what the picture was sent for; until it has returned, a page that is loaded again goes on by
 * itself. After a problem that does not pass the picture is still there: `again` tries once more, `drop` gives it up.
 */
export function useUpload(purpose, place, onArrived) {
  const [state, setState] = useState({});
  const life = useRef({ shown: true, record: null, onArrived });
  life.current.onArrived = onArrived;
  const set = (next) => { if (life.current.shown) setState(next); };
  const go = async (record) => {
    life.current.record = record;
    const preview = record.blob;
    set({ busy: true, share: 0, preview });
    try {
      const id = await transfer(record, (share) => set({ busy: true, share, preview }));
      await patiently(() => life.current.onArrived(id, record), () => {});
      await drop(record.id);
      life.current.record = null;
      set({});
    } catch (problem) {
      set({ problem, preview });
    }
  };
  useEffect(() => {
    let over = false;
    life.current.shown = true;
    waiting(purpose, place).then(([first, ...others]) => {
      others.forEach((one) => drop(one.id)); /* the last one chosen is what counts, and it replaced them */
      if (first && !over && !life.current.record)
        go(first);
    });
    return () => { over = true; life.current.shown = false; };
  }, [purpose, place]);
  const send = async (blob, source, meta) => {
    set({ busy: true, share: 0, preview: blob });
    const others = await waiting(purpose, place);
    await Promise.all(others.map((one) => drop(one.id)));
    return go(await keepPicture(blob, purpose, source, { ...meta, place }));
  };
  const again = () => life.current.record && go(life.current.record);
  const giveUp = async () => {
    if (life.current.record)
      await drop(life.current.record.id);
    life.current.record = null;
    set({});
  };
  return [state, send, again, giveUp];
}
