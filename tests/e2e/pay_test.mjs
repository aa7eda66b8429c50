// Money, through HTTP with the real server: against the stand-in of the bank and against a second bank written apart
// (tests/lib/bank.mjs). What students, staff and callbacks may do; what forged callbacks may not; bills compared.
import assert from 'node:assert/strict';
import { createVerify, randomUUID } from 'node:crypto';
import { openBank } from '../lib/bank.mjs';
import { PRICE_FEN, paidSession, payer } from '../lib/payers.mjs';
import { command, runTests, startServer, until } from '../lib/server.mjs';

const args = ['--worker=0', '--sweep_interval_ms=20', '--outbox_retry_scale_percent=1'];
const bank = await openBank();
const apart = await startServer({ demo: true, args: [...args, ...bank.args] }); // the second bank's
bank.notify = `${apart.url}/api/v1/hooks/pay`;
const { admin, session } = await paidSession(apart);
const played = await startServer({ demo: true, args });                          // the stand-in's
const { admin: office, session: room } = await paidSession(played, { count: 24 });
const fault = (kind, more = {}) => fetch(`${played.standins.pay}/fault`, { method: 'POST', body: JSON.stringify({ kind, ...more }) });
const held = async () => (await fetch(`${played.standins.pay}/bank`)).json();
const today = new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10);
const balances = async (who) => Object.fromEntries((await who.want(200, 'GET', '/api/v1/console/ledger')).accounts.map((one) => [one.account, one.balance_fen]));
const paidOf = async (who, id) => (await who.want(200, 'GET', `/api/v1/console/payments?q=${id}`)).items[0];
const refused = async (url) => Object.fromEntries([...(await (await fetch(`${url}/metrics`)).text()).matchAll(/xueying_pay_callbacks_refused_total\{reason="(\w+)"\} (\d+)/g)].map(([, name, n]) => [name, Number(n)]));
const audited = async () => {
    const items = [];
    for (let next = ''; next !== null;) {
        const page = await admin.want(200, 'GET', `/api/v1/console/audit?limit=100${next}`);
        items.push(...page.items.filter((one) => one.action === 'pay_callback_refused'));
        next = page.next === null ? null : `&cursor=${page.next}`;
    }
    return items;
};
let n = 0, m = 0; // students of the two, one after the other

await runTests({
    async 'JSAPI parameters are signed by the merchant, H5 gives a page, and the order is the same again'() {
        const student = await payer(apart, n++);
        const order = await student.want(201, 'POST', student.path('/payment'), {});
        assert.deepEqual(Object.keys(order.prepay), ['appId', 'timeStamp', 'nonceStr', 'package', 'signType', 'paySign']);
        const { appId, timeStamp, nonceStr, package: what, signType, paySign } = order.prepay;
        assert.equal(signType, 'RSA');
        assert.ok(createVerify('RSA-SHA256').update(`${appId}\n${timeStamp}\n${nonceStr}\n${what}\n`).verify(bank.merchantKey, paySign, 'base64'));
        const again = await student.want(200, 'POST', student.path('/payment'), { channel: 'jsapi' });
        assert.equal(again.payment_id, order.payment_id);
        const page = await student.want(201, 'POST', student.path('/payment'), { channel: 'h5' });
        assert.match(page.prepay.h5_url, /^https:\/\/bank\.invalid\//);
        await until(async () => /^xueying_pay_unsettled_orders [12]$/m.test(await (await fetch(`${apart.url}/metrics`)).text()), 'the figure of orders nobody knows about');
        assert.notEqual(page.payment_id, order.payment_id);
        await until(() => bank.orders.get(order.payment_id).state === 'CLOSED', 'the first order to be closed at the bank');
        assert.equal((await student.call('POST', student.path('/payment'), { channel: 'cash' })).status, 422);
    },
    async 'on a page inside WeChat the order is for the service account, once the student came by it'() {
        const student = await payer(played, m++);
        const account = async (more) => (await student.want(200, 'POST', student.path('/payment'), more)).prepay.appId;
        const mini = (await student.want(201, 'POST', student.path('/payment'))).prepay.appId;
        assert.equal(await account({ account: 'page' }), mini, 'the service account does not know this student yet');
        const page = new URL((await fetch(`${played.url}/api/v1/login/wechat/start?session=88880001&state=abcdefgh1234`, { redirect: 'manual' })).headers.get('location'));
        page.hash = '';
        page.searchParams.set('as', student.number);
        const back = new URL((await fetch(page, { redirect: 'manual' })).headers.get('location'));
        await student.want(201, 'POST', '/api/v1/login/wechat', { kind: 'page', code: back.searchParams.get('code') });
        assert.equal(await account({ account: 'page' }), page.searchParams.get('appid'));
        assert.equal(await account({}), mini);
        assert.equal((await student.call('POST', student.path('/payment'), { account: 'other' })).body.code, 'bad_field');
    },
    async 'of all forged callbacks none is believed, all are audited, and the true one is taken'() {
        const student = await payer(apart, n++), other = await payer(apart, n++);
        const { payment_id: id } = await student.want(201, 'POST', student.path('/payment'));
        const { payment_id: unpaid } = await other.want(201, 'POST', other.path('/payment'));
        bank.mute = 503; // so that the order query does not find it meanwhile
        bank.pay(id);
        const fact = bank.paidFact(id), forged = [
            { stranger: true }, { headers: { 'wechatpay-signature': `WECHATPAY/SIGNTEST/${randomUUID()}` } }, { headers: { 'wechatpay-signature': null } },
            { headers: { 'wechatpay-signature': 'AAAA' } }, { headers: { 'wechatpay-signature': '' } }, { headers: { 'wechatpay-timestamp': null } }, { headers: { 'wechatpay-nonce': null } },
            { headers: { 'wechatpay-serial': null } }, { headers: { 'wechatpay-serial': 'PUB_KEY_ID_0000000000000000000000000001' } }, { headers: { 'wechatpay-serial': '5157F09EFDC096DE15EBE81A47057A7232F1B8E1' } },
            { later: -300 }, { later: 300 }, { later: -86400 }, { headers: { 'wechatpay-timestamp': '0' } }, { headers: { 'wechatpay-timestamp': '9999999999999999999999' } },
            { headers: { 'wechatpay-timestamp': 'now' } }, { headers: { 'wechatpay-nonce': 'another' } }, { sentBody: (body) => `${body} ` }, { sentBody: (body) => body.replace('TRANSACTION', 'TRANSACTIOM') },
            { sentBody: () => '' }, { sentBody: () => '{}' }, { bytes: '' }, { bytes: '{}' }, { bytes: 'not json' }, { bytes: '[]' },
            { body: { resource: null } }, { event: 'COUPON.USE' }, { event: 'TRANSACTION.FAIL' }, { key: 'x'.repeat(32) }, { flip: true }, { sealedAbout: 'refund' },
            { resource: { algorithm: 'AEAD_AES_128_GCM' } }, { resource: { ciphertext: 'AA' } }, { resource: { nonce: '' } }, { resource: { nonce: 'x'.repeat(40) } },
            { plain: { mchid: '1900000110' } }, { plain: { appid: 'wx-other' } }, { plain: { amount: { total: PRICE_FEN, currency: 'USD' } } }, { plain: { amount: { total: 1, currency: 'CNY' } } },
            { plain: { amount: { total: -PRICE_FEN, currency: 'CNY' } } }, { plain: { amount: { total: `${PRICE_FEN}`, currency: 'CNY' } } }, { plain: { out_trade_no: 'nobody-knows-it' } }, { plain: { out_trade_no: null } },
            { plain: { transaction_id: '' } }, { plain: { trade_state: 'NOTPAY' } },
        ];
        assert.ok(forged.length >= 30);
        const before = (await audited()).length;
        for (const [i, forge] of forged.entries()) {
            const answer = await bank.tell(fact, forge);
            assert.ok(answer.status >= 400 && answer.status < 500, `forged[${i}] ${JSON.stringify(forge)}: ${answer.status}`);
            assert.equal(JSON.parse(answer.body).code, 'FAIL', answer.body);
        }
        assert.notEqual((await student.payment()).state, 'paid', 'only the sweep may find it, and not yet');
        assert.equal((await audited()).length - before, forged.length, 'all are audited');
        assert.ok(!JSON.stringify(await audited()).includes(fact.plain.transaction_id), 'the audit says nothing of their contents');
        assert.equal(Object.values(await refused(apart.url)).reduce((sum, one) => sum + one, 0), forged.length, 'all are counted');
        bank.mute = 0;
        const honest = bank.message(fact);
        assert.equal((await fetch(bank.notify, honest)).status, 204);
        assert.equal((await student.payment()).state, 'paid');
        assert.equal((await fetch(bank.notify, honest)).status, 409, 'the same nonce again');
        assert.equal((await bank.tell(fact)).status, 204, 'the same fact again');
        assert.equal((await bank.tell(fact, { plain: { transaction_id: '4200000000000000000000009999' } })).status, 409, 'paid by another transaction');
        assert.equal((await bank.tell(fact, { plain: { out_trade_no: unpaid } })).status, 409, 'one transaction pays one order');
        assert.notEqual((await other.payment()).state, 'paid');
        await apart.kill();
        await apart.again();
        bank.notify = `${apart.url}/api/v1/hooks/pay`;
        Object.assign(admin, { url: apart.url });
        assert.equal((await fetch(bank.notify, honest)).status, 409, 'nor after a restart');
    },
    async 'whoever refuses a callback says FAIL, also before anybody reads it'() {
        const ask = async (body, headers = {}) => {
            const answer = await fetch(bank.notify, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
            const { code, message } = await answer.json();
            assert.deepEqual([code, answer.headers.get('content-type'), typeof message], ['FAIL', 'application/json', 'string']);
            return answer.status;
        };
        assert.equal(await ask(' '.repeat(32 * 1024 + 1)), 413);
        assert.equal(await ask('{}', { origin: 'http://elsewhere.invalid' }), 403);
    },
    async 'whatever the stand-in does wrong with its callbacks, every payment counts once'() {
        const reasons = {
            forged_callback: 'signature_wrong', old_callback: 'timestamp_off', unknown_serial: 'serial_unknown', other_merchant: 'merchant_other', other_appid: 'appid_other',
            other_amount: 'amount_differs', other_currency: 'currency_other', not_decryptable: 'not_decrypted', replay_callback: 'nonce_replayed',
        };
        const before = await refused(played.url), students = [];
        for (const [kind, value] of [...Object.keys(reasons).map((one) => [one, 1]), ['double_callback', 15], ['late_callback', 200], ['no_callback', 1]]) {
            students.push(await payer(played, m++));
            await fault(kind, { value });
            await students.at(-1).pay();
        }
        for (const student of students) await until(async () => (await student.payment()).state === 'paid', 'the payment');
        for (const reason of Object.values(reasons)) await until(async () => (await refused(played.url))[reason] > before[reason], `${reason} to be counted`);
        await until(async () => (await held()).callbacks === 0, 'the bank to have told everything');
        assert.equal((await balances(office)).bank, students.length * PRICE_FEN);
    },
    async 'a callback that never comes costs no payment'() {
        const student = await payer(apart, n++);
        const { payment_id: id } = await student.want(201, 'POST', student.path('/payment'));
        bank.pay(id);
        await until(async () => (await student.payment()).state === 'paid', 'the order query', 10000);
        assert.ok(bank.calls.some((call) => call.startsWith(`GET /v3/pay/transactions/out-trade-no/${id}?`)));
        assert.ok((await student.look()).paid);
    },
    async 'staff give back a part, then the rest; the bank is asked once for each'() {
        const student = await payer(apart, n++);
        const { payment_id: id } = await student.want(201, 'POST', student.path('/payment'));
        bank.pay(id);
        assert.equal((await bank.tell(bank.paidFact(id))).status, 204);
        const path = `/api/v1/console/payments/${id}/refund`;
        for (const [body, status] of [[{ amount_fen: PRICE_FEN + 1, reason: 'too much' }, 409], [{ amount_fen: 0, reason: 'none' }, 422], [{ amount_fen: 5 }, 422], [{ reason: '' }, 422]])
            assert.equal((await admin.call('POST', path, body)).status, status, JSON.stringify(body));
        const part = await admin.want(202, 'POST', path, { amount_fen: 250, reason: '照片重拍补偿' });
        await until(async () => (await paidOf(admin, id)).refunded_fen === 250, 'the part');
        assert.equal((await paidOf(admin, id)).state, 'paid');
        assert.equal((await admin.call('POST', path, { amount_fen: 1001, reason: 'more than is left' })).status, 409);
        await admin.want(202, 'POST', path, { reason: 'the rest' });
        await until(async () => (await paidOf(admin, id)).state === 'refunded', 'the rest');
        assert.deepEqual((await paidOf(admin, id)).refunds.map((one) => [one.amount_fen, one.state]), [[250, 'done'], [1000, 'done']]);
        assert.equal(bank.orders.get(id).refunded, PRICE_FEN);
        assert.equal(bank.refunds.get(part.id).fen, 250);
    },
    async 'refunds that take time, fail, or are closed'() {
        const begin = async (kind) => {
            const student = await payer(played, m++);
            const { payment_id: id } = await student.pay();
            await until(async () => (await student.payment()).state === 'paid', 'the payment');
            await fault(kind, { path: '/v3/refund' });
            await office.want(202, 'POST', `/api/v1/console/payments/${id}/refund`, { reason: kind });
            return id;
        };
        const ends = (id, state) => until(async () => (await paidOf(office, id)).refunds.at(-1).state === state, `${id} to be ${state}`);
        await ends(await begin('refund_processing'), 'done');
        await ends(await begin('not_enough'), 'done');
        const abnormal = await begin('refund_abnormal');
        await ends(abnormal, 'abnormal');
        assert.equal((await paidOf(office, abnormal)).state, 'refunding');
        await office.want(204, 'POST', `/api/v1/console/refunds/${abnormal}-1/again`);
        await ends(abnormal, 'done');
        const closed = await begin('refund_closed');
        await ends(closed, 'closed');
        assert.equal((await paidOf(office, closed)).state, 'paid');
        await office.want(204, 'POST', `/api/v1/console/refunds/${closed}-1/again`);
        await ends(closed, 'done');
        assert.equal((await office.call('POST', `/api/v1/console/refunds/${closed}-2/again`)).status, 409);
        const wrong = await begin('account_abnormal');
        await ends(wrong, 'abnormal');
        assert.match((await paidOf(office, wrong)).refunds[0].problem, /USER_ACCOUNT_ABNORMAL/);
    },
    async 'the bank may change its keys while students pay'() {
        const keys = (body) => fetch(`${played.standins.pay}/keys`, { method: 'POST', body: JSON.stringify(body) });
        const student = await payer(played, m++);
        const order = await student.want(201, 'POST', student.path('/payment'), { channel: 'h5' });
        await keys({ certificate: 1 });
        await fetch(`${order.prepay.h5_url}&do=pay`, { method: 'POST' });
        await until(async () => (await student.payment()).state === 'paid', 'a payment told with the new certificate', 30000);
        await keys({ certificate: 0 });
    },
    async 'a class pays by QR code, a school by bank transfer; whom they cover goes on'() {
        const { session: second } = await paidSession(played, { code: '88880002', policy: { payer: 'class', payment: 'after' } });
        const path = `/api/v1/console/sessions/${second.id}/group-orders`;
        const early = await payer(played, 1, '88880002');
        assert.equal((await early.look()).price_fen, PRICE_FEN);
        const order = await office.want(201, 'POST', path, { payer_name: 'C1 班长', class_name: 'C1' });
        assert.deepEqual([order.students, order.amount_fen, order.state], [10, 10 * PRICE_FEN, 'open']);
        assert.equal((await office.call('POST', path, { payer_name: 'again', class_name: 'C1' })).status, 409, 'all are covered already');
        const code = await office.want(200, 'POST', `/api/v1/console/group-orders/${order.id}/code`);
        assert.match(code.code_url, /^weixin:/);
        assert.equal((await office.call('POST', `/api/v1/console/group-orders/${order.id}/cancel`)).status, 409, 'it might still be paid');
        await fetch(`${played.standins.pay}/pay?prepay_id=${code.code_url.split('pr=')[1]}`);
        await until(async () => (await office.want(200, 'GET', path)).items[0].state === 'paid', 'the class to have paid');
        await until(async () => (await early.look()).paid, 'a student who was there before to go on');
        assert.equal((await (await payer(played, 3, '88880002')).look()).price_fen, 0, 'one who links later owes nothing');
        assert.equal((await (await payer(played, 2, '88880002')).look()).price_fen, PRICE_FEN, 'the other class does');
        const rest = await office.want(201, 'POST', path, { payer_name: '示范大学财务处', price_fen: 1000 });
        const booked = await office.want(200, 'POST', `/api/v1/console/group-orders/${rest.id}/paid`, { reference: 'ICBC-20261120-7' });
        assert.deepEqual([booked.state, booked.payments[0].channel, booked.amount_fen], ['paid', 'transfer', 10000]);
        assert.equal((await balances(office)).transfer, 10000);
    },
    async 'the bill of a day: it fits, then three lines do not'() {
        const run = async (who) => {
            await who.want(202, 'POST', '/api/v1/console/reconciliations', { day: today });
            return until(async () => {
                const now = await who.want(200, 'GET', `/api/v1/console/reconciliations/${today}`);
                return now.state !== 'running' && now;
            }, 'the comparison');
        };
        const first = await run(office);
        assert.deepEqual([first.state, first.items], ['matched', []], JSON.stringify(first));
        assert.deepEqual([first.paid_fen, first.refunded_fen], [first.our_paid_fen, first.our_refunded_fen]);
        assert.ok(first.bill_lines > 5);
        for (const kind of ['bill_missing_line', 'bill_unknown_order']) await fault(kind);
        const second = await run(office);
        assert.deepEqual([second.state, second.items.map((one) => one.kind).sort()], ['differs', ['missing_in_bill', 'order_unknown']]);
        await fault('bill_other_amount');
        const third = await run(office);
        assert.deepEqual(third.items.map((one) => [one.kind, one.bill_fen - one.our_fen]), [['amount_differs', 100]]);
        await fault('bill_wrong_hash');
        assert.equal((await run(office)).state, 'failed');
        await until(async () => (await office.want(200, 'GET', `/api/v1/console/reconciliations/${today}`)).state === 'matched', 'another try by itself');
        assert.deepEqual([(await run(admin)).state], ['matched'], 'the second bank writes its bill otherwise');
        assert.equal((await office.call('POST', '/api/v1/console/reconciliations', { day: '2026-02-30' })).status, 422);
        assert.equal((await office.want(200, 'GET', '/api/v1/console/reconciliations')).items[0].day, today);
    },
    async 'both ledgers are what the banks say'() {
        const orders = [...bank.orders.values()];
        assert.equal((await balances(admin)).bank, orders.filter((one) => one.paid).reduce((sum, one) => sum + one.fen - one.refunded, 0));
        const { items, refunds } = await held();
        const paid = items.filter((one) => one.transaction_id).reduce((sum, one) => sum + one.amount.total, 0);
        const back = refunds.filter((one) => one.status === 'SUCCESS').reduce((sum, one) => sum + one.amount.refund, 0);
        const { bank: ours, transfer, fees, owed } = await balances(office);
        assert.equal(ours, paid - back);
        assert.equal(ours + transfer + fees + owed, 0);
        assert.ok(session.id && room.id);
        for (const server of [apart, played]) {
            await server.stop({ keep: true });
            assert.match(command(server.folder, ['fsck']), /ok +ledger +\d+/);
            command(server.folder, ['audit', 'verify']);
        }
    },
});
for (const server of [apart, played]) await server.stop();
bank.close();
