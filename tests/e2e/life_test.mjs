// Twenty students over HTTP against the real server, worker and stand-ins: every path the issue names, on real photographs.
//   retake after a reviewer's rejection · machine mismatch to the identity lane · CHSI refusal and second success ·
//   print sheet opened and its pages counted · mail · each notification received by the stand-in exactly once
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Staff, Student, madeUp } from '../lib/people.mjs';
import { command, needModels, needSamples, runTests, samples, startServer, until } from '../lib/server.mjs';

needModels();
needSamples();

const photo = (name) => readFileSync(join(samples, 'portraits', name));
// Photo and ID portrait of the same person; and of two different people.
const same = [['obama.jpg', 'obama2.jpg'], ['biden.jpg', 'biden2.jpg'], ['obama2.jpg', 'obama.jpg'], ['biden2.jpg', 'biden.jpg']];
const different = ['obama.jpg', 'biden.jpg'];
const STUDENTS = 20;

const server = await startServer({ demo: true, args: ['--undo_window_ms=200', '--sweep_interval_ms=20', '--outbox_retry_scale_percent=1'] });
const staff = {};
for (const name of ['reviewer', 'ida', 'ian', 'senior', 'batch', 'admin']) {
    staff[name] = new Staff(server.url, name, server.passwords[name]);
    await staff[name].logIn();
}
const roster = Array.from({ length: STUDENTS }, (_, n) => madeUp(n));
const students = [];

async function ready(student, id) {
    return until(async () => {
        const attempt = await student.attempt(id);
        assert.notEqual(attempt.state, 'failed', JSON.stringify(attempt.report).slice(0, 400));
        return attempt.state === 'ready' && attempt;
    }, `the standard photo of ${student.number}`, 60000);
}

async function handIn(student, file) {
    const id = await student.photo(photo(file));
    const attempt = await ready(student, id);
    await student.choose(id, attempt.verdict === 'fail');
    return student.confirm();
}

async function pay(student) {
    const order = await student.pay('jsapi', server.standins.pay);
    assert.equal(order.amount_fen, 2000);
    await until(async () => (await student.look()).state !== 'awaiting_payment', 'the payment to arrive');
}

const inState = (student, ...states) => until(async () => states.includes((await student.look()).state), `${student.number} in ${states}, is ${student.submission?.state}`, 60000);

async function faceDone(student) {
    return until(async () => {
        const detail = await staff.admin.detail(student.submission.id);
        return detail.face;
    }, `the face comparison of ${student.number}`, 60000);
}

/** Claims until the wanted submission is in hand; everything else is released. */
async function claimOne(who, student) {
    return until(async () => {
        const detail = await staff.admin.detail(student.submission.id);
        const lane = detail.lane ?? detail.submission?.lane;
        if (!lane) return null;
        const items = await who.claim(lane, 12);
        const mine = items.find((item) => item.submission.id === student.submission.id);
        for (const item of items)
            if (item !== mine) await who.want(204, 'DELETE', `/api/v1/console/claims/${item.claim_id}`);
        return mine;
    }, `${who.name} to claim ${student.number}`);
}

async function review(student, event, reasons) {
    const item = await claimOne(staff.reviewer, student);
    await staff.reviewer.decide(item, event, reasons, reasons ? '头发拨到耳后' : '');
}

async function pass(student, file) {
    await handIn(student, file);
    if (student.submission.state === 'awaiting_payment') await pay(student);
    await inState(student, 'human_review');
    await faceDone(student);
    await review(student, 'approve');
}

async function batchOf(kind) {
    const made = await staff.batch.want(202, 'POST', '/api/v1/console/batches', { kind, session_code: '25103003', name: `${kind} e2e` });
    return until(async () => {
        const batch = await staff.batch.want(200, 'GET', `/api/v1/console/batches/${made.id}`);
        assert.notEqual(batch.state, 'failed', batch.problem);
        return batch.state === 'built' && batch;
    }, `the ${kind} batch`, 60000);
}

async function receipt(batch, results) {
    const lines = batch.items.map((item) => `${item.file_name},${results(item)}`);
    return staff.batch.want(200, 'POST', `/api/v1/console/batches/${batch.id}/receipt`,
        `file_name,result,reason\n${lines.join('\n')}\n`, { 'content-type': 'text/csv' });
}

await runTests({
    async 'twenty students link, consent, send ID portrait and photo'() {
        for (let i = 0; i < STUDENTS; i++) {
            const student = new Student(server.url, roster[i].number, roster[i].lastFour);
            const [first, second] = i === 1 ? different : same[i % same.length];
            Object.assign(student, { file: first, card: second });
            await student.logIn();
            await student.consent(i === 2 ? ['privacy', 'passing_on'] : undefined);
            await student.link();
            assert.equal(student.submission.state, 'draft');
            await student.portrait(photo(student.card));
            await student.want(204, 'PUT', student.path('/address'), { name: '张三', phone: '13800000000', text: '北京市海淀区学院路 5 号' });
            students.push(student);
        }
    },
    async 'a photo that is here already is not sent again'() {
        const [student] = students;
        await student.upload(photo(student.file), 'photo');
        const again = await student.upload(photo(student.file), 'photo');
        assert.ok(again);
    },
    async 'first student: rejected by a reviewer, retakes free, passes'() {
        const [student] = students;
        await handIn(student, student.file);
        assert.equal(student.submission.state, 'awaiting_payment');
        await pay(student);
        await inState(student, 'human_review');
        await review(student, 'reject_retry', ['ears', 'background']);
        await inState(student, 'retake');
        assert.deepEqual(student.submission.reasons.map((reason) => reason.code), ['ears', 'background']);
        await handIn(student, student.card);
        await inState(student, 'human_review');
        await faceDone(student);
        await review(student, 'approve');
        await inState(student, 'chsi_upload');
    },
    async 'second student: the machine says mismatch, two people judge blind, a retake follows'() {
        const student = students[1];
        await handIn(student, student.file);
        await pay(student);
        await inState(student, 'human_review');
        assert.equal((await faceDone(student)).verdict, 'mismatch');
        await review(student, 'approve');
        await inState(student, 'face_comparison');
        for (const who of [staff.ida, staff.ian]) {
            const item = await claimOne(who, student);
            assert.ok(!JSON.stringify(item).includes('"mismatch"'), 'the identity lane is blind');
            await who.vote(item, 'different');
        }
        await inState(student, 'retake');
        assert.deepEqual(student.submission.reasons.map((reason) => reason.code), ['face_mismatch']);
    },
    async 'third student: no consent to the comparison, two people compare'() {
        const student = students[2];
        await handIn(student, student.file);
        await pay(student);
        await inState(student, 'human_review');
        await review(student, 'approve');
        await inState(student, 'face_comparison');
        for (const who of [staff.ida, staff.ian]) {
            const item = await claimOne(who, student);
            await who.vote(item, 'same');
        }
        await inState(student, 'chsi_upload');
    },
    async 'fourth student withdraws while waiting and gets the money back'() {
        const student = students[3];
        await handIn(student, student.file);
        await pay(student);
        await inState(student, 'human_review');
        await student.event('withdraw');
        await inState(student, 'closed');
        await until(async () => (await student.want(200, 'GET', student.path('/payment'))).state === 'refunded', 'the refund');
    },
    async 'the others pass'() {
        for (const student of students.slice(4)) {
            await pass(student, student.file);
            await inState(student, 'chsi_upload', 'face_comparison');
            if (student.submission.state === 'face_comparison') {
                for (const who of [staff.ida, staff.ian]) await who.vote(await claimOne(who, student), 'same');
                await inState(student, 'chsi_upload');
            }
        }
    },
    async 'CHSI refuses one; the second photo gets through'() {
        const batch = await batchOf('chsi');
        assert.equal(batch.items.length, 18);
        const file = await staff.batch.want(200, 'GET', `/api/v1/console/batches/${batch.id}/file`);
        const path = join(server.folder, 'package.zip');
        writeFileSync(path, file);
        const listing = execFileSync('python3', ['-m', 'zipfile', '-l', path], { encoding: 'utf8' });
        assert.equal((listing.match(/\.jpg/g) ?? []).length, 18);
        assert.match(listing, /manifest\.csv/);
        await staff.batch.want(200, 'POST', `/api/v1/console/batches/${batch.id}/handed_over`);
        await inState(students[4], 'chsi_upload');
        const refused = students[4];
        const done = await receipt(batch, (item) => (item.submission_id === refused.submission.id ? 'refused,清晰度不合格' : 'accepted,'));
        assert.deepEqual([done.accepted, done.refused], [17, 1]);
        await inState(refused, 'retake');
        await pass(refused, refused.card);
        await inState(refused, 'chsi_upload', 'face_comparison');
        const second = await batchOf('chsi');
        assert.equal(second.items.length, 1);
        await staff.batch.want(200, 'POST', `/api/v1/console/batches/${second.id}/handed_over`);
        await receipt(second, () => 'accepted,');
        await inState(refused, 'printing');
    },
    async 'the print sheet is a PDF with the right number of pages'() {
        const batch = await batchOf('print');
        assert.equal(batch.items.length, 18);
        const file = await staff.batch.want(200, 'GET', `/api/v1/console/batches/${batch.id}/file`);
        const path = join(server.folder, 'sheet.pdf');
        writeFileSync(path, file);
        const info = execFileSync('pdfinfo', [path], { encoding: 'utf8' });
        const pages = Number(/Pages:\s+(\d+)/.exec(info)[1]);
        assert.ok(pages >= 1 && pages <= 18, info);
        await staff.batch.want(200, 'POST', `/api/v1/console/batches/${batch.id}/printed`);
        await inState(students[0], 'mailing');
    },
    async 'parcels get numbers; delivery completes'() {
        const mailing = students.filter((student, i) => i !== 1 && i !== 3);
        const batch = await batchOf('mail');
        assert.equal(batch.items.length, mailing.length);
        const lines = mailing.map((student, i) => `${student.submission.code},ems,EX${100000 + i}CN`);
        const done = await staff.batch.want(200, 'POST', `/api/v1/console/batches/${batch.id}/tracking`,
            `code,carrier,tracking_no\n${lines.join('\n')}\n`, { 'content-type': 'text/csv' });
        assert.equal(done.matched, mailing.length, JSON.stringify(done));
        const [student] = students;
        await until(async () => (await student.look()).tracking_no === 'EX100000CN', 'the tracking number');
        await fetch(`${server.standins.courier}/deliver`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ carrier: 'ems', number: 'EX100000CN' }),
        });
        await inState(student, 'completed');
        await student.event('proofread', { result: 'right' });
    },
    async 'every move was told in the inbox once'() {
        const [student] = students;
        await until(async () => {
            const { items } = await student.want(200, 'GET', '/api/v1/me/messages?limit=100');
            const moves = (await student.timeline()).items;
            const kinds = items.map((item) => item.kind).sort();
            assert.equal(new Set(items.map((item) => item.id)).size, items.length);
            return moves.some((move) => move.to === 'completed') && kinds.length >= 7;
        }, 'the inbox');
    },
    async 'the stand-in of WeChat received every message exactly once'() {
        const log = await (await fetch(`${server.standins.wechat}/messages`)).json();
        const seen = new Map();
        for (const item of log.items) {
            const key = JSON.stringify([item.touser ?? item.openid, item.template_id, item.data]);
            seen.set(key, (seen.get(key) ?? 0) + 1);
        }
        for (const [key, count] of seen) assert.equal(count, 1, key);
    },
    async 'nothing readable lies on disk'() {
        // What was typed, imported or sent; JPEG files begin with FF D8 FF and name their format.
        const canaries = [...roster.map((person) => person.idNumber), '13800000000', '学院路', 'JFIF', 'Exif', server.passwords.admin]
            .map((text) => [text, Buffer.from(text)]);
        const files = readdirSync(server.folder, { recursive: true }).map((name) => join(server.folder, name))
            .filter((path) => statSync(path).isFile() && !/package\.zip$|sheet\.pdf$/.test(path));
        assert.ok(files.length > 50);
        for (const path of files) {
            const bytes = readFileSync(path);
            for (const [text, needle] of canaries) assert.ok(!bytes.includes(needle), `${path} holds ${text}`);
            assert.ok(!bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])), path);
        }
        const log = server.log.join('');
        for (const [text] of canaries.slice(0, -3)) assert.ok(!log.includes(text), `the log holds ${text}`);
    },
    async 'the data hold together'() {
        await server.stop({ keep: true });
        command(server.folder, ['fsck']);
        command(server.folder, ['audit', 'verify']);
    },
});
await server.stop();
