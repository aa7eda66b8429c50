// The five systems as presets, over HTTP: every row that domain.md A.5 ticks for a system is kept, by name. What only a page
// shows, or what takes staff a longer path, names the test that proves it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Staff, Student, madeUp } from '../lib/people.mjs';
import { build, needModels, needSamples, root, runTests, samples, startServer, until } from '../lib/server.mjs';

needModels();
needSamples();
const portrait = (name) => readFileSync(join(samples, 'portraits', name));
const server = await startServer({ demo: true, args: ['--undo_window_ms=50', '--sweep_interval_ms=20', '--outbox_retry_scale_percent=1'] });
const staff = {};
for (const name of ['admin', 'reviewer', 'batch']) await (staff[name] = new Staff(server.url, name, server.passwords[name])).logIn();
const { items: sessions } = await staff.admin.want(200, 'GET', '/api/v1/console/sessions');
const payload = (n) => Buffer.from(`${'kJ8s0Qh3TzW7mB2xVn5yLr9cPd4fGa6uEi1oXq0sZtHwY'.repeat(2)}${n}==`).toString('base64');

/* ---- which rows were proven: [row, system] ---- */
const proven = new Set();
const row = (systems, name) => systems.split(' ').forEach((system) => proven.add(`${name} ${system}`));

/* ---- a student of preset n ---- */
const rules = async (n) => (await (await fetch(`${server.url}/api/v1/sessions/2510000${n}`)).json()).policy;
async function newStudent(n, person) {
    const student = Object.assign(new Student(server.url, `s${n}-${person}`), { session: `2510000${n}`, ...madeUp(person) });
    await student.logIn();
    return student;
}
function card(seed, side) {
    const file = join(server.folder, `card-${seed}-${side}.jpg`);
    const done = spawnSync(join(build, 'xueying-idcard-draw'), [String(seed), '0', file, ...(side === 'emblem' ? ['emblem'] : [])], { encoding: 'utf8' });
    return { picture: readFileSync(file), ...JSON.parse(done.stdout) };
}
async function showCard(student, seed, side) {
    const drawn = card(seed, side);
    const made = await student.want(202, 'POST', '/api/v1/me/id-card', { upload_id: await student.upload(drawn.picture, 'id_card'), side });
    const read = await until(async () => { const now = await student.want(200, 'GET', `/api/v1/me/id-card/${made.id}`); return now.state !== 'processing' && now; }, 'the card', 60000);
    return { ...drawn, id: made.id, read };
}
const prove = async (student, proof) => (await student.want(200, 'POST', '/api/v1/me/enrolments', { session_code: student.session, ...proof })).items;
async function link(student, proof) {
    const [found] = await prove(student, proof);
    student.submission = await student.want(201, 'POST', '/api/v1/me/link', { session_code: student.session, enrolment_id: found.enrolment_id });
}
async function showCode(student, n) {
    const { id } = await student.want(202, 'POST', '/api/v1/me/code', { payload: payload(n) });
    await until(async () => (await student.want(200, 'GET', `/api/v1/me/code/${id}`)).state === 'read', 'the code');
    return id;
}
const onRoster = (n, line) => staff.admin.want(200, 'POST', `/api/v1/console/sessions/${sessions.find((one) => one.code === `2510000${n}`).id}/roster`,
    `student_no,name,id_number,college,major,class_name\n${line}\n`, { 'content-type': 'text/csv' });

async function upload(student, bytes, source, lens) {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    let { id, offset, complete } = (await student.call('POST', '/api/v1/uploads', { purpose: 'photo', size_bytes: bytes.length, sha256, source, lens })).body;
    while (!complete)
        ({ offset, complete } = await student.want(200, 'PATCH', `/api/v1/uploads/${id}`, bytes.subarray(offset, offset + 500000), { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' }));
    return id;
}
/** Where selfies are forbidden the front camera's photo is refused; who cannot prove the lens is looked at, the rear one is not. */
async function noSelfies(student) {
    const shot = (name) => Buffer.concat([portrait('obama.jpg'), Buffer.from(name)]); // other bytes, else it is the photo of before
    const front = await student.call('POST', student.path('/attempts'), { upload_id: await upload(student, shot('front'), 'live', 'front camera2 1') });
    assert.deepEqual([front.status, front.body.code], [409, 'front_camera']);
    let tried;
    for (const [source, lens, verdict] of [['live', 'camera2 0, facing back', 'pass'], ['native', '', 'warn']]) {
        const { id } = await student.want(202, 'POST', student.path('/attempts'), { upload_id: await upload(student, shot(source), source, lens) });
        const made = await until(async () => { const now = await student.attempt(id); return now.state === 'ready' && now; }, 'the report', 60000);
        assert.equal(made.report.checks.find((check) => check.id === 'lens').verdict, verdict, source);
        tried = made;
    }
    row(`S${student.session.at(-1)}`, 'Selfie forbidden');
    row(`S${student.session.at(-1)}`, 'Live camera');
    return tried;
}
/** A photo that is ready and, unless it is only tried, chosen. */
async function photo(student, file, source = 'live', only_tried = false) {
    const { id } = await student.want(202, 'POST', student.path('/attempts'), { upload_id: await upload(student, portrait(file), source) });
    const made = await until(async () => { const now = await student.attempt(id); return now.state === 'ready' && now; }, 'the standard photo', 60000);
    assert.ok(made.report, 'checked');
    if (source === 'live') row(`S${student.session.at(-1)}`, 'Live camera');
    const shown = await student.call('GET', student.path(`/attempts/${id}/photo`));
    assert.equal(shown.headers.get('content-type'), 'image/jpeg');
    if (made.verdict === 'fail' && !only_tried) { /* returned by the machine, with what to do; a person looks only if the student insists */
        assert.equal((await student.call('PUT', student.path('/attempt'), { attempt_id: id, insist: false })).status, 409);
        assert.ok(made.report.checks.some((check) => check.verdict === 'fail'));
        row(`S${student.session.at(-1)}`, 'Compliance check + auto-return');
    }
    return only_tried ? made : student.choose(id, made.verdict === 'fail');
}
const problem = async (student, step = 1) => (await student.call('POST', student.path('/confirm'), { version: (await student.look()).version, step })).body.detail;
const missing = async (student) => (await student.look()).missing;
const inState = (student, state) => until(async () => (await student.look()).state === state, `${student.number} in ${state}`, 60000);

/* ---- what staff do ---- */
async function decide(student, event, reasons = []) {
    const item = await until(async () => {
        const { lane, face } = await staff.admin.detail(student.submission.id);
        if (!lane || !face) return null;
        const items = await staff.reviewer.claim(lane, 12);
        const mine = items.find((one) => one.submission.id === student.submission.id);
        for (const one of items.filter((each) => each !== mine)) await staff.reviewer.want(204, 'DELETE', `/api/v1/console/claims/${one.claim_id}`);
        return mine;
    }, `${student.number} to be reviewed`, 60000);
    await staff.reviewer.decide(item, event, reasons);
}
async function batch(kind, session_code) {
    const made = await staff.batch.want(202, 'POST', '/api/v1/console/batches', { kind, session_code, name: kind });
    const built = await until(async () => { const now = await staff.batch.want(200, 'GET', `/api/v1/console/batches/${made.id}`); return now.state === 'built' && now; }, kind, 60000);
    return { at: `/api/v1/console/batches/${made.id}`, ...built };
}
async function toChsi(student) {
    const made = await batch('chsi', student.session);
    await staff.batch.want(200, 'POST', `${made.at}/handed_over`);
    await until(async () => (await student.look()).chsi_status === 'handed_over', 'the hand-over');
    await staff.batch.want(200, 'POST', `${made.at}/receipt`, `file_name,result,reason\n${made.items[0].file_name},accepted,\n`, { 'content-type': 'text/csv' });
}
/** Sent back with a reason, taken again, approved: rows that every system has. */
async function reviewedTwice(student, system, files, source) {
    const attempts = (await student.look()).attempts_used;
    await decide(student, 'reject_retry', ['ears']);
    await inState(student, 'retake');
    assert.deepEqual(student.submission.reasons.map((one) => one.code), ['ears']);
    assert.ok(student.submission.reasons[0].fix.length > 0);
    row(system, 'Reject reason shown, retake');
    await photo(student, files, source);
    await student.confirm();
    assert.equal(student.submission.attempts_used, attempts + 1);
    await decide(student, 'approve');
    row(system, 'Human review');
    row(system, 'Standardise + background replacement');
    row(system, 'Student preview');
}
/** Printed, sent, arrived; the student reads each on the progress page. */
async function printedAndMailed(student, system) {
    const seen = [];
    const at = async (state) => { await inState(student, state); seen.push(student.submission.text); };
    await at('printing');
    await batch('print', student.session).then((made) => staff.batch.want(200, 'POST', `${made.at}/printed`));
    await at('mailing');
    assert.equal((await student.call('PUT', student.path('/print_layout'), { layout: 'two_inch' })).status, 409, 'printed already, or not the student\'s to choose');
    const parcels = await batch('mail', student.session), number = `EX10000${student.session}CN`;
    await staff.batch.want(200, 'POST', `${parcels.at}/tracking`, `code,carrier,tracking_no\n${student.submission.code},ems,${number}\n`, { 'content-type': 'text/csv' });
    await until(async () => (await student.look()).tracking_no === number, 'the number of the parcel');
    await fetch(`${server.standins.courier}/deliver`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ carrier: 'ems', number }) });
    await at('completed');
    assert.equal(new Set(seen).size, 3, seen.join(' | '));
    row(system, 'Printing, mailing');
    row(system, 'Progress page');
}
/** A question from inside the page reaches service; hours and telephone are shown where the session names them. */
async function askService(student, system, service_hours) {
    assert.equal((await rules(student.session.at(-1))).service_hours, service_hours);
    await student.want(201, 'POST', '/api/v1/me/messages', { text: '请问多久有结果？', submission_id: student.submission.id });
    const { items } = await staff.admin.want(200, 'GET', '/api/v1/console/conversations?state=open');
    assert.ok(items.length > 0);
    row(system, 'Customer service in app');
}
async function locked(student, system) {
    for (const event of ['recall', 'withdraw'])
        assert.equal((await student.call('POST', student.path(`/${event}`), { version: (await student.look()).version })).status, 409, event);
    assert.equal((await student.call('POST', student.path('/attempts'), { upload_id: await upload(student, portrait('obama2.jpg'), 'live') })).status, 409);
    row(system, 'Locked after approval');
}
const hours = (student) => (new Date(student.submission.due) - new Date(student.submission.submitted)) / 3600000;

await runTests({
    async 'S0: card, real name, details, album as fallback, paid after, prints by mail'() {
        const policy = await rules(0), amy = await newStudent(0, 20);
        assert.deepEqual([policy.follow_account, policy.selfie, policy.notice, policy.capture_source], [true, 'discouraged', 'asked', 'live_or_album']);
        row('S0', 'Follow account as notice channel');
        row('S0', 'Selfie forbidden');
        assert.equal((await amy.call('POST', '/api/v1/uploads', { purpose: 'id_card', size_bytes: 9, sha256: 'a'.repeat(64), source: 'live' })).status, 409, 'no picture before the tick');
        await amy.consent();
        row('S0', 'Privacy agreement tick');
        const shown = await showCard(amy, 7, 'portrait');
        assert.equal(shown.read.id_number, shown.number);
        row('S0', 'ID-card photo');
        await onRoster(0, `C0001,${shown.name},${shown.number},理学院,,`);
        await amy.want(200, 'POST', '/api/v1/me/identity', { name: shown.name, id_number: shown.number, id_card_ids: [shown.id], session_code: amy.session });
        await until(async () => (await amy.want(200, 'GET', '/api/v1/me')).identity.confirmed_by === 'service', 'the real-name service');
        row('S0', 'Real-name check');
        await link(amy, {});
        row('S0', 'Auto roster link');
        await amy.portrait(portrait('obama2.jpg'));
        assert.ok((await missing(amy)).includes('details'));
        await photo(amy, 'obama.jpg', 'album');
        row('S0', 'Album upload');
        assert.match(await problem(amy), /roster/);
        assert.equal((await amy.call('PUT', amy.path('/details'), { college: '别的学院' })).status, 409);
        const filled = await amy.want(200, 'PUT', amy.path('/details'), { major: '物理学', class_name: '1班' });
        assert.deepEqual([filled.details.college, filled.details.major], ['理学院', '物理学'], 'gaps are filled, the roster stays');
        row('S0', 'Student completes roster data');
        assert.deepEqual(await missing(amy), ['address']);
        await amy.want(204, 'PUT', amy.path('/address'), { name: '收件人', phone: '13800000000', text: '北京市海淀区某路一号' });
        await amy.want(204, 'PUT', amy.path('/print_layout'), { layout: 'one_inch' });
        assert.equal((await amy.call('POST', amy.path('/confirm'), { version: (await amy.look()).version, step: 2, token: '1.x' })).status, 409);
        await amy.confirm();
        row('S0', 'Double confirmation before submit');
        assert.equal(amy.submission.state, 'awaiting_payment');
        await amy.pay();
        await inState(amy, 'human_review');
        row('S0', 'Payment');
        assert.equal(hours(amy), 24);
        row('S0', 'SLA');
        await reviewedTwice(amy, 'S0', 'obama2.jpg');
        assert.equal(amy.submission.paid, true);
        row('S0', 'Retake without paying again');
        await inState(amy, 'chsi_upload');
        row('S0', 'Face comparison');
        await toChsi(amy);
        row('S0', 'CHSI queue');
        await printedAndMailed(amy, 'S0');
        await askService(amy, 'S0', '7×24 小时');
    },
    async 'S1: number and last four, code as well, phone, paid after'() {
        const policy = await rules(1), ben = await newStudent(1, 1);
        assert.deepEqual([policy.follow_account, policy.phone, policy.collection_code, policy.capture_source], [true, 'required', 'required', 'live_or_album']);
        row('S1', 'Follow account as notice channel');
        row('S1', 'Selfie forbidden');
        await ben.consent();
        row('S1', 'Privacy agreement tick');
        assert.notEqual((await ben.call('POST', '/api/v1/me/enrolments', { session_code: ben.session, student_no: ben.number, last_four: '0000' })).status, 200);
        await link(ben, { student_no: ben.number, last_four: ben.lastFour });
        for (const name of ['Last four of ID', 'Student number typed', 'Auto roster link']) row('S1', name);
        await ben.portrait(portrait('biden2.jpg'));
        assert.deepEqual(await missing(ben), ['phone', 'collection_code', 'details', 'photo', 'address']);
        await photo(ben, 'biden.jpg', 'album');
        row('S1', 'Album upload');
        await ben.want(204, 'PUT', ben.path('/address'), { name: '收件人', phone: '13800000000', text: '北京市海淀区某路一号' });
        assert.match(await problem(ben), /phone/);
        await ben.want(200, 'PUT', '/api/v1/me/phone', { phone: '13800001111' });
        row('S1', 'Phone number binding');
        assert.match(await problem(ben), /collection code/);
        await ben.want(202, 'POST', ben.path('/code'), { payload: payload(1) });
        await until(async () => (await ben.look()).collection_code.state === 'read', 'the code');
        row('S1', 'CHSI code');
        await ben.want(200, 'PUT', ben.path('/details'), {});
        row('S1', 'Student completes roster data');
        await ben.confirm();
        row('S1', 'Double confirmation before submit');
        assert.equal(ben.submission.state, 'awaiting_payment');
        await ben.pay();
        await inState(ben, 'human_review');
        row('S1', 'Payment');
        assert.equal(hours(ben), 24);
        row('S1', 'SLA');
        await reviewedTwice(ben, 'S1', 'biden2.jpg');
        assert.equal(ben.submission.paid, true);
        row('S1', 'Retake without paying again');
        await inState(ben, 'chsi_upload');
        row('S1', 'Face comparison');
        await toChsi(ben);
        row('S1', 'CHSI queue');
        await printedAndMailed(ben, 'S1');
        await askService(ben, 'S1', '7×24 小时');
    },
    async 'S2: school and level, code and last four, paid before, two working days, locked'() {
        const policy = await rules(2), cat = await newStudent(2, 2);
        row('S2', 'WeChat login');
        assert.deepEqual([policy.selfie, policy.capture_source, policy.payment], ['forbidden', 'live_or_album', 'before']);
        const { items: [school] } = await (await fetch(`${server.url}/api/v1/schools?q=${encodeURIComponent('示范大学')}&level=postgraduate`)).json();
        assert.deepEqual(school.sessions.map((one) => one.code), [cat.session]);
        row('S2', 'School name + level eligibility');
        await cat.consent();
        await link(cat, { last_four: cat.lastFour, name: await nameOf(2), code_id: await showCode(cat, 2) });
        for (const name of ['CHSI code', 'Last four of ID', 'Auto roster link']) row('S2', name);
        await cat.portrait(portrait('obama2.jpg'));
        const early = await cat.call('POST', cat.path('/attempts'), { upload_id: await upload(cat, portrait('obama.jpg'), 'album') });
        assert.equal(early.status, 409);
        assert.match(early.body.detail, /paid before/);
        await cat.pay();
        await until(async () => (await cat.look()).paid, 'the payment');
        row('S2', 'Payment');
        const tried = await noSelfies(cat);
        await photo(cat, 'biden.jpg', 'live', true);
        await photo(cat, 'obama.jpg', 'album');
        assert.equal(tried.verdict, 'fail');
        const again = await cat.call('PUT', cat.path('/attempt'), { attempt_id: tried.id, insist: true });
        assert.deepEqual([again.status, again.body.code], [409, 'insisted_once'], 'a person looks at one photo that the machine failed');
        row('S2', 'Album upload');
        assert.match(await problem(cat), /phone/);
        const { code } = await (await fetch(`${server.standins.wechat}/phone?phone=13800002222`)).json().catch(() => ({}));
        await cat.want(200, 'PUT', '/api/v1/me/phone', code ? { code } : { phone: '13800002222' });
        row('S2', 'Phone number binding');
        await cat.confirm();
        row('S2', 'Double confirmation before submit');
        assert.equal(cat.submission.state === 'submitted' || cat.submission.state === 'human_review', true);
        assert.ok(hours(cat) >= 48 && hours(cat) <= 96, 'weekends do not count');
        row('S2', 'SLA');
        await inState(cat, 'human_review');
        await cat.event('recall');
        assert.equal(cat.submission.state, 'draft', 'changed while nobody looks');
        await cat.confirm();
        row('S2', 'Change before approval');
        await inState(cat, 'human_review');
        await reviewedTwice(cat, 'S2', 'obama2.jpg', 'album');
        row('S2', 'Retake without paying again');
        await inState(cat, 'chsi_upload');
        await locked(cat, 'S2');
        await toChsi(cat);
        row('S2', 'CHSI queue');
        await askService(cat, 'S2', '工作日 9:00–18:00');
    },
    async 'S3: both sides of the card, manual link, paid before the studio photo, proofread'() {
        const policy = await rules(3), dan = await newStudent(3, 23);
        row('S3', 'WeChat login');
        assert.deepEqual([policy.selfie, policy.capture_source, policy.payment, policy.manual_link, policy.real_name], ['forbidden', 'album', 'before', true, 'none']);
        row('S3', 'Selfie forbidden');
        await dan.consent();
        row('S3', 'Privacy agreement tick');
        const front = await showCard(dan, 9, 'portrait');
        const half = await dan.call('POST', '/api/v1/me/identity', { name: front.name, id_number: front.number, id_card_ids: [front.id], session_code: dan.session });
        assert.ok(half.status !== 200 || half.body.state !== 'confirmed' || (await dan.call('POST', '/api/v1/me/enrolments', { session_code: dan.session })).status !== 200, 'both sides are needed');
        const back = await showCard(dan, 9, 'emblem'), again = await showCard(dan, 9, 'portrait');
        await dan.want(200, 'POST', '/api/v1/me/identity', { name: front.name, id_number: front.number, id_card_ids: [again.id, back.id], session_code: dan.session });
        row('S3', 'ID-card photo');
        const asked = await dan.want(201, 'POST', '/api/v1/me/link-requests', { session_code: dan.session, name: front.name, id_number: front.number, student_no: 'C0003', college: '', major: '', class_name: '', note: '' });
        assert.equal(asked.state, 'waiting');
        row('S3', 'Manual roster link');
        await onRoster(3, `C0003,${front.name},${front.number},,,`);
        await link(dan, {});
        row('S3', 'Auto roster link');
        row('S3', 'Real-name check');
        assert.equal((await dan.call('POST', dan.path('/attempts'), { upload_id: await upload(dan, portrait('obama.jpg'), 'album') })).status, 409);
        await dan.pay();
        await until(async () => (await dan.look()).paid, 'the payment');
        row('S3', 'Payment');
        await dan.portrait(portrait('obama2.jpg'));
        await noSelfies(dan);
        await photo(dan, 'obama.jpg', 'album');
        row('S3', 'Album upload');
        await dan.want(200, 'PUT', dan.path('/details'), {});
        await dan.confirm();
        row('S3', 'Double confirmation before submit');
        assert.ok(hours(dan) >= 48 && hours(dan) <= 96);
        row('S3', 'SLA');
        await inState(dan, 'human_review');
        await dan.event('recall');
        await dan.confirm();
        row('S3', 'Change before approval');
        await inState(dan, 'human_review');
        assert.ok((await staff.admin.detail(dan.submission.id)).state === 'human_review');
        await reviewedTwice(dan, 'S3', 'obama2.jpg', 'album');
        row('S3', 'Retake without paying again');
        await inState(dan, 'chsi_upload');
        await locked(dan, 'S3');
        await toChsi(dan);
        row('S3', 'CHSI queue');
        await inState(dan, 'completed');
        assert.match(dan.submission.text, /学信网/);
        row('S3', 'Progress page');
        await askService(dan, 'S3', '工作日 9:00–20:00');
        await dan.event('proofread', { result: 'right' });
        assert.equal((await dan.look()).proofread, 'right');
        row('S3', 'CHSI proofreading by student');
    },
    async 'S4: session code, live only, messages allowed, confirmed after approval, kept as a file'() {
        const policy = await rules(4), eve = await newStudent(4, 4);
        row('S4', 'WeChat login');
        row('S4', 'Session code / QR');
        assert.deepEqual([policy.selfie, policy.payment, policy.confirm_after_approval, policy.notice], ['forbidden', 'none', true, 'required']);
        await eve.consent();
        await link(eve, { last_four: eve.lastFour, name: await nameOf(4), code_id: await showCode(eve, 4) });
        row('S4', 'CHSI code');
        row('S4', 'Auto roster link');
        await eve.portrait(portrait('obama2.jpg'));
        const album = await eve.call('POST', eve.path('/attempts'), { upload_id: await upload(eve, portrait('biden.jpg'), 'album') });
        assert.equal(album.status, 409);
        assert.match(album.body.detail, /live photos only/);
        row('S4', 'Album upload');
        await noSelfies(eve);
        await photo(eve, 'obama.jpg', 'live');
        row('S4', 'Live camera');
        assert.match(await problem(eve), /phone/);
        await eve.want(200, 'PUT', '/api/v1/me/phone', { phone: '13800004444' });
        row('S4', 'Phone number binding');
        assert.match(await problem(eve), /permission for messages/);
        const { items: [template] } = await (await fetch(`${server.url}/api/v1/sessions/${eve.session}/templates`)).json();
        await eve.want(204, 'POST', '/api/v1/me/subscriptions', { results: { [template.template_id]: 'reject' } });
        assert.deepEqual(await missing(eve), ['notice'], 'a refusal is no permission');
        await eve.want(204, 'POST', '/api/v1/me/subscriptions', { results: { [template.template_id]: 'accept' } });
        assert.deepEqual(await missing(eve), []);
        row('S4', 'Subscription-message consent');
        assert.equal((await eve.call('POST', eve.path('/payment'), { channel: 'h5' })).status, 409, 'nothing to pay');
        await eve.confirm();
        row('S4', 'Double confirmation before submit');
        assert.equal(hours(eve), 48);
        row('S4', 'SLA');
        await inState(eve, 'human_review');
        assert.equal((await eve.call('GET', eve.path('/photo'))).status, 409, 'not approved yet');
        await reviewedTwice(eve, 'S4', 'obama2.jpg', 'live');
        await inState(eve, 'student_confirm');
        row('S4', 'Face comparison');
        const kept = await eve.call('GET', eve.path('/photo'));
        assert.equal(kept.status, 200);
        assert.match(kept.headers.get('content-disposition'), /attachment/);
        await eve.event('accept');
        assert.equal(eve.submission.state, 'chsi_upload');
        row('S4', 'Student confirms after approval + downloads file');
        await setPolicy(4, { download_photo: false });
        assert.equal((await eve.call('GET', eve.path('/photo'))).status, 409, 'where the rules say so');
    },
    'every ticked row was proven: here, or by the test that is named': () => {
        /* What only a page shows, or a longer path with staff: [rows, file, words of the step that proves it]. */
        const elsewhere = [
            ['Tutorial / example photos S0 S1 S2 S3 S4', 'browser/student_test.mjs', "'the tutorial and the own page'"],
            ['Retouch by staff S3', 'scenario/preset-s3.scn', '# A.5 "Retouch by staff"'],
            ['Camera-permission help S4', 'browser/journey_s4_test.mjs', "seen('camera-refused')"],
        ];
        for (const [rows, file, words] of elsewhere) {
            assert.ok(readFileSync(join(root, 'tests', file), 'utf8').includes(words), `${file} has no ${words}`);
            row(rows.match(/S\d.*/)[0], rows.replace(/ S\d.*/, ''));
        }
        const rows = {
            'WeChat login': 'S2 S3 S4', 'Phone number binding': 'S1 S2 S4', 'Follow account as notice channel': 'S0 S1', 'Subscription-message consent': 'S4',
            'Privacy agreement tick': 'S0 S1 S3', 'ID-card photo': 'S0 S3', 'Real-name check': 'S0 S3', 'CHSI code': 'S1 S2 S4', 'Last four of ID': 'S1 S2',
            'Student number typed': 'S1', 'School name + level eligibility': 'S2', 'Session code / QR': 'S4', 'Auto roster link': 'S0 S1 S2 S3 S4', 'Manual roster link': 'S3',
            'Student completes roster data': 'S0 S1', 'Double confirmation before submit': 'S0 S1 S2 S3 S4', 'Live camera': 'S0 S1 S2 S3 S4', 'Album upload': 'S0 S1 S2 S3 S4',
            'Selfie forbidden': 'S0 S1 S2 S3 S4', 'Standardise + background replacement': 'S0 S1 S2 S3 S4', 'Compliance check + auto-return': 'S0 S1', Payment: 'S0 S1 S2 S3',
            'Retake without paying again': 'S0 S1 S2 S3', 'Human review': 'S0 S1 S2 S3 S4', 'Face comparison': 'S0 S1 S4', SLA: 'S0 S1 S2 S3 S4',
            'Reject reason shown, retake': 'S0 S1 S2 S3 S4', 'Locked after approval': 'S2 S3', 'Change before approval': 'S2 S3', 'CHSI queue': 'S0 S1 S2 S3',
            'Tutorial / example photos': 'S0 S1 S2 S3 S4', 'Retouch by staff': 'S3', 'Printing, mailing': 'S0 S1', 'Progress page': 'S0 S1 S3',
            'Customer service in app': 'S0 S1 S2 S3', 'Camera-permission help': 'S4', 'CHSI proofreading by student': 'S3', 'Student preview': 'S0 S1 S2 S3 S4', 'Student confirms after approval + downloads file': 'S4',
        };
        const wanted = Object.entries(rows).flatMap(([name, systems]) => systems.split(' ').map((system) => `${name} ${system}`));
        assert.deepEqual(wanted.filter((one) => !proven.has(one)), []);
    },
});
await server.stop();

/** The demo's name of the n-th made-up person: a session by code asks for it. */
async function nameOf(n) {
    const surnames = [...'王李张刘陈杨赵黄周吴'], given = ['子涵', '雨桐', '浩然', '欣怡', '宇轩', '思远', '梦琪', '俊杰', '晓婷', '文博'];
    return `${surnames[n % 10]}${given[(Math.floor(n / 10) + n) % 10]}`;
}
async function setPolicy(n, change) {
    const session = await staff.admin.want(200, 'GET', `/api/v1/console/sessions/${sessions.find((one) => one.code === `2510000${n}`).id}`);
    await staff.admin.want(200, 'PUT', `/api/v1/console/sessions/${session.id}/policy`, { policy_version: session.policy_version, policy: { ...session.policy, ...change } });
}
