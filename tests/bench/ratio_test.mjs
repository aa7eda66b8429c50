// `xueying bench` without its longest rows (size, peers, …: tools/dev bench). The program itself says whether a goal is met;
// here a ratio fails when it is worse than three quarters of its goal, because neighbours on the machine disturb even
// ratios, and times are only shown: their goals are for a quiet machine. Two lanes of faces need two free cores: while
// somebody else computes, rows that need both are only shown.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { models, program, runTests, samples, skip } from '../lib/server.mjs';

if (process.env.XUEYING_SANITIZE) skip('sanitizers slow our side and not the other');

const FACES = existsSync(samples) && existsSync('/usr/share/dlib/shape_predictor_68_face_landmarks.dat');
if (!FACES) console.log('       face is left out: it needs the sample photographs and Debian\'s libdlib-data');
const NAMES = ['poll', 'durable', 'idle', 'start', ...(FACES ? ['face'] : [])];
const SLACK = 0.75;
const BUSY = loadavg()[0] > cpus().length / 4;
const BOTH_CORES = ['face_pairs_2', 'face_scaling'];

function measure(name, ...more) {
    const done = spawnSync(program, ['bench', name, ...more, '--json'], { encoding: 'utf8', env: { ...process.env, XUEYING_MODELS: models, XUEYING_SAMPLES: samples } });
    assert.ok(done.status === 0 || done.status === 1, done.stderr);
    const rows = JSON.parse(done.stdout);
    assert.ok(rows.length > 0, `bench ${name} gave no rows: ${done.stderr}`);
    for (const row of rows) {
        const shown = row.ratio === undefined ? `${row.ours} ${row.unit}${row.goal === undefined ? '' : `, goal at most ${row.goal}`}` : `ratio ${row.ratio} (${row.ours} to ${row.raw} ${row.unit}), goal ${row.goal}`;
        console.log(`       ${row.name}: ${shown}`);
    }
    return rows;
}

// The long ones, small: an answer that was not expected leaves rows out.
const SMALL = { load: [['1', '1'], 'load_rss_peak'], roster: [['2000', '1'], 'roster_sweep'] };
const small = ([name, [more, last]]) => [`${name} ${more.join(' ')}`, () => assert.equal(measure(name, ...more).at(-1).name, last)];

await runTests(Object.fromEntries([...Object.entries(SMALL).map(small), ...NAMES.map((name) => [name, () => {
    for (const row of measure(name).filter((r) => r.goal > 0 && r.unit !== 'ms' && !(BUSY && BOTH_CORES.includes(r.name)))) {
        const share = row.ratio === undefined ? row.goal / row.ours : row.ratio / row.goal;
        assert.ok(share >= SLACK, `${row.name} is at ${(share * 100).toFixed(0)} % of its goal`);
    }
}])]));
