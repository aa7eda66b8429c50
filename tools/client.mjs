// client — writes web/shared/client.js from web/openapi.yaml: one small function for every operation that a student or
// somebody without a login may ask for.
//
//   node tools/client.mjs            write it
//   node tools/client.mjs --check    say whether it is what would be written; exit 1 when not
//
// Operations of the console, of outside systems and of monitoring are left out. Names are those of the operations in
// camelCase; types are JSDoc, as far as a schema fits on a line, and by the schema's name where it does not.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const YAML = (() => {
    try {
        return createRequire(join(root, 'tests/package.json'))('yaml');
    } catch {
        console.log('SKIP: no YAML reader; run `npm ci` in tests');
        return process.exit(77);
    }
})();
const TARGET = join(root, 'web/shared/client.js');
const TYPE_CHARS_MAX = 400;
const api = YAML.parse(readFileSync(join(root, 'web/openapi.yaml'), 'utf8'));

const follow = (thing) => (thing?.$ref ? follow(thing.$ref.slice(2).split('/').reduce((at, part) => at[part], api)) : thing);
const camel = (name) => name.replace(/[_-](\w)/g, (_, letter) => letter.toUpperCase()).replace(/^\w/, (letter) => letter.toLowerCase());
/** The English half of "中文 · English"; nothing else may stand in code. */
const english = (text = '') => text.split(' · ').filter((part) => /^[\x20-\x7e]*$/.test(part)).join(', ').replaceAll('*/', '* /').trim();

const PLAIN = { string: 'string', integer: 'number', number: 'number', boolean: 'boolean', null: 'null' };

function typeOf(schema, depth = 0) {
    if (schema === undefined || schema === true) return 'any';
    const full = follow(schema), name = schema.$ref?.split('/').at(-1);
    if (full.const !== undefined) return JSON.stringify(full.const);
    if (full.enum) return full.enum.length <= 6 ? full.enum.map((one) => JSON.stringify(one).replaceAll('"', '\'')).join('|') : 'string';
    if (full.oneOf || full.anyOf) return [...new Set((full.oneOf ?? full.anyOf).map((one) => typeOf(one, depth)))].join('|');
    const kinds = [full.type ?? (full.properties ? 'object' : 'any')].flat();
    return kinds.map((kind) => {
        if (PLAIN[kind]) return PLAIN[kind];
        if (kind === 'array') return `Array<${typeOf(full.items, depth + 1)}>`;
        if (kind !== 'object' || !full.properties) return name ?? 'Object';
        const members = Object.entries(full.properties).map(([member, of]) => `${member}${full.required?.includes(member) ? '' : '?'}: ${typeOf(of, depth + 1)}`);
        const text = `{${members.join(', ')}}`;
        return text.length <= (depth === 0 ? TYPE_CHARS_MAX : 120) || !name ? text : name;
    }).join('|');
}

const isForStudents = (path, operation) => path.startsWith('/api/v1/') && !/^\/api\/v1\/(console|hooks)\//.test(path) && path !== '/api/v1/openapi.yaml' &&
    (operation.security?.length === 0 || operation.security.some((one) => 'student' in one));

function answerType(operation) {
    const types = Object.entries(operation.responses).filter(([status]) => status < '300').map(([, response]) => {
        const [content] = Object.entries(follow(response).content ?? {});
        return content === undefined ? 'null' : content[0].endsWith('json') ? typeOf(content[1].schema) : 'Blob';
    });
    return [...new Set(types)].join('|') || 'null';
}

function functionOf(path, method, operation) {
    const parameters = (operation.parameters ?? []).map(follow);
    const inPath = parameters.filter((one) => one.in === 'path'), query = parameters.filter((one) => one.in === 'query');
    const headers = parameters.filter((one) => one.in === 'header' && one.required);
    const keyed = parameters.some((one) => one.name === 'Idempotency-Key');
    const [bodyKind] = Object.entries(follow(operation.requestBody)?.content ?? {});
    const names = [...inPath, ...headers].map((one) => camel(one.name));
    if (bodyKind) names.push('body');
    names.push('options');
    const address = inPath.length === 0 ? `'${path}'` : `\`${path.replace(/\{(\w+)\}/g, (_, name) => `\${part(${camel(name)})}`)}\``;
    const given = [];
    if (keyed) given.push('key: newKey()');
    given.push('...options');
    if (headers.length > 0) given.push(`headers: { ...options?.headers, ${headers.map((one) => `'${one.name.toLowerCase()}': ${camel(one.name)}`).join(', ')} }`);
    if (bodyKind) given.push('body');
    if (bodyKind && !bodyKind[0].endsWith('json')) given.push(`type: '${bodyKind[0]}'`);
    const options = given.length === 1 ? 'options' : `{ ${given.join(', ')} }`;
    const doc = [english(operation.summary)];
    if (bodyKind) doc.push(`@param body {${bodyKind[0].endsWith('json') ? typeOf(bodyKind[1].schema) : 'Blob|ArrayBuffer'}}`);
    if (query.length > 0) doc.push(`@param options {{query: {${query.map((one) => `${one.name}${one.required ? '' : '?'}: ${typeOf(one.schema)}`).join(', ')}}}}`);
    doc.push(`@returns {Promise<${answerType(operation)}>}`);
    return `/** ${doc.join(' ')} */\nexport const ${camel(operation.operationId)} = (${names.join(', ')}) => send('${method.toUpperCase()}', ${address}, ${options});\n`;
}

const functions = Object.entries(api.paths).flatMap(([path, methods]) => Object.entries(methods)
    .filter(([, operation]) => isForStudents(path, operation))
    .map(([method, operation]) => functionOf(path, method, operation)));

const text = `// client — every question a student's page may ask, as a function. Made by tools/client.mjs from web/openapi.yaml: change
// that, run \`node tools/client.mjs\`, and commit both; a test compares them.
//
//   import { attemptAdd, submissionShow, uploadPart, wholeAnswer } from '../shared/client.js';
//   import * as server from '../shared/client.js';                          when many are needed: server.me()
//   const now = await submissionShow(id);                                   the answer's JSON, a Blob, or null for 204
//   await attemptAdd(now.id, { upload_id });                                refusals are thrown as a Problem (api.js)
//   await messages({ query: { limit: 20, cursor } });
//   await uploadPart(id, offset, bytes, { timeout_ms: 60000 });             options are those of api.js's call()
//   const { status, data, headers } = await submissionShow(id, wholeAnswer({ headers: { 'if-none-match': tag } }));
//
// Arguments: the path's parameters, required headers, the body where there is one, options. Operations that take an
// Idempotency-Key get a new one for each call; give \`key\` to repeat one. \`setToken\` of api.js says who asks.
import { call, newKey } from './api.js';

const part = encodeURIComponent;
const send = (method, path, options) => call(method, path, options).then((answer) => (options?.whole ? answer : answer.data));
/** Options with which a function gives {status, data, headers}; 304 and HEAD need it. */
export const wholeAnswer = (options) => ({ ...options, whole: true });

${functions.join('\n')}`;

if (process.argv.includes('--check')) {
    const same = readFileSync(TARGET, 'utf8') === text;
    console.log(same ? `web/shared/client.js: ${functions.length} operations, up to date` : 'web/shared/client.js is not what web/openapi.yaml says: run node tools/client.mjs');
    process.exitCode = same ? 0 : 1;
} else {
    writeFileSync(TARGET, text);
    console.log(`web/shared/client.js: ${functions.length} operations, ${Buffer.byteLength(text)} bytes`);
}
