// web/openapi.yaml as somebody who writes a mini program from it: every operation has an example of what to send and of what
// comes back, each fits its schema; nothing is left without words; the generated client is what the description says.
// No server needed: what it answers is compared with the description by property_test.mjs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { api, exampleOf, follow, operations } from '../lib/plausible.mjs';
import { root, runTests } from '../lib/server.mjs';

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema(api, 'api');
const check = (schema, value) => {
    const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"api#/components')));
    return validate(value) ? '' : ajv.errorsText(validate.errors);
};
const bilingual = (text) => / · /.test(text ?? '') && /[一-鿿]/.test(text) && /[a-z]{2}/.test(text);
/** All faults at once: whoever adds five operations wants to see all of what is missing. */
const none = (faults) => assert.deepEqual(faults, []);
const examples = { count: 0 };

function faultsOf(where, content) {
    return Object.entries(content ?? {}).filter(([type]) => /json|^text\/csv/.test(type)).flatMap(([type, media]) => {
        const example = exampleOf(media);
        examples.count += example !== undefined;
        if (example === undefined) return [`${where} ${type}: no example`];
        const wrong = check(media.schema, example);
        return wrong ? [`${where} ${type}: ${wrong}`] : [];
    });
}

await runTests({
    'every request has an example that fits': () => none(operations.flatMap((one) => faultsOf(one.id, one.body && { [one.body.type]: follow(api.paths[one.path][one.method.toLowerCase()].requestBody).content[one.body.type] }))),
    'every answer has an example that fits': () => none(operations.flatMap((one) => Object.entries(one.responses).filter(([status]) => status < '300')
        .flatMap(([status, response]) => faultsOf(`${one.id} ${status}`, follow(response).content)))),
    'every example is used': () => {
        const used = new Set([...JSON.stringify(api).matchAll(/#\/components\/examples\/(\w+)/g)].map(([, name]) => name));
        none(Object.keys(api.components.examples).filter((name) => !used.has(name)));
        assert.ok(examples.count > operations.length);
    },
    'examples hold no token, no address of a machine and no number of a real person': () => {
        for (const [name, { value }] of Object.entries(api.components.examples)) {
            const text = JSON.stringify(value);
            assert.ok(!/127\.0\.0\.1|\/tmp\/|\/root\//.test(text), name);
            for (const [token] of text.matchAll(/(?<=")[\w-]{43}(?=")/g)) assert.match(token, /example/, name);
        }
    },
    'every operation is said in both languages': () => none(operations.filter((one) => !bilingual(one.summary)).map((one) => `${one.id}: ${one.summary}`)),
    'every parameter and every answer has words': () => none(operations.flatMap((one) => [
        ...one.parameters.filter((each) => !each.description).map((each) => `${one.id}: ${each.name}`),
        ...Object.entries(one.responses).filter(([, response]) => !follow(response).description).map(([status]) => `${one.id}: ${status}`)])),
    'what may be refused is said: no login, wrong role, too often': () => none(operations.flatMap((one) => {
        const wanted = one.security?.length > 0 ? ['401', '403', '429', '503'] : ['429', '503'];
        return wanted.filter((status) => !one.responses[status]).map((status) => `${one.id}: ${status}`);
    })),
    'every schema is used': () => {
        const text = JSON.stringify(api);
        none(Object.keys(api.components.schemas).filter((name) => !text.includes(`"#/components/schemas/${name}"`)));
    },
    'web/shared/client.js is what the description says': () => {
        const done = spawnSync('node', [join(root, 'tools/client.mjs'), '--check'], { encoding: 'utf8' });
        assert.equal(done.status, 0, done.stdout);
    },
});
