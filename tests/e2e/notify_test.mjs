// Messages, end to end: what a student is told reaches the inbox whatever fails outside, other channels follow in their
// order, WeChat's pushes are taken and forged ones refused, students and customer service talk with text and pictures.
import assert from 'node:assert/strict';
import { greyPng } from '../lib/png.mjs';
import { madeUp, Staff, Student } from '../lib/people.mjs';
import { command, runTests, startServer, until } from '../lib/server.mjs';
import { pushes, sign } from '../lib/pushes.mjs';

const wechat = pushes();
const { push } = wechat;
const server = await startServer({ demo: true, args: ['--undo_window_ms=0', '--outbox_retry_scale_percent=1', '--wechat_text_check=1', ...wechat.args, '--wechat_page_name=示范大学采集中心'] });
wechat.to(server);
const service = new Staff(server.url, 'service', server.passwords.service);
const administrator = new Staff(server.url, 'admin', server.passwords.admin);
const { number, lastFour } = madeUp(0);
const student = new Student(server.url, number, lastFour);
const fault = (standin, body) => fetch(`${server.standins[standin]}/fault`, { method: 'POST', body: JSON.stringify(body) });
const delivered = async () => (await (await fetch(`${server.standins.wechat}/messages`)).json()).items;
const inbox = () => student.want(200, 'GET', '/api/v1/me/messages');
const hops = async () => (await administrator.want(200, 'GET', `/api/v1/console/submissions/${student.submission.id}/messages`)).items;
const now = () => String(Math.floor(Date.now() / 1000));

await runTests({
    'the set-up check gives echostr back, and only to WeChat': async () => {
        const [timestamp, nonce] = ['1714036504', '1514711492'];
        const ask = (signature) => fetch(`${server.url}/api/v1/hooks/wechat?${new URLSearchParams({ signature, timestamp, nonce, echostr: '5838479218127813673' })}`);
        const good = await ask(sign(timestamp, nonce));
        assert.equal(good.status, 200);
        assert.match(good.headers.get('content-type'), /^text\/plain/);
        assert.equal(await good.text(), '5838479218127813673');
        assert.equal((await ask('f464b24fc39322e44b38aa78f5edd27bd1441696')).status, 401);
    },
    'a student is asked for the templates of the session and answers them': async () => {
        await Promise.all([service.logIn(), administrator.logIn()]);
        await student.logIn();
        await student.consent();
        await student.link();
        const { items } = await student.want(200, 'GET', '/api/v1/sessions/25103003/templates');
        assert.deepEqual(items.map(({ kind }) => kind), ['result', 'progress', 'delivery', 'payment']);
        await student.want(204, 'POST', '/api/v1/me/subscriptions', { results: { 'standin-result': 'accept', 'standin-progress': 'reject' } });
        await student.want(204, 'POST', '/api/v1/me/subscriptions', { template_ids: ['standin-payment'] });
        await student.want(422, 'POST', '/api/v1/me/subscriptions', { results: { 'nobody-s': 'accept' } });
        await student.want(422, 'POST', '/api/v1/me/subscriptions', { results: { 'standin-result': 'maybe' } });
        assert.equal((await student.call('POST', '/api/v1/me/subscriptions', {})).status, 422);
    },
    'what the student writes is in the service inbox, with a picture, once': async () => {
        const png = greyPng(40, 30, (x) => x * 6);
        const upload_id = await student.upload(png, 'message');
        const key = { 'idempotency-key': 'said-once-0001' };
        const said = await student.want(201, 'POST', '/api/v1/me/messages', { text: '采集码打不开，可疑吗？', upload_id }, key);
        assert.deepEqual(await student.want(201, 'POST', '/api/v1/me/messages', { text: '采集码打不开，可疑吗？', upload_id }, key), said);
        assert.equal(said.from, 'me');
        const { items, unread } = await service.want(200, 'GET', '/api/v1/console/conversations?only=unread');
        assert.equal(unread, 1);
        assert.equal(items.length, 1);
        const talk = await service.want(200, 'GET', `/api/v1/console/conversations/${items[0].student_id}`);
        assert.equal(talk.submissions[0].id, student.submission.id);
        assert.ok(talk.items[0].picture);
        const picture = await service.call('GET', `/api/v1/console/conversations/${talk.student_id}/picture/${said.id}`);
        assert.ok(picture.body.equals(png));
        assert.ok((await student.call('GET', `/api/v1/me/messages/${said.id}/picture`)).body.equals(png));
        await until(async () => (await service.want(200, 'GET', `/api/v1/console/conversations/${talk.student_id}`)).items[0].verdict === 'review', 'the text check');
        const stranger = new Student(server.url, madeUp(5).number, '');
        await stranger.logIn();
        await stranger.want(404, 'GET', `/api/v1/me/messages/${said.id}/picture`);
        await student.want(422, 'POST', '/api/v1/me/messages', {});
    },
    'the service answers with text and a picture; the student reads it': async () => {
        const { items: [talk] } = await service.want(200, 'GET', '/api/v1/console/conversations');
        const path = `/api/v1/console/conversations/${talk.student_id}`;
        await service.want(201, 'POST', `${path}/messages`, { text: '能，镜片别反光' });
        await service.want(201, 'POST', `${path}/picture`, greyPng(20, 20, () => 90), { 'content-type': 'image/png' });
        assert.equal((await service.call('POST', `${path}/picture`, 'no picture', { 'content-type': 'image/png' })).status, 415);
        const { items, unread } = await inbox();
        assert.equal(unread, 2);
        assert.deepEqual(items.slice(0, 3).map((one) => [one.from, one.picture]), [['service', true], ['service', false], ['me', true]]);
        await student.want(204, 'POST', `/api/v1/me/messages/${items[0].id}/read`);
        assert.equal((await inbox()).unread, 1);
        const after = await service.want(200, 'GET', path);
        assert.equal(after.unread, 0);
        assert.equal(after.assigned_to.id, (await service.want(200, 'GET', '/api/v1/console/me')).id);
        await service.want(204, 'POST', `${path}/done`);
        assert.equal((await service.want(200, 'GET', '/api/v1/console/conversations?state=done')).items.length, 1);
        const reviewer = new Staff(server.url, 'reviewer', server.passwords.reviewer);
        await reviewer.logIn();
        await reviewer.want(403, 'GET', '/api/v1/console/conversations');
    },
    'pushes of WeChat are taken once; forged, old, repeated and foreign ones are not': async () => {
        const text = { ToUserName: 'gh_1', FromUserName: 'openid-nobody', CreateTime: now(), MsgType: 'text', Content: 'x', MsgId: 7 };
        const taken = await push(text);
        assert.deepEqual([taken.status, taken.text], [200, 'success']);
        const again = await taken.again();
        assert.deepEqual([again.status, await again.text()], [200, 'success']); /* our answer was not heard; without effect */
        const forged = await push(text, { bent: { msg_signature: '0'.repeat(40) } });
        assert.deepEqual([forged.status, forged.text], [401, '']);
        assert.equal((await push(text, { bent: { timestamp: '1714036504' } })).status, 401);
        assert.equal((await push(text, { appid: 'wx-somebody-else' })).status, 401);
        assert.equal((await push(text, { bent: { encrypt_type: '' } })).status, 401);
        const plain = await fetch(`${server.url}/api/v1/hooks/wechat?${new URLSearchParams({ signature: sign(now(), '1'), timestamp: now(), nonce: '1' })}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(text) });
        assert.equal(plain.status, 401);
        assert.equal((await push('<xml><FromUserName>page-openid-z</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType><Event>subscribe</Event></xml>', { appid: 'standin-page-appid' })).status, 200);
        await until(async () => (await (await fetch(`${server.standins.wechat}/log?path=/cgi-bin/user/info`)).json()).count === 1, 'who the follower is');
    },
    'photos wait until the service account is followed': async () => {
        const { items: [session] } = await administrator.want(200, 'GET', '/api/v1/console/sessions');
        const path = `/api/v1/console/sessions/${session.id}`;
        const { policy, policy_version, knows_followers } = await administrator.want(200, 'GET', path);
        assert.equal(knows_followers, true);
        await administrator.want(200, 'PUT', `${path}/policy`, { policy_version, policy: { ...policy, follow_account: true } });
        assert.deepEqual((await student.want(200, 'GET', '/api/v1/sessions/25103003')).service_account, { name: '示范大学采集中心', picture: false });
        assert.ok((await student.look()).missing.includes('follow'));
        const upload_id = await student.upload(greyPng(400, 500, (x) => x % 200), 'photo');
        const refused = await student.call('POST', student.path('/attempts'), { upload_id });
        assert.equal(refused.status, 409);
        assert.match(String(refused.body?.detail ?? refused.body), /service account/);
        const who = await (await fetch(`${server.standins.wechat}/follow`, { method: 'POST', body: JSON.stringify({ as: `student-${number}`, subscribe: false }) })).json();
        const event = (name, second) => push(`<xml><FromUserName>${who.openid}</FromUserName><CreateTime>${second}</CreateTime><MsgType>event</MsgType><Event>${name}</Event></xml>`, { appid: 'standin-page-appid' });
        const missing = (wanted) => until(async () => (await student.look()).missing.includes('follow') === wanted, `following is ${wanted ? '' : 'not '}missing`);
        /* Somebody WeChat knows but says does not follow stays out; then they follow, leave, and come back. */
        await push(`<xml><FromUserName>${who.openid}</FromUserName><CreateTime>10</CreateTime><MsgType>text</MsgType><Content>?</Content><MsgId>77</MsgId></xml>`, { appid: 'standin-page-appid' });
        await until(async () => (await (await fetch(`${server.standins.wechat}/log?path=/cgi-bin/user/info`)).json()).count === 2, 'the question who that is');
        await missing(true);
        await fetch(`${server.standins.wechat}/follow`, { method: 'POST', body: JSON.stringify({ as: `student-${number}` }) });
        await event('subscribe', 11);
        await missing(false);
        await event('unsubscribe', 12);
        await missing(true);
        await event('subscribe', 13);
        await missing(false);
        await student.want(202, 'POST', student.path('/attempts'), { upload_id });
    },
    'pictures come out of WeChat and go there, looked at by the worker, by their number alone': async () => {
        const { mini_openid } = await (await fetch(`${server.standins.wechat}/follow`, { method: 'POST', body: JSON.stringify({ as: `student-${number}` }) })).json();
        const put = async (bytes) => (await (await fetch(`${server.standins.wechat}/media`, { method: 'POST', body: bytes })).json()).media_id;
        const png = greyPng(200, 260, (x) => x);
        const sent = [[await put(png), null], [await put('<svg onload="alert(1)"/>'), /打不开/], ['media-of-nobody', /没有取到/]];
        const { items: [talk] } = await service.want(200, 'GET', '/api/v1/console/conversations?state=done').then((list) => (list.items.length ? list : service.want(200, 'GET', '/api/v1/console/conversations')));
        const path = `/api/v1/console/conversations/${talk.student_id}`;
        for (const [i, [media_id, instead]] of sent.entries()) {
            const image = { ToUserName: 'gh_1', FromUserName: mini_openid, CreateTime: now(), MsgType: 'image', PicUrl: `${server.standins.sms}/texts`, MediaId: media_id, MsgId: 900 + i };
            assert.equal((await push(image)).status, 200);
            const said = await until(async () => { const { items: [one] } = await service.want(200, 'GET', path); return !one.text.includes('正在') && one; }, 'the picture', 20000);
            assert.equal(said.sender, 'student');
            assert.equal(said.picture, instead === null);
            if (instead) assert.match(said.text, instead);
            else assert.ok((await service.call('GET', `${path}/picture/${said.id}`)).body.equals(png));
        }
        assert.equal((await (await fetch(`${server.standins.sms}/log?path=/texts`)).json()).count, 0);
        assert.equal((await (await fetch(`${server.standins.wechat}/log?path=/cgi-bin/media/get`)).json()).count, 3);
        const answer = greyPng(120, 90, () => 140);
        await fault('wechat', { kind: 'reset', times: 1, path: '/cgi-bin/media/upload' });
        const { id } = await service.want(201, 'POST', `${path}/picture`, answer, { 'content-type': 'image/png' });
        const arrived = await until(async () => (await delivered()).find((one) => one.msgtype === 'image'), 'the picture at WeChat');
        assert.equal(arrived.touser, mini_openid);
        const there = await fetch(`${server.standins.wechat}/media?media_id=${arrived.image.media_id}`);
        assert.ok(Buffer.from(await there.arrayBuffer()).equals(answer));
        await until(async () => (await service.want(200, 'GET', path)).items.find((one) => one.id === id).channel === 'customer', 'the channel');
    },
    'with every channel failing, poll and inbox still tell everything, and staff see why': async () => {
        for (const standin of ['wechat', 'sms']) await fault(standin, { kind: 'status', value: 503, times: 100000, path: '/' });
        const before = (await inbox()).items.length, { version } = await student.look();
        await student.want(200, 'POST', student.path('/withdraw'), { version });
        assert.equal((await student.look()).state, 'closed'); /* the poll */
        const { items } = await inbox();
        assert.equal(items.length, before + 1);
        assert.equal(items[0].kind, 'withdrawn');
        const message = await until(async () => (await hops()).find((one) => one.kind === 'withdrawn' && one.hops.length > 0), 'the hops');
        assert.equal(message.channel, 'inbox');
        assert.ok(message.hops.every((hop) => hop.state !== 'sent' && (hop.why !== '' || hop.state === 'sending')), JSON.stringify(message.hops));
        for (const standin of ['wechat', 'sms']) await fault(standin, { kind: 'none' });
    },
    'templates of a session are checked, shown beforehand and asked for': async () => {
        const { items: [session] } = await administrator.want(200, 'GET', '/api/v1/console/sessions');
        const path = `/api/v1/console/sessions/${session.id}/templates`;
        const usual = await administrator.want(200, 'GET', path);
        assert.equal(usual.items.length, 8);
        assert.ok(usual.items.every((one) => !one.own));
        const own = { channel: 'subscription', kind: 'result', template_id: 'own_result-1', fields: { remark: 'thing9', code: '' } };
        await administrator.want(422, 'PUT', path, { items: [{ ...own, fields: { remark: 'phrase9' } }] });
        await administrator.want(422, 'PUT', path, { items: [own, own] });
        await administrator.want(422, 'PUT', path, { items: [{ ...own, template_id: 'no spaces' }] });
        await service.want(403, 'PUT', path, { items: [own] });
        const { items } = await administrator.want(200, 'PUT', path, { items: [own] });
        assert.deepEqual(items[0], { channel: 'subscription', kind: 'result', title: '审核结果通知', template_id: 'own_result-1', fields: { phrase: 'phrase1', remark: 'thing9', time: 'time3' }, own: true });
        const open = await student.want(200, 'GET', `/api/v1/sessions/${session.code}/templates`);
        assert.equal(open.items[0].template_id, 'own_result-1');
        const preview = await administrator.want(200, 'POST', `${path}/preview`, { channel: 'subscription', kind: 'result', fields: { remark: 'thing9' } });
        const retake = preview.items.find((one) => one.kind === 'retake').fields.find((one) => one.role === 'remark');
        assert.equal([...retake.value].length, 20);
        assert.ok(retake.changed && retake.wanted.startsWith(retake.value.slice(0, -1)));
        await administrator.want(200, 'PUT', path, { items: [] });
    },
    'canned answers are kept and the data hold together': async () => {
        const { items } = await service.want(200, 'GET', '/api/v1/console/answers');
        assert.ok(items.length >= 3);
        await service.want(200, 'PUT', '/api/v1/console/answers', { items: [{ title: '你好', text: '你好，请说。' }] });
        assert.deepEqual((await service.want(200, 'GET', '/api/v1/console/answers')).items, [{ title: '你好', text: '你好，请说。' }]);
        command(server.folder, ['fsck']);
    },
});
await server.stop();
wechat.end();
