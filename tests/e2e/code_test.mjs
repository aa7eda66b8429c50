// The collection code over HTTP: read, shown by a second student, something else, unreadable, scanned; a decoder of the
// operator's, good and bad; the payload in CHSI's package and nowhere else.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Staff, Student, madeUp } from '../lib/people.mjs';
import { build, command, needModels, runTests, skip, startServer, until } from '../lib/server.mjs';

const artist = join(build, 'xueying-code-bench');
if (!existsSync(artist)) skip('libqrencode is not here: no codes can be drawn');
needModels();

const folder = mkdtempSync(join(tmpdir(), 'xueying-code-'));
const drawn = (...words) => {
    const file = join(folder, 'code.jpg');
    assert.equal(spawnSync(artist, ['draw', words[0], file, ...words.slice(1)]).status, 0);
    return readFileSync(file);
};
const cipher = (name) => `${name}${'kJ8s0Qh3TzW7mB2xVn5yLr9cPd4fGa6uEi1oXq0sZtHwY'.repeat(2)}==`;

// A decoder as an operator might have one: what it says depends on how the payload begins.
const decoder = join(folder, 'decoder');
const people = Array.from({ length: 8 }, (_, n) => madeUp(n));
const masked = (id) => `${id.slice(0, 3)}${'*'.repeat(11)}${id.slice(14)}`;
writeFileSync(decoder, `#!/bin/sh
payload=$(cat)
case "$payload" in
FITS*) echo '{"student_unique_no":"A1","name_masked":"","id_masked":"${masked(people[4].idNumber)}"}';;
OTHER*) echo '{"id_masked":"999***********0000"}';;
FAKE*) echo '{"valid":false}';;
LOUD*) head -c 200000 /dev/zero | tr '\\0' x;;
MUTE*) exec sleep 600;;
*) exit 3;;
esac
`);
chmodSync(decoder, 0o755);

const server = await startServer({ demo: true, args: ['--sweep_interval_ms=20', '--outbox_retry_scale_percent=1'] });
const admin = new Staff(server.url, 'admin', server.passwords.admin);
await admin.logIn();
const students = [];

async function setPolicy(change) {
    const { items } = await admin.want(200, 'GET', '/api/v1/console/sessions');
    const session = await admin.want(200, 'GET', `/api/v1/console/sessions/${items.find((one) => one.code === '25103003').id}`);
    return admin.want(200, 'PUT', `/api/v1/console/sessions/${session.id}/policy`,
        { policy_version: session.policy_version, policy: { ...session.policy, ...change } });
}

async function settled(student) {
    return until(async () => {
        const { collection_code } = await student.look();
        return collection_code.state !== 'processing' && collection_code;
    }, `the code of ${student.number}`);
}

async function show(student, picture) {
    const upload_id = await student.upload(picture, 'code');
    const made = await student.want(202, 'POST', student.path('/code'), { upload_id });
    assert.equal(made.source, 'picture');
    return settled(student);
}

async function scan(student, payload) {
    await student.want(202, 'POST', student.path('/code'), { payload: Buffer.from(payload).toString('base64') });
    return settled(student);
}

async function newStudent(n) {
    const student = new Student(server.url, people[n].number, people[n].lastFour);
    await student.logIn();
    await student.consent();
    await student.link();
    students[n] = student;
    return student;
}

const staffView = async (student) => (await admin.detail(student.submission.id)).collection_code;

await runTests({
    async 'a session that does not take the code says so'() {
        const student = await newStudent(0);
        assert.equal(student.submission.collection_code, null);
        const got = await student.call('POST', student.path('/code'), { payload: Buffer.from(cipher('A')).toString('base64') });
        assert.equal(got.status, 409);
        await setPolicy({ collection_code: 'required' });
    },
    async 'what is asked wrongly is refused'() {
        const [student] = students;
        const photo = await student.upload(drawn(cipher('A')), 'photo');
        assert.equal((await student.call('POST', student.path('/code'), { upload_id: photo })).status, 409);
        for (const body of [{}, { payload: '!!!!' }, { payload: 'AAAA', upload_id: photo }, { upload_id: 'x' }])
            assert.ok([400, 422].includes((await student.call('POST', student.path('/code'), body)).status), JSON.stringify(body));
    },
    async 'a picture of the code is read'() {
        const [student] = students;
        assert.equal((await student.look()).collection_code.state, '');
        const code = await show(student, drawn(cipher('A')));
        assert.equal(code.state, 'read');
        assert.equal(code.wanted, 'required');
        const seen = await staffView(student);
        assert.equal(seen.other_students, 0);
        assert.equal(seen.bytes, cipher('A').length);
        assert.equal(seen.code_match, 'unknown');
    },
    async 'the same student may show it again'() {
        assert.equal((await scan(students[0], cipher('A'))).state, 'read');
    },
    async 'a second student with the same code is warned, and staff see it on both'() {
        const student = await newStudent(1);
        const code = await show(student, drawn(cipher('A')));
        assert.equal(code.state, 'seen_before');
        assert.match(code.text, /另一名学生|Another student/);
        assert.equal((await staffView(student)).other_students, 1);
        assert.equal((await staffView(students[0])).other_students, 1);
    },
    async 'codes of another kind get a clear answer and are not kept'() {
        const student = await newStudent(2);
        for (const [payload, kind] of [['https://u.wechat.com/EAbcdefgh_123', 'wechat'], ['wxp://f2f0AbCdEfGhIjKlMnOp', 'wechat_pay'], ['https://example.com/?a=1', 'url']]) {
            const code = await show(student, drawn(payload));
            assert.deepEqual([code.state, code.looks_like], ['foreign', kind]);
            assert.match(code.text, /图像采集码|CHSI/);
        }
        assert.equal((await staffView(student)).bytes, 0);
        const scanned = await scan(student, '姓名：张三，学号：2021');
        assert.deepEqual([scanned.state, scanned.looks_like, scanned.source], ['foreign', 'text', 'scan']);
    },
    async 'two codes in a picture: the plausible one is taken, two plausible ones are not guessed at'() {
        const [, , student] = students;
        assert.equal((await show(student, drawn(cipher('B'), cipher('C')))).state, 'many');
        assert.equal((await show(student, drawn(cipher('B'), 'https://u.wechat.com/EAbcdefgh_123'))).state, 'read');
    },
    async 'what cannot be read is no error of the server'() {
        const student = await newStudent(3);
        const whole = drawn(cipher('D'));
        assert.equal((await show(student, whole.subarray(0, whole.length / 2))).state, 'unreadable');
        const { items } = await admin.want(200, 'GET', '/api/v1/console/outbox');
        assert.deepEqual(items, []);
    },
    async 'without its code nothing is handed in'() {
        const { allowed, version } = await students[3].look();
        assert.ok(!allowed.includes('confirm'));
        assert.equal((await students[3].call('POST', students[3].path('/confirm'), { version, step: 1 })).status, 409);
    },
    async 'the decoder of an operator is asked and believed, and harms nobody'() {
        await server.stop({ keep: true });
        server.args.push(`--code_decoder_command=${decoder}`);
        await server.again();
        for (const client of [admin, ...students]) client.url = server.url;
        const student = await newStudent(4);
        assert.equal((await show(student, drawn(cipher('FITS')))).state, 'read');
        assert.equal((await staffView(student)).code_match, 'yes');
        const wrong = await scan(student, cipher('OTHER'));
        assert.deepEqual([wrong.state, wrong.mismatch], ['read', true]);
        assert.match(wrong.text, /不一致|registered person/);
        assert.equal((await staffView(student)).code_match, 'no');
        assert.equal((await scan(student, cipher('FAKE'))).state, 'foreign');
        for (const payload of ['LOUD', 'BROKEN']) {
            assert.equal((await scan(student, cipher(payload))).state, 'read');
            assert.equal((await staffView(student)).code_match, 'unknown');
        }
    },
    async 'what the decoder says finds the entry, without a name; what fits nobody finds none'() {
        const made = await admin.want(201, 'POST', '/api/v1/console/sessions', { code: 'DECODE', school_code: '10595', school_name: '广东工业大学', name: 'DECODE',
            opens: '2026-01-01T00:00:00+08:00', closes: '2036-01-01T00:00:00+08:00', policy: { identity_method: 'collection_code', collection_code: 'required' } });
        await admin.want(200, 'POST', `/api/v1/console/sessions/${made.id}/roster`, `student_no,name,id_number,major\nD1,欧阳修,${people[4].idNumber},中文\n`, { 'content-type': 'text/csv' });
        const student = new Student(server.url, 'decoded');
        await student.logIn();
        await student.consent();
        const shows = async (payload) => {
            const { id } = await student.want(202, 'POST', '/api/v1/me/code', { payload: Buffer.from(cipher(payload)).toString('base64') });
            return until(async () => { const code = await student.want(200, 'GET', `/api/v1/me/code/${id}`); return code.state !== 'processing' && code; }, payload);
        };
        const find = (code) => student.call('POST', '/api/v1/me/enrolments', { session_code: 'DECODE', code_id: code.id, last_four: people[4].lastFour });
        assert.equal((await find(await shows('OTHER2'))).body.code, 'not_on_roster');
        const { body: { items: [found] } } = await find(await shows('FITS2'));
        assert.equal(found.major, '中文');
        student.submission = await student.want(201, 'POST', '/api/v1/me/link', { session_code: 'DECODE', enrolment_id: found.enrolment_id });
        assert.equal((await staffView(student)).code_match, 'yes');
    },
    async 'a decoder that never answers does not hold up the end of the server'() {
        await students[4].want(202, 'POST', students[4].path('/code'), { payload: Buffer.from(cipher('MUTE')).toString('base64') });
        const began = Date.now();
        await server.stop({ keep: true });
        assert.ok(Date.now() - began < 9000, `${Date.now() - began} ms`);
    },
    async 'a decoder may be a service too'() {
        const service = createServer((request, response) => {
            let text = '';
            request.on('data', (part) => { text += part; });
            request.on('end', () => {
                const payload = Buffer.from(JSON.parse(text).payload, 'base64').toString();
                response.writeHead(payload.startsWith('DOWN') ? 500 : 200, { 'content-type': 'application/json' });
                response.end(JSON.stringify({ id_masked: masked(people[5].idNumber) }));
            });
        });
        await new Promise((go) => service.listen(0, '127.0.0.1', go));
        server.args.splice(-1, 1, `--code_decoder_url=http://127.0.0.1:${service.address().port}/decode`, '--outbound_allow_private=1');
        await server.again();
        for (const client of [admin, ...students]) client.url = server.url;
        const student = await newStudent(5);
        await scan(student, cipher('SERVICE'));
        assert.equal((await staffView(student)).code_match, 'yes');
        await scan(student, cipher('DOWN'));
        assert.equal((await staffView(student)).code_match, 'unknown');
        await server.stop({ keep: true });
        await new Promise((go) => service.close(go));
    },
    async 'the data hold together, also under a new key'() {
        command(server.folder, ['fsck']);
        command(server.folder, ['audit', 'verify']);
        command(server.folder, ['key', 'rotate']);
        command(server.folder, ['fsck']);
    },
    async 'payloads lie in no file and no log in clear'() {
        const secret = cipher('A').slice(0, 40);
        const files = readdirSync(server.folder, { recursive: true }).map((name) => join(server.folder, name)).filter((name) => statSync(name).isFile());
        for (const file of files) assert.ok(!readFileSync(file).includes(secret), file);
        assert.ok(!server.log.join('').includes(secret));
    },
});
rmSync(folder, { recursive: true, force: true });
rmSync(server.folder, { recursive: true, force: true });
