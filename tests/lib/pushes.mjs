// WeChat's pushes to a server under test, in security mode, as WeChat makes them.
//
//   const wechat = pushes();  startServer({ args: wechat.args })  wechat.to(server);  await wechat.push({…} or '<xml>…');  wechat.end();
import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TOKEN = 'push-token', AES = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG', KEY = Buffer.from(`${AES}=`, 'base64');
/** WeChat's signature over our token and these. */
export const sign = (...parts) => createHash('sha1').update([TOKEN, ...parts].sort().join('')).digest('hex');

/** A call of WeChat in security mode; `bent` changes the query. */
async function push(server, message, { appid = 'standin-appid', bent = {}, nonce = String(Math.random()) } = {}) {
    const size = Buffer.alloc(4), words = Buffer.from(typeof message === 'string' ? message : JSON.stringify(message));
    size.writeUInt32BE(words.length);
    const whole = Buffer.concat([Buffer.alloc(16, 7), size, words, Buffer.from(appid)]);
    const padding = 32 - (whole.length % 32);
    const cipher = createCipheriv('aes-256-cbc', KEY, KEY.subarray(0, 16)).setAutoPadding(false);
    const sealed = Buffer.concat([cipher.update(Buffer.concat([whole, Buffer.alloc(padding, padding)])), cipher.final()]).toString('base64');
    const timestamp = String(Math.floor(Date.now() / 1000));
    const query = new URLSearchParams({ signature: sign(timestamp, nonce), timestamp, nonce, encrypt_type: 'aes', msg_signature: sign(timestamp, nonce, sealed), ...bent });
    const began = Date.now();
    const xml = typeof message === 'string';
    const answer = await fetch(`${server.url}/api/v1/hooks/wechat?${query}`, { method: 'POST', headers: { 'content-type': xml ? 'text/xml' : 'application/json' },
        body: xml ? `<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[${sealed}]]></Encrypt></xml>` : JSON.stringify({ ToUserName: 'gh_1', Encrypt: sealed }) });
    assert.ok(Date.now() - began < 5000, 'WeChat waits five seconds');
    return { status: answer.status, text: await answer.text(), again: () => fetch(answer.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ Encrypt: sealed }) }) };
}

/** The secrets as files, the arguments that name them, and pushes to the server that has them. */
export function pushes() {
    const folder = mkdtempSync(join(tmpdir(), 'xueying-secrets-'));
    writeFileSync(join(folder, 'token'), `${TOKEN}\n`);
    writeFileSync(join(folder, 'aes'), `${AES}\n`);
    let server;
    return {
        args: [`--wechat_push_token_file=${join(folder, 'token')}`, `--wechat_push_aes_key_file=${join(folder, 'aes')}`],
        to(started) { server = started; },
        push: (message, more) => push(server, message, more),
        end: () => rmSync(folder, { recursive: true }),
    };
}
