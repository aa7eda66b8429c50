// i18n — one catalogue per language (web/i18n/*.json, the same keys in each), switched while the page runs.
import { get } from './api.js';
import { languageOf, prefs } from './prefs.js';
import { observable } from './view.js';

const FILES = { zh: 'zh-CN', en: 'en' };
const catalogues = {};
/** The language that is shown: zh or en. Parts that show text use useValue(language). */
export const language = observable('zh');

async function show(next) {
  catalogues[next] = catalogues[next] || await get(`/i18n/${FILES[next]}.json`, { cache: 'default' });
  document.documentElement.lang = FILES[next];
  language.set(next);
}

/** Call once before drawing. */
export async function startLanguage() {
  prefs.watch((now) => show(languageOf(now)));
  await show(languageOf(prefs.value));
}

export const otherLanguage = () => (language.value === 'zh' ? 'en' : 'zh');

/** Text by key; {name} is replaced. In English "one|many" is chosen by n. */
export function t(key, values) {
  let text = catalogues[language.value]?.[key] ?? key;
  if (values && typeof values.n === 'number' && text.includes('|'))
    text = text.split('|')[values.n === 1 ? 0 : 1];
  return values ? text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole) : text;
}

/** The field of a labelled thing in the shown language: pick({zh, en}), pick(reason, 'fix'). */
export const pick = (thing, part) => (thing ? thing[part ? `${language.value}_${part}` : language.value] ?? '' : '');

export const number = (value) => new Intl.NumberFormat(FILES[language.value]).format(value);
export const money = (fen) => new Intl.NumberFormat(FILES[language.value], { style: 'currency', currency: 'CNY' }).format(fen / 100);

const shape = (options) => (text) => (text ? new Intl.DateTimeFormat(FILES[language.value], options).format(new Date(text)) : '–');
export const dateTime = shape({ month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false });
export const dateTimeExact = shape({ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
export const date = shape({ year: 'numeric', month: '2-digit', day: '2-digit' });
