// contact_sheet — all sample photographs before and after, with the verdict and what was found, as one picture to look at.
//
//   node tools/contact_sheet.mjs [--profile NAME] [PART OF A FILE NAME…]
//
// Every sample goes through `xueying photo make`; its answer is laid out as a page, and Chromium takes the picture of it.
// Finished photos stand at full size, one pixel for one. Samples: $XUEYING_SAMPLES or ../shared/samples beside the
// repository: all portraits, and one face each of a few people. Result: build/contact-sheet.png, the single
// photos and reports in build/contact-sheet. A sample that is refused shows the reason instead.
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const build = path.resolve(process.env.XUEYING_BUILD ?? path.join(root, 'build'));
const samples = process.env.XUEYING_SAMPLES ?? path.join(root, '..', 'shared', 'samples');
const chromium = process.env.XUEYING_CHROMIUM ?? '/usr/bin/chromium';
const folder = path.join(build, 'contact-sheet');
const COLUMNS = 2, PHOTO_WIDTH = 480, PHOTO_HEIGHT = 640, CAPTION_HEIGHT = 100, GAP = 12;
const PEOPLE_MAX = 2; // of each set of faces: they are too small for a certificate photo and are refused

const { values: options, positionals: parts } = parseArgs({ allowPositionals: true, options: { profile: { type: 'string' } } });

const isPicture = (name) => /\.(jpe?g|png|heic)$/i.test(name);
const list = async (of) => (await readdir(of).catch(() => [])).sort();

async function sampleFiles() {
    const files = (await list(path.join(samples, 'portraits'))).filter(isPicture)
        .map((name) => path.join(samples, 'portraits', name));
    const faces = path.join(samples, 'faces');
    for (const set of await list(faces))
        for (const person of (await list(path.join(faces, set))).slice(0, PEOPLE_MAX)) {
            const first = (await list(path.join(faces, set, person))).find(isPicture);
            if (first) files.push(path.join(faces, set, person, first));
        }
    return files.filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)));
}

async function make(file, number) {
    const name = `${String(number).padStart(2, '0')}-${path.basename(path.dirname(file))}-${path.parse(file).name}`;
    const out = path.join(folder, `${name}.jpg`), report = path.join(folder, `${name}.json`);
    const args = ['photo', 'make', file, out, '--report', report, ...(options.profile ? ['--profile', options.profile] : [])];
    const cell = { title: path.relative(samples, file), before: file, name };
    try {
        await run(path.join(build, 'xueying'), args);
        cell.after = out;
    } catch (e) {
        cell.why = (e.stderr || e.message).trim().split('\n').at(-1).replaceAll(file, path.basename(file));
    }
    cell.report = JSON.parse(await readFile(report, 'utf8').catch(() => 'null'));
    return cell;
}

const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

function checks(report, verdict) {
    return (report?.checks ?? []).filter((check) => check.verdict === verdict)
        .map((check) => `${check.id} ${check.value ?? ''}`.trim());
}

function caption(cell) {
    const fails = checks(cell.report, 'fail'), warns = checks(cell.report, 'warn');
    const verdict = cell.after ? cell.report?.verdict ?? '?' : 'refused';
    return `<p><b class="${escaped(verdict)}">${escaped(verdict)}</b> ${escaped(cell.title)}` +
        (cell.why ? `<br>${escaped(cell.why)}` : '') +
        (fails.length ? `<br><span class="fail">fails: ${escaped(fails.join(', '))}</span>` : '') +
        (warns.length ? `<br><span class="warn">look at: ${escaped(warns.join(', '))}</span>` : '') + '</p>';
}

function page(cells) {
    const image = (file) => `<img src="${escaped(pathToFileURL(file).href)}">`;
    const figures = cells.map((cell) => `<figure><div class="before">${image(cell.before)}</div>` +
        `<div>${cell.after ? image(cell.after) : '<em>nothing was made</em>'}</div>${caption(cell)}</figure>`);
    return `<!doctype html><meta charset="utf-8"><style>
* { margin: 0; box-sizing: border-box; }
body { background: #e8e8e8; padding: ${GAP}px; display: grid; gap: ${GAP}px; font: 15px/19px sans-serif;
    grid-template-columns: repeat(${COLUMNS}, ${2 * PHOTO_WIDTH + GAP}px); }
figure { display: grid; gap: 4px ${GAP}px; grid-template: ${PHOTO_HEIGHT}px ${CAPTION_HEIGHT}px / ${PHOTO_WIDTH}px ${PHOTO_WIDTH}px; }
div { background: #bbb; display: grid; place-items: center; overflow: hidden; }
.before img { width: ${PHOTO_WIDTH}px; height: ${PHOTO_HEIGHT}px; object-fit: contain; }
p { grid-column: 1 / 3; overflow: hidden; }
b { padding: 0 6px; color: #fff; background: #666; } b.pass { background: #187a2f; } b.warn { background: #a86400; }
b.fail, b.refused { background: #b3201b; }
span.fail { color: #b3201b; } span.warn { color: #7d4b00; }
</style>${figures.join('\n')}`;
}

async function takePicture(html, cells) {
    const rows = Math.ceil(cells / COLUMNS), png = path.join(build, 'contact-sheet.png');
    const width = COLUMNS * (2 * PHOTO_WIDTH + GAP) + (COLUMNS + 1) * GAP;
    const height = rows * (PHOTO_HEIGHT + CAPTION_HEIGHT + 4) + (rows + 1) * GAP;
    await rm(png, { force: true });
    await run(chromium, ['--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--force-device-scale-factor=1',
        '--allow-file-access-from-files', `--user-data-dir=${path.join(folder, 'chromium')}`,
        `--window-size=${width},${height}`, `--screenshot=${png}`, pathToFileURL(html).href]);
    await readFile(png); // Chromium's exit code says nothing
    await rm(path.join(folder, 'chromium'), { recursive: true, force: true });
    return png;
}

const files = await sampleFiles();
if (files.length === 0) {
    console.log(`SKIP: no sample photographs${parts.length ? ' with such a name' : ''} (set XUEYING_SAMPLES)`);
    process.exit(77);
}
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const cells = [];
for (const [i, file] of files.entries()) {
    const cell = await make(file, i + 1);
    const fails = checks(cell.report, 'fail');
    console.log(`${cell.title}: ${cell.after ? cell.report?.verdict : cell.why}${fails.length ? ` (${fails.join(', ')})` : ''}`);
    cells.push(cell);
}
const html = path.join(folder, 'index.html');
await writeFile(html, page(cells));
console.log(`${await takePicture(html, cells.length)}: ${cells.filter((cell) => cell.after).length} of ${cells.length} made`);
