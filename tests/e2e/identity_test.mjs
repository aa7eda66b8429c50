// Who a student is, over HTTP: pictures of the card that fill in the form, the identity stated and checked, every way
// to find an enrolment, wrong tries.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
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
const people = Array.from({ length: 6 }, (_, n) => madeUp(n + 20));

/** A session of its own with a policy and a roster. */
async function session(code, policy, rows) {
    const made = await admin.want(201, 'POST', '/api/v1/console/sessions', { code, school_code: '10595', school_name: '广东工业大学', name: code,
        opens: '2026-01-01T00:00:00+08:00', closes: '2036-01-01T00:00:00+08:00', policy });
    const head = 'student_no,name,id_number,college,major,class_name\n';
    if (rows) await admin.want(200, 'POST', `/api/v1/console/sessions/${made.id}/roster`, head + rows.map((row) => `${row.join(',')}\n`).join(''), { 'content-type': 'text/csv' });
}
await session('NUMBER', {}, [['N1', '欧阳修', people[0].idNumber, '', '', ''], ['N2', '诸葛亮', people[1].idNumber, '', '', ''], ['N3', '司马光', people[2].idNumber, '', '', ''],
    ['N4', '司马迁', people[3].idNumber, '', '', ''], ['N5', '班昭', people[4].idNumber, '', '', '']]);
await session('IDCARD', { identity_method: 'id_card', real_name: 'service' },
    [['S1', card.name, card.number, '计算机学院', '软件工程', '1班'], ['S2', card.name, card.number, '管理学院', '会计学', '2班'], ['S3', other.name, other.number, '', '', '']]);
await session('IDCRD2', { identity_method: 'id_card' }, [['T1', card.name, card.number, '外国语学院', '英语', '']]);
await session('IDBOTH', { identity_method: 'id_card_both' }, [['B1', card.name, card.number, '理学院', '数学', '']]);
await session('CODED2', { identity_method: 'collection_code', collection_code: 'required', roster_mode: 'code_only' });
await session('CODED1', { identity_method: 'collection_code', collection_code: 'required' }, [['C1', '陈港生', 'C123(3)456', '', '', '']]);


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
        const one = await student.call('POST', '/api/v1/me/enrolments', { session_code: 'IDBOTH' });
        assert.equal(one.status, 409);
        assert.match(one.body.detail, /both sides/, 'the front alone is not enough there');
    },
    async 'both sides: the other one says how long, a wrong one is told'() {
        const student = await newStudent('both-1');
        const back = drawn(9, 'emblem');
        const wrong = await shown(student, card.picture, 'emblem');
        assert.deepEqual([wrong.state, wrong.problem.code], ['wrong_side', 'portrait_side']);
        const read = await shown(student, back.picture, 'emblem');
        assert.deepEqual([read.state, read.valid_from, read.valid_until], ['read', back.from, back.until]);
        const front = await shown(student, card.picture, 'portrait');
        assert.equal(front.name, card.name);
        assert.equal((await student.call('POST', '/api/v1/me/identity', { name: card.name, id_number: card.number, id_card_ids: [wrong.id] })).status, 409);
        const stated = await student.want(200, 'POST', '/api/v1/me/identity', { name: card.name, id_number: card.number, id_card_ids: [front.id, read.id] });
        assert.deepEqual([stated.portrait_shown, stated.emblem_shown, stated.valid_until], [true, true, back.until]);
        const { items } = await student.want(200, 'POST', '/api/v1/me/enrolments', { session_code: 'IDBOTH' });
        const made = await linkTo(student, items.find((one) => one.session_code === 'IDBOTH'));
        assert.equal(made.details.major, '数学');
    },
    async 'a second enrolment in a session is the same person\'s'() {
        const student = await newStudent('number-two');
        const { items: [first] } = await prove(student, { student_no: 'N4', last_four: people[3].idNumber.slice(-4) }, 'NUMBER');
        await linkTo(student, first);
        const { items: [other] } = await prove(student, { student_no: 'N5', last_four: people[4].idNumber.slice(-4) }, 'NUMBER');
        const got = await student.call('POST', '/api/v1/me/link', { session_code: 'NUMBER', enrolment_id: other.enrolment_id });
        assert.deepEqual([got.status, got.body.code], [409, 'refused']);
        await student.want(200, 'POST', '/api/v1/me/link', { session_code: 'NUMBER', student_no: 'N4', last_four: people[3].idNumber.slice(-4) });
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
        const said = { session_code: 'NUMBER', student_no: 'N1', last_four: people[0].idNumber.slice(-4), name: '欧阳修' };
        const student = new Student(server.url, 'school-1');
        const answers = [];
        for (const bad of [{ name: '欧阳' }, { student_no: 'N9' }, { last_four: '0000' }]) {
            const got = await student.call('POST', '/api/v1/login/number', { ...said, ...bad });
            delete got.body.request_id;
            answers.push(JSON.stringify([got.status, got.body]));
        }
        assert.equal(new Set(answers).size, 1);
        assert.match(answers[0], /not_on_roster/);
        const came = await student.want(201, 'POST', '/api/v1/login/number', said);
        student.token = came.token;
        await student.consent();
        await linkTo(student, (await prove(student, { student_no: 'N1', last_four: said.last_four }, 'NUMBER')).items[0]);
        const again = await student.want(201, 'POST', '/api/v1/login/number', said);
        assert.equal(again.student.id, came.student.id);
        const weixin = await newStudent('school-2');
        await linkTo(weixin, (await prove(weixin, { student_no: 'N2', last_four: people[1].idNumber.slice(-4) }, 'NUMBER')).items[0]);
        const other = await student.call('POST', '/api/v1/login/number', { ...said, student_no: 'N2', last_four: people[1].idNumber.slice(-4), name: '诸葛亮' });
        assert.equal(other.status, 409);
        assert.equal((await student.call('POST', '/api/v1/login/number', { ...said, session_code: 'IDCARD' })).status, 409);
        for (let i = 0; i < 5; i++) await student.call('POST', '/api/v1/login/number', { ...said, student_no: 'N3', name: '谁' });
        assert.equal((await student.call('POST', '/api/v1/login/number', { ...said, student_no: 'N3', name: '谁' })).status, 404);
        assert.equal((await student.call('POST', '/api/v1/login/number', { ...said, student_no: 'N3', name: '谁' })).status, 429);
    },
    async 'the same person in the mini program and on the page is one student'() {
        const start = await fetch(`${server.url}/api/v1/login/wechat/start?session=NUMBER&state=abcdefgh1234`, { redirect: 'manual' });
        assert.equal(start.status, 302);
        const page = new URL(start.headers.get('location'));
        page.hash = '';
        page.searchParams.set('as', 'union-1');
        const back = new URL((await fetch(page, { redirect: 'manual' })).headers.get('location'));
        assert.deepEqual([back.pathname, back.searchParams.get('session'), back.searchParams.get('state')], ['/student/', 'NUMBER', 'abcdefgh1234']);
        const student = new Student(server.url, 'union-1');
        const onPage = await student.want(201, 'POST', '/api/v1/login/wechat', { kind: 'page', code: back.searchParams.get('code') });
        const inMini = await student.logIn();
        assert.equal(inMini.student.id, onPage.student.id);
        assert.equal((await student.want(201, 'POST', '/api/v1/login/wechat', { kind: 'page', code: back.searchParams.get('code') })).student.id, onPage.student.id);
        assert.equal((await student.call('POST', '/api/v1/login/wechat', { kind: 'page', code: 'wrong' })).status, 422);
        assert.equal((await fetch(`${server.url}/api/v1/login/wechat/start?state=a%20b`, { redirect: 'manual' })).status, 422);
    },
    async 'a confirmed identity finds every enrolment, where the service says yes'() {
        const student = await newStudent('service-1');
        assert.equal((await student.call('POST', '/api/v1/me/enrolments', { session_code: 'IDCARD' })).status, 409);
        const upload = await shown(student, card.picture, 'portrait');
        const said = { name: card.name, id_number: card.number, session_code: 'IDCARD' };
        const asked = await student.want(200, 'POST', '/api/v1/me/identity', { ...said, id_card_ids: [upload.id] });
        assert.equal(asked.state, 'checking');
        await until(async () => (await me(student)).identity.state === 'confirmed', 'the service');
        const now = (await me(student)).identity;
        assert.deepEqual([now.confirmed_by, now.problem, now.portrait_shown], ['service', null, true]);
        const { items } = await student.want(200, 'POST', '/api/v1/me/enrolments', { session_code: 'IDCARD' });
        assert.deepEqual(items.map((one) => one.major).sort(), ['会计学', '英语', '软件工程'].sort());
        assert.equal((await student.call('POST', '/api/v1/me/link', { session_code: 'IDCARD' })).status, 409, 'two fit: choose');
        const made = await linkTo(student, items.find((one) => one.major === '会计学'));
        assert.equal(made.details.major, '会计学');
        const { identity } = await admin.detail(made.id);
        assert.deepEqual([identity.state, identity.confirmed_by, identity.document_type, identity.id_number_masked.slice(-4)], ['confirmed', 'service', 'resident', card.number.slice(-4)]);
        assert.ok(!JSON.stringify(identity).includes(card.number));
        const batch = new Staff(server.url, 'batch', server.passwords.batch);
        await batch.logIn();
        assert.equal((await batch.detail(made.id)).identity, null, 'who packs needs none of it');
        await linkTo(student, items.find((one) => one.session_code === 'IDCRD2'));
        assert.deepEqual((await me(student)).submissions.map((one) => one.session_code).sort(), ['IDCARD', 'IDCRD2']);
        const second = await linkTo(student, items.find((one) => one.major === '软件工程'));
        assert.equal(second.details.major, '软件工程', 'enrolled twice: two submissions');
        const again = await student.want(200, 'POST', '/api/v1/me/link', { session_code: 'IDCARD', enrolment_id: items.find((one) => one.major === '会计学').enrolment_id });
        assert.equal(again.id, made.id, 'each enrolment has its own');
        assert.deepEqual((await me(student)).submissions.map((one) => one.major), ['会计学', '英语', '软件工程']);
        const listed = [], { items: sessions } = await admin.want(200, 'GET', '/api/v1/console/sessions');
        const { id } = sessions.find((one) => one.code === 'IDCARD');
        for (let cursor = ''; cursor !== null;) {
            const page = await admin.want(200, 'GET', `/api/v1/console/submissions?session=${id}&limit=1${cursor && `&cursor=${cursor}`}`);
            listed.push(...page.items.map((one) => one.id));
            cursor = page.next;
        }
        assert.deepEqual(listed.sort(), [made.id, second.id].sort(), 'the pages of a list show both');
        const missing = await admin.want(200, 'GET', `/api/v1/console/sessions/${id}/missing?state=none`);
        assert.deepEqual(missing.items.map((one) => one.student_no), ['S3']);
        assert.equal((await student.call('POST', '/api/v1/me/identity', { name: '别人', id_number: other.number })).status, 409);
        assert.equal((await student.want(200, 'POST', '/api/v1/me/identity', said)).state, 'confirmed');
    },
    async 'what the service says is told, and it is asked again when it does not answer'() {
        const fault = (kind, times = 1) => fetch(`${server.standins.real_name}/fault`, { method: 'POST', body: JSON.stringify({ kind, times, path: '/check' }) });
        const student = await newStudent('service-2');
        const settle = (problem) => until(async () => { const { identity } = await me(student); return identity.problem?.code === problem && identity; }, problem);
        const say = (name = other.name) => student.want(200, 'POST', '/api/v1/me/identity', { name, id_number: other.number, session_code: 'IDCARD' });
        await say(`${other.name}不符`);
        assert.equal((await settle('name_mismatch')).state, 'refused');
        await fault('unknown_number');
        await say();
        assert.equal((await settle('number_unknown')).state, 'checking');
        await fault('illegal_name');
        await say('甲');
        assert.equal((await settle('name_illegal')).state, 'refused');
        await fault('status', 2); /* the first two are not answered */
        await say();
        await until(async () => (await me(student)).identity.state === 'confirmed', 'asking again');
        assert.equal((await me(student)).identity.tries, 0);
        const { body } = await (await fetch(`${server.standins.real_name}/log`)).json().then(({ items }) => items.at(-1));
        assert.equal(JSON.parse(body).name, other.name);
    },
    async 'the number on the card counts; a wrong form is no try; too many are paused'() {
        const student = await newStudent('differs-1');
        const upload = await shown(student, card.picture, 'portrait');
        const stated = await student.want(200, 'POST', '/api/v1/me/identity', { name: card.name, id_number: other.number, id_card_ids: [upload.id] });
        assert.deepEqual([stated.state, stated.problem.code], ['refused', 'number_differs']);
        for (const [document_type, id_number, status] of [['resident', '110101199003077652', 422], ['hk_macau_permit', 'H12345678', 200], ['hk_macau_permit', 'h1234567890', 200],
            ['taiwan_permit', '12345678', 200], ['residence_permit', '110101199003077652', 422], ['foreigner_permit', 'USA123456789012', 200], ['passport', 'E1', 422]]) {
            const got = await student.call('POST', '/api/v1/me/identity', { name: '某人', id_number, document_type });
            assert.equal(got.status, status, `${document_type} ${id_number}: ${JSON.stringify(got.body)}`);
        }
        await student.want(200, 'POST', '/api/v1/me/identity', { name: '某人', id_number: 'E12345678', document_type: 'passport' });
        const paused = await student.call('POST', '/api/v1/me/identity', { name: '某人', id_number: 'E12345679', document_type: 'passport' });
        assert.deepEqual([paused.status, paused.body.code], [429, 'locked_out']);
    },
    async 'a code and the last four find the entry, with the name where nobody can open the code'() {
        const student = await newStudent('code-1');
        const payload = Buffer.from('kJ8s0Qh3TzW7mB2xVn5yLr9cPd4fGa6uEi1oXq0sZtHwY'.repeat(2)).toString('base64');
        const show = async (who) => {
            const { id } = await who.want(202, 'POST', '/api/v1/me/code', { payload });
            return until(async () => { const code = await who.want(200, 'GET', `/api/v1/me/code/${id}`); return code.state !== 'processing' && code; }, 'the code');
        };
        const code = await show(student);
        assert.deepEqual([code.state, code.name_needed], ['read', true]);
        const proof = { code_id: code.id, last_four: '(3)45X'.replace('X', '6') };
        assert.equal((await student.call('POST', '/api/v1/me/enrolments', { session_code: 'CODED1', ...proof })).status, 422, 'the name is needed');
        const { items: [found] } = await prove(student, { ...proof, name: '陈港生' }, 'CODED1');
        const made = await linkTo(student, found);
        assert.deepEqual([made.collection_code.state, made.collection_code.number], ['read', 1]);
        assert.equal((await student.call('GET', `/api/v1/me/code/${code.id}`)).status, 404);
        const second = await newStudent('code-2');
        assert.equal((await show(second)).state, 'seen_before');
        assert.equal((await second.call('POST', '/api/v1/me/enrolments', { session_code: 'CODED1', ...proof, name: '陈港生' })).status, 409, 'somebody else\'s code');
    },
    async 'where there is no roster, the code, the name and the last four are the enrolment'() {
        const student = await newStudent('code-3');
        const payload = Buffer.from('Qh3TzW7mB2xVn5yLr9cPd4fGa6uEi1oXq0sZtHwYkJ8s0'.repeat(2)).toString('base64');
        const { id } = await student.want(202, 'POST', '/api/v1/me/code', { payload });
        await until(async () => (await student.want(200, 'GET', `/api/v1/me/code/${id}`)).state === 'read', 'the code');
        assert.equal((await student.call('POST', '/api/v1/me/enrolments', { session_code: 'CODED2', code_id: id, last_four: '123X' })).status, 422, 'the name is needed');
        const { items } = await prove(student, { code_id: id, last_four: '123x', name: '古丽・阿依' }, 'CODED2');
        assert.equal(items.length, 1);
        const made = await linkTo(student, items[0]);
        assert.deepEqual([made.collection_code.state, made.state], ['read', 'draft']);
        assert.equal((await admin.detail(made.id)).student.name_masked, '古*');
        const again = await student.call('POST', '/api/v1/me/link', { session_code: 'CODED2', enrolment_id: items[0].enrolment_id });
        assert.deepEqual([again.status, again.body.id], [200, made.id]);
    },
    async 'nothing of it lies in a file or the log in clear, and the data hold together'() {
        await server.stop({ keep: true });
        for (const words of [['fsck'], ['audit', 'verify'], ['key', 'rotate'], ['fsck']]) command(server.folder, words);
        const files = readdirSync(server.folder, { recursive: true }).map((name) => join(server.folder, name)).filter((name) => statSync(name).isFile());
        for (const secret of [card.number, card.name, other.number, '写错的名字', '13900000001', '欧阳修'])
            for (const [name, text] of [...files.map((file) => [file, readFileSync(file)]), ['log', server.log.join('')]])
                assert.ok(!text.includes(secret), `${secret} in ${name}`);
    },
});
rmSync(server.folder, { recursive: true, force: true });
rmSync(folder, { recursive: true, force: true });
