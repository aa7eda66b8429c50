// Reviewing over HTTP: leases, decisions that are taken back, judgements without hints, items changed under one's hands.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { crowd } from '../lib/crowd.mjs';
import { Staff } from '../lib/people.mjs';
import { command, needModels, needSamples, runTests, startServer, until } from '../lib/server.mjs';

needModels();
needSamples();
const server = await startServer({ demo: true, args: ['--undo_window_ms=4000', '--claim_lease_ms=6000', '--sweep_interval_ms=20'] });
const staff = {};
for (const name of ['reviewer', 'ida', 'ian', 'senior', 'batch', 'admin']) {
    staff[name] = new Staff(server.url, name, server.passwords[name]);
    await staff[name].logIn();
}
const students = await crowd(server, 3);
const { reviewer, senior, ida, admin } = staff;
const refused = async (who, status, code, method, path, body, more) => {
    const got = await who.call(method, path, body, more);
    assert.equal(`${got.status} ${got.body.code}`, `${status} ${code}`, `${method} ${path} ${JSON.stringify(got.body)}`);
    return got;
};
const at = (id, more) => `/api/v1/console/submissions/${id}${more}`;
const laneOf = async (id) => (await admin.detail(id)).lane;
const queue = async (who, lane) => (await who.want(200, 'GET', '/api/v1/console/queue')).lanes.find((one) => one.lane === lane).waiting;

/** Claims the student's item, wherever it waits, and gives the others back. */
async function take(who, student) {
    return until(async () => {
        const items = await who.claim(await laneOf(student.submission.id), 12);
        for (const item of items)
            if (item.submission.id !== student.submission.id) await who.want(204, 'DELETE', `/api/v1/console/claims/${item.claim_id}`);
        return items.find((item) => item.submission.id === student.submission.id);
    }, `${who.name} to claim ${student.number}`);
}
const body = (item, event, more = {}) => ({ claim_id: item.claim_id, version: item.submission.version, event, ...more });

await runTests({
    async 'a claim is a lease: one holder, kept by the heartbeat, lost without it'() {
        const item = await take(reviewer, students[0]);
        assert.deepEqual([item.submission.state, item.attempt.chosen, item.face?.verdict], ['human_review', true, undefined]);
        assert.ok(item.allowed.includes('approve') && !item.allowed.includes('reject_final') && item.profile.width_px === 480);
        const others = await senior.claim(item.submission.lane, 12);
        assert.ok(!others.some((one) => one.submission.id === item.submission.id));
        for (const one of others) await senior.want(204, 'DELETE', `/api/v1/console/claims/${one.claim_id}`);
        const kept = await reviewer.want(200, 'PATCH', '/api/v1/console/claims', { claim_ids: [item.claim_id, others[0]?.claim_id ?? item.submission.id] });
        assert.deepEqual([kept.lost.length, Date.parse(kept.expires) > Date.now()], [1, true]);
        const stop = new AbortController();
        const stream = await fetch(`${server.url}/api/v1/console/events`, { headers: reviewer.headers('GET'), signal: stop.signal });
        let heard = '';
        const ended = (async () => { for await (const part of stream.body) heard += Buffer.from(part); })().catch(() => {});
        await until(() => heard.includes(`event: lease.lost\ndata: {"claim_id":"${item.claim_id}"}`), 'the end of the lease');
        stop.abort();
        await ended;
        await refused(reviewer, 410, 'lease_lost', 'POST', at(item.submission.id, '/decision'), body(item, 'approve'));
    },
    async 'a decision can be taken back until it takes effect, and then not'() {
        const item = await take(reviewer, students[0]), id = item.submission.id;
        const made = await reviewer.want(200, 'POST', at(id, '/decision'), body(item, 'reject_retry', { reasons: ['ears'], note: '露出双耳' }));
        assert.ok(Date.parse(made.commit_at) > Date.now() - 100);
        await refused(reviewer, 409, 'refused', 'POST', at(id, '/decision'), body(item, 'approve'));
        await refused(senior, 404, 'not_found', 'DELETE', `/api/v1/console/decisions/${made.decision_id}`);
        assert.equal((await students[0].look()).state, 'human_review');
        const back = await reviewer.want(200, 'DELETE', `/api/v1/console/decisions/${made.decision_id}`);
        assert.deepEqual([back.submission.state, back.claim_id], ['human_review', item.claim_id]);
        const again = await reviewer.want(200, 'POST', at(id, '/decision'), body(item, 'escalate', { internal_note: '看不准' }));
        await until(async () => (await laneOf(id)) === 'senior', 'the senior lane');
        await refused(reviewer, 410, 'undo_late', 'DELETE', `/api/v1/console/decisions/${again.decision_id}`);
        const detail = await admin.detail(id);
        assert.deepEqual(detail.decisions.map((one) => one.state), ['undone', 'committed']);
        assert.equal(detail.decisions[1].internal_note, '看不准');
        assert.deepEqual((await students[0].timeline()).items.at(-1).note, ''); // what staff note for themselves stays with them
    },
    async 'what is decided must fit what was seen, and by whom'() {
        const item = await take(reviewer, students[1]), id = item.submission.id, path = at(id, '/decision');
        await refused(reviewer, 409, 'stale', 'POST', path, { ...body(item, 'approve'), version: item.submission.version + 1 });
        await refused(senior, 410, 'lease_lost', 'POST', path, body(item, 'approve'));
        await refused(reviewer, 422, 'bad_field', 'POST', path, body(item, 'reject_retry'));
        await refused(reviewer, 422, 'bad_field', 'POST', path, body(item, 'reject_retry', { reasons: ['ugly'] }));
        await refused(reviewer, 422, 'bad_field', 'POST', path, body(item, 'reject_retry', { reasons: ['ears', 'ears'] }));
        await refused(reviewer, 403, 'forbidden', 'POST', path, body(item, 'reject_final', { reasons: ['selfie'] }));
        await refused(staff.batch, 403, 'forbidden', 'POST', path, body(item, 'approve'));
        const key = { 'idempotency-key': randomUUID() };
        const first = await reviewer.want(200, 'POST', path, body(item, 'retouch'), key);
        assert.deepEqual(await reviewer.want(200, 'POST', path, body(item, 'retouch'), key), first);
        await until(async () => (await laneOf(id)) === 'retouch', 'the retouch lane');
    },
    async 'retouching ends by its holder and goes to a senior'() {
        const id = students[1].submission.id, { version } = await admin.detail(id);
        await refused(reviewer, 410, 'lease_lost', 'POST', at(id, '/retouch_done'), { version });
        const item = await take(reviewer, students[1]); // the demo's reviewer retouches too
        assert.deepEqual(item.allowed, ['reject_retry', 'retouch_done']);
        const done = await reviewer.want(200, 'POST', at(id, '/retouch_done'), { version: item.submission.version });
        assert.deepEqual([done.state, done.lane], ['human_review', 'senior']);
    },
    async 'identity is judged without hints, and the machine speaks afterwards'() {
        const [student] = students, id = student.submission.id;
        const item = await take(senior, student);
        await senior.decide(item, 'approve');
        await until(async () => (await admin.detail(id)).state !== 'human_review', 'the approval');
        const detail = await admin.detail(id);
        if (detail.state !== 'face_comparison' || detail.lane !== 'identity') return; // the machine was sure
        const blind = await ida.detail(id);
        assert.deepEqual([blind.face, blind.votes], [null, []]);
        const judged = await take(ida, student);
        assert.ok(!('face' in judged) && judged.allowed.includes('identity_vote'));
        await refused(staff.ian, 410, 'lease_lost', 'POST', at(id, '/identity'), { claim_id: judged.claim_id, version: judged.submission.version, vote: 'same' });
        const voted = await ida.vote(judged, 'same');
        assert.ok(['match', 'grey', 'mismatch', 'none'].includes(voted.machine.verdict));
        assert.equal((await ida.detail(id)).votes.length, 1);
        assert.ok(!(await ida.claim('identity', 12)).some((one) => one.submission.id === id)); // one vote a head
    },
    async 'a student takes back what nobody holds, and cannot what somebody holds'() {
        const student = students[2], item = await take(reviewer, student);
        const { version } = await student.look();
        await refused(student, 409, 'refused', 'POST', student.path('/recall'), { version });
        await reviewer.want(204, 'DELETE', `/api/v1/console/claims/${item.claim_id}`);
        const before = await queue(admin, item.submission.lane);
        assert.equal((await student.event('recall')).state, 'draft');
        assert.equal(await queue(admin, item.submission.lane), before - 1);
    },
    async 'pictures are seen by those who judge, and every look is written down'() {
        const id = students[1].submission.id;
        const seen = await senior.call('GET', at(id, '/media/standard'));
        assert.deepEqual([seen.status, seen.headers.get('content-type'), seen.headers.get('cache-control')], [200, 'image/jpeg', 'no-store, private']);
        assert.equal(seen.body.subarray(0, 3).toString('hex'), 'ffd8ff');
        await refused(staff.batch, 403, 'forbidden', 'GET', at(id, '/media/portrait'));
        await refused(senior, 404, 'not_found', 'GET', at(id, `/media/standard?attempt=${students[0].submission.attempt_id}`));
        const { items } = await admin.want(200, 'GET', `/api/v1/console/audit?object=${id}`);
        assert.equal(items.filter((one) => one.action === 'photo_viewed').length, 1);
        await refused(students[1], 409, 'refused', 'GET', students[1].path('/photo'));
    },
    async 'the data hold together'() {
        await server.stop({ keep: true });
        command(server.folder, ['fsck']);
    },
});
await server.stop();
