// The HTTP gate list against the real binary, byte by byte: what two parsers could cut at different places is refused
// with 400 and the connection closed; bounds hold; slow and idle clients cost little. (The unit test of the same name
// looks at the server's parts; here it is the shipped program with its own routes.)
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { runTests, startServer, until } from '../lib/server.mjs';

const IDLE = 1000;
const server = await startServer({ args: ['--worker=0', '--standin=0', '--request_timeout_ms=2000'] });

const open = () => new Promise((good, bad) => {
    const socket = connect(server.port, '127.0.0.1', () => good(socket));
    socket.on('error', bad);
    socket.text = '';
    socket.setEncoding('latin1').on('data', (part) => { socket.text += part; });
    socket.on('end', () => { socket.gone = true; });
    socket.on('close', () => { socket.gone = true; });
});

/** Answers in a text: [{status, headers, body}]; only those that are complete. */
function answers(text) {
    const found = [];
    for (let at = 0; ;) {
        const end = text.indexOf('\r\n\r\n', at);
        if (end < 0) return found;
        const [line, ...fields] = text.slice(at, end).split('\r\n');
        const headers = Object.fromEntries(fields.map((f) => [f.slice(0, f.indexOf(':')).toLowerCase(), f.slice(f.indexOf(':') + 1).trim()]));
        const status = Number(line.split(' ')[1]);
        const length = status === 100 ? 0 : Number(headers['content-length'] ?? 0);
        if (text.length < end + 4 + length) return found;
        found.push({ status, headers, body: text.slice(end + 4, end + 4 + length) });
        at = end + 4 + length;
    }
}

/** Sends bytes, waits for `count` answers (and for the close when `closes`). */
async function ask(bytes, { count = 1, closes = false } = {}) {
    const socket = await open();
    try {
        socket.write(bytes, 'latin1');
        await until(() => answers(socket.text).length >= count || socket.gone, `${count} answers`, 10000);
        if (closes) await until(() => socket.gone, 'the connection to be closed', 10000);
        return answers(socket.text);
    } finally {
        socket.destroy();
    }
}

const GET = 'GET /api/v1/workflow HTTP/1.1\r\n';
const POST = 'POST /api/v1/console/login HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n';
const SMUGGLED = 'GET /livez HTTP/1.1\r\nHost: h\r\n\r\n';

const REFUSED = {
    'Content-Length and Transfer-Encoding': `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    'two Content-Lengths': `${POST}Content-Length: 0\r\nContent-Length: 30\r\n\r\n${SMUGGLED}`,
    'the same Content-Length twice': `${POST}Content-Length: 2\r\ncontent-length: 2\r\n\r\n{}`,
    'Content-Length: +0': `${POST}Content-Length: +0\r\n\r\n`,
    'Content-Length: -1': `${POST}Content-Length: -1\r\n\r\n`,
    'Content-Length: 0x2': `${POST}Content-Length: 0x2\r\n\r\n{}`,
    'Content-Length: 2, 2': `${POST}Content-Length: 2, 2\r\n\r\n{}`,
    'Content-Length beyond 64 bits': `${POST}Content-Length: 99999999999999999999\r\n\r\n`,
    'an unknown transfer coding': `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n`,
    'Transfer-Encoding twice': `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'Transfer-Encoding with HTTP/1.0': 'POST /api/v1/console/login HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'no Host': `${GET}\r\n`,
    'two Hosts': `${GET}Host: a\r\nHost: b\r\n\r\n`,
    'an empty Host': `${GET}Host:\r\n\r\n`,
    'a Host with a path': `${GET}Host: a/b\r\n\r\n`,
    'a Host with a user': `${GET}Host: u@h\r\n\r\n`,
    'bare LF everywhere': 'GET /api/v1/workflow HTTP/1.1\nHost: h\n\n',
    'bare LF in one line': `${GET}Host: h\r\nX: y\nZ: z\r\n\r\n`,
    'a folded line': `${GET}Host: h\r\nX: y\r\n folded\r\n\r\n`,
    'a space before the colon': `${GET}Host : h\r\n\r\n`,
    'a NUL in a value': `${GET}Host: h\r\nX: a\0b\r\n\r\n`,
    'a NUL in a name': `${GET}Host: h\r\nX\0: a\r\n\r\n`,
    'an absolute address': 'GET http://h/livez HTTP/1.1\r\nHost: h\r\n\r\n',
    'a version of the future': 'GET /livez HTTP/1.2\r\nHost: h\r\n\r\n',
    'the HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '101 header fields': `${GET}Host: h\r\n${Array.from({ length: 100 }, (_, n) => `X-${n}: y\r\n`).join('')}\r\n`,
    'a head of 420 kB': `${GET}Host: h\r\nX: ${'x'.repeat(420000)}\r\n\r\n`,
    'a TLS greeting': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
};

const tests = {};
for (const [name, bytes] of Object.entries(REFUSED))
    tests[`refused: ${name}`] = async () => {
        const [first, ...more] = await ask(bytes, { closes: true });
        assert.ok(first === undefined || first.status === 400 || first.status === 431, `answered ${first?.status}`);
        assert.equal(more.length, 0, 'something behind it was answered');
        if (first !== undefined) assert.equal(first.headers.connection?.toLowerCase(), 'close');
    };

Object.assign(tests, {
    async 'an ordinary request is answered with the security headers'() {
        const [a] = await ask(`${GET}Host: h\r\n\r\n`);
        assert.equal(a.status, 200);
        for (const name of ['x-content-type-options', 'referrer-policy', 'content-security-policy', 'x-frame-options'])
            assert.ok(a.headers[name], name);
        assert.doesNotMatch(a.headers.server ?? '', /\d/, 'a version is shown');
    },
    async 'chunks are read, broken ones are refused'() {
        const body = '{"name":"nobody","password":"of that name"}';
        const [a] = await ask(`${POST}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
        assert.equal(a.status, 401);
        const bad = await ask(`${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, { closes: true });
        assert.ok(bad.length === 0 || bad[0].status === 400);
    },
    async 'a body of 1.2 MiB is 413, announced or chunked'() {
        const length = 1200 * 1024;
        const [told] = await ask(`${POST}Content-Length: ${length}\r\n\r\n${'x'.repeat(length)}`);
        assert.equal(told.status, 413);
        assert.match(told.headers['content-type'], /problem\+json/);
        const [chunked] = await ask(`${POST}Transfer-Encoding: chunked\r\n\r\n${length.toString(16)}\r\n${'x'.repeat(length)}\r\n0\r\n\r\n`);
        assert.equal(chunked.status, 413);
    },
    async 'a body larger than the route allows is 413'() {
        const [a] = await ask(`${POST}Content-Length: 3000\r\n\r\n${'x'.repeat(3000)}`);
        assert.equal(a.status, 413);
    },
    async '100-continue is honoured'() {
        const socket = await open();
        socket.write(`${POST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n`);
        await until(() => answers(socket.text).length === 1, '100');
        assert.equal(answers(socket.text)[0].status, 100);
        socket.write('{}');
        await until(() => answers(socket.text).length === 2, 'the answer');
        assert.ok(answers(socket.text)[1].status >= 400);
        socket.destroy();
    },
    async 'a hundred pipelined requests get a hundred answers in order'() {
        const all = await ask(`${GET}Host: h\r\n\r\n${SMUGGLED}`.repeat(50), { count: 100 });
        assert.equal(all.length, 100);
        all.forEach((a, n) => assert.equal(a.status, n % 2 === 0 ? 200 : 200));
        assert.ok(all.every((a, n) => (a.body.length > 1000) === (n % 2 === 0)), 'out of order');
    },
    async 'a bad request ends the pipeline'() {
        const all = await ask(`${GET}Host: h\r\n\r\n${GET}\r\n${GET}Host: h\r\n\r\n`, { count: 2, closes: true });
        assert.deepEqual(all.map((a) => a.status), [200, 400]);
    },
    async 'half a close is still answered'() {
        const socket = await open();
        socket.allowHalfOpen = true;
        socket.end(`${GET}Host: h\r\n\r\n`);
        await until(() => answers(socket.text).length === 1, 'the answer');
        assert.equal(answers(socket.text)[0].status, 200);
        socket.destroy();
    },
    async 'HTTP/2 is not spoken by upgrade'() {
        const [a] = await ask(`${GET}Host: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n`);
        assert.equal(a.status, 200);
    },
    async 'slow heads and slow bodies are cut, others do not notice'() {
        const slow = await Promise.all(Array.from({ length: 40 }, open));
        const ended = slow.map((socket) => new Promise((end) => socket.on('close', end)));
        slow.forEach((socket, n) => {
            socket.on('error', () => undefined);
            socket.write(n % 2 === 0 ? `${GET}X: ` : `${POST}Content-Length: 100\r\n\r\n`);
            const drip = setInterval(() => (socket.destroyed ? clearInterval(drip) : socket.write('x')), 200);
            socket.on('close', () => clearInterval(drip));
        });
        const began = performance.now();
        assert.equal((await ask(`${GET}Host: h\r\n\r\n`))[0].status, 200);
        assert.ok(performance.now() - began < 1000, 'somebody else had to wait');
        await Promise.all(ended);
        assert.ok(performance.now() - began < 15000, 'they were cut late');
    },
    async 'a thousand idle connections cost nobody else anything'() {
        const idle = await Promise.all(Array.from({ length: IDLE }, open));
        for (const socket of idle) socket.write(`${GET}Host: h\r\n\r\n`);
        await until(() => idle.every((socket) => answers(socket.text).length === 1), 'their first answers');
        const began = performance.now();
        for (let n = 0; n < 100; n++) assert.equal((await ask(SMUGGLED))[0].status, 200);
        assert.ok((performance.now() - began) / 100 < 50, `${(performance.now() - began) / 100} ms each`);
        for (const socket of idle) socket.destroy();
    },
    async 'a stop lets the request in flight finish and refuses new ones'() {
        const socket = await open();
        socket.write(`${POST}Content-Length: 12\r\n\r\n{"name"`);
        await ask(SMUGGLED);
        server.child.kill('SIGTERM');
        await until(() => open().then((late) => { late.destroy(); return false; }, () => true), 'the listener to close');
        socket.write(':"x"}'); // a field is missing
        await until(() => answers(socket.text).length === 1, 'the answer of the request in flight');
        assert.equal(answers(socket.text)[0].status, 422);
        assert.equal((await server.ended).code, 0);
    },
});

try {
    await runTests(tests);
} finally {
    await server.stop();
}
