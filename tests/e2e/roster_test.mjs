// Rosters of schools: files in parts, CSV and XLSX, a dry run that is taken or cancelled, bad rows as a file, all or only the good ones;
// a server that dies in the middle goes on; who has not been collected, with a roster and without.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cellsOf, isFormula } from '../lib/nasty.mjs';
import { madeUp, Staff, Student } from '../lib/people.mjs';

import { command, runTests, startServer, until } from '../lib/server.mjs';

const server = await startServer({ demo: true });
const admin = new Staff(server.url, 'admin', server.passwords.admin);
await admin.logIn();
const session = (await admin.want(200, 'GET', '/api/v1/console/sessions')).items.find((one) => one.code === '25103003');
const before = (await admin.want(200, 'GET', `/api/v1/console/sessions/${session.id}`)).progress.roster;

const HEAD = '学号,姓名,证件号码,学院,专业,班级,手机号\r\n';
const line = (n, major = '软件工程') => `R${String(n).padStart(6, '0')},赵${'甲乙丙丁戊'[n % 5]},${madeUp(n).idNumber},信息学院,${major},${n % 9 + 1}班,138${String(n).padStart(8, '0')}\r\n`;
const rows = (from, to, major) => { let text = ''; for (let n = from; n < to; n++) text += line(n, major); return text; };
const refused = async (status, code, method, path, body, more) => {
    const got = await admin.call(method, path, body, more);
    assert.equal(`${got.status} ${got.body.code}`, `${status} ${code}`, JSON.stringify(got.body));
    return got.body;
};
async function send(bytes, more = {}, of = session.id) {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    let { id, offset } = await admin.want(201, 'POST', `/api/v1/console/sessions/${of}/rosters`, { file_name: '名单.csv', size_bytes: bytes.length, sha256, ...more });
    while (offset < bytes.length)
        ({ offset } = await admin.want(200, 'PATCH', `/api/v1/console/rosters/${id}`, bytes.subarray(offset, offset + 1048576),
            { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' }));
    return id;
}
const show = (id) => admin.want(200, 'GET', `/api/v1/console/rosters/${id}`);
const settled = (id, states = ['ready', 'done', 'refused', 'failed']) => until(async () => {
    const now = await show(id);
    return states.includes(now.state) ? now : null;
}, `import ${id}`);
const counted = async (of = session.id) => (await admin.want(200, 'GET', `/api/v1/console/sessions/${of}`)).progress.roster;
const figures = (one) => [one.added, one.changed, one.same, one.errors];

await runTests({
    async 'a dry run says what would happen, and is taken'() {
        const id = await send(Buffer.from(`\ufeff${HEAD}${rows(0, 3000)}`));
        const ready = await settled(id);
        assert.deepEqual([ready.state, ...figures(ready)], ['ready', 3000, 0, 0, 0]);
        assert.equal(await counted(), before);
        await admin.want(202, 'POST', `/api/v1/console/rosters/${id}/import`, {});
        assert.deepEqual(figures(await settled(id, ['done'])), [3000, 0, 0, 0]);
        assert.equal(await counted(), before + 3000);
        await refused(409, 'refused', 'DELETE', `/api/v1/console/rosters/${id}`);
    },
    async 'what changes is shown masked and replaces the old rows'() {
        const id = await send(Buffer.from(HEAD + rows(0, 700) + rows(700, 1500, '人工智能') + rows(3000, 3010)), { dry_run: true });
        const ready = await settled(id);
        assert.deepEqual(figures(ready), [10, 800, 700, 0]);
        assert.equal(ready.diff.length, 50);
        assert.deepEqual(ready.diff[0], { line: 702, student_no: 'R000700', field: 'major', from_masked: '软件工程', to_masked: '人工智能' });
        await admin.want(202, 'POST', `/api/v1/console/rosters/${id}/import`, {});
        await settled(id, ['done']);
        assert.equal(await counted(), before + 3010);
        const again = await settled(await send(Buffer.from(HEAD + rows(700, 1500, '人工智能')), { dry_run: false }));
        assert.deepEqual([again.state, ...figures(again)], ['done', 0, 0, 800, 0]);
    },
    async 'bad rows come back as a file; all or none, or only the good ones'() {
        const bad = `Z1,赵,110105194912310021,,,,\r\nZ2,,${madeUp(2).idNumber},,,,\r\nZ3,钱,1.10105E+17,,,,\r\nZ4,孙,${madeUp(4).idNumber},=1+1,,,\r\nZ4,孙,${madeUp(4).idNumber},=1+1,,,\r\n`;
        const bytes = Buffer.from(HEAD + rows(4000, 4100) + bad);
        const whole = await settled(await send(bytes, { dry_run: false }));
        assert.deepEqual([whole.state, whole.errors], ['refused', 5]);
        assert.deepEqual(whole.sample_errors.map((one) => [one.line, one.problem]),
            [[102, 'id_number_check'], [103, 'name'], [104, 'id_number_as_number'], [105, 'twice'], [106, 'twice']]);
        assert.equal(await counted(), before + 3010);
        const id = await send(bytes);
        await settled(id, ['ready']);
        await refused(409, 'refused', 'POST', `/api/v1/console/rosters/${id}/import`, {});
        const file = (await admin.want(200, 'GET', `/api/v1/console/rosters/${id}/errors`)).toString('utf8');
        assert.match(file, /^\ufeff学号,姓名,证件号码,学院,专业,班级,手机号,line,column,/);
        assert.match(file, /Z4,孙,.*"'=1\+1".*twice|Z4,孙,.*"'=1\+1"/);
        assert.equal(file.trim().split('\r\n').length, 6);
        // corrected and sent again it is the same list: what kept a spreadsheet from running a cell is no part of it
        const fixed = Buffer.from(`${HEAD}Z9,孙,${madeUp(9).idNumber},=1+1,＝cmd(),@x,+86 13800000000\r\nZ8,孙,1,@SUM(1),-2+3,+1,+8613800000000\r\n`);
        const half = await send(fixed);
        await settled(half, ['ready']);
        const sent = (await admin.want(200, 'GET', `/api/v1/console/rosters/${half}/errors`)).toString('utf8');
        assert.deepEqual(cellsOf(sent.replace(/^\ufeff/, '')).flat().filter(isFormula), []);
        const back = await settled(await send(Buffer.from(sent.replace(',1,', `,${madeUp(8).idNumber},`))), ['ready']);
        assert.deepEqual(figures(back), [1, 0, 0, 0], JSON.stringify(back.sample_errors));
        await admin.want(204, 'DELETE', `/api/v1/console/rosters/${half}`);
        await admin.want(204, 'DELETE', `/api/v1/console/rosters/${back.id}`);
        await admin.want(202, 'POST', `/api/v1/console/rosters/${id}/import`, { mode: 'good' });
        assert.deepEqual(figures(await settled(id, ['done'])), [100, 0, 0, 5]);
        assert.equal(await counted(), before + 3110);
    },
    async 'a file that is no roster is refused in words'() {
        for (const [text, words] of [['姓名,学号\n', /id_number/], ['PK\u0003\u0004nothing', /ZIP/], [`${HEAD}1,"赵`, /quote/]])
            assert.match((await settled(await send(Buffer.from(text)))).problem, words);
        const id = (await admin.want(201, 'POST', `/api/v1/console/sessions/${session.id}/rosters`, { file_name: 'a.csv', size_bytes: 5, sha256: '0'.repeat(64) })).id;
        await admin.want(200, 'PATCH', `/api/v1/console/rosters/${id}`, Buffer.from('hello'), { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' });
        assert.equal((await settled(id)).state, 'refused');
    },
    async 'a cancelled import leaves nothing'() {
        const id = await send(Buffer.from(HEAD + rows(5000, 5600)));
        await settled(id, ['ready']);
        await admin.want(204, 'DELETE', `/api/v1/console/rosters/${id}`);
        await until(async () => (await admin.call('GET', `/api/v1/console/rosters/${id}`)).status === 404, 'it is gone');
        assert.equal(await counted(), before + 3110);
        assert.ok(!(await admin.want(200, 'GET', `/api/v1/console/sessions/${session.id}/rosters`)).items.some((one) => one.id === id));
    },
    async 'kill -9 in every phase: nothing is half there, and it goes on or is cancelled'() {
        const bytes = Buffer.from(HEAD + rows(10000, 40000)), sha256 = createHash('sha256').update(bytes).digest('hex');
        const restart = async () => {
            await server.kill();
            command(server.folder, ['fsck', '--quick']);
            await server.again();
            admin.url = server.url;
        };
        const part = (id, from) => admin.want(200, 'PATCH', `/api/v1/console/rosters/${id}`, bytes.subarray(from, from + 1048576),
            { 'upload-offset': String(from), 'content-type': 'application/offset+octet-stream' });
        const at = (id, what, is) => until(async () => { const one = await show(id); return is(one) || one.state === 'done' ? one : null; }, what, 40000);
        // while it is sent
        const { id } = await admin.want(201, 'POST', `/api/v1/console/sessions/${session.id}/rosters`, { file_name: '名单.csv', size_bytes: bytes.length, sha256 });
        await part(id, 0);
        await restart();
        let { state, offset } = await show(id);
        assert.deepEqual([state, offset], ['receiving', 1048576]);
        while (offset < bytes.length) ({ offset } = await part(id, offset));
        // while it is read, and while it waits
        await restart();
        assert.deepEqual(figures(await settled(id, ['ready'])), [30000, 0, 0, 0]);
        await restart();
        assert.equal((await show(id)).state, 'ready');
        await admin.want(202, 'POST', `/api/v1/console/rosters/${id}/import`, {});
        // while rows are written, and while their keys are
        await at(id, 'rows are written', (one) => one.rows_done > 2000);
        assert.equal(await counted(), before + 3110);
        await restart();
        await at(id, 'keys are written', (one) => one.bytes_done > one.bytes_total * 0.8 && one.rows_done === one.rows_total);
        await restart();
        const now = await settled(id, ['done']);
        assert.deepEqual(figures(now), [30000, 0, 0, 0]);
        assert.equal(await counted(), before + 33110);
        // while old rows are swept
        const next = await send(Buffer.from(HEAD + rows(10000, 40000, '人工智能')), { dry_run: false });
        assert.deepEqual(figures(await settled(next, ['done'])), [0, 30000, 0, 0]);
        await restart();
        assert.equal(await counted(), before + 33110);
        // while a cancelled one is removed
        const third = await send(Buffer.from(HEAD + rows(10000, 60000, '别的专业')), { dry_run: false });
        await at(third, 'rows are written again', (one) => one.rows_done > 2000 && one.state === 'importing');
        await admin.want(204, 'DELETE', `/api/v1/console/rosters/${third}`);
        await restart();
        await until(async () => (await admin.call('GET', `/api/v1/console/rosters/${third}`)).status === 404, 'it is gone');
        assert.equal(await counted(), before + 33110);
        const last = await settled(await send(Buffer.from(HEAD + rows(10000, 10100, '人工智能'))), ['ready']); // behind the sweep
        assert.deepEqual(figures(last), [0, 0, 100, 0]);
        assert.match(command(server.folder, ['fsck', '--quick']), /ok +rosters +\d+/);
    },
    async 'imported rows are linked, and leave the missing list when the photo is handed in'() {
        const student = new Student(server.url, 'R000005', madeUp(5).lastFour);
        await student.logIn();
        await student.consent();
        await student.link();
        const missing = (query) => admin.want(200, 'GET', `/api/v1/console/sessions/${session.id}/missing?${query}`);
        const first = await missing('limit=100&state=draft');
        assert.deepEqual(first.items.map((one) => [one.student_no, one.name_masked, one.state]), [['R000005', '赵*', 'draft']]);
        const page = await missing('limit=100&college=%E4%BF%A1%E6%81%AF%E5%AD%A6%E9%99%A2&class=3%E7%8F%AD'); // 信息学院 3班
        assert.equal(page.items.length, 100);
        assert.ok(page.items.every((one) => one.class_name === '3班'));
        const next = await missing(`limit=100&college=%E4%BF%A1%E6%81%AF%E5%AD%A6%E9%99%A2&class=3%E7%8F%AD&cursor=${page.next}`);
        assert.ok(next.items[0].student_no > page.items.at(-1).student_no);
        const file = await admin.want(200, 'GET', `/api/v1/console/sessions/${session.id}/missing?format=csv&class=3%E7%8F%AD`);
        assert.match(file.toString('utf8'), /^\ufeff学号,姓名,/);
        // what its student linked stays, whatever a later file says
        const id = await send(Buffer.from(HEAD + rows(5, 6, '别的专业')));
        assert.deepEqual([(await settled(id)).linked_kept, (await show(id)).changed], [1, 0]);
    },
    async 'an entry that an import replaces while the student chooses is not linked unseen'() {
        const student = new Student(server.url, 'R000011', madeUp(11).lastFour);
        await student.logIn();
        await student.consent();
        const offered = await student.want(200, 'POST', '/api/v1/me/enrolments', { session_code: '25103003', student_no: 'R000011', last_four: madeUp(11).lastFour });
        assert.equal(offered.items[0].major, '软件工程');
        await settled(await send(Buffer.from(HEAD + rows(11, 12, '网络工程')), { dry_run: false }), ['done']);
        const late = await student.call('POST', '/api/v1/me/link', { session_code: '25103003', enrolment_id: offered.items[0].enrolment_id });
        assert.equal(`${late.status} ${late.body.code}`, '409 stale', JSON.stringify(late.body));
        const again = await student.want(200, 'POST', '/api/v1/me/enrolments', { session_code: '25103003', student_no: 'R000011', last_four: madeUp(11).lastFour });
        assert.equal(again.items[0].major, '网络工程');
        await student.want(201, 'POST', '/api/v1/me/link', { session_code: '25103003', enrolment_id: again.items[0].enrolment_id });
    },
    async 'without a roster the list of the school is compared with who came'() {
        const now = Date.now();
        const { id } = await admin.want(201, 'POST', '/api/v1/console/sessions', { code: '26110009', school_code: '10998', school_name: '北方大学', name: '无名单',
            opens: new Date(now - 864e5).toISOString(), closes: new Date(now + 864e5).toISOString(), policy: { roster_mode: 'code_only', identity_method: 'roster' } });
        await refused(409, 'refused', 'GET', `/api/v1/console/sessions/${id}/missing`);
        const list = '证件号后四位,姓名,学院\n002X,张*,=cmd()\n1234,李四,文学院\n';
        const compared = await admin.want(200, 'POST', `/api/v1/console/sessions/${id}/reconciliation`, Buffer.from(list), { 'content-type': 'text/csv' });
        assert.deepEqual(compared, { expected: 2, matched: 0, ambiguous: 0, missing: 2, unexpected: 0, unexpected_codes: [] });
        const { items } = await admin.want(200, 'GET', `/api/v1/console/sessions/${id}/missing`);
        assert.deepEqual(items.map((one) => [one.last_four, one.name_masked, one.state]), [['002X', '张*', 'none'], ['1234', '李*', 'none']]);
        const formulas = ['=cmd()', '+1', '-2+3', '@SUM(1)', '＝1', '"\t=1"'].map((text, i) => `00${i}X,张*,${text}\n`).join('');
        await admin.want(200, 'POST', `/api/v1/console/sessions/${id}/reconciliation`, Buffer.from(`证件号后四位,姓名,学院\n${formulas}`), { 'content-type': 'text/csv' });
        const file = (await admin.want(200, 'GET', `/api/v1/console/sessions/${id}/missing?format=csv`)).toString('utf8');
        assert.match(file, /"'=cmd\(\)"/);
        assert.deepEqual(cellsOf(file.replace(/^\ufeff/, '')).flat().filter(isFormula), []);
        const school = await admin.want(201, 'POST', '/api/v1/console/users', { name: 'north', display_name: '教务', roles: ['school'], school_code: '10998' });
        const north = new Staff(server.url, 'north', school.one_time_password);
        await north.logIn();
        assert.equal((await north.call('GET', `/api/v1/console/sessions/${session.id}/missing`)).status, 404);
    },
});
await server.stop();
