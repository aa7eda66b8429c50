// route — which page is shown: the part of the address behind #. #/submissions/ID?x=1
import { observable } from '../shared/view.js';

function read() {
  const [path, search] = location.hash.replace(/^#\/?/, '').split('?');
  return { parts: path.split('/').filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(search), text: location.hash };
}

export const route = observable(read());
addEventListener('hashchange', () => route.set(read()));

export const go = (path) => { location.hash = `#/${path}`; };
/** Change the query without a step in the history. */
export function setQuery(values) {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
  const path = location.hash.split('?')[0] || '#/';
  history.replaceState(null, '', [...query].length > 0 ? `${path}?${query}` : path);
  route.set(read());
}
