// `xueying photo make` and `photo verify` as somebody at a shell uses them: exit codes, the sentence on stderr, what is
// written and what is not. Strange files are made here, byte by byte.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { greyPng } from '../lib/png.mjs';
import { models, needModels, needSamples, program, runTests, samples } from '../lib/server.mjs';

needModels();
const folder = mkdtempSync(join(tmpdir(), 'xueying-photo-'));
const at = (name) => join(folder, name);
const out = at('out.jpg');
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

function xueying(...words) {
    const done = spawnSync(program, words, { encoding: 'utf8', env: { ...process.env, XUEYING_MODELS: models } });
    return { code: done.status, said: done.stderr.trim(), printed: done.stdout };
}
function refused(name, bytes, sentence, code = 3) {
    writeFileSync(at(name), bytes);
    const got = xueying('photo', 'make', at(name), out);
    assert.equal(got.code, code, `${name}: ${got.said}`);
    assert.ok(got.said.endsWith(sentence), `${name}: ${got.said}`);
    assert.equal(existsSync(out), false, name);
}

/** A JPEG's headers that claim a size, and no picture behind them. */
function jpegHeader(width, height) {
    const frame = Buffer.from('ffc00011080000000003012200021101031101', 'hex');
    frame.writeUInt16BE(height, 5);
    frame.writeUInt16BE(width, 7);
    return Buffer.concat([Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'), frame, Buffer.from('ffda000c03010002110311003f00', 'hex')]);
}
/** A PNG whose header claims a size that its data do not have. */
function pngHeader(width, height) {
    const crcs = Uint32Array.from({ length: 256 }, (_, n) => { for (let i = 0; i < 8; i++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1; return n; });
    const bytes = Buffer.from(greyPng(8, 8, () => 0));
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    bytes.writeUInt32BE(~bytes.subarray(12, 29).reduce((sum, byte) => crcs[(sum ^ byte) & 255] ^ (sum >>> 8), -1) >>> 0, 29);
    return bytes;
}

await runTests({
    async 'what cannot be a photo is refused with its sentence'() {
        const side = 'A side of the picture is longer than 12000 pixels.', kind = 'The file is neither JPEG nor PNG.';
        refused('bomb.jpg', jpegHeader(65500, 65500), side);
        refused('bomb2.jpg', jpegHeader(20000, 20000), side);
        refused('bomb.png', pngHeader(30000, 30000), side);
        refused('large.png', pngHeader(8000, 5001), 'The picture has more than 40 million pixels.');
        refused('small.png', greyPng(199, 300, () => 128), 'The picture is smaller than 200 pixels on a side.');
        refused('one.png', greyPng(1, 1, () => 128), 'The picture is smaller than 200 pixels on a side.');
        refused('gif.jpg', Buffer.from('GIF89a\x01\0\x01\0\0\0\0;', 'latin1'), kind);
        refused('svg.jpg', '<svg xmlns="http://www.w3.org/2000/svg"/>', kind);
        refused('pdf.jpg', '%PDF-1.4\n', kind);
        refused('tiff.jpg', Buffer.from('49492a0008000000', 'hex'), kind);
        refused('bmp.jpg', Buffer.concat([Buffer.from('BM'), Buffer.alloc(60)]), kind);
        refused('empty.jpg', '', 'The file is empty.');
        refused('heavy.jpg', Buffer.concat([jpegHeader(400, 400), Buffer.alloc(12 * 1024 * 1024)]), 'The file is larger than 12 MiB.');
        refused('phone.heic', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'),
            'HEIC is not accepted here. iPhone: Settings, Camera, Formats, Most Compatible; other phones: switch HEIF off.');
        const noise = greyPng(400, 500, (x, y) => (x * x * 31 + y * y * 17 + x * y * 7) >> 3 & 255);
        refused('cut.png', noise.subarray(0, noise.length / 2), 'The picture data are damaged or end too early.');
        refused('wall.png', greyPng(400, 500, (x) => x & 127), 'no face was found', 1);
    },

    async 'a photo with a program behind it is made without the program'() {
        needSamples();
        const portrait = readFileSync(join(samples, 'portraits/portrait3.jpg'));
        writeFileSync(at('polyglot.jpg'), Buffer.concat([portrait, Buffer.from('PK\x03\x04<?php FOREIGN-BYTES ?><html>')]));
        const made = xueying('photo', 'make', at('polyglot.jpg'), out, '--report', at('report.json'));
        assert.equal(made.code, 0, made.said);
        const bytes = readFileSync(out);
        for (const trace of ['PK\x03\x04', 'php', 'FOREIGN', 'html', 'Exif', 'ICC_PROFILE']) assert.equal(bytes.indexOf(trace), -1, trace);
        assert.equal(bytes.subarray(0, 20).toString('hex'), 'ffd8ffe000104a46494600010101012c012c0000'); // 300 dpi
        assert.equal(bytes.subarray(-2).toString('hex'), 'ffd9');
    },

    async 'what was made proves itself, and what was changed does not'() {
        needSamples();
        const words = ['--original', at('polyglot.jpg'), '--ledger', at('report.json')];
        const honest = xueying('photo', 'verify', out, ...words);
        assert.equal(honest.code, 0, honest.printed + honest.said);
        assert.match(honest.printed, /identical: made again from the original, byte for byte/);
        const changed = Buffer.from(readFileSync(out));
        changed[changed.length - 40] ^= 1;
        writeFileSync(at('changed.jpg'), changed);
        const other = xueying('photo', 'verify', at('changed.jpg'), ...words, '--json');
        assert.equal(other.code, 1);
        assert.ok(JSON.parse(other.printed).reasons.some((reason) => reason.code === 'output_sha256'), other.printed);
        const report = JSON.parse(readFileSync(at('report.json')));
        report.ledger.splice(2, 0, { operation: 'rotate', degrees: 0.5 });
        writeFileSync(at('rotate.json'), JSON.stringify(report));
        const hidden = xueying('photo', 'verify', out, '--original', at('polyglot.jpg'), '--ledger', at('rotate.json'));
        assert.equal(hidden.code, 1);
        assert.match(hidden.printed, /unknown_operation: The operation "rotate" is not allowed\./);
        assert.equal(xueying('photo', 'verify', out).code, 2);
        assert.equal(xueying('photo', 'verify', at('nothing.jpg'), ...words).code, 3);
        assert.equal(xueying('photo', 'verify', out, '--original', at('polyglot.jpg'), '--ledger', out).code, 3);
    },
});
