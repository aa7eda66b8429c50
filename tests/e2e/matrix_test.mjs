// Every route × every role × whose thing it is × which school: what `xueying routes` lists is asked for by somebody without a
// login, the student it belongs to, another student, and an account of each role of all schools, of the own school and of
// another one. A route that no line of WHOSE speaks for fails the test: whoever adds one says whose its things are.
//
//   open     no login; everything else about it is the endpoint's own business
//   self     a student's own things, none named in the path
//   mine     names a thing of one student: for all others it is not there (404, the same answer as for a made-up id)
//   school   names a thing of one school: not there for accounts of others
//   list     what an account sees is filtered: nothing of another school's students is in it
//   central  for accounts of all schools only: 403 for those bound to one
//   work     names what somebody is doing at the moment: nobody else's
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { crowd } from '../lib/crowd.mjs';
import { paidSession, payer } from '../lib/payers.mjs';
import { Staff, Student, madeUp } from '../lib/people.mjs';
import { bodyOf, follow, operations, smallest } from '../lib/plausible.mjs';
import { models, program, runTests, samples, startServer, until } from '../lib/server.mjs';

const OPEN = ['livez', 'readyz', 'workflow', 'reasons', 'profiles', 'openapi', 'consents', 'session_public', 'session_templates_public', 'service_account_picture', 'school_find', 'push_check', 'push_callback', 'login_wechat', 'login_wechat_start', 'login_phone_code', 'login_phone', 'login_number', 'pay_callback', 'courier_callback', 'console_login'];

/* [method and path, whose, more]; the first line that fits counts. more:
 *   empty    why even the owner finds nothing            accept   an answer that is right for who may, though it looks like a refusal
 *   only     of the route's roles, who may really: a list, or by the value of the path's last parameter
 *   also     members of the body that the value of the last parameter needs
 *   names    what the path names instead of a submission  body, type  what is sent, when the description cannot tell
 *   again    logs in again afterwards */
const REVIEW = ['reviewer', 'identity_reviewer', 'senior', 'service', 'administrator'];
const EVENTS = { reopen: ['senior'], printed: ['batch'], shipped: ['batch'], delivered: ['batch'], retouch_done: ['senior', 'retoucher'] };
const MEDIA = { original: [...REVIEW, 'retoucher'], proxy: [...REVIEW, 'retoucher'], standard: [...REVIEW, 'retoucher', 'batch', 'school'], portrait: REVIEW,
    mask: [...REVIEW, 'retoucher'], repair: [...REVIEW, 'retoucher'] };
const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]);
const WHOSE = [
    [/^\w+ \/api\/v1\/submissions\/\{id\}\/attempts\/\{attempt\}\/photo$/, 'mine', { empty: 'the photo is not ready' }],
    [/^\w+ \/api\/v1\/submissions\/\{id\}\/photo$/, 'mine', { empty: 'not approved yet' }],
    [/^GET \/api\/v1\/submissions\/\{id\}\/payment$/, 'mine', { empty: 'no order yet' }],
    [/^POST \/api\/v1\/submissions\/\{id\}\/\{event\}$/, 'mine', { also: { proofread: { result: 'right' } } }],
    [/^\w+ \/api\/v1\/submissions\/\{id\}(\/|$)/, 'mine'],
    [/^\w+ \/api\/v1\/uploads\/\{id\}$/, 'mine', { names: 'uploads' }],
    [/^GET \/api\/v1\/me\/id-card\/\{id\}$/, 'mine', { names: 'cards' }],
    [/^GET \/api\/v1\/me\/code\/\{id\}$/, 'mine', { names: 'codes' }],
    [/^\w+ \/api\/v1\/me\/messages\/\{id\}/, 'mine', { empty: 'the inbox is empty' }],
    [/^POST \/api\/v1\/me\/link-requests$/, 'self', { empty: 'the session takes no requests' }],
    [/^POST \/api\/v1\/me\/(portrait|id-card|code|messages)$/, 'self', { empty: 'the body names an upload or a submission; for another student it is not there' }],
    [/^POST \/api\/v1\/me\/leave$/, 'self', { body: '{"confirm":"no"}', type: 'application/json', accept: 'bad_field' }],
    [/^GET \/api\/v1\/me\/copy(\/file)?$/, 'self', { empty: 'the copy is not made yet' }],
    [/^\w+ \/api\/v1\/me\/consents\/\{kind\}$/, 'self'],
    [/^\w+ \/api\/v1\/(me|uploads|precheck)(\/[\w-]+)*$/, 'self'],
    [/^POST \/api\/v1\/logout$/, 'self', { again: true }],

    [/^PUT \/api\/v1\/console\/me\/password$/, 'list', { accept: 'wrong_credentials' }],
    [/^\w+ \/api\/v1\/console\/(me|events|queue)$/, 'list'],
    [/^GET \/api\/v1\/console\/link-requests$/, 'list'],
    [/^\w+ \/api\/v1\/console\/link-requests\/\{id\}/, 'school', { names: 'requests' }],
    [/^GET \/api\/v1\/console\/(submissions|sessions|batches|consents|presets)$/, 'list'],
    [/^POST \/api\/v1\/console\/consents$/, 'central'],
    [/^\w+ \/api\/v1\/console\/faces$/, 'central'],
    [/^POST \/api\/v1\/console\/claims$/, 'central', { only: ['reviewer', 'senior'] }],
    [/^PATCH \/api\/v1\/console\/claims$/, 'list'],
    [/^DELETE \/api\/v1\/console\/(claims\/\{claim\}|decisions\/\{decision\})$/, 'work'],
    [/^\w+ \/api\/v1\/console\/submissions\/\{id\}\/media\/\{variant\}$/, 'school', { names: 'photos', only: MEDIA, empty: 'no mask, no repair' }],
    [/^POST \/api\/v1\/console\/submissions\/\{id\}\/retouch$/, 'school', { body: jpeg, type: 'image/jpeg', empty: 'no photo yet' }],
    [/^\w+ \/api\/v1\/console\/submissions\/\{id\}\/(retouch|derived\/\{profile\})$/, 'school', { names: 'photos', empty: 'nothing was repaired' }],
    [/^POST \/api\/v1\/console\/submissions\/\{id\}\/reveal$/, 'school', { only: ['senior', 'service', 'administrator'] }],
    [/^POST \/api\/v1\/console\/submissions\/\{id\}\/\{event\}$/, 'school', { only: EVENTS, also: { reopen: { note: 'because' }, shipped: { carrier: 'SF', tracking_no: 'SF1234567890' } } }],
    [/^\w+ \/api\/v1\/console\/submissions\/\{id\}(\/|$)/, 'school'],
    [/^GET \/api\/v1\/console\/payments$/, 'list'],
    [/^\w+ \/api\/v1\/console\/(ledger|reconciliations|reconciliations\/\{day\})$/, 'central', { empty: 'no day was compared' }],
    [/^\w+ \/api\/v1\/console\/payments\/\{id\}\//, 'school', { names: 'payments' }],
    [/^\w+ \/api\/v1\/console\/refunds\/\{id\}\//, 'school', { names: 'refunds' }],
    [/^\w+ \/api\/v1\/console\/group-orders\/\{id\}\//, 'school', { names: 'orders' }],
    [/^GET \/api\/v1\/console\/(conversations|answers)$/, 'list'],
    [/^PUT \/api\/v1\/console\/answers$/, 'central'],
    [/^POST \/api\/v1\/console\/conversations\/\{id\}\/picture$/, 'school', { names: 'conversations', body: jpeg, type: 'image/jpeg' }],
    [/^GET \/api\/v1\/console\/conversations\/\{id\}\/picture\/\{message\}$/, 'school', { names: 'conversations', empty: 'a message without picture' }],
    [/^\w+ \/api\/v1\/console\/conversations\/\{id\}(\/|$)/, 'school', { names: 'conversations' }],
    [/^\w+ \/api\/v1\/console\/rosters\/\{id\}/, 'central', { names: 'nobody', empty: 'a made-up id' }],
    [/^\w+ \/api\/v1\/console\/(audit|outbox|users)$/, 'central'],
    [/^\w+ \/api\/v1\/console\/(outbox|users)\/\{id\}/, 'central', { names: 'nobody', empty: 'a made-up id' }],
    [/^POST \/api\/v1\/console\/sessions$/, 'central'],
    [/^POST \/api\/v1\/console\/sessions\/\{id\}\/roster$/, 'school', { names: 'sessions', body: 'student_no,name,id_number\n' }],
    [/^\w+ \/api\/v1\/console\/sessions\/\{id\}(\/|$)/, 'school', { names: 'sessions' }],
    [/^POST \/api\/v1\/console\/batches$/, 'school'],
    [/^\w+ \/api\/v1\/console\/batches\/\{id\}\/file$/, 'school', { names: 'batches', empty: 'not built' }],
    [/^POST \/api\/v1\/console\/batches\/\{id\}\/receipt$/, 'school', { names: 'batches', body: 'file_name,result,reason\n' }],
    [/^POST \/api\/v1\/console\/batches\/\{id\}\/tracking$/, 'school', { names: 'batches', body: 'code,carrier,tracking_no\n' }],
    [/^\w+ \/api\/v1\/console\/batches\/\{id\}(\/|$)/, 'school', { names: 'batches' }],
];

const ROLES = ['reviewer', 'identity_reviewer', 'senior', 'retoucher', 'service', 'batch', 'school', 'administrator', 'auditor'];
const photos = existsSync(join(samples, 'portraits')) && existsSync(join(models, 'face_recognition.dat'));
const server = await startServer({ demo: true, args: [`--worker=${photos ? 1 : 0}`, '--undo_window_ms=50', '--sweep_interval_ms=20', '--limits_scale_percent=1000'] });
const routes = JSON.parse(execFileSync(program, ['routes', '--json'], { encoding: 'utf8' })).items;
const admin = new Staff(server.url, 'admin', server.passwords.admin);
await admin.logIn();
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const nobodys = '0'.repeat(26); /* an id nobody has */

/* ---- the people and their things ---- */

async function person(n) {
    const { number, lastFour } = madeUp(n);
    const student = new Student(server.url, number, lastFour);
    student.id = (await student.logIn()).student.id;
    await student.consent();
    await student.link();
    student.message_id = (await student.want(201, 'POST', '/api/v1/me/messages', { text: 'when?', submission_id: student.submission.id })).id;
    student.bytes = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), randomBytes(2000)]);
    student.upload_id = await student.upload(student.bytes, 'photo');
    student.attempt_id = (await student.want(202, 'POST', student.path('/attempts'), { upload_id: student.upload_id })).id;
    student.part_id = (await student.want(201, 'POST', '/api/v1/uploads', { purpose: 'photo', size_bytes: 9000, sha256: sha256(student.bytes), source: 'live' })).id;
    const card = await student.upload(Buffer.concat([student.bytes, randomBytes(9)]), 'id_card');
    student.card_id = (await student.want(202, 'POST', '/api/v1/me/id-card', { upload_id: card, side: 'portrait' })).id;
    student.code_id = (await student.want(202, 'POST', '/api/v1/me/code', { payload: randomBytes(60).toString('base64') })).id;
    return student;
}

/** Somebody with an approved photo, another format of it and a package; and a claim in somebody's hands. */
async function reviewed() {
    const all = await crowd(server, 2, 10);
    const [first, second] = await until(async () => { const items = await admin.claim('green', 2); return items.length === 2 ? items : (await admin.claim('amber', 2)).concat(items); }, 'two in the queue');
    await admin.decide(first, 'approve');
    const made = await until(async () => {
        const got = await admin.call('POST', '/api/v1/console/batches', { kind: 'chsi', session_code: '25103003', name: 'matrix' });
        return got.status === 202 && got.body;
    }, 'something for CHSI');
    const owner = all.find((one) => one.submission.id === first.submission.id);
    const derived = `/api/v1/console/submissions/${owner.submission.id}/derived`;
    await admin.want(202, 'POST', derived, { profile: 'chsi_white' });
    await until(async () => (await admin.want(200, 'GET', derived)).items[0].state === 'ready', 'another format', 60000);
    await until(async () => (await admin.want(200, 'GET', `/api/v1/console/batches/${made.id}`)).state !== 'building', 'the package');
    return [second.claim_id, made.id, owner];
}

/** A payment that was made, what is given back of it, an order for a class; and a student who asks to be linked. */
async function moneyAndRequest() {
    const { session: paid } = await paidSession(server, { policy: { manual_link: true } });
    const carol = await payer(server, 5), dora = new Student(server.url, 'not-on-the-roster', '0000');
    await dora.logIn();
    await dora.consent();
    const { payment_id } = await carol.pay();
    const at = `/api/v1/console/payments/${payment_id}`;
    const { id: refund_id } = await until(async () => {
        const got = await admin.call('POST', `${at}/refund`, { amount_fen: 100, reason: 'matrix' });
        return got.status === 202 && got.body;
    }, 'the payment');
    const order = await admin.want(201, 'POST', `/api/v1/console/sessions/${paid.id}/group-orders`, { payer_name: 'class', price_fen: 100 });
    const asked = await dora.want(201, 'POST', '/api/v1/me/link-requests', { session_code: paid.code, name: '李四', id_number: madeUp(40).idNumber, student_no: 'X1', note: 'matrix' });
    return { payments: { id: payment_id }, refunds: { id: refund_id }, orders: { id: order.id }, requests: { id: asked.id } };
}

const [ada, ben] = [await person(0), await person(1)];
const more_names = await moneyAndRequest();
const times = { opens: '2026-01-01T00:00:00+08:00', closes: '2036-01-01T00:00:00+08:00' };
await admin.want(201, 'POST', '/api/v1/console/sessions', { code: 'OTHER1', school_code: '99999', school_name: '别的大学', name: '2026 届', ...times });
const session = (await admin.want(200, 'GET', '/api/v1/console/sessions')).items.find((one) => one.code === '25103003');
/* A claim in somebody's hands and a batch need photographs. */
const [claim_id, batch_id, owner] = photos ? await reviewed() : [nobodys, nobodys];
more_names.photos = { id: owner?.submission.id ?? ada.submission.id };
if (!photos) console.log('no samples or no models: claims and batches are made-up ones');
/** What only those who may see ada's things may read in an answer. */
const secrets = [ada.submission.id, ada.submission.code, ada.number, ada.upload_id, ada.attempt_id, madeUp(0).idNumber];

/* role@all sees every school, role@own ada's, role@other another one. */
const staff = {};
for (const role of ROLES)
    for (const [where, school_code] of [['all', undefined], ['own', session.school_code ?? '10595'], ['other', '99999']]) {
        if (role === (where === 'all' ? 'school' : 'administrator')) continue; /* the one belongs to a school, the other to none */
        const name = `${role}-${where}`.replaceAll('_', '-');
        const made = await admin.want(201, 'POST', '/api/v1/console/users', { name, display_name: name, roles: [role], school_code });
        staff[`${role}@${where}`] = new Staff(server.url, name, made.one_time_password);
        await staff[`${role}@${where}`].logIn();
    }

/** What is named in paths, queries and bodies: the owner's things. */
function namesOf(owner, kind) {
    const plain = { id: owner.submission.id, attempt: owner.attempt_id, attempt_id: owner.attempt_id, upload_id: owner.upload_id, submission_id: owner.submission.id, version: 1,
        session_code: '25103003', student_no: owner.number, last_four: owner.lastFour, claim_ids: [claim_id], claim: claim_id, claim_id, decision: nobodys, code: 'x', phone: '13800000000', profile: 'chsi_white', note: 'because', day: '2026-06-12', sha256: 'b'.repeat(64), old_password: 'not the password' };
    return { ...plain, ...{ uploads: { id: owner.part_id }, cards: { id: owner.card_id }, codes: { id: owner.code_id }, sessions: { id: session.id }, batches: { id: batch_id }, conversations: { id: owner.id, message: owner.message_id }, ...more_names, nobody: { id: nobodys } }[kind] };
}

/* ---- asking ---- */

const query = { retouch_add: '?repair=photo', batch_list: '?kind=print' };

async function ask(who, route, operation, names, more = {}, also = {}) {
    const path = route.path.replace(/\{(\w+)\}/g, (_, name) => names[name] ?? follow(operation.parameters.find((one) => one.name === name).schema).enum?.[0] ?? 'none') + (query[route.operation] ?? '');
    const headers = { ...who?.headers(route.method), 'accept-language': 'en' };
    for (const one of operation.parameters.filter((each) => each.in === 'header' && each.required)) headers[one.name.toLowerCase()] = String(smallest(one.schema, { 'Upload-Offset': 0 }, one.name));
    let body = more.body ?? bodyOf(operation, names);
    if (body !== undefined) {
        headers['content-type'] = more.type ?? operation.body.type;
        if (headers['content-type'].endsWith('json')) body = JSON.stringify({ ...body, ...also });
    }
    const stop = new AbortController();
    const response = await fetch(server.url + path, { method: route.method, headers, body, redirect: 'manual', signal: stop.signal });
    if ((response.headers.get('content-type') ?? '').startsWith('text/event-stream')) {
        stop.abort();
        return { status: response.status, code: '', text: '' };
    }
    const text = Buffer.from(await response.arrayBuffer()).toString('latin1');
    let problem = {};
    if (text !== '' && (response.headers.get('content-type') ?? '').includes('problem')) {
        problem = JSON.parse(Buffer.from(text, 'latin1').toString());
        delete problem.request_id;
    }
    return { status: response.status, code: problem.code ?? '', problem, text };
}

/** What everybody's answer must be, as a name and a test. */
const denied = (status, code) => ({ name: `${status} ${code}`, is: (got) => got.status === status && [code, ''].includes(got.code) });
const taken = ({ empty, accept }) => ({ name: empty ? 'taken, or 404' : 'taken', is: (got) => got.code === accept ||
    (![401, 403, 429].includes(got.status) && got.status < 500 && (got.status !== 404 || Boolean(empty))) });
const gone = { name: '404 or 410', is: (got) => [404, 410].includes(got.status) };

function expected(route, whose, more, who, value) {
    if (whose === 'open') return { name: 'not turned away', is: (got) => !['unauthenticated', 'forbidden', 'csrf'].includes(got.code) && got.status < 500 };
    if (who === 'nobody') return denied(401, 'unauthenticated');
    const [role, where] = who.split('@');
    const only = Array.isArray(more.only) ? more.only : more.only?.[value];
    const may = where ? route.roles.includes(role) && (!only || only.includes(role)) : route.student;
    if (!may) return denied(403, 'forbidden');
    if (whose === 'mine') return who === 'ada' ? taken(more) : denied(404, 'not_found');
    if (whose === 'school' && where === 'other') return denied(404, 'not_found');
    if (whose === 'central' && where !== 'all') return denied(403, 'forbidden');
    if (whose === 'work') return gone;
    return taken(more);
}

/** In this order: who may not comes before who may, because the latter may change things. */
const actors = { nobody: null, ben, ...Object.fromEntries(Object.entries(staff).sort(([a], [b]) => (a < b ? 1 : -1))), ada };
const asked = { cells: 0, rows: 0 };

/** What stands for the path's last parameter when it is one of a few words: each is a row of its own. */
function valuesOf(operation) {
    const name = /\{(\w+)\}$/.exec(operation.path)?.[1];
    const choices = name && follow(operation.parameters.find((one) => one.name === name).schema).enum;
    return choices ? choices.map((value) => ({ name, value })) : [{}];
}

async function cell(route, operation, whose, more, actor, { name, value }) {
    const [who, wrong] = [actors[actor], []];
    const names = { ...namesOf(ada, more.names), ...(name ? { [name]: value } : {}) };
    const want = expected(route, whose, more, actor, value);
    const got = await ask(who, route, operation, names, more, more.also?.[value]);
    const cellName = `${actor}${value ? ` ${value}` : ''}`;
    asked.cells++;
    if (!want.is(got)) wrong.push(`${cellName}: want ${want.name}, got ${got.status} ${got.text.slice(0, 160)}`);
    if (route.operation !== 'openapi' && (['ben', 'nobody'].includes(actor) || actor.endsWith('@other'))) /* examples there are made of the same made-up people */
        for (const secret of secrets) if (got.text.includes(secret)) wrong.push(`${cellName} reads ${secret}`);
    /* Not there is not there: no difference between somebody else's thing and none at all. */
    if (got.status === 404 && ['mine', 'school'].includes(whose) && route.path.includes('{id}') && actor !== 'ada') {
        const none = await ask(who, route, operation, { ...names, id: nobodys }, more, more.also?.[value]);
        if (none.status !== 404 || (!more.empty && JSON.stringify(none.problem) !== JSON.stringify(got.problem))) wrong.push(`${cellName}: somebody's and nobody's differ: ${got.text} / ${none.text}`);
    }
    if (more.again && who?.logIn) await who.logIn();
    return wrong;
}

async function row(route) {
    const operation = operations.find((one) => one.id === route.operation);
    assert.ok(operation, 'is not described in web/openapi.yaml');
    const open = OPEN.includes(route.operation);
    assert.equal(route.anyone, open, open ? 'is not open any more' : 'is open to everybody and not in the list OPEN');
    const [, whose, more = {}] = open ? [null, 'open'] : WHOSE.find(([form]) => form.test(`${route.method} ${route.path}`)) ?? [];
    assert.ok(whose, 'nobody said whose things it is about: add a line to WHOSE');
    const wrong = [];
    for (const value of valuesOf(operation))
        for (const actor of Object.keys(actors)) wrong.push(...await cell(route, operation, whose, more, actor, value));
    assert.deepEqual(wrong, []);
    asked.rows++;
}

const tests = {};
for (const route of routes) tests[`${route.method} ${route.path}`] = () => row(route);

/* What a body names is looked at like what a path names: ben's own path, ada's thing in the body. */
tests['somebody else\'s thing in a body is not there either'] = async () => {
    let tried = 0;
    for (const route of routes.filter((one) => one.student)) {
        const operation = operations.find((one) => one.id === route.operation);
        const text = JSON.stringify(bodyOf(operation, { ...namesOf(ben), upload_id: 'THEIRS', attempt_id: 'THEIRS', submission_id: 'THEIRS' }) ?? '');
        if (!text.includes('THEIRS')) continue;
        const kind = WHOSE.find(([form]) => form.test(`${route.method} ${route.path}`))?.[2]?.names;
        const got = await ask(ben, route, operation, { ...namesOf(ben, kind), upload_id: ada.upload_id, attempt_id: ada.attempt_id, submission_id: ada.submission.id });
        assert.ok([404, 422].includes(got.status) || /does not take the collection code/.test(got.text), `${route.operation}: ${got.status} ${got.text}`);
        tried++;
    }
    assert.ok(tried >= 4, `only ${tried} operations name a thing in their body`);
};
/* In their rows most have no photo yet: nothing is there even for the owner. */
if (photos) tests['photos are there for their owner and for no other student'] = async () => {
    const [{ id }] = (await owner.look()).attempts.filter((one) => one.chosen);
    for (const path of [owner.path(`/attempts/${id}/photo`), owner.path(`/attempts/${id}/photo?variant=proxy`), owner.path(`/attempts/${id}`)]) {
        assert.equal((await owner.call('GET', path)).status, 200, path);
        for (const who of [ben, ada]) assert.equal((await who.call('GET', path)).status, 404, path);
        const own = path.replace(owner.submission.id, ben.submission.id);
        assert.equal((await ben.call('GET', own)).status, 404, `${own}: through a submission of one's own`);
    }
};
tests['a made-up, an ended and a student\'s token as cookie open nothing'] = async () => {
    const ended = new Student(server.url, madeUp(2).number, madeUp(2).lastFour);
    await ended.logIn();
    await ended.want(204, 'POST', '/api/v1/logout');
    const short = new Staff(server.url, 'admin', server.passwords.admin);
    await short.logIn();
    await short.want(204, 'POST', '/api/v1/logout');
    for (const headers of [{ authorization: `Bearer ${'A'.repeat(43)}` }, { authorization: `Bearer ${ended.token}` }, { cookie: short.cookie }, { cookie: `xy=${'A'.repeat(43)}` }, { authorization: 'Bearer' }, { authorization: `Basic ${ada.token}` }])
        for (const route of routes.filter((one) => !one.anyone && one.method === 'GET')) {
            const response = await fetch(server.url + route.path.replace(/\{(\w+)\}/g, nobodys), { headers });
            await response.arrayBuffer();
            assert.equal(response.status, 401, `${route.path} ${JSON.stringify(headers)}`);
        }
};
tests['a page of another site changes nothing, with or without X-CSRF'] = async () => {
    for (const route of routes.filter((one) => !one.anyone && one.roles.length > 0 && !['GET', 'HEAD'].includes(one.method)))
        for (const bent of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { 'x-csrf': undefined }, { 'x-csrf': staff['auditor@all'].csrf }]) {
            const headers = { cookie: admin.cookie, origin: server.url, 'x-csrf': admin.csrf, 'content-type': 'application/json', ...bent };
            for (const name of Object.keys(headers)) if (headers[name] === undefined) delete headers[name];
            const response = await fetch(server.url + route.path.replace(/\{(\w+)\}/g, nobodys), { method: route.method, headers, body: route.body_bytes_max > 0 ? '{}' : undefined });
            assert.equal(`${response.status} ${(await response.json()).code}`, '403 csrf', `${route.operation} ${JSON.stringify(bent)}`);
        }
};
tests['every cell was asked'] = async () => {
    assert.equal(asked.rows, routes.length);
    assert.equal(server.log.filter((line) => / ERROR /.test(line)).join(''), '');
    console.log(`       ${routes.length} routes × ${Object.keys(actors).length} who ask = ${asked.cells} and more: ${asked.cells} cells`);
};
await runTests(tests);
await server.stop();
