// The real server for tests: its own data folder, its own port, ended and removed at the end.
//
//   const server = await startServer({ demo: true, args: ['--undo_window_ms=300'] });
//   server.url, server.port, server.standins.wechat …, server.passwords.reviewer, server.pid
//   await server.stop();            SIGTERM, waits, removes the folder
//   await server.kill();            SIGKILL, keeps the folder; then await server.again()
//
// Binaries come from $XUEYING_BUILD (default: build beside tests).
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const build = process.env.XUEYING_BUILD ?? join(root, 'build');
export const program = join(build, 'xueying');
export const models = process.env.XUEYING_MODELS ?? join(root, 'build/models');
export const samples = process.env.XUEYING_SAMPLES ?? resolve(root, '../shared/samples');

export function skip(why) {
    console.log(`SKIP: ${why}`);
    process.exit(77);
}
export function needSamples() {
    if (!existsSync(join(samples, 'portraits'))) skip(`no sample photographs at ${samples} (XUEYING_SAMPLES)`);
}
export function needModels() {
    if (!existsSync(join(models, 'face_recognition.dat'))) skip(`no models at ${models}: run tools/models`);
}

/** Run a command of xueying on a data folder; throws unless it exits with `code`. */
export function command(folder, words, code = 0) {
    const done = spawnSync(program, [...words, `--data_directory=${folder}`], { encoding: 'utf8' });
    if (done.status !== code)
        throw new Error(`xueying ${words.join(' ')}: exit ${done.status}\n${done.stdout}\n${done.stderr}`);
    return done.stdout;
}

export async function startServer({ demo = false, args = [], env = {}, folder } = {}) {
    const data = folder ?? mkdtempSync(join(tmpdir(), 'xueying-test-'));
    const passwords = {};
    command(data, ['migrate']);
    if (demo)
        for (const [, name, password] of command(data, ['demo']).matchAll(/^ {2}(\w+) +(\S{14})$/gm)) passwords[name] = password;
    const server = { folder: data, passwords, args, log: [], standins: {} };

    server.again = async () => {
        const options = [`--data_directory=${data}`, '--listen_port=0', `--models_directory=${models}`,
            ...args];
        const child = spawn(program, ['serve', ...options], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
        server.child = child;
        server.pid = child.pid;
        server.ended = new Promise((end) => child.on('exit', (code, signal) => end({ code, signal })));
        child.stderr.setEncoding('utf8').on('data', (text) => { server.log.push(text); if (server.log.length > 2000) server.log.shift(); });
        const text = await new Promise((good, bad) => {
            let seen = '';
            child.stdout.setEncoding('utf8').on('data', (part) => {
                seen += part;
                if (/listening on \S+\n[^]*API .*\n/.test(seen) && (args.includes('--standin=0') || /stand-ins/.test(seen))) good(seen);
            });
            server.ended.then(({ code, signal }) => bad(new Error(`server ended (${code ?? signal}) before it listened:\n${server.log.join('')}`)));
        });
        server.url = /listening on (\S+)/.exec(text)[1];
        server.port = Number(new URL(server.url).port);
        for (const [, name, port] of text.matchAll(/(wechat|pay|chsi|courier|sms|real_name)=(\d+)/g)) server.standins[name] = `http://127.0.0.1:${port}`;
        return server;
    };
    server.kill = async () => { server.child.kill('SIGKILL'); return server.ended; };
    server.stop = async ({ keep = false } = {}) => {
        if (server.child.exitCode === null && server.child.signalCode === null) server.child.kill('SIGTERM');
        const end = await server.ended;
        if (!keep && !folder) rmSync(data, { recursive: true, force: true });
        return end;
    };
    return server.again();
}

/** Wait until `look` gives something true; no fixed pauses, an error after `limit` ms. */
export async function until(look, what, limit = 30000) {
    const end = Date.now() + limit;
    for (;;) {
        const found = await look();
        if (found) return found;
        if (Date.now() > end) throw new Error(`gave up waiting for ${what}`);
        await new Promise((go) => setTimeout(go, 20));
    }
}

/** Closing line that ctest and people read. */
export async function runTests(tests) {
    let passed = 0, failed = 0;
    for (const [name, test] of Object.entries(tests)) {
        try {
            await test();
            passed++;
            console.log(`  ok   ${name}`);
        } catch (error) {
            failed++;
            console.log(`  FAIL ${name}\n${error.stack ?? error}`);
        }
    }
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}
