// api — the only fetch. Adds login proof, language and idempotency keys; turns every failure into a Problem.
import { languageOf, prefs } from './prefs.js';

/** What the server (RFC 9457) or the network said. `code` is stable: err.def in lower case, or "offline". */
export class Problem extends Error {
  constructor(fields) {
    super(fields.title || fields.code);
    Object.assign(this, { status: 0, code: 'offline', title: '', fix: '', detail: '', retry_after_ms: 0 }, fields);
  }
  /** The same request may succeed later. */
  get passes() { return this.status === 0 || this.status === 429 || this.status >= 502 || this.code === 'idem_running'; }
}

const proof = { csrf: '', token: '' };
export const setCsrf = (csrf) => { proof.csrf = csrf; };
export const setToken = (token) => { proof.token = token; };
let onLoggedOut = () => {};
/** Called when the server no longer knows who we are. */
export const whenLoggedOut = (call) => { onLoggedOut = call; };

export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');

/** The address with its query; empty values are left out. */
export function address(path, query = {}) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '' && value != null));
  return search.size === 0 && [...search].length === 0 ? path : `${path}?${search}`;
}

function bodyOf(options, headers) {
  if (options.body === undefined)
    return undefined;
  if (options.type) {
    headers['content-type'] = options.type;
    return options.body;
  }
  headers['content-type'] = 'application/json';
  return JSON.stringify(options.body);
}

async function problemOf(response) {
  const retry_after_ms = 1000 * Number(response.headers.get('retry-after') || 0);
  let fields = {};
  try {
    fields = await response.json();
  } catch { /* a proxy answered, not the server */ }
  return new Problem({ code: `http_${response.status}`, ...fields, status: response.status, retry_after_ms });
}

/**
 * method, path; options: query, body (JSON unless `type` is given), key (idempotency), headers, signal, timeout_ms,
 * keepalive, cache, redirect. Resolves to {status, data, headers}; 304 is no failure.
 */
export async function call(method, path, options = {}) {
  const headers = { accept: 'application/json', 'accept-language': languageOf(prefs.value) === 'en' ? 'en' : 'zh-CN', ...options.headers };
  if (proof.token)
    headers.authorization = `Bearer ${proof.token}`;
  if (proof.csrf && method !== 'GET')
    headers['x-csrf'] = proof.csrf;
  if (options.key)
    headers['idempotency-key'] = options.key;
  const body = bodyOf(options, headers);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), options.timeout_ms || 30000);
  options.signal?.addEventListener('abort', () => late.abort(), { once: true });
  let response;
  try {
    response = await fetch(address(path, options.query), {
      method, headers, body, signal: late.signal, credentials: 'same-origin', cache: options.cache || 'no-store', keepalive: options.keepalive, redirect: options.redirect,
    });
    if (response.ok || response.status === 304) {
      const type = response.headers.get('content-type') || '';
      const empty = method === 'HEAD' || response.status === 204 || response.status === 304;
      const data = empty ? null : type.startsWith('application/json') ? await response.json() : await response.blob();
      return { status: response.status, data, headers: response.headers };
    }
  } catch (error) {
    if (options.signal?.aborted)
      throw error;
    throw new Problem({ code: 'offline' });
  } finally {
    clearTimeout(timer);
  }
  const problem = await problemOf(response);
  if (problem.code === 'unauthenticated')
    onLoggedOut();
  throw problem;
}

const data = async (answer) => (await answer).data;
export const get = (path, options) => data(call('GET', path, options));
export const post = (path, body, options) => data(call('POST', path, { key: newKey(), ...options, body }));
export const put = (path, body, options) => data(call('PUT', path, { ...options, body }));
export const patch = (path, body, options) => data(call('PATCH', path, { ...options, body }));
export const remove = (path, options) => data(call('DELETE', path, options));
