// `xueying bench` without its two longest rows (face, size: tools/dev bench). The program itself says whether a goal is met;
// here a ratio fails when it is worse than three quarters of its goal, because neighbours on the machine disturb even
// ratios, and times are only shown: their goals are for a quiet machine.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { models, program, runTests, skip } from '../lib/server.mjs';

if (process.env.XUEYING_SANITIZE) skip('sanitizers slow our side and not the other');

const NAMES = ['poll', 'durable', 'idle', 'start'];
const SLACK = 0.75;

function measure(name) {
    const done = spawnSync(program, ['bench', name, '--json'], { encoding: 'utf8', env: { ...process.env, XUEYING_MODELS: models } });
    assert.ok(done.status === 0 || done.status === 1, done.stderr);
    const rows = JSON.parse(done.stdout);
    assert.ok(rows.length > 0, `bench ${name} gave no rows: ${done.stderr}`);
    for (const row of rows) {
        const shown = row.ratio === undefined ? `${row.ours} ${row.unit}, goal at most ${row.goal}` : `ratio ${row.ratio} (${row.ours} to ${row.raw} ${row.unit}), goal ${row.goal}`;
        console.log(`       ${row.name}: ${shown}`);
    }
    return rows;
}

await runTests(Object.fromEntries(NAMES.map((name) => [name, () => {
    for (const row of measure(name).filter((r) => r.goal > 0 && r.unit !== 'ms')) {
        const share = row.ratio === undefined ? row.goal / row.ours : row.ratio / row.goal;
        assert.ok(share >= SLACK, `${row.name} is at ${(share * 100).toFixed(0)} % of its goal`);
    }
}])));
