// examples — gives operations of web/openapi.yaml examples from what tests asked and were answered.
//
//   cd tests && XUEYING_RECORD=/tmp/asked.jsonl node --import ./lib/record.mjs e2e/life_test.mjs
//   node tools/examples.mjs /tmp/asked.jsonl           adds what is missing, replaces what fits its schema no more
//   node tools/examples.mjs /tmp/asked.jsonl link …    takes the examples of these operations anew
//   node tools/examples.mjs --missing                  names what has none; exit 1 when there is something
//
// Of each operation's requests and answers the shortest that says most is kept: it fits its schema, lists have one or two
// items, identifiers and tokens are replaced. What no test asks for is written by hand, under components/examples:
// <operation> for the request, <operation>_<status> for the answer.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const need = createRequire(join(root, 'tests/package.json'));
const YAML = need('yaml');
const Ajv = need('ajv/dist/2020.js').default ?? need('ajv/dist/2020.js');
const addFormats = need('ajv-formats').default ?? need('ajv-formats');
const FILE = join(root, 'web/openapi.yaml');
const CHARS_MAX = 2600;

const doc = YAML.parseDocument(readFileSync(FILE, 'utf8'));
const api = doc.toJS();
const ajv = new Ajv({ strict: false });
addFormats(ajv);
ajv.addSchema(api, 'api');
const follow = (thing) => (thing?.$ref ? follow(thing.$ref.slice(2).split('/').reduce((at, part) => at[part], api)) : thing);
const compiled = new Map();
function fits(schema, value) {
    const text = JSON.stringify(schema).replaceAll('"#/components', '"api#/components');
    if (!compiled.has(text)) compiled.set(text, ajv.compile(JSON.parse(text)));
    return compiled.get(text)(value);
}

const exampleOf = (given) => (given !== undefined && Object.values(given)[0]?.$ref ? follow(Object.values(given)[0]).value : given);

/* Every place that wants an example: {name, at (path in the document), operation, status or 0 for the request, type, schema}. */
const places = [];
for (const [path, methods] of Object.entries(api.paths))
    for (const [method, operation] of Object.entries(methods)) {
        const add = (status, at, content) => {
            for (const [type, media] of Object.entries(content ?? {}))
                if (/json|^text\/csv/.test(type))
                    places.push({ name: operation.operationId + (status ? `_${status}` : ''), at: [...at, type], operation, path, method: method.toUpperCase(), status: Number(status), type, schema: media.schema, given: media.examples ?? media.example });
        };
        if (operation.requestBody?.content) add(0, ['paths', path, method, 'requestBody', 'content'], operation.requestBody.content);
        for (const [status, response] of Object.entries(operation.responses))
            if (status < '300' && response.content) add(status, ['paths', path, method, 'responses', status, 'content'], response.content);
    }

if (process.argv[2] === '--missing') {
    const missing = places.filter((one) => one.given === undefined).map((one) => one.name);
    console.log(missing.length === 0 ? `${places.length} examples, none missing` : `no example: ${missing.join(' ')}`);
    process.exit(missing.length === 0 ? 0 : 1);
}

/* ---- what was recorded ---- */

const forms = Object.keys(api.paths).map((path) => ({ path, form: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`), literal: path.replace(/\{\w+\}/g, '').length, params: path.split('{').length }))
    .sort((a, b) => a.params - b.params || b.literal - a.literal);
const parse = (text) => { try { return JSON.parse(text); } catch { return undefined; } };

const ids = new Map();
function clean(value, name = '') {
    if (Array.isArray(value)) return value.slice(0, name === 'items' || value.length > 4 ? 2 : 4).map((one) => clean(one, name));
    if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, clean(one, key)]));
    if (typeof value !== 'string') return value;
    const text = value.replace(/\b0[0-9a-hjkmnp-tv-z]{25}\b/g, (id) => {
        if (!ids.has(id)) ids.set(id, `01k2x3a4b5${String(ids.size + 1).padStart(16, '0')}`);
        return ids.get(id);
    }).replace(/^[\w-]{43}$/, 'q7Zt0example-token-of-forty-three-characters'.slice(0, 43)).replace(/http:\/\/127\.0\.0\.1:\d+/g, 'https://photo.example.edu.cn');
    return text.length > 300 && /^[\w+/=-]+$/.test(text) ? text.slice(0, 300 - (300 % 4)) : text;
}

/** Says most in few words: many members that are not empty, not many characters. */
function worth(value) {
    const text = JSON.stringify(value);
    const full = (text.match(/:("[^"]|[1-9]|true|\{"|\["|\[\{)/g) ?? []).length;
    return text.length > CHARS_MAX ? -text.length : full * 40 - text.length;
}

function candidates(recorded, place) {
    return recorded.filter((one) => one.method === place.method && forms.find(({ form }) => form.test(one.path))?.path === place.path && one.status < 300 &&
        (place.status === 0 ? one.body !== undefined : one.status === place.status && one.type === place.type))
        .map((one) => (place.status === 0 ? one.body : one.answer))
        .map((text) => (place.type.endsWith('json') ? parse(text) : text))
        .filter((value) => value !== undefined).map((value) => (typeof value === 'string' ? value.split('\n').slice(0, 4).join('\n') : clean(value)))
        .filter((value) => fits(place.schema, value));
}

const [file, ...anew] = process.argv.slice(2);
const recorded = readFileSync(file, 'utf8').split('\n').filter(Boolean).map(parse);
let added = 0;
const still = [];
for (const place of places) {
    if (place.given !== undefined && !anew.includes(place.operation.operationId) && fits(place.schema, exampleOf(place.given))) continue;
    const [best] = candidates(recorded, place).sort((a, b) => worth(b) - worth(a));
    if (best === undefined) {
        const alike = places.find((one) => one.operation === place.operation && one.status > 0 && one.status !== place.status && JSON.stringify(one.schema) === JSON.stringify(place.schema) && doc.hasIn(['components', 'examples', one.name]));
        if (place.given === undefined && alike) doc.setIn([...place.at, 'examples'], doc.createNode({ one: { $ref: `#/components/examples/${alike.name}` } }, { flow: true }));
        else if (place.given === undefined || !fits(place.schema, exampleOf(place.given))) still.push(place.name);
        continue;
    }
    const value = doc.createNode(best, { flow: typeof best === 'object' });
    if (!doc.hasIn(['components', 'examples'])) doc.setIn(['components', 'examples'], doc.createNode({}));
    doc.setIn(['components', 'examples', place.name], doc.createNode({}));
    doc.setIn(['components', 'examples', place.name, 'value'], value);
    if (place.given === undefined) doc.setIn([...place.at, 'examples'], doc.createNode({ one: { $ref: `#/components/examples/${place.name}` } }, { flow: true }));
    added++;
}
/* Quoted like JSON: readers of older YAML take a bare time or a question mark for something else. */
YAML.visit(doc.getIn(['components', 'examples']) ?? doc.createNode({}), { Scalar(key, node) { if (key !== 'key' && typeof node.value === 'string') node.type = 'QUOTE_DOUBLE'; } });
writeFileSync(FILE, doc.toString({ lineWidth: 0, flowCollectionPadding: false }));
console.log(`${added} examples written${still.length > 0 ? `; nobody asked: ${still.join(' ')}` : ''}`);
