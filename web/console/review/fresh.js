// fresh — a version can move on under our claim: a result of the machine arrives, a second person votes. While it is the
// same photo in the same state, what the reviewer saw still holds, and the decision may go out again with the new version.
import { get } from '../../shared/api.js';

/** The version now, or 0 when the item is no longer what was seen. */
export async function versionNow({ submission, attempt }, version_seen) {
  const now = await get(`/api/v1/console/submissions/${submission.id}`).catch(() => null);
  const same = now?.state === submission.state && now.attempt_id === attempt.id;
  return same && now.version !== version_seen ? now.version : 0;
}
