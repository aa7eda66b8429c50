// How the console looks: every screen in both languages and both themes has no accessibility violation, fits at 1280×720
// and at 200 % zoom, and leaves a picture under the build folder for people to look at.
import assert from 'node:assert/strict';
import { crowd } from '../lib/crowd.mjs';
import { keepPicture, startBrowser, violations } from '../lib/page.mjs';
import { Staff } from '../lib/people.mjs';
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
            if (item.submission.id === stranger.submission.id || n === 1 || n === 2) await admin.decide(item, 'approve');
            else if (n === 0) await admin.decide(item, 'reject_retry', ['background', 'mouth_open'], '站到白墙前，嘴唇闭合');
            else await admin.want(204, 'DELETE', `/api/v1/console/claims/${item.claim_id}`);
        }
    await until(async () => (await admin.detail(stranger.submission.id)).lane === 'identity', 'the stranger in the identity lane', 60000);
    await until(async () => (await admin.detail(students[1].submission.id)).state === 'chsi_upload', 'an approved photo');
    const batch = await admin.want(202, 'POST', '/api/v1/console/batches', { kind: 'chsi', session_code: '25103003', name: '六月第一批' });
    await until(async () => (await admin.want(200, 'GET', `/api/v1/console/batches/${batch.id}`)).state !== 'building', 'the package');
}

const first = (selector) => async (page) => { await page.waitForSelector(selector); await page.locator(selector).first().click(); };
const pictures = (page) => page.waitForFunction(() => { const all = [...document.querySelectorAll('.picture img, .thumb img')]; return all.length > 1 && all.every((image) => image.complete && image.naturalWidth > 0); });
/** name → [where, what to wait for, what to do first] */
const SCREENS = {
    queue: ['queue', '.lanes'],
    review: ['review/amber', '.rail', async (page) => { await pictures(page); }],
    'review-armed': ['review/amber', '.rail', async (page) => { await pictures(page); await page.keyboard.press('Digit1'); await page.keyboard.press('KeyG'); await page.waitForSelector('.message'); }],
    'review-help': ['review/amber', '.rail', async (page) => { await page.keyboard.press('Shift+Slash'); await page.waitForSelector('dialog[open]'); }],
    identity: ['review/identity', '.question', pictures],
    search: ['submissions', 'tbody tr'],
    submission: [`submissions/${students[0].submission.id}`, '.timeline', pictures],
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
