// Requests made from web/openapi.yaml, valid and bent, thrown at the real server. It never answers 5xx, always a declared
// status, and every body has its declared schema. XUEYING_SEED repeats a run, XUEYING_RUNS makes it longer.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import YAML from 'yaml';
import { crowd } from '../lib/crowd.mjs';
import { Staff } from '../lib/people.mjs';
import { needModels, needSamples, root, runTests, startServer } from '../lib/server.mjs';
import { Bodies } from '../lib/bodies.mjs';

const RUNS = Number(process.env.XUEYING_RUNS ?? 40);
const SEED = Number(process.env.XUEYING_SEED ?? 20261120);
needModels();
needSamples();

const api = YAML.parse(readFileSync(join(root, 'web/openapi.yaml'), 'utf8'));
const ajv = new Ajv({ strict: false, allErrors: false });
addFormats(ajv);
ajv.addSchema(api, 'api');
const validators = new Map();
const validator = (schema) => {
    const text = JSON.stringify(schema).replaceAll('"#/components', '"api#/components');
    if (!validators.has(text)) validators.set(text, ajv.compile(JSON.parse(text)));
    return validators.get(text);
};
const follow = (thing) => (thing?.$ref ? thing.$ref.slice(2).split('/').reduce((at, part) => at[part], api) : thing);
const operations = Object.entries(api.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) =>
    ({ path, method: method.toUpperCase(), ...operation, parameters: (operation.parameters ?? []).map(follow), body: follow(operation.requestBody) })));

const server = await startServer({ demo: true, args: ['--undo_window_ms=300', '--sweep_interval_ms=50', '--uploads_per_day_max=1000', '--limits_scale_percent=0'] });
const [student] = await crowd(server, 1);
const staff = new Staff(server.url, 'admin', server.passwords.admin);
const reviewer = new Staff(server.url, 'reviewer', server.passwords.reviewer);
const batch = new Staff(server.url, 'batch', server.passwords.batch);
for (const who of [staff, reviewer, batch]) await who.logIn();
const accounts = new Set((await staff.want(200, 'GET', '/api/v1/console/users')).items.map((one) => one.id));
const bodies = new Bodies(api, follow, accounts);
bodies.learn(student.submission);

/** Who asks: the one who may, somebody who may not, nobody, and a made-up token. */
function proof(operation, choice) {
    const kinds = (operation.security ?? []).flatMap((one) => Object.keys(one));
    if (choice === 'nobody') return {};
    if (choice === 'garbage') return { authorization: 'Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', cookie: 'xy=%00; other=1' };
    const asStudent = kinds.includes('student') === (choice !== 'other');
    if (operation.operationId === 'logout') return {}; /* it would end the logins of the others */
    return asStudent ? student.headers() : [staff, reviewer, batch][bodies.turn++ % 3].headers(operation.method);
}

async function send(operation, made) {
    let path = operation.path;
    const query = new URLSearchParams();
    const headers = { ...proof(operation, made.who), ...made.headers };
    for (const parameter of operation.parameters) {
        const value = made.parameters[parameter.name];
        if (value === undefined) continue;
        if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
        else if (parameter.in === 'query') query.append(parameter.name, value);
        else if (!(parameter.name === 'X-CSRF' && headers.cookie)) headers[parameter.name.toLowerCase()] = String(value);
    }
    const stop = new AbortController();
    const search = query.size > 0 ? `?${query}` : '';
    const response = await fetch(server.url + path + search, { method: operation.method, headers, body: made.body, redirect: 'manual', signal: stop.signal });
    const type = (response.headers.get('content-type') ?? '').split(';')[0];
    const text = type === 'text/event-stream' ? '' : Buffer.from(await response.arrayBuffer());
    if (type === 'text/event-stream') stop.abort();
    return { response, type, bytes: text, asked: `${operation.method} ${path}${search}` };
}

function judge(operation, { response, type, bytes, asked }) {
    const { status } = response;
    const seen = `${asked} → ${status} ${type} ${bytes.toString('utf8', 0, 300)}`;
    const upstream = [502, 504].includes(status) && operation.responses[status];
    assert.ok(status < 500 || upstream, `5xx: ${seen}`);
    const declared = follow(operation.responses[status]);
    assert.ok(declared, `undeclared status: ${seen}`);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff', seen);
    if (operation.method === 'HEAD' || status === 204 || status === 304) return assert.equal(bytes.length, 0, seen);
    assert.ok(declared.content?.[type], `undeclared content type: ${seen}`);
    if (!type.endsWith('json')) return undefined;
    const value = JSON.parse(bytes);
    const check = validator(declared.content[type].schema);
    assert.ok(check(value), `schema: ${ajv.errorsText(check.errors)}\n${seen}`);
    if (status >= 400 && type.includes('problem')) assert.equal(value.status, status, seen); /* WeChat Pay wants refusals in a form of its own */
    bodies.learn(value);
    return undefined;
}

const tests = {
    'every route of routes.def is described, and nothing else': () => {
        const routes = [...readFileSync(join(root, 'server/api/routes.def'), 'utf8').matchAll(/^ROUTE\((\w+),\s*"([^"]+)",[^\n]*?,\s*(\w+)\)/gm)].map(([, ...route]) => route.join(' '));
        assert.deepEqual(operations.map((one) => `${one.method} ${one.path} ${one.operationId}`).sort(), routes.sort());
    },
    'lists and details as they are': async () => {
        for (const path of ['/api/v1/console/sessions', '/api/v1/console/users', '/api/v1/console/submissions', '/api/v1/console/batches', '/api/v1/console/audit', '/api/v1/console/outbox', '/api/v1/console/queue', '/api/v1/console/me'])
            judge(operations.find((one) => one.path === path && one.method === 'GET'), await send(operations.find((one) => one.path === path && one.method === 'GET'), { who: 'right', parameters: {}, headers: {} }));
    },
};
for (const operation of operations)
    tests[operation.operationId] = async () => {
        const { failed, errorInstance, counterexample } = await fc.check(
            fc.asyncProperty(bodies.request(operation), async (made) => judge(operation, await send(operation, made))),
            { numRuns: RUNS, seed: SEED, endOnFailure: true });
        assert.ok(!failed, `seed ${SEED}: ${errorInstance?.message}\n${JSON.stringify(counterexample)?.slice(0, 600)}`);
        if (operation.body && !operation.path.startsWith('/livez')) {
            const [type] = Object.keys(operation.body.content);
            const answer = await send(operation, { who: 'right', parameters: bodies.plain(operation), headers: { 'content-type': type }, body: Buffer.alloc(1200 * 1024, 32) });
            assert.equal(answer.response.status, 413, `${answer.asked} with 1.2 MiB: ${answer.response.status}`);
        }
    };
tests['the server is well'] = async () => {
    assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
    assert.equal(server.log.filter((line) => / ERROR /.test(line)).join(''), '');
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
};
await runTests(tests);
if (server.child.exitCode === null) await server.stop();
