// prefs — what this browser remembers about how its user likes to see things. Never anything about people or logins.
import { observable } from './view.js';

const NAME = 'xueying.prefs';
const defaults = { language: '', theme: 'system', shortcuts: 'on', largeText: false, autoShutter: 'on' };

function stored() {
  try {
    return { ...defaults, ...JSON.parse(localStorage.getItem(NAME) || '{}') };
  } catch {
    return { ...defaults };
  }
}

export const prefs = observable(stored());

function show(now) {
  const root = document.documentElement;
  root.dataset.theme = now.theme;
  root.classList.toggle('large-text', now.largeText);
}

show(prefs.value);
prefs.watch((now) => {
  show(now);
  try {
    localStorage.setItem(NAME, JSON.stringify(now));
  } catch { /* private mode: it lasts as long as the page */ }
});

/** zh or en: chosen here, else the browser's. */
export const languageOf = (now) => now.language || (/^en/i.test(navigator.language) ? 'en' : 'zh');
