// README's "For mini-program developers": the lines in its frame, as they stand, against a server with the demo session.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { needModels, needSamples, root, runTests, samples, startServer } from '../lib/server.mjs';
import { operations } from '../lib/plausible.mjs';

needModels();
needSamples();
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const section = readme.slice(readme.indexOf('## For mini-program developers'));
const script = /```sh\n([^]*?)```/.exec(section)[1];
const server = await startServer({ demo: true, args: ['--sweep_interval_ms=20'] });

/** Not spawnSync: the server's output must be read meanwhile. */
const bash = (text, env) => new Promise((end) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', text], { env: { ...process.env, ...env } });
    const got = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) child[stream].setEncoding('utf8').on('data', (part) => { got[stream] += part; });
    child.on('close', (code) => end({ ...got, code }));
});

await runTests({
    'twelve calls, numbered, each with curl': () => {
        const steps = script.split(/^# (?=\d)/m).slice(1);
        assert.deepEqual(steps.map((step) => parseInt(step, 10)), Array.from({ length: 12 }, (_, i) => i + 1));
        for (const step of steps) assert.equal((step.match(/\b(send|curl) -|\bsend "/g) ?? []).length, 1, step);
    },
    'every address in them is in the description': () => {
        for (const [, path] of script.matchAll(/\$API(\/[^"\s]*)/g)) {
            const form = `/api/v1${path}`.replace(/\$\w+/g, '{x}');
            assert.ok(operations.some((one) => one.path.replace(/\{\w+\}/g, '{x}') === form), form);
        }
    },
    async 'they run as they stand, and the photo is handed in'() {
        const env = { API: `${server.url}/api/v1`, PHOTO: join(samples, 'portraits/obama.jpg') };
        const done = await bash(script, env);
        assert.equal(done.code, 0, `${done.stdout}\n${done.stderr}`);
        const last = JSON.parse(done.stdout.slice(done.stdout.search(/\{"id":"\w+","code":[^\n]*$/)));
        assert.ok(['awaiting_payment', 'submitted', 'human_review'].includes(last.state), last.state);
    },
    async 'the stable parts of a refusal are what the text says'() {
        const response = await fetch(`${server.url}/api/v1/me`), body = await response.json();
        assert.equal(response.status, 401);
        assert.equal(response.headers.get('content-type'), 'application/problem+json');
        for (const name of ['code', 'title', 'fix', 'request_id']) assert.equal(typeof body[name], 'string', name);
    },
});
await server.stop();
