// Students and staff as clients of the API: what the mini program and the console do, without a browser.
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';

async function answer(response) {
    const type = response.headers.get('content-type') ?? '';
    const body = type.includes('json') ? await response.json() : Buffer.from(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, body };
}

class Client {
    constructor(url) { this.url = url; }
    headers() { return {}; }
    async call(method, path, body, more = {}) {
        const headers = { ...this.headers(method), ...more };
        let sent = body;
        if (body !== undefined && !(body instanceof Uint8Array) && typeof body !== 'string') {
            headers['content-type'] = 'application/json';
            sent = JSON.stringify(body);
        }
        if (method !== 'GET' && !headers['idempotency-key']) headers['idempotency-key'] = randomUUID();
        return answer(await fetch(this.url + path, { method, headers, body: sent }));
    }
    /** Calls and insists on the status. */
    async want(status, method, path, body, more) {
        const got = await this.call(method, path, body, more);
        const text = Buffer.isBuffer(got.body) ? `${got.body.length} bytes` : JSON.stringify(got.body);
        assert.equal(got.status, status, `${method} ${path}: ${got.status} ${text}`);
        return got.body;
    }
}

export class Student extends Client {
    constructor(url, number, lastFour) {
        super(url);
        this.number = number;
        this.lastFour = lastFour;
    }
    headers() { return this.token ? { authorization: `Bearer ${this.token}` } : {}; }
    async logIn() {
        const got = await this.want(201, 'POST', '/api/v1/login/wechat', { code: `student-${this.number}` });
        this.token = got.token;
        return got;
    }
    async consent(kinds = ['privacy', 'face', 'passing_on']) {
        const { text_version } = await this.want(200, 'GET', '/api/v1/consents');
        return this.want(200, 'POST', '/api/v1/me/consents', { kinds, text_version });
    }
    async link(session = '25103003') {
        this.submission = await this.want(201, 'POST', '/api/v1/me/link', { session_code: session, student_no: this.number, last_four: this.lastFour });
        return this.submission;
    }
    async upload(bytes, purpose, partSize = 200 * 1024) {
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        const started = await this.call('POST', '/api/v1/uploads', { purpose, size_bytes: bytes.length, sha256, source: 'live' });
        assert.ok([200, 201].includes(started.status), JSON.stringify(started.body));
        let { id, offset, complete } = started.body;
        while (!complete) {
            const part = bytes.subarray(offset, offset + partSize);
            ({ offset, complete } = await this.want(200, 'PATCH', `/api/v1/uploads/${id}`, part,
                { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' }));
        }
        return id;
    }
    async portrait(bytes) {
        const id = await this.upload(bytes, 'id_portrait');
        return this.want(204, 'POST', '/api/v1/me/portrait', { upload_id: id });
    }
    path(more = '') { return `/api/v1/submissions/${this.submission.id}${more}`; }
    async photo(bytes) {
        const id = await this.upload(bytes, 'photo');
        const made = await this.want(202, 'POST', this.path('/attempts'), { upload_id: id });
        return made.id;
    }
    async attempt(id) { return this.want(200, 'GET', this.path(`/attempts/${id}`)); }
    async choose(attempt_id, insist = false) {
        this.submission = await this.want(200, 'PUT', this.path('/attempt'), { attempt_id, insist });
        return this.submission;
    }
    async look() {
        this.submission = await this.want(200, 'GET', this.path());
        return this.submission;
    }
    async confirm() {
        const { version } = await this.look();
        const summary = await this.want(200, 'POST', this.path('/confirm'), { version, step: 1 });
        this.submission = await this.want(200, 'POST', this.path('/confirm'), { version, step: 2, token: summary.token });
        return this.submission;
    }
    async event(name, more = {}) {
        const { version } = await this.look();
        this.submission = await this.want(200, 'POST', this.path(`/${name}`), { version, ...more });
        return this.submission;
    }
    /** Pays at the stand-in of the bank: by its page, or as the WeChat client does with the signed parameters. */
    async pay(channel = 'h5', bank) {
        const order = await this.want(201, 'POST', this.path('/payment'), { channel });
        const paid = channel === 'h5' ? await fetch(`${order.prepay.h5_url}&do=pay`, { method: 'POST' })
            : await fetch(`${bank}/jsapi`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(order.prepay) });
        assert.equal(paid.status, 200, 'the stand-in of the bank');
        return order;
    }
    timeline() { return this.want(200, 'GET', this.path('/timeline')); }
}

export class Staff extends Client {
    constructor(url, name, password) {
        super(url);
        this.name = name;
        this.password = password;
    }
    headers(method) {
        const headers = this.cookie ? { cookie: this.cookie } : {};
        if (method !== 'GET') Object.assign(headers, { origin: this.url, ...(this.csrf ? { 'x-csrf': this.csrf } : {}) });
        return headers;
    }
    async logIn() {
        const response = await fetch(`${this.url}/api/v1/console/login`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', origin: this.url },
            body: JSON.stringify({ name: this.name, password: this.password }),
        });
        const body = await response.json();
        assert.equal(response.status, 200, JSON.stringify(body));
        this.cookie = response.headers.get('set-cookie').split(';')[0];
        this.csrf = body.csrf;
        return body;
    }
    async claim(lane, want = 1) {
        return (await this.want(200, 'POST', '/api/v1/console/claims', { lane, want })).items;
    }
    decide(item, event, reasons = [], note = '') {
        return this.want(200, 'POST', `/api/v1/console/submissions/${item.submission.id}/decision`,
            { claim_id: item.claim_id, version: item.submission.version, event, reasons, note, internal_note: '', shown_ms: 900 });
    }
    vote(item, vote) {
        return this.want(200, 'POST', `/api/v1/console/submissions/${item.submission.id}/identity`,
            { claim_id: item.claim_id, version: item.submission.version, vote, note: '' });
    }
    detail(id) { return this.want(200, 'GET', `/api/v1/console/submissions/${id}`); }
}

/** The n-th made-up person: an identity number with a true check digit (GB 11643), as `xueying demo` makes them. */
export function madeUp(n) {
    const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const two = (value) => String(value).padStart(2, '0');
    const digits = `110101200${n % 5}${two((n % 12) + 1)}${two((n % 28) + 1)}${String((n * 37 + 11) % 1000).padStart(3, '0')}`;
    const sum = weights.reduce((all, weight, i) => all + weight * Number(digits[i]), 0);
    const idNumber = digits + '10X98765432'[sum % 11];
    return { number: `20220010${two(n + 1)}`, idNumber, lastFour: idNumber.slice(14) };
}
