// Capture sessions over HTTP: presets, versions of the rules, changes, schools by name, the print's size.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { Staff, Student, madeUp } from '../lib/people.mjs';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, command, program, runTests, startServer, until } from '../lib/server.mjs';

const server = await startServer({ demo: true });
const admin = new Staff(server.url, 'admin', server.passwords.admin);
const reviewer = new Staff(server.url, 'reviewer', server.passwords.reviewer);
await Promise.all([admin.logIn(), reviewer.logIn()]);

const sessions = '/api/v1/console/sessions';
const get = async (path) => (await fetch(server.url + path)).json();
const fresh = (code, more) => ({ code, school_code: '10001', school_name: '北方测试学院', name: '2026 届', opens: '2026-01-01T00:00:00Z', closes: '2046-06-01T00:00:00Z', ...more });

async function student(n, session) {
    const { number, lastFour, idNumber } = madeUp(n);
    const made = new Student(server.url, number, lastFour);
    await made.logIn();
    await made.consent();
    const proof = session === '25103003' || session === '25100001' ? { student_no: number, last_four: lastFour } : null;
    made.submission = proof && await made.want(201, 'POST', '/api/v1/me/link', { session_code: session, ...proof });
    made.idNumber = idNumber;
    return made;
}

await runTests({
    'the demo has an open session per preset, and its policy says so': async () => {
        const { items, plain } = await reviewer.want(200, 'GET', '/api/v1/console/presets');
        assert.deepEqual(items.map((one) => one.name), ['S0', 'S1', 'S2', 'S3', 'S4']);
        assert.equal(plain.preset, '');
        for (const [n, preset] of items.entries()) {
            const session = await get(`/api/v1/sessions/2510000${n}`);
            assert.equal(session.open_now, true);
            assert.equal(session.graduation_year, 2026);
            const { quiet_from_hour, ...rest } = preset.policy; /* the demo is never quiet */
            assert.deepEqual({ ...session.policy, quiet_from_hour }, { quiet_from_hour, ...rest });
            assert.deepEqual(Object.keys(session.policy), Object.keys(plain), 'every field is stored');
        }
    },
    'a session is made from a preset by name; two sources of rules are one too many': async () => {
        const made = await admin.want(201, 'POST', sessions, fresh('70000001', { preset: 'S2', level: 'adult', graduation_year: 2027, batch_name: '春季' }));
        assert.equal(made.preset, 'S2');
        assert.equal(made.policy.payment, 'before');
        assert.deepEqual([made.level, made.graduation_year, made.batch_name, made.version], ['adult', 2027, '春季', 1]);
        await admin.want(422, 'POST', sessions, fresh('70000002', { preset: 'S2', policy: {} }));
        await admin.want(422, 'POST', sessions, fresh('70000002', { preset: 'S7' }));
        await admin.want(422, 'POST', sessions, fresh('70000002', { level: 'doctor' }));
        await admin.want(422, 'POST', sessions, fresh('70000002', { graduation_year: 26 }));
        await reviewer.want(403, 'POST', sessions, fresh('70000002', { preset: 'S2' }));
    },
    'a change touches what it names, once': async () => {
        const made = await admin.want(201, 'POST', sessions, fresh('70000003'));
        const path = `${sessions}/${made.id}`;
        const changed = await admin.want(200, 'PATCH', path, { version: 1, name: '2026 届补采', level: 'open' });
        assert.deepEqual([changed.name, changed.level, changed.version, changed.closes], ['2026 届补采', 'open', 2, made.closes]);
        await admin.want(409, 'PATCH', path, { version: 1, name: 'x' });
        await admin.want(422, 'PATCH', path, { closes: '2025-01-01T00:00:00Z' });
        await admin.want(422, 'PATCH', path, { code: '70000009' });
        await reviewer.want(403, 'PATCH', path, { name: 'x' });
        assert.equal((await admin.want(200, 'PATCH', path, { graduation_year: 2026 })).version, 3);
        assert.equal((await get('/api/v1/sessions/70000003')).name, '2026 届补采');
    },
    'versions of the rules, what each changed, and an old one taken again': async () => {
        const made = await admin.want(201, 'POST', sessions, fresh('70000004', { preset: 'S4' }));
        const path = `${sessions}/${made.id}`;
        await admin.want(200, 'PUT', `${path}/policy`, { policy_version: 1, policy: { ...made.policy, sla_hours: 24, selfie: 'allowed' } });
        await admin.want(409, 'PUT', `${path}/policy`, { policy_version: 1, policy: made.policy });
        const { items } = await reviewer.want(200, 'GET', `${path}/policies`);
        assert.deepEqual(items.map((one) => [one.policy_version, one.differs]), [[2, ['selfie', 'sla_hours']], [1, []]]);
        assert.equal(items[0].changed_by, '管理员');
        const again = await admin.want(200, 'PUT', `${path}/policy`, { policy_version: 2, policy: items[1].policy });
        assert.deepEqual(again.policy, made.policy);
        const first = await reviewer.want(200, 'GET', `${path}/policies?limit=2`);
        assert.deepEqual(first.items.map((one) => one.policy_version), [3, 2]);
        assert.deepEqual(first.items[1].differs, ['selfie', 'sla_hours'], 'the last of a page is compared with the next page');
        const rest = await reviewer.want(200, 'GET', `${path}/policies?limit=2&cursor=${first.next}`);
        assert.deepEqual(rest.items.map((one) => one.policy_version), [1]);
        assert.equal(rest.next, null);
    },
    'rules that contradict themselves are refused, by name': async () => {
        for (const [policy, name] of [[{ preset: 'S9' }, 'preset'], [{ selfie: 'maybe' }, 'selfie'], [{ payment: 'after', price_fen: 0 }, 'price_fen'],
            [{ identity_method: 'collection_code', collection_code: 'none' }, 'collection_code'], [{ open_hour: 9, close_hour: 9 }, 'close_hour'], [{ colour: 1 }, 'colour']]) {
            const problem = await admin.want(422, 'POST', sessions, fresh('70000008', { policy }));
            assert.match(problem.detail, new RegExp(`policy\\.${name}`), JSON.stringify(problem));
        }
    },
    'a school is found by its name, the exact one first, with the sessions of a level': async () => {
        const named = (name, code, session, level) => admin.want(201, 'POST', sessions, fresh(session, { school_code: code, school_name: name, level }));
        await named('江南大学附属学院', '10101', '71000001', 'adult');
        await named('江南大学', '10102', '71000002', 'undergraduate');
        await named('新江南大学', '10103', '71000003', '');
        const find = (words, level) => get(`/api/v1/schools?q=${encodeURIComponent(words)}${level ? `&level=${level}` : ''}`);
        const { items } = await find('江南大学');
        assert.deepEqual(items.map((one) => one.school), ['江南大学', '江南大学附属学院', '新江南大学']);
        assert.deepEqual(items[0].sessions.map((one) => [one.code, one.level, one.open_now]), [['71000002', 'undergraduate', true]]);
        const adults = await find('江南大学', 'adult');
        assert.deepEqual(adults.items.map((one) => one.sessions.length), [0, 1, 1], 'a session without a level is for all');
        assert.deepEqual((await find('10102')).items.map((one) => one.school), ['江南大学']);
        assert.deepEqual((await find('没有这所')).items, []);
        for (const query of ['q=%E6%B1%9F', 'level=adult', 'q=%E6%B1%9F%E5%8D%97&level=doctor'])
            assert.equal((await fetch(`${server.url}/api/v1/schools?${query}`)).status, 422, query);
        assert.deepEqual((await find('%_')).items, [], 'no wildcards');
    },
    'the size of the prints is the student\'s where the session says so': async () => {
        const amy = await student(20, '25103003');
        assert.equal((await amy.look()).print_layout, 'two_inch');
        await amy.want(409, 'PUT', amy.path('/print_layout'), { layout: 'one_inch' });
        const { items } = await admin.want(200, 'GET', sessions);
        const session = await admin.want(200, 'GET', `${sessions}/${items.find((one) => one.code === '25103003').id}`);
        await admin.want(200, 'PUT', `${sessions}/${session.id}/policy`, { policy_version: session.policy_version, policy: { ...session.policy, print_layout: 'student' } });
        assert.equal((await amy.look()).print_layout, '');
        const { version } = amy.submission;
        await amy.want(204, 'PUT', amy.path('/print_layout'), { layout: 'one_inch' });
        assert.equal((await amy.look()).print_layout, 'one_inch');
        assert.equal(amy.submission.version, version + 1);
        await amy.want(422, 'PUT', amy.path('/print_layout'), { layout: 'student' });
        const bob = await student(21, '25103003');
        await bob.want(404, 'PUT', amy.path('/print_layout'), { layout: 'two_inch' });
    },
    'a poster is one A4 page whose code leads to the session': async () => {
        await until(async () => (await fetch(`${server.url}/readyz`)).ok, 'the image worker');
        const folder = mkdtempSync(join(tmpdir(), 'xueying-poster-'));
        const { items } = await admin.want(200, 'GET', sessions);
        for (const [code, language] of [['25100000', 'zh'], ['25100004', 'en'], ['70000001', 'zh']]) {
            const { id } = items.find((one) => one.code === code);
            const got = await reviewer.call('GET', `${sessions}/${id}/poster?language=${language}`);
            assert.equal(got.status, 200, JSON.stringify(got.body));
            assert.equal(got.headers.get('content-type'), 'application/pdf');
            assert.match(got.headers.get('content-disposition'), new RegExp(`^attachment; filename="poster-${code}\\.pdf"$`));
            const pdf = join(folder, `${code}.pdf`);
            writeFileSync(pdf, got.body);
            const page = spawnSync('pdftoppm', ['-r', '80', '-png', pdf, join(folder, code)], { encoding: 'utf8' });
            assert.equal(page.status, 0, page.stderr);
            const said = spawnSync(join(build, 'xueying-code-bench'), ['say', join(folder, `${code}-1.png`)], { encoding: 'utf8' });
            assert.equal(said.stdout.trim(), `${server.url}/student/?session=${code}`);
            const words = spawnSync('pdftotext', [pdf, '-'], { encoding: 'utf8' }).stdout;
            assert.ok(words.includes(`${code.slice(0, 4)} ${code.slice(4)}`), words);
            const info = spawnSync('pdfinfo', [pdf], { encoding: 'utf8' }).stdout;
            assert.match(info, /Pages: +1\n/);
            assert.match(info, /A4/);
        }
        // whatever a session is called, its poster is drawn: text, not markup; both directions; cut where it is too long
        const odd = items.find((one) => one.code === '70000001').id;
        for (const name of [`<b>粗</b> & <i>x`, `</span>&#x41; 100% ${'甲'.repeat(80)}`, '\u202eabc\u202c \u05d0\u05d1\u05d2 \u0627\u0628', '👩🏽‍🎓 Z\u0337\u0321 \ud840\udc00', '=1+1']) {
            await admin.want(200, 'PATCH', `${sessions}/${odd}`, { name });
            const got = await reviewer.call('GET', `${sessions}/${odd}/poster`);
            assert.equal(got.status, 200, `${name}: ${JSON.stringify(got.body)}`);
            writeFileSync(join(folder, 'odd.pdf'), got.body);
            const words = spawnSync('pdftotext', [join(folder, 'odd.pdf'), '-'], { encoding: 'utf8' }).stdout;
            if (/^[<=]/.test(name)) assert.ok(words.includes(name.slice(0, 7)), words);
            assert.match(spawnSync('pdfinfo', [join(folder, 'odd.pdf')], { encoding: 'utf8' }).stdout, /Pages: +1\n/);
        }
        await admin.want(422, 'PATCH', `${sessions}/${odd}`, { name: 'a\nb' });
        const id = items[0].id;
        await reviewer.want(422, 'GET', `${sessions}/${id}/poster?language=fr`);
        await reviewer.want(404, 'GET', `${sessions}/01m0000000000000000000000z/poster`);
        assert.equal((await fetch(`${server.url}${sessions}/${id}/poster`)).status, 401);
        if (process.env.XUEYING_KEEP) console.log(folder);
        else rmSync(folder, { recursive: true });
    },
    'the same by the command line': async () => {
        await server.stop({ keep: true });
        const say = (...words) => command(server.folder, ['session', ...words]);
        const more = ['--name=2028 届', '--school=命令大学', '--school-code=10200', '--opens=2026-01-01', '--closes=2046-01-01', '--level=postgraduate', '--year=2028', '--batch=夏季'];
        say('add', '72000001', '--preset=S3', ...more);
        const shown = JSON.parse(say('show', '72000001', '--json'));
        assert.deepEqual([shown.policy.preset, shown.policy.capture_source, shown.level, shown.graduation_year, shown.batch_name], ['S3', 'album', 'postgraduate', 2028, '夏季']);
        say('set', '72000001', '--name=2028 届补采', '--preset=S4');
        const changed = JSON.parse(say('show', '72000001', '--json'));
        assert.deepEqual([changed.name, changed.policy.preset, changed.policy_version, changed.version, changed.level], ['2028 届补采', 'S4', 2, 2, 'postgraduate']);
        assert.deepEqual(JSON.parse(say('show', '72000001')), changed.policy);
        assert.match(say('list'), /72000001 .* S4 policy 2 {2}命令大学/);
        assert.match(say('presets'), /^S0 /);
        for (const words of [['add', '72000002', '--preset=S9', ...more], ['add', '72000002', '--preset=S1', '--policy=x', ...more], ['add', '72000002'], ['set', '72000001', '--level=doctor'], ['whatever']])
            assert.equal(spawnSync(program, ['session', ...words, `--data_directory=${server.folder}`]).status, 2, words.join(' '));
        for (const words of [['show', '79999999'], ['set', '79999999', '--name=x'], ['add', '72000001', ...more], ['set', '72000001', '--closes=2020-01-01']])
            assert.equal(spawnSync(program, ['session', ...words, `--data_directory=${server.folder}`]).status, 1, words.join(' '));
    },
});
