// Texts and files of the pages, without a browser: both languages have the same keys, every key that is used exists, no
// Chinese hides in the code, and none of what the house refuses is there.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { root, runTests } from '../lib/server.mjs';

const web = join(root, 'web');
const filesBelow = (folder) => readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    (entry.name === 'vendor' ? [] : entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]));
const files = filesBelow(web);
const scripts = files.filter((file) => file.endsWith('.js')).map((file) => [file.slice(web.length + 1), readFileSync(file, 'utf8')]);
const zh = JSON.parse(readFileSync(join(web, 'i18n/zh-CN.json'), 'utf8'));
const en = JSON.parse(readFileSync(join(web, 'i18n/en.json'), 'utf8'));
const code = (text) => text.replace(/^\s*(\/\/|\/?\*).*$/gm, '').replace(/\/\*.*?\*\//gs, '');

await runTests({
    'both languages have the same keys': () => assert.deepEqual(Object.keys(zh), Object.keys(en)),
    'no text is empty, and both have the same blanks': () => {
        for (const key of Object.keys(zh)) {
            assert.ok(zh[key].length > 0 && en[key].length > 0, key);
            const blanks = (text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
            assert.deepEqual(blanks(zh[key]), blanks(en[key]), key);
        }
    },
    'every key that is used exists': () => {
        for (const [file, text] of scripts) {
            for (const [, key] of text.matchAll(/\bt\('([^']+)'/g)) assert.ok(key in zh, `${file}: ${key}`);
            for (const [, start] of text.matchAll(/\bt\(`([^`$]+)\$\{/g)) assert.ok(Object.keys(zh).some((key) => key.startsWith(start)), `${file}: ${start}…`);
        }
    },
    'every key is used': () => {
        const all = scripts.map(([, text]) => text).join('\n');
        const stems = [...all.matchAll(/\bt\(`([^`$]*)\$\{/g)].map((found) => found[1]);
        const unused = Object.keys(zh).filter((key) => !all.includes(`'${key}'`) && !stems.some((stem) => key.startsWith(stem)));
        assert.deepEqual(unused, []);
    },
    'no Chinese in the code': () => {
        for (const [file, text] of scripts) assert.equal(/[\u4e00-\u9fff]/.exec(code(text))?.input?.slice(0, 80), undefined, file);
    },
    'nothing the house refuses': () => {
        for (const [file, text] of scripts) {
            const refused = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|removeAttribute\('src'\)|event\.key\b|dangerouslySet/.exec(code(text));
            assert.equal(refused?.[0], undefined, file);
            if (file !== 'shared/api.js') assert.equal(/\bfetch\(/.exec(code(text))?.[0], undefined, `${file}: the only fetch is in shared/api.js`);
            if (file !== 'shared/prefs.js') assert.equal(/localStorage/.exec(code(text))?.[0], undefined, file);
        }
        for (const file of files.filter((name) => name.endsWith('.html')))
            assert.equal(/<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=/.exec(readFileSync(file, 'utf8'))?.[0], undefined, file);
    },
    'modules stay small': () => {
        for (const [file, text] of scripts) assert.ok(text.split('\n').length < 250, file);
    },
    'SHA-256 by hand is SHA-256': async () => {
        // As a module whatever its ending means to this version of node.
        const source = readFileSync(join(web, 'student/sha256.js'), 'utf8');
        const { sha256ByHand } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
        for (const length of [0, 1, 55, 56, 63, 64, 65, 1000, 70001]) {
            const bytes = randomBytes(length);
            const own = sha256ByHand(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + length));
            assert.equal(own, createHash('sha256').update(bytes).digest('hex'), `${length} bytes`);
        }
    },
});
