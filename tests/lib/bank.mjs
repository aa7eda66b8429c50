// A second bank, written apart from the stand-in: WeChat Pay API v3 in public-key mode by node:crypto. It outlives the
// server, so that tests can kill that, and its callbacks go out when and as the test says.
//
//   const bank = await openBank();
//   startServer({ args: bank.args, … });  bank.notify = `${server.url}/api/v1/hooks/pay`
//   bank.pay(no)            the payer pays: no callback by itself
//   bank.refund(no, fen)    begun at the bank
//   await bank.tell(bank.paidFact(no), { forge })      → status of our answer
//   bank.orders, bank.refunds: Map; bank.mute = status: every API call is answered so
import { createCipheriv, createHash, createSign, createVerify, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MERCHANT = '1900000109', SERIAL = '1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C', PUBLIC_ID = 'PUB_KEY_ID_0119000001092026000000000001';
export const APPID = 'standin-appid';
const china = (time) => new Date(time + 8 * 3600e3).toISOString().slice(0, 19);
const rfc3339 = (time) => `${china(time)}+08:00`;

export async function openBank() {
    const folder = mkdtempSync(join(tmpdir(), 'xueying-bank-'));
    const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 }), own = generateKeyPairSync('rsa', { modulusLength: 2048 }), stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = randomBytes(16).toString('hex'); // the APIv3 key: 32 characters
    const put = (name, text) => { const path = join(folder, name); writeFileSync(path, text, { mode: 0o600 }); return path; };
    const bank = { orders: new Map(), refunds: new Map(), calls: [], mute: 0, number: 0, notify: '', bills: new Map() };
    const sign = (text, pair = own) => createSign('RSA-SHA256').update(text).sign(pair.privateKey, 'base64');

    const isSigned = (request, body) => {
        const header = request.headers.authorization ?? '';
        const part = (name) => new RegExp(`${name}="([^"]*)"`).exec(header)?.[1];
        const text = `${request.method}\n${request.url}\n${part('timestamp')}\n${part('nonce_str')}\n${body}\n`;
        return header.startsWith('WECHATPAY2-SHA256-RSA2048 ') && part('mchid') === MERCHANT && part('serial_no') === SERIAL &&
            Math.abs(Number(part('timestamp')) - Date.now() / 1000) < 300 && createVerify('RSA-SHA256').update(text).verify(merchant.publicKey, part('signature'), 'base64');
    };
    bank.orderFact = (order) => ({
        appid: APPID, mchid: MERCHANT, out_trade_no: order.no, ...(order.transaction && { transaction_id: order.transaction, success_time: rfc3339(order.paid) }),
        trade_type: 'JSAPI', trade_state: order.refunded > 0 ? 'REFUND' : order.state, trade_state_desc: '', amount: { total: order.fen, payer_total: order.fen, currency: 'CNY', payer_currency: 'CNY' },
    });
    const refundFact = (refund, name) => ({
        out_trade_no: refund.order.no, transaction_id: refund.order.transaction, out_refund_no: refund.no, refund_id: refund.id,
        [name]: refund.status, ...(refund.status === 'SUCCESS' && { success_time: rfc3339(refund.ended) }), amount: { total: refund.order.fen, refund: refund.fen, currency: 'CNY' },
    });
    bank.pay = (no) => {
        const order = bank.orders.get(no);
        if (order.state === 'NOTPAY') Object.assign(order, { state: 'SUCCESS', paid: Date.now(), transaction: `42000000${String(++bank.number).padStart(20, '0')}` });
        return order;
    };
    bank.refund = (no, fen, refundNo = `bank-${++bank.number}`, status = 'SUCCESS') => {
        const order = bank.orders.get(no), known = bank.refunds.get(refundNo);
        if (known) return known;
        const refund = { order, no: refundNo, fen, status, id: `50300${String(++bank.number).padStart(20, '0')}`, accepted: Date.now(), ended: Date.now() };
        bank.refunds.set(refundNo, refund);
        order.refunded += fen;
        return refund;
    };
    bank.paidFact = (no) => ({ event: 'TRANSACTION.SUCCESS', plain: { ...bank.orderFact(bank.orders.get(no)), trade_state: 'SUCCESS' } });
    bank.refundFact = (no, status) => {
        const refund = bank.refunds.get(no), as = { ...refund, status: status ?? refund.status };
        return { event: `REFUND.${as.status}`, plain: { mchid: MERCHANT, ...refundFact(as, 'refund_status') } };
    };

    /** One message as the bank sends it; `forge` changes it: see tests. */
    bank.message = ({ event, plain }, forge = {}) => {
        const nonce = randomBytes(6).toString('hex');
        const cipher = createCipheriv('aes-256-gcm', forge.key ?? key, nonce);
        cipher.setAAD(Buffer.from(forge.sealedAbout ?? 'transaction'));
        const sealed = Buffer.concat([cipher.update(typeof plain === 'string' ? plain : JSON.stringify({ ...plain, ...forge.plain })), cipher.final(), cipher.getAuthTag()]);
        if (forge.flip) sealed[3] ^= 1;
        let body = JSON.stringify({
            id: randomBytes(18).toString('hex'), create_time: rfc3339(Date.now()), resource_type: 'encrypt-resource', event_type: forge.event ?? event, summary: '',
            resource: { original_type: 'transaction', algorithm: 'AEAD_AES_256_GCM', ciphertext: sealed.toString('base64'), associated_data: 'transaction', nonce, ...forge.resource }, ...forge.body,
        });
        if (forge.bytes !== undefined) body = forge.bytes;
        const head = { timestamp: String(Math.floor(Date.now() / 1000) + (forge.later ?? 0)), nonce: randomBytes(16).toString('hex'), ...forge.signedHead };
        const signature = sign(`${head.timestamp}\n${head.nonce}\n${body}\n`, forge.stranger ? stranger : own);
        const headers = { 'content-type': 'application/json', 'wechatpay-serial': PUBLIC_ID, 'wechatpay-timestamp': head.timestamp, 'wechatpay-nonce': head.nonce, 'wechatpay-signature': signature, ...forge.headers };
        for (const [name, value] of Object.entries(headers)) if (value === null) delete headers[name];
        return { method: 'POST', headers, body: forge.sentBody ? forge.sentBody(body) : body };
    };
    bank.tell = async (fact, forge) => {
        const response = await fetch(bank.notify, bank.message(fact, forge));
        return { status: response.status, body: await response.text() };
    };

    /* ---- the API ---- */
    const bill = (day) => {
        const cells = ['交易时间', '公众账号ID', '商户号', '微信订单号', '商户订单号', '交易状态', '商户退款单号', '订单金额', '申请退款金额'];
        const yuan = (fen) => (fen / 100).toFixed(2), on = (time) => china(time).slice(0, 10) === day;
        const lines = [...bank.orders.values()].filter((one) => one.paid && on(one.paid)).map((one) => [china(one.paid).replace('T', ' '), APPID, MERCHANT, one.transaction, one.no, 'SUCCESS', '0', yuan(one.fen), '0.00']);
        for (const one of bank.refunds.values()) if (on(one.accepted)) lines.push([china(one.accepted).replace('T', ' '), APPID, MERCHANT, one.order.transaction, one.order.no, 'REFUND', one.no, '0.00', yuan(one.fen)]);
        return `\ufeff${cells.join(',')}\r\n${lines.map((line) => line.map((cell) => `\`${cell}`).join(',')).join('\r\n')}\r\n总交易单数,应结订单总金额\r\n\`${lines.length},\`0.00\r\n`;
    };
    const prepay = (channel, asked) => {
        let order = bank.orders.get(asked.out_trade_no);
        if (order && order.state !== 'NOTPAY') return [400, { code: order.state === 'CLOSED' ? 'ORDER_CLOSED' : 'ORDERPAID' }];
        if (!order) bank.orders.set(asked.out_trade_no, order = { no: asked.out_trade_no, fen: asked.amount.total, state: 'NOTPAY', refunded: 0, channel, prepay: `wx${++bank.number}` });
        return [200, channel === 'jsapi' ? { prepay_id: order.prepay } : channel === 'h5' ? { h5_url: `https://bank.invalid/${order.prepay}` } : { code_url: `weixin://wxpay/bizpayurl?pr=${order.prepay}` }];
    };
    const routes = [
        ['POST', /^\/v3\/pay\/transactions\/(jsapi|h5|native)$/, ([channel], asked) => prepay(channel, asked)],
        ['GET', /^\/v3\/pay\/transactions\/out-trade-no\/([^/?]+)\?/, ([no]) => (bank.orders.has(no) ? [200, bank.orderFact(bank.orders.get(no))] : [404, { code: 'ORDER_NOT_EXIST' }])],
        ['POST', /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/close$/, ([no]) => {
            const order = bank.orders.get(no);
            if (!order) return [404, { code: 'ORDER_NOT_EXIST' }];
            if (order.paid) return [400, { code: 'ORDERPAID' }];
            order.state = 'CLOSED';
            return [204];
        }],
        ['POST', /^\/v3\/refund\/domestic\/refunds$/, (_, asked) => {
            const order = bank.orders.get(asked.out_trade_no), known = bank.refunds.get(asked.out_refund_no);
            if (!known && (!order?.paid || order.refunded + asked.amount.refund > order.fen)) return [400, { code: 'INVALID_REQUEST' }];
            const refund = known ?? bank.refund(order.no, asked.amount.refund, asked.out_refund_no, bank.refundStatus ?? 'SUCCESS');
            return [200, { ...refundFact(refund, 'status'), create_time: rfc3339(refund.accepted) }];
        }],
        ['GET', /^\/v3\/refund\/domestic\/refunds\/([^/?]+)$/, ([no]) => (bank.refunds.has(no) ? [200, { ...refundFact(bank.refunds.get(no), 'status'), create_time: rfc3339(bank.refunds.get(no).accepted) }] : [404, { code: 'RESOURCE_NOT_EXISTS' }])],
        ['GET', /^\/v3\/bill\/tradebill\?bill_date=([0-9-]+)&/, ([day]) => {
            const text = bill(day);
            bank.bills.set(day, text);
            return [200, { hash_type: 'SHA1', hash_value: createHash('sha1').update(text).digest('hex'), download_url: `https://api.mch.weixin.qq.com/v3/billdownload/file?token=${day}` }];
        }],
        ['GET', /^\/v3\/certificates$/, () => [404, { code: 'RESOURCE_NOT_EXISTS' }]],
    ];
    const respond = (request, body) => {
        if (!isSigned(request, body)) return [401, { code: 'SIGN_ERROR' }];
        for (const [method, path, answer] of routes) {
            const fit = request.method === method && path.exec(request.url);
            if (fit) return answer(fit.slice(1), body ? JSON.parse(body) : null);
        }
        return [404, { code: 'NOT_FOUND' }];
    };
    const http = createServer((request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (part) => { body += part; }).on('end', () => {
            bank.calls.push(`${request.method} ${request.url}`);
            const file = /^\/v3\/billdownload\/file\?token=([0-9-]+)$/.exec(request.url);
            if (bank.mute) return response.writeHead(bank.mute).end();
            if (file) return response.writeHead(isSigned(request, body) ? 200 : 401).end(bank.bills.get(file[1]));
            const [status, answer] = respond(request, body), text = answer === undefined ? '' : JSON.stringify(answer);
            const timestamp = String(Math.floor(Date.now() / 1000)), nonce = randomBytes(16).toString('hex');
            return response.writeHead(status, {
                'content-type': 'application/json', 'wechatpay-serial': PUBLIC_ID, 'wechatpay-timestamp': timestamp, 'wechatpay-nonce': nonce, 'wechatpay-signature': sign(`${timestamp}\n${nonce}\n${text}\n`),
            }).end(text);
        });
    });
    await new Promise((go) => http.listen(0, '127.0.0.1', go));
    bank.args = [`--pay_url=http://127.0.0.1:${http.address().port}`, `--pay_merchant_id=${MERCHANT}`, `--pay_certificate_serial=${SERIAL}`,
        `--pay_private_key_file=${put('merchant.pem', merchant.privateKey.export({ type: 'pkcs8', format: 'pem' }))}`, `--pay_api_v3_key_file=${put('key', `${key}\n`)}`,
        `--pay_public_key_id=${PUBLIC_ID}`, `--pay_public_key_file=${put('bank.pem', own.publicKey.export({ type: 'spki', format: 'pem' }))}`];
    bank.merchantKey = merchant.publicKey;
    bank.close = () => { http.close(); http.closeAllConnections(); rmSync(folder, { recursive: true, force: true }); };
    return bank;
}
