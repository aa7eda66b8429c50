// route — the address after "#" says which screen is shown, so that reload, back and links work. #/photo?try=2 → {name, query}
import { observable } from '../shared/view.js';

function read() {
  const [path, search = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return { name: path || 'home', query: Object.fromEntries(new URLSearchParams(search)), hash: location.hash };
}

/** Screens opened since the page was loaded: what "back" may step over without leaving the page. */
let depth = 0;
export const route = observable(read());

const hashOf = (name, query = {}) => {
  const search = new URLSearchParams(query).toString();
  return `#/${name === 'home' ? '' : name}${search ? `?${search}` : ''}`;
};

export function go(name, query) {
  if (location.hash === hashOf(name, query))
    return;
  depth++;
  location.hash = hashOf(name, query);
}

/** Instead of the screen shown: "back" does not lead to it. */
export function goInstead(name, query) {
  history.replaceState(null, '', hashOf(name, query));
  route.set(read());
}

/** To where the student came from; to the list when this screen was the first. */
export function goBack() {
  if (depth > 0) {
    depth--;
    history.back();
  } else {
    goInstead('home');
  }
}

export function startRoute() {
  addEventListener('hashchange', () => route.set(read()));
}
