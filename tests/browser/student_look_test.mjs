// How the student's page looks: the screens that need no photo, in both languages and both themes, at 320 px and in the largest
// type (which is 200 % zoom of a 640 px window, too): no accessibility violation, nothing cut off sideways, targets large enough.
import assert from 'node:assert/strict';
import { startBrowser } from '../lib/page.mjs';
import { Student, madeUp } from '../lib/people.mjs';
import { Phone } from '../lib/phone.mjs';
import { runTests, startServer } from '../lib/server.mjs';

const server = await startServer({ demo: true });
const { open, close } = await startBrowser();
const { number, lastFour } = madeUp(0);
const student = new Student(server.url, number, lastFour);
const { token } = await student.logIn();
await student.consent();
await student.link();
const stranger = new Student(server.url, madeUp(1).number, madeUp(1).lastFour);
const { token: strangersToken } = await stranger.logIn();
await stranger.consent();

/** name → [session, address after "#", what is waited for, whose token] */
const SCREENS = {
    login: ['25100001', '', '.place', ''],
    entry: ['', '', '[name=q]', strangersToken],
    tasks: ['25103003', '', '.tasks', token],
    'tasks-s0': ['25100000', '', '.tasks', strangersToken],
    consent: ['25103003', 'consent', '.ticks', token],
    link: ['25100001', 'link', '[name=student_no]', strangersToken],
    'id-card': ['25100000', 'id-card', '.card-frame', strangersToken],
    request: ['25100003', 'request', '[name=note]', strangersToken],
    portrait: ['25103003', 'portrait', '.card-frame', token],
    phone: ['25103003', 'phone', '[name=phone]', token],
    delivery: ['25103003', 'delivery', '[name=text]', token],
    notice: ['25103003', 'notice', 'main form', token],
    photo: ['25103003', 'photo', '.prepare', token],
    examples: ['25103003', 'examples', '.pair', token],
    messages: ['25103003', 'messages', '.say', token],
    mine: ['25103003', 'mine', '.choices', token],
    'own-data': ['25103003', 'own-data', '[name=leave]', token],
};

async function visit(options, suffix) {
    const { page: pageOptions, prefs } = options;
    const pages = {};
    for (const [name, [session, hash, wait, whose]] of Object.entries(SCREENS)) {
        const page = pages[whose] ?? (pages[whose] = await open('about:blank', { prefs, hasTouch: true, ...pageOptions }));
        await page.goto(`${server.url}/livez`);
        await page.evaluate((value) => { sessionStorage.clear(); if (value) sessionStorage.setItem('xueying.student', value); }, whose);
        await page.goto(`${server.url}/student/${session ? `?session=${session}` : ''}${hash ? `#/${hash}` : ''}`);
        await page.waitForSelector(wait);
        await new Phone(page, 'h5').seen(`${name}-${suffix}`);
        assert.deepEqual(page.complaints, [], name);
    }
    for (const page of Object.values(pages)) await page.context().close();
}
const size = { width: 390, height: 844 };

await runTests({
    'Chinese, light': () => visit({ page: { size }, prefs: { language: 'zh', theme: 'light' } }, 'zh'),
    'English, dark': () => visit({ page: { size }, prefs: { language: 'en', theme: 'dark' } }, 'en-dark'),
    'English, light, 320 px in the largest type': () => visit({ page: { size: { width: 320, height: 640 } }, prefs: { language: 'en', theme: 'light', largeText: true } }, 'en-320-large'),
});
await close();
await server.stop();
