// pictures — the three pictures of an item, decoded before they are shown. The elements themselves are kept and moved
// into the stage, so nothing is fetched or decoded when the reviewer presses a key (all face media are no-store).
import { address } from '../../shared/api.js';

const path = (item, variant, version) => address(`/api/v1/console/submissions/${item.submission.id}/media/${variant}`,
  variant === 'portrait' ? {} : { attempt: item.attempt.id, version: variant === 'standard' && version != null ? String(version) : '' });

function load(source) {
  const image = new Image();
  image.decoding = 'async';
  image.draggable = false;
  image.src = source;
  return image.decode().then(() => image);
}

/** {original, standard, portrait}: {image or null, failed}; `ready` ends when all are decoded or given up. `version`: of a
 * repaired photo; absent: as it is. */
export function loadPictures(item, version) {
  const pictures = { original: {}, standard: {}, portrait: {} };
  const take = (name, variants) => variants.reduce(
    (tried, variant) => tried.catch(() => load(path(item, variant, version))), Promise.reject(new Error('not tried')))
    .then((image) => { pictures[name].image = image; }, () => { pictures[name].failed = true; });
  pictures.ready = Promise.all([
    take('original', ['proxy', 'original']), take('standard', ['standard']), take('portrait', ['portrait']),
  ]);
  return pictures;
}
