// What somebody with bad intentions tries, and what a campus behind one address must not feel of it: too many requests, guessed
// names and numbers, used codes and tokens, planted cookies. Times are never compared: work is counted. No worker needed.
import assert from 'node:assert/strict';
import { Staff, Student, madeUp } from '../lib/people.mjs';
import { runTests, startServer, until } from '../lib/server.mjs';

const quiet = ['--worker=0', '--sweep_interval_ms=60000']; /* nothing of its own beside what is counted: scaled retries ask the bank twice a second */
const server = await startServer({ demo: true, args: quiet });
const staff = new Staff(server.url, 'admin', server.passwords.admin);
await staff.logIn();

const ask = async (method, path, body, headers = {}) => {
    const response = await fetch(server.url + path, { method, headers: { 'content-type': 'application/json', ...headers }, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await response.text(), got = { status: response.status, headers: response.headers, text };
    if (text.startsWith('{')) got.body = JSON.parse(text);
    if (got.body) delete got.body.request_id;
    return got;
};
const metric = async (name) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await (await fetch(`${server.url}/metrics`)).text())?.[1] ?? 0);
/** What the server did for `run`: password hashes, database units, commits. */
async function work(run) {
    const look = async () => [await metric('xueying_password_hashes_total'), await metric('xueying_db_units_total'), await metric('xueying_db_commits_total')];
    const before = await look(), answer = await run(), after = await look();
    return { answer, did: after.map((value, i) => value - before[i]) };
}
async function phone(n) {
    const student = new Student(server.url, madeUp(n).number, madeUp(n).lastFour);
    const got = await student.call('POST', '/api/v1/login/wechat', { code: `student-9${String(n).padStart(6, '0')}` });
    assert.equal(got.status, 201, JSON.stringify(got.body));
    student.token = got.body.token;
    return student;
}
const crowdOf = async (count, from, each) => {
    const done = [];
    for (let n = 0; n < count; n += 25) done.push(...await Promise.all(Array.from({ length: Math.min(25, count - n) }, (_, i) => each(from + n + i))));
    return done;
};
const link = (student, student_no, last_four) => ask('POST', '/api/v1/me/link', { session_code: '25103003', student_no, last_four }, student.headers());

await runTests({
    async 'five hundred phones behind one address log in and look around'() {
        const phones = await crowdOf(500, 0, phone);
        const answers = await crowdOf(500, 0, async (n) => [
            (await ask('GET', '/api/v1/sessions/25103003')).status, (await phones[n].call('GET', '/api/v1/me')).status, (await phones[n].call('GET', '/api/v1/me/messages')).status]);
        assert.deepEqual([...new Set(answers.flat())], [200]);
    },
    async 'one who polls like a machine waits as told; nobody else notices, a second login does not help'() {
        const [eager, other] = [await phone(0), await phone(1)];
        await eager.consent();
        await eager.link();
        const path = eager.path(), seen = { 200: 0, 304: 0, 429: 0 };
        const first = await ask('GET', path, undefined, eager.headers()), tag = { 'if-none-match': first.headers.get('etag') };
        let refused;
        for (let i = 0; i < 400 && !refused; i++) {
            const got = await ask('GET', path, undefined, { ...eager.headers(), ...(i % 2 ? tag : {}) });
            seen[got.status]++;
            if (got.status === 429) refused = got;
        }
        assert.ok(seen[200] + seen[304] >= 200, JSON.stringify(seen));
        assert.equal(`${refused.body.code} ${refused.headers.get('retry-after')}`, 'rate_limited 1');
        assert.match(refused.headers.get('content-type'), /problem/);
        const again = await eager.call('POST', '/api/v1/login/wechat', { code: 'student-9000000' });
        const statuses = [];
        for (let i = 0; i < 20; i++) statuses.push((await ask('GET', path, undefined, { authorization: `Bearer ${again.body.token}` })).status);
        assert.ok(statuses.includes(429), `a second login starts anew: ${statuses}`);
        assert.equal((await other.call('GET', '/api/v1/me')).status, 200);
        await until(async () => (await ask('GET', path, undefined, eager.headers())).status === 200, 'the poll to be answered again', 3000);
        assert.ok(await metric('xueying_http_limited_total\\{endpoint="submission_show",per="person",rule="\\d+"\\}') > 0);
    },
    async 'an unknown name costs the same as a known one, and locks alike'() {
        await staff.want(201, 'POST', '/api/v1/console/users', { name: 'victim', display_name: 'V', roles: ['reviewer'] });
        const attempt = async (name) => {
            const { answer, did } = await work(() => ask('POST', '/api/v1/console/login', { name, password: 'guessed' }));
            const wait = answer.headers.get('retry-after');
            return { status: answer.status, body: answer.body, cookie: answer.headers.get('set-cookie'), waits: wait !== null, did };
        };
        const known = [], unknown = [];
        for (let i = 0; i < 6; i++) { /* five are free, the sixth locks for a second */
            known.push(await attempt('victim'));
            unknown.push(await attempt('nobody-of-this-name'));
        }
        const answers = (list) => list.map(({ did, ...said }) => ({ ...said, hashes: did[0] }));
        const least = (list) => [1, 2].map((kind) => Math.min(...list.map((one) => one.did[kind]))); /* the server may do something of its own meanwhile */
        assert.deepEqual(answers(unknown), answers(known));
        assert.deepEqual(least(unknown), least(known));
        assert.deepEqual(known.map((one) => `${one.body.code} ${one.did[0]}`), Array(6).fill('wrong_credentials 1'));
        const locks = [];
        for (const name of ['victim', 'nobody-of-this-name']) { /* each further try locks for longer: soon one comes too early */
            let got = await attempt(name);
            for (let i = 0; i < 6 && got.body.code !== 'locked_out'; i++) got = await attempt(name);
            locks.push(got);
        }
        assert.deepEqual({ ...locks[1], did: locks[1].did[0] }, { ...locks[0], did: locks[0].did[0] });
        assert.equal(`${locks[0].status} ${locks[0].body.code} ${locks[0].waits} ${locks[0].did[0]}`, '429 locked_out true 0');
        assert.ok(known.every((one) => one.cookie === null));
    },
    async 'an unknown student number costs the same as a known one with wrong digits'() {
        const [one, two] = [await phone(20), await phone(21)];
        await one.consent(), await two.consent();
        const known = await work(() => link(one, madeUp(5).number, '9999'));
        const unknown = await work(() => link(two, '2022999999', '9999'));
        assert.equal(known.answer.body.code, 'not_on_roster');
        assert.deepEqual([known.answer.status, known.answer.body, known.did], [unknown.answer.status, unknown.answer.body, unknown.did]);
    },
    async 'many logins together guess one student no faster than one: known and unknown alike'() {
        for (const number of [madeUp(6).number, '2022999998']) {
            const guessers = await crowdOf(31, 100, async (n) => { const one = await phone(n); await one.consent(); return one; });
            const answers = [];
            for (const [i, guesser] of guessers.entries()) answers.push(await link(guesser, number, String(1000 + i)));
            assert.deepEqual([...new Set(answers.slice(0, 30).map((one) => one.body.code))], ['not_on_roster'], number);
            assert.equal(answers[30].body.code, 'rate_limited', number);
            assert.ok(Number(answers[30].headers.get('retry-after')) <= 20);
        }
        const rightful = await phone(7);
        await rightful.consent();
        assert.equal((await link(rightful, madeUp(7).number, madeUp(7).lastFour)).status, 201);
    },
    async 'wrong tries lock the one who guesses, for longer each time, and not the one who is guessed'() {
        const [guesser, owner] = [await phone(40), await phone(8)];
        await guesser.consent(), await owner.consent();
        let locked;
        for (let i = 0; i < 12 && !locked; i++) {
            const got = await link(guesser, madeUp(8).number, String(2000 + i));
            if (got.body.code === 'locked_out') locked = got;
        }
        assert.equal(locked?.status, 429);
        assert.ok(Number(locked.headers.get('retry-after')) > 10);
        assert.equal((await link(guesser, madeUp(8).number, madeUp(8).lastFour)).body.code, 'locked_out');
        assert.equal((await link(owner, madeUp(8).number, madeUp(8).lastFour)).status, 201);
    },
    async 'a code of wx.login that WeChat has seen before logs nobody in'() {
        for (const errcode of [40163, 40029]) {
            await fetch(`${server.standins.wechat}/fault`, { method: 'POST', body: JSON.stringify({ kind: 'errcode', times: 1, value: errcode, path: '/sns/jscode2session' }) });
            const got = await ask('POST', '/api/v1/login/wechat', { code: 'student-2022001030' });
            assert.ok(got.status >= 400 && got.status < 500 && !got.text.includes('token'), got.text);
        }
        const codes = await Promise.all(Array.from({ length: 60 }, () => ask('POST', '/api/v1/login/wechat', { code: 'student-2022001031' })));
        assert.ok(codes.filter((one) => one.status === 429).length >= 10); /* thirty times a minute, whoever asks */
    },
    async 'logging in makes a new token, whatever the browser brought'() {
        const planted = `xy=${'A'.repeat(43)}`, seen = new Set();
        for (const cookie of [planted, planted, staff.cookie]) {
            const got = await ask('POST', '/api/v1/console/login', { name: 'reviewer', password: server.passwords.reviewer }, { cookie, origin: server.url });
            assert.equal(got.status, 200, got.text);
            const made = got.headers.get('set-cookie');
            assert.match(made, /^xy=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict/);
            assert.ok(made.split(';')[0] !== cookie);
            seen.add(made.split(';')[0]);
        }
        assert.equal(seen.size, 3);
        assert.equal((await ask('GET', '/api/v1/console/me', undefined, { cookie: planted })).status, 401);
        assert.equal((await ask('GET', '/api/v1/console/me', undefined, { cookie: staff.cookie })).body.name, 'admin');
        const foreign = await ask('POST', '/api/v1/console/login', { name: 'reviewer', password: server.passwords.reviewer }, { origin: 'https://evil.example' });
        assert.equal(`${foreign.status} ${foreign.body.code}`, '403 csrf');
    },
    async 'a forged forwarding header makes no new address; students go on while the office is slowed down'() {
        const guess = (i) => ask('POST', '/api/v1/console/login', {}, { 'x-forwarded-for': `203.0.113.${i}`, 'x-real-ip': `203.0.113.${i}`, forwarded: `for=203.0.113.${i}` });
        const answers = await Promise.all(Array.from({ length: 70 }, (_, i) => guess(i))); /* at once: one a second is given back */
        const refused = answers.filter((one) => one.status === 429);
        assert.ok(refused.length > 5, `${refused.length} refused`);
        assert.equal(refused[0].body.code, 'rate_limited');
        assert.ok(Number(refused[0].headers.get('retry-after')) >= 1);
        assert.equal((await (await phone(60)).call('GET', '/api/v1/me')).status, 200);
    },
    async 'nothing of this was an error of the server'() {
        assert.equal(server.log.filter((line) => / ERROR /.test(line)).join(''), '');
        assert.deepEqual(await server.stop(), { code: 0, signal: null });
    },
});
if (server.child.exitCode === null) await server.stop();
