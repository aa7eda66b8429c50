// Who a student is, over HTTP: pictures of the card that fill in the form, the identity stated and checked, every way
// to find an enrolment, wrong tries.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Staff, Student, madeUp } from '../lib/people.mjs';
import { build, command, needModels, runTests, startServer, until } from '../lib/server.mjs';

needModels();

const folder = mkdtempSync(join(tmpdir(), 'xueying-identity-'));
/** A drawn card: its picture, and what is on it. */
function drawn(seed, side) {
    const file = join(folder, `${seed}.jpg`);
    const done = spawnSync(join(build, 'xueying-idcard-draw'), [String(seed), '0', file, ...(side === 'emblem' ? ['emblem'] : [])], { encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    return { picture: readFileSync(file), ...JSON.parse(done.stdout) };
}

const server = await startServer({ demo: true, args: ['--sweep_interval_ms=20', '--outbox_retry_scale_percent=1'] });
const admin = new Staff(server.url, 'admin', server.passwords.admin);
await admin.logIn();
const SESSION = '25103003';

async function setPolicy(change, code = SESSION) {
    const { items } = await admin.want(200, 'GET', '/api/v1/console/sessions');
    const session = await admin.want(200, 'GET', `/api/v1/console/sessions/${items.find((one) => one.code === code).id}`);
    return admin.want(200, 'PUT', `/api/v1/console/sessions/${session.id}/policy`,
        { policy_version: session.policy_version, policy: { ...session.policy, ...change } });
}

async function newStudent(number) {
    const student = new Student(server.url, number);
    await student.logIn();
    await student.consent();
    return student;
}
const me = async (student) => student.want(200, 'GET', '/api/v1/me');

async function shown(student, picture, side) {
    const upload_id = await student.upload(picture, 'id_card');
    const made = await student.want(202, 'POST', '/api/v1/me/id-card', { upload_id, side });
    assert.deepEqual([made.side, made.state], [side, 'processing']);
    return until(async () => {
        const card = await student.want(200, 'GET', `/api/v1/me/id-card/${made.id}`);
        return card.state !== 'processing' && card;
    }, 'the card to be read');
}

const card = drawn(7), other = drawn(8);

await runTests({
    async 'a card fills in the form, and is gone once it is confirmed'() {
        const student = await newStudent('card-1');
        assert.equal((await me(student)).identity.state, 'none');
        const read = await shown(student, card.picture, 'portrait');
        assert.deepEqual([read.state, read.id_number, read.portrait, read.problem], ['read', card.number, true, null]);
        const stranger = await newStudent('card-2');
        assert.equal((await stranger.call('GET', `/api/v1/me/id-card/${read.id}`)).status, 404);
        const stated = await student.want(200, 'POST', '/api/v1/me/identity', { name: card.name, id_number: card.number, id_card_ids: [read.id] });
        assert.deepEqual([stated.state, stated.confirmed_by, stated.number_read, stated.portrait_shown], ['confirmed', 'form', true, true]);
        assert.equal((await student.call('GET', `/api/v1/me/id-card/${read.id}`)).status, 404);
        const now = await me(student);
        assert.deepEqual([now.portrait, now.identity.state, now.identity.id_number_masked.slice(-4)], [true, 'confirmed', card.number.slice(-4)]);
        assert.ok(!JSON.stringify(now).includes(card.number));
    },
});
await server.stop();
rmSync(folder, { recursive: true, force: true });
