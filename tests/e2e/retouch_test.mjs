// Staff repair the edge of a photo: who may, what is taken and what refused, every try kept and one chosen, the way back;
// and the approved photo by other profiles. The real worker on real photographs.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { crowd } from '../lib/crowd.mjs';
import { Staff } from '../lib/people.mjs';
import { greyPng, readGreyPng } from '../lib/png.mjs';
import { command, needModels, needSamples, runTests, startServer, until } from '../lib/server.mjs';

needModels();
needSamples();
const server = await startServer({ demo: true, args: ['--undo_window_ms=50', '--sweep_interval_ms=20'] });
const students = await crowd(server, 2, 0, [['obama2.jpg', 'obama.jpg'], ['biden2.jpg', 'biden.jpg']]);
const staff = {};
for (const name of ['admin', 'reviewer', 'batch']) await (staff[name] = new Staff(server.url, name, server.passwords[name])).logIn();
const { admin, reviewer, batch } = staff;
const account = await admin.want(201, 'POST', '/api/v1/console/users', { name: 'plain', display_name: '审核', roles: ['reviewer'] });
const plain = new Staff(server.url, 'plain', account.one_time_password);
await plain.logIn();

const at = (id, more) => `/api/v1/console/submissions/${id}${more}`;
const png = { 'content-type': 'image/png' }, jpeg = { 'content-type': 'image/jpeg' };
const refused = async (who, status, code, method, path, body, more = {}) => {
    const got = await who.call(method, path, body, more);
    assert.equal(`${got.status} ${got.body.code}`, `${status} ${code}`, `${method} ${path} ${JSON.stringify(got.body)}`);
    return got.body;
};
async function take(who, id) {
    return until(async () => {
        const items = await who.claim((await admin.detail(id)).lane, 12);
        for (const item of items)
            if (item.submission.id !== id) await who.want(204, 'DELETE', `/api/v1/console/claims/${item.claim_id}`);
        return items.find((item) => item.submission.id === id);
    }, `${who.name} to claim ${id}`);
}
const { id } = students[0].submission;
const versions = () => reviewer.want(200, 'GET', at(id, '/retouch'));
const photo = async (query = '', of = id) => (await admin.want(200, 'GET', at(of, `/media/standard${query}`)));
/** Sends a repair and waits for what becomes of it. */
async function repair(kind, bytes, type) {
    const { number } = await reviewer.want(202, 'POST', at(id, `/retouch?repair=${kind}`), bytes, type);
    return until(async () => { const one = (await versions()).items.find((each) => each.number === number); return one.state !== 'processing' && one; }, `version ${number}`, 60000);
}
let before, item;

await runTests({
    async 'nothing is repaired before it is sent to retouching, nor by those who may not'() {
        before = await photo();
        assert.deepEqual((await versions()).items, []);
        await refused(reviewer, 409, 'refused', 'POST', at(id, '/retouch?repair=photo'), before, jpeg);
        const seen = await take(reviewer, id);
        assert.deepEqual([seen.retouch, seen.attempt.retouch, seen.attempt.source, seen.capture_source], [null, 0, 'live', 'live_or_album']);
        await reviewer.decide(seen, 'retouch');
        await until(async () => (await admin.detail(id)).lane === 'retouch', 'the retouch lane');
        await refused(reviewer, 410, 'lease_lost', 'POST', at(id, '/retouch?repair=photo'), before, jpeg);
        item = await take(reviewer, id);
        assert.deepEqual(item.retouch.items, []);
        await refused(admin, 410, 'lease_lost', 'POST', at(id, '/retouch?repair=photo'), before, jpeg);
        await refused(plain, 403, 'forbidden', 'POST', at(id, '/retouch?repair=photo'), before, jpeg);
        await refused(plain, 403, 'forbidden', 'PUT', at(id, '/retouch'), { number: 0 });
        await refused(batch, 403, 'forbidden', 'GET', at(id, '/retouch'));
        await refused(students[0], 403, 'forbidden', 'GET', at(id, '/retouch'));
    },
    async 'what is no JPEG or PNG of one megabyte is not taken'() {
        await refused(reviewer, 415, 'unsupported_type', 'POST', at(id, '/retouch?repair=photo'), Buffer.from('GIF89a, no'), { 'content-type': 'image/gif' });
        await refused(reviewer, 415, 'unsupported_type', 'POST', at(id, '/retouch?repair=photo'), before, png);
        await refused(reviewer, 422, 'bad_field', 'POST', at(id, '/retouch?repair=face'), before, jpeg);
        await refused(reviewer, 422, 'bad_field', 'POST', at(id, '/retouch'), before, jpeg);
        await refused(reviewer, 413, 'too_large', 'POST', at(id, '/retouch?repair=photo'), Buffer.concat([before, Buffer.alloc(1 << 20)]), jpeg);
        assert.deepEqual((await versions()).items, []);
    },
    async 'the finished photo sent back as it is changes nothing'() {
        const key = { 'idempotency-key': randomUUID(), ...jpeg };
        const first = await reviewer.want(202, 'POST', at(id, '/retouch?repair=photo'), before, key);
        assert.deepEqual(await reviewer.want(202, 'POST', at(id, '/retouch?repair=photo'), before, key), first);
        const now = await until(async () => { const all = await versions(); return all.items.every((one) => one.state !== 'processing') && all; }, 'the version', 60000);
        assert.deepEqual(now.items.map((one) => [one.number, one.repair, one.state]), [[0, 'none', 'ready'], [1, 'photo', 'ready']], JSON.stringify(now.items));
        assert.deepEqual([now.number, now.chosen], [0, 1]);
        const { change } = now.items[1];
        assert.ok(change.face_difference_max <= 12 && change.changed_share < 0.02, JSON.stringify(change));
        assert.deepEqual(await photo('?version=0'), before);
        assert.deepEqual(await photo(), before); // still: only retouch_done changes it
        assert.deepEqual(await reviewer.want(200, 'GET', at(id, '/media/repair?version=1')), before);
    },
    async 'another face is refused with its sentence, and is kept'() {
        const other = await photo('', students[1].submission.id);
        const one = await repair('photo', other, jpeg);
        assert.deepEqual([one.state, one.problem?.code, one.change], ['refused', 'features_changed', null], JSON.stringify(one));
        assert.ok(one.problem.title.length > 0 && one.problem.fix.length > 0 && one.problem.detail.length > 0);
        assert.equal((await versions()).chosen, 1);
        await refused(reviewer, 409, 'refused', 'PUT', at(id, '/retouch'), { number: one.number });
        await refused(reviewer, 404, 'not_found', 'PUT', at(id, '/retouch'), { number: 9 });
        await refused(reviewer, 404, 'not_found', 'GET', at(id, `/media/standard?version=${one.number}`));
        assert.deepEqual(await reviewer.want(200, 'GET', at(id, `/media/repair?version=${one.number}`)), other);
    },
    async 'a mask of the wrong size, or without the face, is refused; a whole one is taken'() {
        const small = await repair('mask', greyPng(200, 200, () => 255), png);
        assert.deepEqual([small.state, small.problem?.code], ['refused', 'bad_field'], JSON.stringify(small));
        const empty = await repair('mask', greyPng(480, 640, () => 0), png);
        assert.deepEqual([empty.state, empty.problem?.code], ['refused', 'features_changed'], JSON.stringify(empty));
        const mask = await reviewer.want(200, 'GET', at(id, '/media/mask')), machine = readGreyPng(mask);
        assert.deepEqual([machine.width, machine.height, (await versions()).mask], [480, 640, true]);
        const same = await repair('mask', mask, png);
        assert.equal(same.state, 'ready', JSON.stringify(same));
        assert.ok(same.change.changed_share < 0.05 && same.change.face_difference_max <= 12, JSON.stringify(same.change));
        // what is left of the wall beside the head is taken away
        const whole = await repair('mask', greyPng(480, 640, (x, y) => (y < 420 && (x < 60 || x > 420) ? 0 : machine.grey(x, y))), png);
        assert.equal(whole.state, 'ready', JSON.stringify(whole));
        assert.equal(whole.change.kind, 'mask');
        const now = await versions();
        assert.deepEqual([now.chosen, now.number], [whole.number, 0]);
        assert.ok(now.report.ledger.some((step) => step.operation === 'retouch'));
        assert.notDeepEqual(await photo(`?version=${whole.number}`), before);
    },
    async 'an earlier version may be chosen again; retouch_done takes it and a senior sees before and after'() {
        const whole = (await versions()).chosen;
        assert.equal((await reviewer.want(200, 'PUT', at(id, '/retouch'), { number: 0 })).chosen, 0);
        assert.equal((await reviewer.want(200, 'PUT', at(id, '/retouch'), { number: whole })).chosen, whole);
        const done = await reviewer.want(200, 'POST', at(id, '/retouch_done'), { version: item.submission.version });
        assert.deepEqual([done.state, done.lane], ['human_review', 'senior']);
        const seen = await take(admin, id);
        assert.deepEqual([seen.attempt.retouch, seen.retouch.number, seen.retouch.items.length], [whole, whole, 7]);
        assert.ok(seen.attempt.report.ledger.some((step) => step.operation === 'retouch'));
        assert.deepEqual(await photo(), await photo(`?version=${whole}`));
        assert.deepEqual(await photo('?version=0'), before);
        await refused(reviewer, 409, 'refused', 'PUT', at(id, '/retouch'), { number: 0 });
        await admin.decide(seen, 'approve');
    },
    async 'who did what is in the audit'() {
        const { items } = await admin.want(200, 'GET', `/api/v1/console/audit?object=${id}&limit=100`);
        const count = (action) => items.filter((one) => one.action === action).length;
        assert.deepEqual(['retouch_sent', 'retouch_ready', 'retouch_refused', 'retouch_chosen'].map(count), [6, 3, 3, 2]);
    },
    async 'one approved photo gives others by other profiles'() {
        const all = (await admin.want(200, 'GET', '/api/v1/profiles')).items;
        assert.ok(all.length >= 3 && all.every((one) => one.zh && one.en && one.width_px && one.background.length === 3));
        const item1 = await take(admin, students[1].submission.id), other = item1.submission.id;
        await refused(admin, 409, 'refused', 'POST', at(other, '/derived'), { profile: 'chsi_white' });
        await admin.decide(item1, 'approve');
        for (const one of [id, other]) {
            await until(async () => (await admin.detail(one)).approved, 'the approval', 60000);
            await refused(batch, 422, 'bad_field', 'POST', at(one, '/derived'), { profile: 'nobody' });
            await refused(batch, 404, 'not_found', 'GET', at(one, '/derived/chsi_white'));
            await batch.want(202, 'POST', at(one, '/derived'), { profile: 'chsi_white' });
            const made = await until(async () => (await batch.want(200, 'GET', at(one, '/derived'))).items.find((each) => each.state !== 'processing'), 'the white one', 60000);
            assert.deepEqual([made.profile, made.state], ['chsi_white', 'ready'], JSON.stringify(made));
            const got = await batch.call('GET', at(one, '/derived/chsi_white'));
            assert.deepEqual([got.status, got.headers.get('content-type'), got.body.subarray(0, 3).toString('hex')], [200, 'image/jpeg', 'ffd8ff']);
            assert.match(got.headers.get('content-disposition'), /-chsi_white\.jpg"$/);
            assert.equal((await batch.want(200, 'POST', at(one, '/derived'), { profile: 'chsi_white' })).items.length, 1); // made once
        }
        await refused(students[0], 403, 'forbidden', 'GET', at(id, '/derived'));
    },
    async 'the data hold together'() {
        await server.stop({ keep: true });
        command(server.folder, ['fsck']);
    },
});
await server.stop();
