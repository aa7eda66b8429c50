// What students agree to, take back, get a copy of and have erased: editions of the texts, evidence, the path without face
// comparison, a ZIP of their own data, being forgotten, the number of stored faces.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Staff, Student, madeUp } from '../lib/people.mjs';
import { command, needModels, needSamples, runTests, samples, startServer, until } from '../lib/server.mjs';

needModels();
needSamples();

const photo = (name) => readFileSync(join(samples, 'portraits', name));
const server = await startServer({ demo: true, args: ['--undo_window_ms=200', '--sweep_interval_ms=20', '--outbox_retry_scale_percent=1'] });
const staff = {};
for (const name of ['reviewer', 'ida', 'ian', 'batch', 'admin']) {
    staff[name] = new Staff(server.url, name, server.passwords[name]);
    await staff[name].logIn();
}
const setPolicy = async (change) => {
    const { items } = await staff.admin.want(200, 'GET', '/api/v1/console/sessions');
    const session = await staff.admin.want(200, 'GET', `/api/v1/console/sessions/${items.find((one) => one.code === '25103003').id}`);
    await staff.admin.want(200, 'PUT', `/api/v1/console/sessions/${session.id}/policy`,
        { policy_version: session.policy_version, policy: { ...session.policy, payment: 'none', deliver_print: false, deliver_mail: 'none', purpose: '毕业证照片采集', retention_days: 77, ...change } });
};
await setPolicy({});
const faces = () => staff.admin.want(200, 'GET', '/api/v1/console/faces');

async function person(n, kinds) {
    const { number, lastFour, idNumber } = madeUp(n);
    const student = new Student(server.url, number, lastFour);
    student.idNumber = idNumber;
    await student.logIn();
    await student.consent(kinds);
    await student.link();
    return student;
}
async function handIn(student, file, portrait) {
    await student.portrait(photo(portrait));
    const id = await student.photo(photo(file));
    const attempt = await until(async () => { const now = await student.attempt(id); return now.state === 'ready' && now; }, 'the photo', 60000);
    await student.choose(id, attempt.verdict === 'fail');
    return student.confirm();
}
const inState = (student, state) => until(async () => (await student.look()).state === state, `${student.number} in ${state}`, 60000);
const face = (student) => until(async () => (await staff.admin.detail(student.submission.id)).face, 'the comparison', 60000);
async function approve(student) {
    await inState(student, 'human_review');
    for (const lane of ['green', 'amber'])
        for (const item of await staff.reviewer.claim(lane))
            await staff.reviewer.decide(item, item.submission.id === student.submission.id ? 'approve' : 'escalate');
}

await runTests({
    async 'the texts are filled in for the session, in both languages, and everybody may read them'() {
        const ask = async (language, query = '') => (await fetch(`${server.url}/api/v1/consents${query}`, { headers: { 'accept-language': language } })).json();
        const zh = await ask('zh-CN', '?session_code=25103003'), en = await ask('en', '?session_code=25103003'), plain = await ask('zh-CN');
        assert.equal(zh.text_version, '2026-06');
        assert.deepEqual(zh.items.map((one) => `${one.kind} ${one.required}`), ['privacy true', 'passing_on true', 'face false']);
        assert.match(zh.items[0].text, /毕业证照片采集.*77 天/s);
        assert.match(en.items[0].text, /kept for 77 days/);
        for (const one of [...zh.items, ...en.items, ...plain.items]) assert.doesNotMatch(one.text, /[{}]/);
        assert.equal((await ask('zh-CN', '?session_code=NOSUCH')).code, 'no_session');
    },
    async 'agreeing to words that were replaced is refused; an edition that renews asks again'() {
        const ada = await person(0);
        assert.equal((await ada.call('POST', '/api/v1/me/consents', { kinds: ['face'], text_version: '2020-01' })).body.code, 'stale');
        const { items: [first] } = await staff.admin.want(200, 'GET', '/api/v1/console/consents');
        const words = Object.fromEntries(Object.entries(first.texts).map(([kind, text]) => [kind, { ...text, text_zh: `${text.text_zh}\n第二版。` }]));
        const minor = await staff.admin.want(201, 'POST', '/api/v1/console/consents', { renews: false, ...words });
        assert.equal((await ada.want(200, 'GET', '/api/v1/me')).consents.length, 3, 'a small change asks nobody again');
        const renewed = await staff.admin.want(201, 'POST', '/api/v1/console/consents', { renews: true, ...words });
        assert.match(renewed.text_version, /^\d{4}-\d\d-\d\d\.3$/);
        assert.deepEqual((await ada.want(200, 'GET', '/api/v1/me')).consents, []);
        assert.equal((await ada.call('POST', '/api/v1/me/consents', { kinds: ['privacy'], text_version: minor.text_version })).body.code, 'stale');
        await ada.consent();
        assert.deepEqual((await ada.want(200, 'GET', '/api/v1/me')).consents.map((one) => one.text_version), Array(3).fill(renewed.text_version));
        assert.equal((await staff.reviewer.call('POST', '/api/v1/console/consents', { renews: false, ...words })).status, 403);
        assert.equal((await staff.admin.call('POST', '/api/v1/console/consents', { renews: false, ...words, face: { title_zh: 'x' } })).body.code, 'bad_field');
    },
    async 'taking the face consent back erases the result; two people look instead'() {
        const ben = await person(1);
        await handIn(ben, 'obama.jpg', 'obama2.jpg');
        await inState(ben, 'human_review');
        assert.ok(await face(ben));
        await ben.want(204, 'DELETE', '/api/v1/me/consents/face');
        assert.equal((await staff.admin.detail(ben.submission.id)).face, null);
        await approve(ben);
        await inState(ben, 'face_comparison');
        for (const who of ['ida', 'ian']) {
            const [item] = await until(async () => { const items = await staff[who].claim('identity'); return items.length > 0 && items; }, 'the identity lane');
            const said = await staff[who].vote(item, 'same');
            assert.equal(said.machine?.verdict ?? 'none', 'none');
        }
        await inState(ben, 'chsi_upload');
    },
    async 'taking passing on back brings a photo back that nobody looks at, and keeps approved ones out of every batch'() {
        const eve = await person(2);
        await handIn(eve, 'biden.jpg', 'biden2.jpg');
        await inState(eve, 'human_review');
        await eve.want(204, 'DELETE', '/api/v1/me/consents/passing_on');
        assert.equal((await eve.look()).state, 'draft');
        const { version } = eve.submission;
        assert.equal((await eve.call('POST', eve.path('/confirm'), { version, step: 1 })).body.code, 'consent_missing');
        const ben = new Student(server.url, madeUp(1).number, madeUp(1).lastFour);
        await ben.logIn();
        await ben.want(204, 'DELETE', '/api/v1/me/consents/passing_on');
        assert.equal((await staff.batch.call('POST', '/api/v1/console/batches', { kind: 'chsi', session_code: '25103003', name: 'none', template: '{student_no}' })).body.code, 'refused');
        await ben.consent(['passing_on']);
        await staff.batch.want(202, 'POST', '/api/v1/console/batches', { kind: 'chsi', session_code: '25103003', name: 'one', template: '{student_no}' });
    },
    async 'a copy of my data has all of it, once a day, for me alone'() {
        const kim = await person(3), other = await person(4);
        await kim.want(200, 'PUT', '/api/v1/me/phone', { phone: '13800138000' }).catch(() => {});
        await handIn(kim, 'obama2.jpg', 'obama.jpg');
        assert.equal((await kim.call('GET', '/api/v1/me/copy')).status, 404);
        const asked = await kim.want(202, 'POST', '/api/v1/me/copy');
        const copy = await until(async () => { const now = await kim.want(200, 'GET', '/api/v1/me/copy'); return now.state === 'ready' && now; }, 'the copy', 30000);
        assert.equal(copy.id, asked.id);
        const zip = await kim.want(200, 'GET', '/api/v1/me/copy/file'), text = zip.toString('latin1');
        assert.equal(zip.length, copy.size_bytes);
        assert.ok(zip.subarray(0, 2).equals(Buffer.from('PK')));
        for (const part of ['data.json', 'id-portrait.jpg', `${kim.submission.code}/photo-1-original.jpg`, `${kim.submission.code}/photo-1-finished.jpg`, kim.idNumber, '"text_version"', '127.0.0.1'])
            assert.ok(text.includes(part), part);
        const from = text.indexOf('{"made"'), words = JSON.parse(zip.subarray(from, zip.indexOf(Buffer.from('PK'), from)).toString());
        assert.equal(words.id_number, kim.idNumber);
        assert.equal(words.submissions[0].submission.code, kim.submission.code);
        assert.equal(words.consent_evidence[0].said.what, 'given');
        assert.equal((await kim.want(202, 'POST', '/api/v1/me/copy')).id, asked.id, 'once a day');
        assert.equal((await other.call('GET', '/api/v1/me/copy/file')).status, 404);
    },
    async 'being forgotten: closed, erased, logged out; a photo in other hands is said'() {
        const before = (await faces()).persons;
        const kim = new Student(server.url, madeUp(3).number, madeUp(3).lastFour);
        await kim.logIn();
        const { submissions: [mine], id: me } = await kim.want(200, 'GET', '/api/v1/me');
        kim.submission = mine;
        await inState(kim, 'human_review');
        assert.equal((await kim.call('POST', '/api/v1/me/leave', { confirm: 'yes' })).body.code, 'bad_field');
        await kim.want(204, 'POST', '/api/v1/me/leave', { confirm: 'forget me' });
        assert.equal((await kim.call('GET', '/api/v1/me')).status, 401);
        await until(async () => (await staff.admin.want(200, 'GET', `/api/v1/console/audit?object=${mine.id}`)).items.some((one) => one.action === 'erased'), 'the erasing');
        assert.equal((await staff.admin.detail(mine.id)).student.name_masked, '');
        assert.equal((await staff.admin.call('GET', `/api/v1/console/submissions/${mine.id}/media/original`)).status, 404);
        assert.equal((await faces()).persons, before - 1);
        await kim.logIn();
        const again = await kim.want(200, 'GET', '/api/v1/me');
        assert.notEqual(again.id, me, 'a new student');
        assert.deepEqual(again.submissions, []);
        await kim.consent();
        await kim.link(); // the roster's entry is free again
        const ben = new Student(server.url, madeUp(1).number, madeUp(1).lastFour);
        await ben.logIn();
        const refused = await ben.call('POST', '/api/v1/me/leave', { confirm: 'forget me' });
        assert.equal(`${refused.status} ${refused.body.code}`, '409 refused');
        assert.match(refused.body.detail, new RegExp((await ben.want(200, 'GET', '/api/v1/me')).submissions[0].code));
    },
    async 'stored faces are counted; the filing is written down'() {
        const now = await faces();
        assert.equal(`${now.threshold} ${now.level} ${now.reached}`, '100000 ok null');
        assert.ok(now.persons >= 2);
        assert.equal((await staff.reviewer.call('GET', '/api/v1/console/faces')).status, 403);
        assert.equal((await staff.admin.want(200, 'PUT', '/api/v1/console/faces', { reference: '粤网信备 1 号' })).reference, '粤网信备 1 号');
    },
    async 'and everything stored still fits together'() {
        await server.stop({ keep: true });
        command(server.folder, ['fsck']);
        command(server.folder, ['audit', 'verify']);
    },
});
await server.stop();
