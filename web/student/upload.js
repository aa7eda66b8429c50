// upload — a photo in parts of 256 KiB that survive bad networks: the server says where to go on.
import { Problem, call, post } from '../shared/api.js';
import { sha256 } from './sha256.js';

const PART_BYTES = 256 * 1024;
const PAUSES_MS = [1000, 2000, 4000, 8000, 15000];
const TRIES_MAX = 20;

const sleep = (time_ms) => new Promise((resolve) => setTimeout(resolve, time_ms * (0.7 + Math.random() * 0.6)));

async function offsetOf(id) {
  const { headers } = await call('HEAD', `/api/v1/uploads/${id}`);
  return Number(headers.get('upload-offset'));
}

/** purpose: photo | id_portrait; onProgress(share 0..1). Gives the upload's id; throws a Problem when it is hopeless. */
export async function upload(file, purpose, source, onProgress) {
  const bytes = await file.arrayBuffer();
  const started = await post('/api/v1/uploads', { purpose, size_bytes: bytes.byteLength, sha256: await sha256(bytes), source });
  let { offset, complete } = started;
  for (let failures = 0; !complete;) {
    onProgress(offset / bytes.byteLength);
    try {
      const part = bytes.slice(offset, offset + PART_BYTES);
      const answer = await call('PATCH', `/api/v1/uploads/${started.id}`,
        { body: part, type: 'application/offset+octet-stream', headers: { 'upload-offset': String(offset) }, timeout_ms: 60000 });
      ({ offset, complete } = answer.data);
      failures = 0;
    } catch (problem) {
      if (!(problem instanceof Problem) || ++failures > TRIES_MAX)
        throw problem;
      if (problem.code === 'offset_mismatch') {
        offset = await offsetOf(started.id);
      } else if (problem.passes) {
        await sleep(problem.retry_after_ms || PAUSES_MS[Math.min(failures - 1, PAUSES_MS.length - 1)]);
        offset = await offsetOf(started.id).catch(() => offset);
      } else {
        throw problem;
      }
    }
  }
  onProgress(1);
  return started.id;
}
