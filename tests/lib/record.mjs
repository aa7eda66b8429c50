// Writes down what a test asks and is answered, for `tools/examples.mjs`:
//
//   XUEYING_RECORD=/tmp/asked.jsonl node --import ./lib/record.mjs e2e/life_test.mjs
//
// One JSON line per request to the API: method, path, type and text of the request's body, status, type and text of the
// answer's. Pictures and other bytes are left out.
import { appendFileSync } from 'node:fs';

const target = process.env.XUEYING_RECORD;
const real = globalThis.fetch;
const TEXT = /json|csv|yaml|text/;
const CHARS_MAX = 60000;

globalThis.fetch = async (address, options = {}) => {
    const response = await real(address, options);
    const { pathname, search } = new URL(String(address));
    const type = response.headers.get('content-type') ?? '';
    if (!target || !(pathname.startsWith('/api/') || /^\/(livez|readyz)$/.test(pathname)) || type.startsWith('text/event-stream')) return response;
    const sent = new Headers(options.headers).get('content-type') ?? '';
    const answer = TEXT.test(type) ? await response.clone().text() : '';
    if (answer.length > CHARS_MAX) return response;
    appendFileSync(target, `${JSON.stringify({
        method: options.method ?? 'GET', path: pathname, search, sent, body: typeof options.body === 'string' && TEXT.test(sent) ? options.body : undefined, status: response.status, type: type.split(';')[0], answer,
    })}\n`);
    return response;
};
