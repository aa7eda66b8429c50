// One list of nasty texts (lib/nasty.mjs) through every free text the API takes, and everywhere it comes out: answers, pages,
// tables for spreadsheets, a poster, the log. Which operations take free text is read from the description, so new ones are in it.
// Then words that only a person would write: nowhere on the disk, in the log or beside it in clear.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepPicture, logIn, startBrowser } from '../lib/page.mjs';
import { Staff, Student, madeUp } from '../lib/people.mjs';
import { api, bodyOf, follow, operations, smallest } from '../lib/plausible.mjs';
import { MARK, cellsOf, isFormula, nasty } from '../lib/nasty.mjs';
import { runTests, startServer } from '../lib/server.mjs';

const temporary = mkdtempSync(join(tmpdir(), 'xueying-text-'));
const server = await startServer({ demo: true, args: ['--sweep_interval_ms=50', '--limits_scale_percent=0', '--outbox_retry_scale_percent=1'], env: { TMPDIR: temporary } });
const admin = new Staff(server.url, 'admin', server.passwords.admin);
await admin.logIn();
const helper = await admin.want(201, 'POST', '/api/v1/console/users', { name: 'all', display_name: 'all', roles: ['service', 'retoucher'] });
const service = new Staff(server.url, 'all', helper.one_time_password);
await service.logIn();
const ada = new Student(server.url, madeUp(0).number, madeUp(0).lastFour);
const me = await ada.logIn();
await ada.consent();
await ada.link();
const session = (await admin.want(200, 'GET', '/api/v1/console/sessions')).items.find((one) => one.code === '25103003');
const nobodys = '0'.repeat(26);

/* These end what the others need, or change nothing but logins. */
const LEFT_OUT = /^(logout|leave|password_change|user_change|console_login|login_\w+|withdraw|consent_withdraw)$/;
const fine = (schema) => schema.type === 'string' && !schema.enum && !schema.pattern && !schema.format && schema.const === undefined;

/** Where free text is in a body: paths like ['policy', 'purpose']. */
function textsIn(given, at = []) {
    const schema = follow(given);
    if (schema.oneOf) return schema.oneOf.flatMap((one) => textsIn(one, at));
    if (fine(schema)) return [at];
    if (schema.type === 'array') return at.length < 4 ? textsIn(schema.items ?? {}, [...at, 0]) : [];
    return Object.entries(schema.properties ?? {}).flatMap(([name, one]) => (at.length < 4 ? textsIn(one, [...at, name]) : []));
}
const put = (body, path, text) => {
    let at = body;
    for (const [i, key] of path.entries()) {
        if (i === path.length - 1) at[key] = text;
        else at = at[key] ??= typeof path[i + 1] === 'number' ? [] : {};
    }
    return body;
};
const idOf = (path) => (/console\/sessions/.test(path) ? session.id : /conversations|\/students/.test(path) ? me.student.id : /submissions/.test(path) ? ada.submission.id : nobodys);
const names = { session_code: '25103003', student_no: ada.number, last_four: ada.lastFour, submission_id: ada.submission.id, version: 1, upload_id: nobodys, attempt_id: nobodys };
const asker = (operation) => (operation.security?.some((one) => 'staff' in one) ? [admin, service] : [ada]);
const pathOf = (operation) => operation.path.replace(/\{(\w+)\}/g, (_, name) => (name === 'id' ? idOf(operation.path) : name === 'code' ? '25103003' : follow(operation.parameters.find((one) => one.name === name).schema).enum?.[0] ?? 'x'));

let messaged = false; /* the student wrote to customer service: the page shows it */
const seen = { asked: 0, taken: 0, fields: new Set(), outcomes: {} };
const takers = operations.filter((one) => one.body?.type.endsWith('json') && !LEFT_OUT.test(one.id) && !one.path.includes('/hooks/') && textsIn(one.body.schema).length > 0);

async function send(operation, path, text, n) {
    const body = structuredClone(bodyOf(operation, names));
    /* Unique values where two may not be alike. */
    for (const [name, value] of Object.entries({ code: `${10000000 + n}`, name: `n${n}` })) if (operation.id === 'session_add' && name === 'code' || operation.id === 'user_add' && name === 'name') body[name] = value;
    put(body, path, text);
    for (const who of asker(operation)) {
        const got = await who.call(operation.method, pathOf(operation), body);
        assert.ok(got.status < 500, `${operation.id} ${path} ${JSON.stringify(text)}: ${got.status} ${JSON.stringify(got.body)}`);
        assert.equal(got.headers.get('set-cookie'), null);
        seen.asked++;
        if (got.status < 300) {
            seen.taken++;
            seen.fields.add(`${operation.id}.${path.join('.')}`);
            messaged ||= operation.id === 'message_send';
            return;
        }
        if (got.status !== 403) return;
    }
}

/** Every text in an answer that has the mark. */
const marked = (value) => (typeof value === 'string' ? (value.includes(MARK) ? [value] : []) : value && typeof value === 'object' ? Object.entries(value).flatMap(([key, one]) => [...marked(key), ...marked(one)]) : []);

const { open, close } = await startBrowser();
async function safe(page, where, mustShow) {
    if (mustShow) await page.waitForFunction((mark) => document.body.innerText.includes(mark), MARK);
    for (let quiet = 0; quiet < 3;) { /* nothing asked for is on its way, three frames long */
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        quiet = page.pending.size === 0 ? quiet + 1 : 0;
    }
    assert.equal(await page.evaluate(() => window.wasHit === true), false, where);
    assert.equal(await page.locator('img[src="x"], svg[onload], iframe[srcdoc]').count(), 0, where);
    assert.deepEqual(page.complaints.filter((one) => !/status of 4/.test(one)), [], where);
}
const trap = async (page) => {
    page.pending = new Set();
    page.on('request', (one) => { if (!/\/events$/.test(one.url()) && !one.headers().prefer) page.pending.add(one); });
    for (const name of ['requestfinished', 'requestfailed']) page.on(name, (one) => page.pending.delete(one));
    page.on('dialog', (dialog) => { page.complaints.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
    await page.addInitScript(() => { window.hit = () => { window.wasHit = true; }; });
    await page.evaluate(() => { window.hit = () => { window.wasHit = true; }; });
};

await runTests({
    async 'every free text takes or refuses every one of them, and nothing breaks'() {
        let n = 0;
        for (const operation of takers)
            for (const path of textsIn(operation.body.schema))
                for (const text of nasty) await send(operation, path, text, n++);
        console.log(`       ${takers.length} operations, ${nasty.length} texts: ${seen.asked} requests, ${seen.taken} taken, in ${seen.fields.size} fields`);
        assert.ok(seen.fields.size >= 15, [...seen.fields].join(' '));
    },
    async 'a roster full of them is read, and somebody on it is linked'() {
        const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
        const usable = nasty.filter((text) => !/[\u0000-\u001f\u007f\ud83d]/.test(text));
        const lines = usable.map((text, i) => `77${String(i).padStart(8, '0')},${quoted(text.slice(0, 40))},${madeUp(40 + i).idNumber},${quoted(text.slice(0, 40))},${quoted(text.slice(0, 40))},${quoted(text.slice(0, 40))}`);
        const got = await admin.call('POST', `/api/v1/console/sessions/${session.id}/roster`, `student_no,name,id_number,college,major,class_name\n${lines.join('\n')}\n`, { 'content-type': 'text/csv' });
        assert.equal(got.status, 200, JSON.stringify(got.body));
    },
    async 'it comes out of every answer as it went in, or not at all'() {
        const known = new Set(nasty.map((text) => text.trim())), lists = operations.filter((one) => one.method === 'GET' && !/events|livez|readyz|wechat\/start/.test(one.path));
        let found = 0, tables = 0;
        for (const operation of lists)
            for (const who of asker(operation)) {
                const query = operation.parameters.filter((one) => one.in === 'query' && one.required).map((one) => `${one.name}=${smallest(one.schema)}`).join('&');
                const got = await who.call('GET', `${pathOf(operation)}${query ? `?${query}` : ''}`);
                assert.ok(got.status < 500, `${operation.id}: ${got.status}`);
                assert.equal(got.headers.get('x-content-type-options'), 'nosniff', operation.id);
                assert.ok(!/text\/html/.test(got.headers.get('content-type') ?? ''), operation.id);
                if (got.status !== 200) continue;
                if (/csv/.test(got.headers.get('content-type'))) {
                    tables++;
                    for (const cell of cellsOf(got.body.toString().replace(/^\ufeff/, '')).flat()) assert.ok(!isFormula(cell), `${operation.id}: ${cell}`);
                }
                if (Buffer.isBuffer(got.body)) continue;
                for (const text of marked(got.body)) {
                    found++;
                    /* Whole, or as part of a sentence, or cut: but never changed into something else. */
                    assert.ok([...known].some((one) => text.includes(one) || one.startsWith(text) || text.includes(one.slice(0, 20))), `${operation.id}: ${JSON.stringify(text)}`);
                }
            }
        assert.ok(found >= 40, `${found} found`);
        console.log(`       ${found} texts in ${lists.length} answers, ${tables} tables`);
    },
    async 'a poster and the pages of the console show them as text'() {
        const sessions = (await admin.want(200, 'GET', '/api/v1/console/sessions?limit=100')).items.filter((one) => marked(one).length > 0);
        for (const one of sessions.slice(0, 4)) {
            const got = await admin.call('GET', `/api/v1/console/sessions/${one.id}/poster`);
            assert.ok([200, 202, 503].includes(got.status), `${got.status}`);
            if (got.status === 200) assert.equal(got.body.subarray(0, 4).toString(), '%PDF');
        }
        const page = await open(`${server.url}/console/`);
        await trap(page);
        await logIn(page, 'admin', server.passwords.admin);
        for (const where of ['sessions', `sessions/${sessions[0]?.id ?? session.id}`, `sessions/${session.id}`, 'users', 'audit', 'submissions', `submissions/${ada.submission.id}`, 'batches', 'messages', 'conversations', 'link-requests', 'outbox', 'payments', 'consents', 'settings']) {
            await page.evaluate((hash) => { location.hash = hash; }, `#/${where}`);
            await safe(page, where, ['sessions', 'users'].includes(where));
        }
        await page.evaluate(() => { location.hash = '#/sessions'; });
        await safe(page, 'sessions', true);
        await keepPicture(page, 'text-sessions');
        await page.context().close();
    },
    async 'and the pages of the student'() {
        const page = await open(`${server.url}/student/`);
        await trap(page);
        await page.evaluate((token) => { for (const store of [sessionStorage, localStorage]) store.setItem('xueying.student', token); }, ada.token);
        for (const where of ['', '#/messages', '#/progress', '#/address', '#/details', '#/service', '#/help']) {
            await page.goto(`${server.url}/student/${where}`);
            await safe(page, `student ${where}`);
        }
        await page.goto(`${server.url}/student/#/messages`);
        await safe(page, 'student messages', messaged);
        await keepPicture(page, 'text-student');
        await page.context().close();
    },
    async 'a line of the log is one line, without them and without codes for terminals'() {
        const lines = server.log.join('').split('\n').filter(Boolean).filter((line) => !/^\(process:\d+\): Pango-WARNING/.test(line)); /* the worker's fonts */
        for (const line of lines) assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z? +(DEBUG|INFO|WARN|ERROR) /, line);
        assert.equal(lines.filter((line) => line.includes(MARK) || /[\u0000-\u0008\u000b-\u001f\u007f]/.test(line)).join('\n'), '');
        assert.equal(lines.filter((line) => / ERROR /.test(line)).join('\n'), '');
    },
});

/* ---- words only a person would write ---- */

await runTests({
    async 'what people wrote lies nowhere in clear: data, log of the database, temporary files, log'() {
        const canary = { name: '欧阳金丝雀', text: '金丝雀街十七号', phone: '13912345671', note: '我是金丝雀本人', message: '金丝雀唱了一首歌', idNumber: madeUp(17).idNumber, college: '金丝雀学院', email: 'jinsique@song.example' };
        const wrote = [];
        const say = async (method, path, body) => { const got = await ada.call(method, path, body); assert.ok(got.status < 300, `${path}: ${JSON.stringify(got.body)}`); wrote.push(path); };
        await ada.consent();
        await say('PUT', ada.path('/address'), { name: canary.name, phone: canary.phone, text: canary.text });
        await say('PUT', '/api/v1/me/phone', { phone: canary.phone });
        await say('POST', '/api/v1/me/messages', { text: canary.message });
        await say('PUT', ada.path('/details'), { email: canary.email });
        await say('POST', ada.path('/withdraw'), { version: (await ada.look()).version, note: canary.note });
        await say('POST', '/api/v1/me/identity', { name: canary.name, id_number: canary.idNumber, document_type: 'resident' });
        await say('POST', '/api/v1/me/link-requests', { session_code: '25100003', name: canary.name, id_number: canary.idNumber, student_no: '2022009999', college: canary.college, major: canary.college, class_name: '一班', note: canary.note });
        const { history } = await admin.detail(ada.submission.id);
        assert.equal(history.findLast((move) => move.event === 'withdraw').said, canary.note, 'staff read what the student wrote');
        const words = Object.values(canary).map((word) => [word, Buffer.from(word)]);
        const files = [server.folder, temporary].flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).map((one) => join(one.parentPath ?? one.path, one.name)));
        assert.ok(files.some((file) => file.endsWith('-wal')) && files.some((file) => file.endsWith('.db')));
        for (const file of files) {
            const bytes = readFileSync(file);
            for (const [word, needle] of words) assert.ok(!bytes.includes(needle), `${file} holds ${word}`);
        }
        const log = server.log.join('');
        for (const [word] of words) assert.ok(!log.includes(word), word);
        assert.match(readFileSync(`/proc/${server.pid}/limits`, 'utf8'), /Max core file size +0 +0/);
        console.log(`       ${wrote.length} writings, ${files.length} files`);
    },
});
await close();
await server.stop();
rmSync(temporary, { recursive: true, force: true });
