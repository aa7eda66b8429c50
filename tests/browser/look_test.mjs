// How the console looks: every screen in both languages and both themes has no accessibility violation, fits at 1280×720
// and at 200 % zoom, and leaves a picture under the build folder for people to look at.
import assert from 'node:assert/strict';
import { crowd } from '../lib/crowd.mjs';
import { keepPicture, startBrowser, violations } from '../lib/page.mjs';
import { Staff } from '../lib/people.mjs';
import { greyPng, readGreyPng } from '../lib/png.mjs';
import { needModels, needSamples, runTests, startServer, until } from '../lib/server.mjs';

needModels();
needSamples();
const server = await startServer({ demo: true, args: ['--undo_window_ms=100', '--sweep_interval_ms=20'] });
const students = await crowd(server, 6);
const admin = new Staff(server.url, 'admin', server.passwords.admin);
await admin.logIn();
const { open, close } = await startBrowser();

/** One photo sent back once, some approved and packed, one whose faces differ in the identity lane. */
async function fillTheScreens() {
    const stranger = (await crowd(server, 1, 10, [['obama.jpg', 'biden.jpg']]))[0];
    for (const lane of ['green', 'amber'])
        for (const item of await admin.claim(lane, 12)) {
            const n = students.findIndex((one) => one.submission.id === item.submission.id);
            if (item.submission.id === stranger.submission.id || n === 1 || n === 5) await admin.decide(item, 'approve');
            else if (n === 0) await admin.decide(item, 'reject_retry', ['background', 'mouth_open'], '站到白墙前，嘴唇闭合');
            else if (n === 2 || n === 3) await admin.decide(item, 'retouch');
            else await admin.want(204, 'DELETE', `/api/v1/console/claims/${item.claim_id}`);
        }
    await until(async () => (await admin.detail(stranger.submission.id)).lane === 'identity', 'the stranger in the identity lane', 60000);
    await until(async () => (await admin.detail(students[1].submission.id)).state === 'chsi_upload', 'an approved photo');
    await repair();
    const derived = `/api/v1/console/submissions/${students[1].submission.id}/derived`;
    await admin.want(202, 'POST', derived, { profile: 'chsi_white' });
    await until(async () => (await admin.want(200, 'GET', derived)).items[0].state === 'ready', 'the photo by another profile', 60000);
    const batch = await admin.want(202, 'POST', '/api/v1/console/batches', { kind: 'chsi', session_code: '25103003', name: '六月第一批' });
    await until(async () => (await admin.want(200, 'GET', `/api/v1/console/batches/${batch.id}`)).state !== 'building', 'the package');
}

/** Two photos in retouching, each with a repaired mask and one that is refused; the second is finished and with a senior. */
async function repair() {
    const ids = [2, 3].map((n) => students[n].submission.id);
    await until(async () => (await Promise.all(ids.map((id) => admin.detail(id)))).every((one) => one.lane === 'retouch'), 'two photos to repair');
    const items = await admin.claim('retouch', 12);
    const stranger = await admin.want(200, 'GET', `/api/v1/console/submissions/${students[0].submission.id}/media/standard`);
    for (const item of items) {
        const at = `/api/v1/console/submissions/${item.submission.id}`;
        const mask = readGreyPng(await admin.want(200, 'GET', `${at}/media/mask`));
        await admin.want(202, 'POST', `${at}/retouch?repair=photo`, stranger, { 'content-type': 'image/jpeg' });
        await admin.want(202, 'POST', `${at}/retouch?repair=mask`, greyPng(480, 640, (x, y) => (y < 420 && (x < 60 || x > 420) ? 0 : mask.grey(x, y))), { 'content-type': 'image/png' });
        await until(async () => (await admin.want(200, 'GET', `${at}/retouch`)).items.every((one) => one.state !== 'processing'), 'the repairs', 60000);
        if (item.submission.id === ids[1]) await admin.want(200, 'POST', `${at}/retouch_done`, { version: item.submission.version });
        else await admin.want(204, 'DELETE', `/api/v1/console/claims/${item.claim_id}`);
    }
}

const first = (selector) => async (page) => { await page.waitForSelector(selector); await page.locator(selector).first().click(); };
const pictures = (page) => page.waitForFunction(() => { const all = [...document.querySelectorAll('.picture img, .thumb img')]; return all.length > 1 && all.every((image) => image.complete && image.naturalWidth > 0); });
/** name → [where, what to wait for, what to do first] */
const SCREENS = {
    queue: ['queue', '.lanes'],
    review: ['review/amber', '.rail', async (page) => { await pictures(page); }],
    'review-armed': ['review/amber', '.rail', async (page) => { await pictures(page); await page.keyboard.press('Digit1'); await page.keyboard.press('KeyG'); await page.waitForSelector('.message'); }],
    'review-help': ['review/amber', '.rail', async (page) => { await page.keyboard.press('Shift+Slash'); await page.waitForSelector('dialog[open]'); }],
    'review-pointed': ['review/amber', '.rail', async (page) => { await pictures(page); await page.locator('.check').first().focus(); await page.keyboard.press('KeyC'); }],
    retouch: ['review/retouch', '.retouch', async (page) => { await pictures(page); await page.locator('.slider input').fill('0.5'); }],
    'retouch-before': ['review/retouch', '.retouch', async (page) => { await pictures(page); await page.keyboard.press('KeyB'); }],
    'retouch-reviewed': ['review/senior', '.slider', async (page) => { await pictures(page); await page.locator('.slider input').fill('0.4'); }],
    identity: ['review/identity', '.question', pictures],
    search: ['submissions', 'tbody tr'],
    submission: [`submissions/${students[0].submission.id}`, '.timeline', pictures],
    'submission-retouched': [`submissions/${students[3].submission.id}`, '.retouch-card', pictures],
    'submission-formats': [`submissions/${students[1].submission.id}`, '.derived li', async (page) => { await pictures(page); await page.selectOption('.derived select', { index: 3 }); await page.locator('.derived').scrollIntoViewIfNeeded(); }],
    'submission-reopen': [`submissions/${students[1].submission.id}`, '.timeline', first('.head .row button')],
    batches: ['batches?kind=chsi', 'tbody tr'],
    'batch-new': ['batches?kind=chsi', 'tbody tr', first('.head button')],
    batch: ['batches?kind=chsi', 'tbody a', async (page) => { await first('tbody a')(page); await page.waitForSelector('.steps'); }],
    sessions: ['sessions', 'tbody tr'],
    'session-new': ['sessions', 'tbody tr', first('.head button')],
    session: ['sessions', 'tbody a', async (page) => { await first('tbody a')(page); await page.waitForSelector('.policy'); }],
    users: ['users', 'tbody tr'],
    'user-edit': ['users', 'tbody tr', first('td.row button')],
    audit: ['audit', 'tbody tr'],
    stuck: ['stuck', '.figures'],
    settings: ['settings', 'form'],
};

async function visit(page, name) {
    const [where, wait, act] = SCREENS[name];
    await page.goto('about:blank');
    await page.goto(`${server.url}/console/#/${where}`);
    await page.waitForSelector(wait);
    await act?.(page);
}
const login = await open(`${server.url}/console/`);
await login.waitForSelector('form');
const tests = {
    'the screens have something to show': fillTheScreens,
    'log in': async () => {
        assert.deepEqual(await violations(login), []);
        await login.fill('input[name=name]', 'admin');
        await login.fill('input[name=password]', 'wrong');
        await login.click('button[type=submit]');
        await login.waitForSelector('.problem');
        assert.deepEqual(await violations(login), []);
        await keepPicture(login, 'look-login');
        await login.fill('input[name=password]', server.passwords.admin);
        await login.click('button[type=submit]');
        await login.waitForSelector('.lanes');
    },
};
for (const language of ['zh', 'en'])
    for (const theme of ['light', 'dark'])
        tests[`every screen, ${language}, ${theme}`] = async () => {
            const page = await open('about:blank', { prefs: { language, theme }, storage: await login.context().storageState() });
            const found = [];
            for (const name of Object.keys(SCREENS)) {
                await visit(page, name);
                await keepPicture(page, `look-${name}-${language}-${theme}`);
                found.push(...(await violations(page)).map((line) => `${name}: ${line}`));
                const wide = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
                if (wide > 0) found.push(`${name}: ${wide} px too wide`);
            }
            assert.deepEqual([...found, ...page.complaints], []);
            await page.context().close();
        };
tests['at 200 % zoom nothing is cut off sideways'] = async () => {
    const page = await open('about:blank', { prefs: { language: 'en' }, size: { width: 640, height: 360 }, storage: await login.context().storageState() });
    const found = [];
    for (const name of Object.keys(SCREENS)) {
        await visit(page, name);
        if (['review', 'queue', 'submission'].includes(name)) await keepPicture(page, `look-${name}-zoomed`);
        const wide = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
        if (wide > 0) found.push(`${name}: ${wide} px too wide`);
    }
    assert.deepEqual(found, []);
    await page.context().close();
};
tests['the landing page'] = async () => {
    for (const theme of ['light', 'dark']) {
        const page = await open(`${server.url}/`, { prefs: { theme } });
        await page.waitForSelector('li a');
        await page.getByText('服务正常').waitFor();
        assert.deepEqual([...await violations(page), ...page.complaints], []);
        await page.context().close();
    }
};
await runTests(tests);
await close();
await server.stop();
