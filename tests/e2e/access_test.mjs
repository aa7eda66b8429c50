// Who may see and do what, and the corners of the API that a whole life does not touch: other people's things, one school's
// accounts, wrong passwords, keys used twice, tags and waiting, uploads that go wrong, imports, live events. No worker needed.
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Staff, Student, madeUp } from '../lib/people.mjs';
import { command, runTests, startServer, until } from '../lib/server.mjs';

const server = await startServer({ demo: true, args: ['--worker=0', '--undo_window_ms=200', '--sweep_interval_ms=20'] });
const admin = new Staff(server.url, 'admin', server.passwords.admin);
const reviewer = new Staff(server.url, 'reviewer', server.passwords.reviewer);
for (const who of [admin, reviewer]) await who.logIn();
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const jpeg = (size) => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), randomBytes(size - 4)]);
const octets = (offset) => ({ 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' });
const csv = { 'content-type': 'text/csv' };

async function person(n) {
    const { number, lastFour } = madeUp(n);
    const student = new Student(server.url, number, lastFour);
    await student.logIn();
    await student.consent();
    await student.link();
    return student;
}
const [ada, ben] = [await person(0), await person(1)];
const refused = async (who, status, code, method, path, body, more) => {
    const got = await who.call(method, path, body, more);
    assert.equal(`${got.status} ${got.body.code}`, `${status} ${code}`, `${method} ${path} ${JSON.stringify(got.body)}`);
    return got;
};
const announce = (who, bytes, more = {}) => who.call('POST', '/api/v1/uploads',
    { purpose: 'photo', size_bytes: bytes.length, sha256: sha256(bytes), source: 'live', ...more });
/** An event stream as a list that grows. */
async function listen(staff) {
    const stop = new AbortController(), events = [];
    const response = await fetch(`${server.url}/api/v1/console/events`, { headers: staff.headers('GET'), signal: stop.signal });
    assert.equal(response.status, 200);
    (async () => {
        let text = '';
        for await (const part of response.body) {
            text += Buffer.from(part).toString();
            for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
                const event = /^event: (.*)$/m.exec(text.slice(0, end))?.[1];
                if (event) events.push({ event, data: JSON.parse(/^data: (.*)$/m.exec(text.slice(0, end))[1]) });
            }
        }
    })().catch(() => {});
    return { events, close: () => stop.abort() };
}

await runTests({
    async 'a student finds nothing of another student'() {
        const bytes = jpeg(3000), { body: upload } = await announce(ben, bytes);
        await ben.want(200, 'PATCH', `/api/v1/uploads/${upload.id}`, bytes, octets(0));
        const { id } = await ben.want(202, 'POST', ben.path('/attempts'), { upload_id: upload.id });
        const mine = ada.path().replace(ada.submission.id, ben.submission.id);
        for (const [method, path, body] of [['GET', mine], ['GET', `${mine}/timeline`], ['GET', `${mine}/attempts/${id}`], ['GET', `${mine}/attempts/${id}/photo`],
            ['GET', `${mine}/payment`], ['GET', `${mine}/photo`], ['PUT', `${mine}/attempt`, { attempt_id: id }], ['POST', `${mine}/confirm`, { version: 1, step: 1 }],
            ['POST', `${mine}/withdraw`, { version: 1 }], ['PUT', `${mine}/address`, { name: 'x', phone: '13800000000', text: 'somewhere else' }],
            ['PATCH', `/api/v1/uploads/${upload.id}`, bytes], ['POST', `${mine}/attempts`, { upload_id: upload.id }]])
            await refused(ada, 404, 'not_found', method, path, body, method === 'PATCH' ? octets(0) : {});
        // an attempt of one's own under somebody else's submission, and the other way round
        await refused(ada, 404, 'not_found', 'GET', ada.path(`/attempts/${id}`));
        await refused(ada, 404, 'not_found', 'PUT', ada.path('/attempt'), { attempt_id: id });
        await refused(ada, 404, 'not_found', 'POST', ada.path('/attempts'), { upload_id: upload.id });
        const head = await fetch(`${server.url}/api/v1/uploads/${upload.id}`, { method: 'HEAD', headers: ada.headers() });
        assert.equal(head.status, 404);
    },
    async 'roles are kept apart'() {
        for (const path of ['/api/v1/console/queue', '/api/v1/console/submissions', '/api/v1/console/users']) await refused(ada, 403, 'forbidden', 'GET', path);
        await refused(admin, 403, 'forbidden', 'GET', '/api/v1/me');
        for (const path of ['/api/v1/console/users', '/api/v1/console/outbox', '/api/v1/console/audit', '/api/v1/console/batches'])
            await refused(reviewer, 403, 'forbidden', 'GET', path);
        for (const [method, path, body] of [['GET', 'retouch'], ['PUT', 'retouch', { number: 0 }], ['POST', 'retouch?repair=photo', jpeg(1000)], ['GET', 'derived'],
            ['POST', 'derived', { profile: 'chsi_white' }], ['GET', 'derived/chsi_white'], ['GET', 'media/mask'], ['GET', 'media/repair?version=1']])
            await refused(ada, 403, 'forbidden', method, `/api/v1/console/submissions/${ada.submission.id}/${path}`, body, Buffer.isBuffer(body) ? { 'content-type': 'image/jpeg' } : {});
        await refused(admin, 404, 'not_found', 'GET', `/api/v1/console/submissions/${ada.submission.id}/retouch`); // no photo yet
        await refused(reviewer, 409, 'refused', 'GET', `/api/v1/console/submissions/${ada.submission.id}/derived`);
        await refused(reviewer, 403, 'forbidden', 'POST', '/api/v1/console/claims', { lane: 'identity' });
        await refused(reviewer, 403, 'forbidden', 'POST', `/api/v1/console/submissions/${ada.submission.id}/reveal`, { reason: 'curious' });
        const silent = await fetch(`${server.url}/api/v1/console/claims`, { method: 'POST', headers: { cookie: reviewer.cookie, 'content-type': 'application/json' }, body: '{"lane":"green"}' });
        assert.equal((await silent.json()).code, 'csrf');
    },
    async 'an account of one school sees that school and nothing else'() {
        const times = { opens: '2026-01-01T00:00:00+08:00', closes: '2036-01-01T00:00:00+08:00' };
        await admin.want(201, 'POST', '/api/v1/console/sessions', { code: 'OTHER1', school_code: '99999', school_name: '别的大学', name: '2026 届', ...times });
        const made = await admin.want(201, 'POST', '/api/v1/console/users', { name: 'other', display_name: '别校', roles: ['school'], school_code: '99999' });
        assert.match(made.one_time_password, /^[a-z2-9]{4}(-[a-z2-9]{4}){3}$/);
        const other = new Staff(server.url, 'other', made.one_time_password);
        await other.logIn();
        assert.deepEqual((await other.want(200, 'GET', '/api/v1/console/sessions')).items.map((one) => one.code), ['OTHER1']);
        assert.deepEqual((await other.want(200, 'GET', '/api/v1/console/submissions')).items, []);
        assert.deepEqual((await other.want(200, 'GET', `/api/v1/console/submissions?q=${ada.submission.code}`)).items, []);
        assert.deepEqual((await other.want(200, 'GET', `/api/v1/console/submissions?q=${ada.number}`)).items, []);
        await refused(other, 422, 'bad_field', 'GET', '/api/v1/console/submissions?session=25103003');
        await refused(other, 404, 'not_found', 'GET', `/api/v1/console/submissions/${ada.submission.id}`);
        await refused(other, 404, 'not_found', 'GET', `/api/v1/console/submissions/${ada.submission.id}/media/standard`);
        for (const path of ['derived', 'derived/chsi_white']) await refused(other, 404, 'not_found', 'GET', `/api/v1/console/submissions/${ada.submission.id}/${path}`);
        await refused(other, 404, 'not_found', 'POST', `/api/v1/console/submissions/${ada.submission.id}/derived`, { profile: 'chsi_white' });
        await refused(other, 403, 'forbidden', 'GET', `/api/v1/console/submissions/${ada.submission.id}/media/mask`);
        const demo = (await admin.want(200, 'GET', '/api/v1/console/sessions')).items.find((one) => one.code === '25103003');
        await refused(other, 404, 'not_found', 'GET', `/api/v1/console/sessions/${demo.id}`);
        const bound = await admin.want(201, 'POST', '/api/v1/console/users', { name: 'own', display_name: '本校', roles: ['school'], school_code: '10595' });
        const own = new Staff(server.url, 'own', bound.one_time_password);
        await own.logIn();
        assert.equal((await own.want(200, 'GET', '/api/v1/console/submissions?state=draft')).items.length, 2);
        assert.equal((await own.want(200, 'GET', `/api/v1/console/submissions?q=${ada.number}`)).items[0].id, ada.submission.id);
        assert.match((await own.detail(ada.submission.id)).student.name_masked, /^.\*$/);
    },
    async 'lists go on where they stopped'() {
        for (const query of ['', '&state=draft', '&session=25103003', '&session=25103003&state=draft']) {
            const first = await admin.want(200, 'GET', `/api/v1/console/submissions?limit=1${query}`);
            const second = await admin.want(200, 'GET', `/api/v1/console/submissions?limit=1${query}&cursor=${first.next}`);
            assert.deepEqual([first.items.length, second.items.length, second.next], [1, 1, null], query);
            assert.notEqual(first.items[0].id, second.items[0].id);
        }
        await refused(admin, 422, 'bad_field', 'GET', '/api/v1/console/submissions?limit=101');
    },
    async 'wrong passwords cost time, and say nothing about the name'() {
        const ask = async (name, password) => {
            const response = await fetch(`${server.url}/api/v1/console/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name, password }) });
            return { status: response.status, wait: response.headers.get('retry-after'), body: await response.json() };
        };
        const user = await admin.want(201, 'POST', '/api/v1/console/users', { name: 'victim', display_name: 'V', roles: ['reviewer'] });
        const [known, unknown] = [await ask('victim', 'wrong'), await ask('nobody-here', 'wrong')];
        delete known.body.request_id, delete unknown.body.request_id;
        assert.deepEqual(known, unknown);
        assert.equal(known.body.code, 'wrong_credentials');
        for (let i = 0; i < 5; i++) await ask('victim', 'wrong');
        const locked = await ask('victim', user.one_time_password);
        assert.equal(`${locked.status} ${locked.body.code}`, '429 locked_out');
        assert.ok(Number(locked.wait) >= 1);
        await until(async () => (await ask('victim', user.one_time_password)).status === 200, 'the lock to end');
    },
    async 'a disabled account is out at once; a new password ends other logins'() {
        const made = await admin.want(201, 'POST', '/api/v1/console/users', { name: 'short', display_name: 'S', roles: ['reviewer'] });
        const short = new Staff(server.url, 'short', made.one_time_password);
        await short.logIn();
        await short.want(200, 'GET', '/api/v1/console/me');
        const off = await admin.want(200, 'PATCH', `/api/v1/console/users/${made.id}`, { version: made.version, disabled: true });
        await refused(short, 401, 'unauthenticated', 'GET', '/api/v1/console/me');
        await refused(admin, 409, 'stale', 'PATCH', `/api/v1/console/users/${made.id}`, { version: made.version, disabled: false });
        const on = await admin.want(200, 'PATCH', `/api/v1/console/users/${made.id}`, { version: off.version, disabled: false, reset_password: true });
        assert.ok(on.one_time_password !== made.one_time_password && !on.disabled);
        short.password = on.one_time_password;
        await short.logIn();
        await short.want(204, 'PUT', '/api/v1/console/me/password', { old_password: on.one_time_password, new_password: 'a new password' });
        await refused(short, 401, 'unauthenticated', 'GET', '/api/v1/console/me');
        const me = (await admin.want(200, 'GET', '/api/v1/console/me')).id;
        await refused(admin, 409, 'refused', 'PATCH', `/api/v1/console/users/${me}`, { version: 1, disabled: true });
        await refused(admin, 409, 'conflict', 'POST', '/api/v1/console/users', { name: 'short', display_name: 'S', roles: ['reviewer'] });
    },
    async 'a key gives the same answer once and for all'() {
        const bytes = jpeg(2000), { body: upload } = await announce(ada, bytes), key = { 'idempotency-key': randomUUID() };
        await ada.want(200, 'PATCH', `/api/v1/uploads/${upload.id}`, bytes, octets(0));
        const first = await ada.call('POST', ada.path('/attempts'), { upload_id: upload.id }, key);
        const again = await ada.call('POST', ada.path('/attempts'), { upload_id: upload.id }, key);
        assert.deepEqual([first.status, again.status, again.body], [202, 202, first.body]);
        assert.equal(again.headers.get('idempotency-replayed'), 'true');
        await refused(ada, 422, 'idem_mismatch', 'POST', ada.path('/attempts'), { upload_id: first.body.id }, key);
        assert.equal((await ada.look()).attempts.length, 1);
        const other = await ada.want(202, 'POST', ada.path('/attempts'), { upload_id: upload.id }); // the same bytes: the same attempt
        assert.equal(other.id, first.body.id);
    },
    async 'the poll has a tag per state and language, and waits'() {
        const look = (more) => fetch(server.url + ada.path(), { headers: { ...ada.headers(), ...more } });
        const zh = await look(), tag = zh.headers.get('etag'), body = await zh.json();
        assert.deepEqual([body.state, body.label, body.face, body.estimate], ['draft', '准备中', 'pending', null]);
        assert.equal((await look({ 'if-none-match': tag })).status, 304);
        const en = await look({ 'accept-language': 'en', 'if-none-match': tag });
        assert.equal((await en.json()).label, 'Draft');
        const woken = look({ 'if-none-match': tag, prefer: 'wait=20' }), began = Date.now();
        await ada.want(204, 'PUT', ada.path('/address'), { name: '张三', phone: '13800000000', text: '北京市海淀区' });
        const moved = await woken;
        assert.equal(moved.status, 200);
        assert.ok(Date.now() - began < 10000 && (await moved.json()).version > body.version);
        const waited = await look({ 'if-none-match': moved.headers.get('etag'), prefer: 'wait=1' });
        assert.equal(waited.status, 304);
    },
    async 'uploads: parts, wrong offsets, wrong bytes, wrong kinds'() {
        const bytes = jpeg(5000), { body: up } = await announce(ada, bytes), at = `/api/v1/uploads/${up.id}`;
        assert.deepEqual(await ada.want(200, 'PATCH', at, bytes.subarray(0, 2000), octets(0)), { offset: 2000, complete: false });
        await refused(ada, 409, 'offset_mismatch', 'PATCH', at, bytes.subarray(0, 2000), octets(0));
        await refused(ada, 413, 'too_large', 'PATCH', at, randomBytes(4000), octets(2000));
        const head = await fetch(server.url + at, { method: 'HEAD', headers: ada.headers() });
        assert.deepEqual([head.headers.get('upload-offset'), head.headers.get('upload-length')], ['2000', '5000']);
        const resumed = await announce(ada, bytes);
        assert.deepEqual([resumed.status, resumed.body], [200, { id: up.id, offset: 2000, complete: false }]);
        await refused(ada, 422, 'checksum', 'PATCH', at, randomBytes(3000), octets(2000));
        const restarted = await announce(ada, bytes);
        assert.deepEqual(restarted.body, { id: up.id, offset: 0, complete: false }); // begins again, the same upload
        await ada.want(200, 'PATCH', at, bytes.subarray(0, 4999), octets(0));
        assert.deepEqual(await ada.want(200, 'PATCH', at, bytes.subarray(4999), octets(4999)), { offset: 5000, complete: true });
        const known = await announce(ada, bytes);
        assert.deepEqual([known.status, known.body], [200, { id: up.id, offset: 5000, complete: true }]);
        await refused(ada, 409, 'refused', 'PATCH', at, bytes, octets(0));
        const gif = Buffer.from('GIF89a, not a photo we take'), { body: bad } = await announce(ada, gif);
        await refused(ada, 415, 'unsupported_type', 'PATCH', `/api/v1/uploads/${bad.id}`, gif, octets(0));
        await refused(ada, 415, 'unsupported_type', 'PATCH', `/api/v1/uploads/${bad.id}`, { a: 1 });
        const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic, off by default'), { body: phone } = await announce(ada, heic);
        await refused(ada, 415, 'heic_off', 'PATCH', `/api/v1/uploads/${phone.id}`, heic, octets(0));
        await refused(ada, 413, 'too_large', 'POST', '/api/v1/uploads', { purpose: 'photo', size_bytes: 13 * 1024 * 1024, sha256: sha256(gif) });
        const fresh = new Student(server.url, 'nobody', '0000');
        await fresh.logIn();
        await refused(fresh, 409, 'consent_missing', 'POST', '/api/v1/uploads', { purpose: 'photo', size_bytes: 10, sha256: sha256(gif) });
    },
    async 'twenty uploads a day'() {
        let last;
        for (let i = 0; i < 21; i++) last = await announce(ben, randomBytes(50));
        assert.equal(last.body.code, 'rate_limited');
    },
    async 'linking: wrong answers cost time, and an entry has one owner'() {
        const stranger = new Student(server.url, 'x', '0000');
        await stranger.logIn();
        const link = (body) => stranger.call('POST', '/api/v1/me/link', { session_code: '25103003', ...body });
        assert.equal((await link({ student_no: ada.number, last_four: ada.lastFour })).body.code, 'conflict');
        for (let i = 0; i < 6; i++) assert.equal((await link({ student_no: ada.number, last_four: '0000' })).body.code, 'not_on_roster');
        const locked = await link({ student_no: ada.number, last_four: '0000' });
        assert.equal(locked.body.code, 'locked_out');
        assert.ok(Number(locked.headers.get('retry-after')) > 1);
        const again = await ada.call('POST', '/api/v1/me/link', { session_code: '25103003', student_no: ada.number, last_four: ada.lastFour });
        assert.deepEqual([again.status, again.body.id], [200, ada.submission.id]);
    },
    async 'confirming says what is missing, and takes only what it showed'() {
        const { version } = await ada.look();
        const none = await refused(ada, 409, 'refused', 'POST', ada.path('/confirm'), { version, step: 1 });
        assert.match(none.body.detail, /choose a photo/);
        await refused(ada, 409, 'stale', 'POST', ada.path('/confirm'), { version: version + 1, step: 1 });
        await refused(ada, 422, 'bad_field', 'POST', ada.path('/confirm'), { version, step: 2 });
        await refused(ada, 409, 'refused', 'POST', ada.path('/appeal'), { version });
        await refused(ada, 404, 'not_found', 'POST', ada.path('/approve'), { version });
    },
    async 'a roster comes in whole or not at all'() {
        const { id } = (await admin.want(200, 'GET', '/api/v1/console/sessions')).items.find((one) => one.code === 'OTHER1');
        const to = (query = '') => `/api/v1/console/sessions/${id}/roster${query}`, head = 'student_no,name,id_number,college,major,class_name\n';
        const line = (n) => `X${n},王${n},${madeUp(n).idNumber},文学院,中文,一班\n`;
        const good = Buffer.from(`\ufeff${head}${line(1)}${line(2)}`);
        assert.deepEqual(await admin.want(200, 'POST', to('?dry_run=1'), good, csv), { added: 2, changed: 0, same: 0, linked_kept: 0, errors: [], errors_not_shown: 0 });
        const bad = Buffer.from(`${head}${line(1)}${line(3)}X4,李四,110101200001011231,,,\n${line(3)}`);
        const answer = await admin.want(200, 'POST', to(), bad, csv);
        assert.deepEqual(answer.errors.map((one) => [one.line, one.column]), [[3, 'student_no'], [4, 'id_number'], [5, 'student_no']]);
        assert.equal((await admin.want(200, 'GET', `/api/v1/console/sessions/${id}`)).progress.roster, 0);
        assert.equal((await admin.want(200, 'POST', to(), good, csv)).added, 2);
        assert.equal((await admin.want(200, 'POST', to(), good, csv)).same, 2);
        // "X5,李,…" as GB18030: 李 is C0 EE
        const gb = Buffer.concat([Buffer.from(`${head}X5,`), Buffer.from([0xc0, 0xee]), Buffer.from(`,${madeUp(5).idNumber},,,\n`)]);
        assert.equal((await admin.want(200, 'POST', to(), gb, csv)).added, 1);
        const changed = await admin.want(200, 'POST', to(), Buffer.from(`${head}X5,李四,${madeUp(5).idNumber},,,\n`), csv);
        assert.equal(changed.changed, 1);
        await refused(admin, 422, 'bad_field', 'POST', to(), Buffer.from('name,id_number\n'), csv);
        await refused(admin, 415, 'unsupported_type', 'POST', to(), { a: 1 });
        await refused(reviewer, 403, 'forbidden', 'POST', to(), good, csv);
    },
    async 'policies have versions and known fields'() {
        const { id } = (await admin.want(200, 'GET', '/api/v1/console/sessions')).items.find((one) => one.code === 'OTHER1');
        const to = `/api/v1/console/sessions/${id}/policy`;
        const set = await admin.want(200, 'PUT', to, { policy_version: 1, policy: { attempts_max: 3 } });
        assert.deepEqual([set.policy_version, set.policy.attempts_max, set.policy.identity_eyes], [2, 3, 2]);
        await refused(admin, 409, 'stale', 'PUT', to, { policy_version: 1, policy: {} });
        for (const policy of [{ attempts_max: 0 }, { unheard_of: 1 }, { profile: 'unheard_of' }, { payment: 'after' }, { face_match_e6: 700000 }])
            await refused(admin, 422, 'bad_field', 'PUT', to, { policy_version: 2, policy });
        await refused(admin, 409, 'conflict', 'POST', '/api/v1/console/sessions', { code: 'OTHER1', school_code: '1', school_name: 'x', name: 'x', opens: '2026-01-01T00:00:00Z', closes: '2027-01-01T00:00:00Z' });
        await refused(admin, 422, 'bad_field', 'POST', '/api/v1/console/sessions', { code: 'OTHER2', school_code: '1', school_name: 'x', name: 'x', opens: '2026-02-30T00:00:00Z', closes: '2027-01-01T00:00:00Z' });
    },
    async 'identities are masked, shown on demand, and that is written down'() {
        const detail = await admin.detail(ada.submission.id);
        assert.ok(!JSON.stringify(detail).includes(madeUp(0).idNumber));
        const shown = await admin.want(200, 'POST', `/api/v1/console/submissions/${ada.submission.id}/reveal`, { reason: 'asked by phone' });
        assert.equal(shown.id_number, madeUp(0).idNumber);
        const { items } = await admin.want(200, 'GET', `/api/v1/console/audit?object=${ada.submission.id}`);
        const row = items.find((one) => one.action === 'identity_revealed');
        assert.deepEqual([row.detail, row.actor_kind], [{ reason: 'asked by phone' }, 'staff']);
        assert.ok(items.some((one) => one.action === 'linked'));
        const logins = await admin.want(200, 'GET', `/api/v1/console/audit?actor=${(await admin.want(200, 'GET', '/api/v1/console/me')).id}&limit=100`);
        assert.ok(['login', 'account_added', 'roster_imported', 'policy_changed'].every((action) => logins.items.some((one) => one.action === action)));
    },
    async 'consoles hear of moves while they happen'() {
        const stream = await listen(admin);
        await until(() => stream.events.some((one) => one.event === 'counts'), 'the first counts');
        assert.deepEqual(stream.events[0].data.lanes.map((lane) => lane.lane), ['green', 'amber', 'identity', 'senior', 'retouch']);
        await ben.event('withdraw');
        const moved = await until(() => stream.events.find((one) => one.event === 'submission.moved' && one.data.id === ben.submission.id && one.data.state === 'closed'), 'the move');
        assert.equal(moved.data.version, ben.submission.version);
        stream.close();
    },
    async 'withdrawing a consent shows at once'() {
        await ada.want(204, 'DELETE', '/api/v1/me/consents/face');
        await refused(ada, 404, 'not_found', 'DELETE', '/api/v1/me/consents/face');
        assert.deepEqual((await ada.want(200, 'GET', '/api/v1/me')).consents.map((one) => one.kind).sort(), ['passing_on', 'privacy']);
    },
    async 'logged out is out'() {
        await ben.want(204, 'POST', '/api/v1/logout');
        await refused(ben, 401, 'unauthenticated', 'GET', '/api/v1/me');
        await reviewer.want(204, 'POST', '/api/v1/logout');
        await refused(reviewer, 401, 'unauthenticated', 'GET', '/api/v1/console/me');
    },
    async 'the data hold together, and the log names nobody'() {
        await server.stop({ keep: true });
        command(server.folder, ['audit', 'verify']);
        const log = server.log.join('');
        assert.ok(!log.includes(madeUp(0).idNumber) && !log.includes(ada.token) && !log.includes(server.passwords.admin));
        assert.ok(!/ ERROR /.test(log), log);
    },
});
await server.stop();
