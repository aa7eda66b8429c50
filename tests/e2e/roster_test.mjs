// Rosters of schools: files in parts, CSV and XLSX, a dry run that is taken or cancelled, bad rows as a file, all or only the good ones;
// a server that dies in the middle goes on; who has not been collected, with a roster and without.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { madeUp, Staff } from '../lib/people.mjs';

import { runTests, startServer, until } from '../lib/server.mjs';

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
    async 'kill -9 in the middle: nothing is seen, and it goes on'() {
        const id = await send(Buffer.from(HEAD + rows(10000, 40000)), { dry_run: false });
        await until(async () => (await show(id)).rows_done > 2000 && (await show(id)).state === 'importing', 'it is being written', 30000);
        assert.equal(await counted(), before + 3110);
        await server.kill();
        await server.again();
        admin.url = server.url;
        const now = await until(async () => { const one = await show(id); return one.state === 'done' ? one : null; }, 'it is done', 40000);
        assert.deepEqual(figures(now), [30000, 0, 0, 0]);
        assert.equal(await counted(), before + 33110);
    },
});
