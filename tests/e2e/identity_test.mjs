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

const prove = (student, proof, session = SESSION) => student.want(200, 'POST', '/api/v1/me/enrolments', { session_code: session, ...proof });
const linkTo = async (student, item) => {
    student.submission = await student.want(201, 'POST', '/api/v1/me/link', { session_code: item.session_code, enrolment_id: item.enrolment_id });
    return student.submission;
};
const texts = async (phone) => (await (await fetch(`${server.standins.sms}/texts?to=${phone}`)).json()).items;

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
    async 'by student number: the entry is shown first, then linked'() {
        const { number, lastFour } = madeUp(0);
        const student = await newStudent('number-1');
        const { items: [found] } = await prove(student, { student_no: number, last_four: lastFour });
        assert.deepEqual([found.linked, found.taken, found.session_code], [false, false, SESSION]);
        assert.ok(!JSON.stringify(found).includes(number));
        const made = await linkTo(student, found);
        assert.equal(made.state, 'draft');
        assert.equal((await prove(student, { student_no: number, last_four: lastFour })).items[0].linked, true);
        const second = await newStudent('number-2');
        const { items: [taken] } = await prove(second, { student_no: number, last_four: lastFour });
        assert.equal(taken.taken, true);
        assert.equal((await second.call('POST', '/api/v1/me/link', { session_code: SESSION, enrolment_id: taken.enrolment_id })).status, 409);
        const other = await newStudent('number-3');
        assert.equal((await other.call('POST', '/api/v1/me/link', { session_code: SESSION, enrolment_id: found.enrolment_id })).status, 409, 'a token is its owner\'s');
    },
    async 'wrong proofs look alike, cost time, and are forgotten by nobody else\'s luck'() {
        const { number, lastFour } = madeUp(1);
        const student = await newStudent('wrong-1');
        const bad = { session_code: SESSION, student_no: number, last_four: lastFour === '0000' ? '0001' : '0000' };
        const answers = [];
        for (const one of [bad, { ...bad, student_no: '999999' }, bad, bad, bad, bad]) {
            const got = await student.call('POST', '/api/v1/me/enrolments', one);
            delete got.body.request_id;
            answers.push(JSON.stringify([got.status, got.body]));
        }
        assert.equal(new Set(answers).size, 1, answers.join('\n'));
        const locked = await student.call('POST', '/api/v1/me/enrolments', { ...bad, last_four: lastFour });
        assert.deepEqual([locked.status, locked.body.code], [429, 'locked_out']);
        assert.ok(Number(locked.headers.get('retry-after')) > 30);
        await prove(await newStudent('wrong-2'), { student_no: number, last_four: lastFour }); /* another login goes on */
    },
    async 'the roster\'s data are looked at and completed before the photo is handed in'() {
        await setPolicy({ details: 'complete', phone: 'required' });
        const student = await newStudent('details-1');
        const { number, lastFour } = madeUp(2);
        const { items: [found] } = await prove(student, { student_no: number, last_four: lastFour });
        const made = await linkTo(student, found);
        assert.deepEqual([made.details.wanted, made.details.phone_wanted, made.details.confirmed], ['complete', 'required', null]);
        if (!made.details.gaps.includes('college')) {
            const refused = await student.call('PUT', student.path('/details'), { college: '别的学院' });
            assert.equal(refused.status, 409);
        }
        const own = Object.fromEntries(made.details.gaps.map((gap) => [gap, '自己填的']));
        const kept = await student.want(200, 'PUT', student.path('/details'), { ...own, email: 'a@example.com', phone: '13800000077' });
        assert.ok(kept.details.confirmed);
        assert.deepEqual([kept.details.email, kept.details.phone_masked], ['a@example.com', '138****0077']);
        for (const gap of made.details.gaps) assert.equal(kept.details[gap], '自己填的');
        assert.equal((await student.call('PUT', student.path('/details'), { email: 'not one' })).status, 422);
        await setPolicy({ details: 'none', phone: 'none' });
    },
    async 'who is not on the roster asks, and staff look'() {
        const student = await newStudent('ask-1');
        const { number, idNumber } = madeUp(3);
        const asked = { session_code: SESSION, name: '写错的名字', id_number: idNumber, student_no: number, note: '改过名' };
        assert.equal((await student.call('POST', '/api/v1/me/link-requests', asked)).status, 409);
        await setPolicy({ manual_link: true });
        const made = await student.want(201, 'POST', '/api/v1/me/link-requests', asked);
        assert.equal(made.state, 'waiting');
        assert.equal((await student.call('POST', '/api/v1/me/link-requests', asked)).status, 409);
        const { items } = await admin.want(200, 'GET', '/api/v1/console/link-requests');
        assert.equal(items.length, 1);
        assert.ok(!JSON.stringify(items).includes(idNumber) && !JSON.stringify(items).includes('写错的名字'));
        const shown = await admin.want(200, 'GET', `/api/v1/console/link-requests/${made.id}`);
        const [candidate] = shown.candidates;
        assert.deepEqual([candidate.name_fits, candidate.id_number_fits, candidate.student_no_fits, candidate.taken], [false, true, true, false]);
        const path = `/api/v1/console/link-requests/${made.id}/decision`;
        assert.equal((await admin.call('POST', path, { verdict: 'refuse' })).status, 422);
        assert.equal((await admin.call('POST', path, { verdict: 'link' })).status, 422);
        const linked = await admin.want(200, 'POST', path, { verdict: 'link', roster_id: candidate.roster_id, reason: '已核实' });
        assert.equal(linked.state, 'linked');
        assert.equal((await admin.call('POST', path, { verdict: 'link', roster_id: candidate.roster_id })).status, 409);
        const mine = await me(student);
        assert.equal(mine.submissions[0].id, linked.submission_id);
        assert.equal((await student.want(200, 'GET', '/api/v1/me/link-requests')).items[0].state, 'linked');
        const told = (await student.want(200, 'GET', '/api/v1/me/messages')).items;
        assert.match(told[0].text, /已核实/);
        const next = await newStudent('ask-2');
        const second = await next.want(201, 'POST', '/api/v1/me/link-requests', { ...asked, student_no: 'X', id_number: '' });
        await admin.want(200, 'POST', `/api/v1/console/link-requests/${second.id}/decision`, { verdict: 'refuse', reason: '查无此人' });
        assert.equal((await next.want(200, 'GET', '/api/v1/me/link-requests')).items[0].reason, '查无此人');
        await setPolicy({ manual_link: false });
    },
    async 'in with a code by text message'() {
        const student = new Student(server.url, 'phone-1');
        const phone = '13900000001';
        await student.want(204, 'POST', '/api/v1/login/phone/code', { phone });
        const [text] = await texts(phone);
        const code = /[0-9]{6}/.exec(text.text)[0];
        assert.equal(text.purpose, 'login_code');
        assert.equal((await student.call('POST', '/api/v1/login/phone/code', { phone })).status, 429, 'a minute between two');
        const wrong = await student.call('POST', '/api/v1/login/phone', { phone, code: code === '000000' ? '000001' : '000000' });
        assert.equal(wrong.status, 401);
        const came = await student.want(201, 'POST', '/api/v1/login/phone', { phone, code });
        assert.equal(came.student.phone_masked, '139****0001');
        assert.equal((await student.call('POST', '/api/v1/login/phone', { phone, code })).status, 401, 'a code works once');
        assert.equal((await student.call('POST', '/api/v1/login/phone', { phone: '13900000002', code })).status, 401);
        student.token = came.token;
        await student.consent();
        const { items } = await prove(student, { student_no: madeUp(4).number, last_four: madeUp(4).lastFour });
        await linkTo(student, items[0]);
    },
    async 'a number that WeChat proved opens the same student, a typed one does not'() {
        const student = await newStudent('bound-1');
        await student.want(200, 'PUT', '/api/v1/me/phone', { code: 'phone-13900000003' });
        const typed = await newStudent('bound-2');
        await typed.want(200, 'PUT', '/api/v1/me/phone', { phone: '13900000004' });
        for (const [phone, who, same] of [['13900000003', student, true], ['13900000004', typed, false]]) {
            await student.want(204, 'POST', '/api/v1/login/phone/code', { phone });
            const code = /[0-9]{6}/.exec((await texts(phone))[0].text)[0];
            const came = await student.want(201, 'POST', '/api/v1/login/phone', { phone, code });
            assert.equal(came.student.id === (await me(who)).id, same);
        }
    },
    async 'in with what the school gave: only where the session takes it, and never into another\'s account'() {
        const { number, lastFour } = madeUp(5);
        const roster = await admin.want(200, 'GET', '/api/v1/console/submissions?q=nothing');
        assert.ok(roster);
        const student = new Student(server.url, 'school-1');
        const said = { session_code: SESSION, student_no: number, last_four: lastFour, name: '不是这个名字' };
        const wrong = await student.call('POST', '/api/v1/login/number', said);
        const unknown = await student.call('POST', '/api/v1/login/number', { ...said, student_no: '000' });
        delete wrong.body.request_id; delete unknown.body.request_id;
        assert.deepEqual([wrong.status, wrong.body], [unknown.status, unknown.body]);
        assert.equal(wrong.status, 404);
    },
});
await server.stop();
rmSync(folder, { recursive: true, force: true });
