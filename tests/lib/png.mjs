// Grey PNG pictures made of a function: masks for tests, without a library.
import { deflateSync, inflateSync } from 'node:zlib';

const table = Uint32Array.from({ length: 256 }, (_, n) => {
    for (let i = 0; i < 8; i++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n;
});
function chunk(type, data) {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const crc = ~body.reduce((sum, byte) => table[(sum ^ byte) & 255] ^ (sum >>> 8), -1) >>> 0;
    const head = Buffer.alloc(4), tail = Buffer.alloc(4);
    head.writeUInt32BE(data.length);
    tail.writeUInt32BE(crc);
    return Buffer.concat([head, body, tail]);
}

/** An 8-bit grey PNG; grey(x, y) gives 0..255. */
export function greyPng(width, height, grey) {
    const rows = Buffer.alloc((width + 1) * height);
    for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = grey(x, y);
    const head = Buffer.alloc(13);
    head.writeUInt32BE(width, 0);
    head.writeUInt32BE(height, 4);
    head[8] = 8;
    return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

/** The pixels of an 8-bit grey PNG: {width, height, grey(x, y)}. */
export function readGreyPng(bytes) {
    const parts = [];
    let width = 0, height = 0;
    for (let at = 8; at < bytes.length;) {
        const length = bytes.readUInt32BE(at), type = bytes.toString('latin1', at + 4, at + 8), data = bytes.subarray(at + 8, at + 8 + length);
        if (type === 'IHDR') {
            [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
            if (data[8] !== 8 || data[9] !== 0 || data[12] !== 0) throw new Error(`not a plain grey PNG: ${data.toString('hex')}`);
        }
        if (type === 'IDAT') parts.push(data);
        at += length + 12;
    }
    const raw = inflateSync(Buffer.concat(parts)), out = Buffer.alloc(width * height);
    const paeth = (a, b, c) => { const [da, db, dc] = [b - c, a - c, a + b - 2 * c].map(Math.abs); return da <= db && da <= dc ? a : db <= dc ? b : c; };
    for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
            const left = x > 0 ? out[y * width + x - 1] : 0, up = y > 0 ? out[(y - 1) * width + x] : 0, corner = x > 0 && y > 0 ? out[(y - 1) * width + x - 1] : 0;
            const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][raw[y * (width + 1)]];
            out[y * width + x] = raw[y * (width + 1) + 1 + x] + guess;
        }
    return { width, height, grey: (x, y) => out[y * width + x] };
}
