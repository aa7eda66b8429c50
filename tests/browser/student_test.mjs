// A student's way on a phone, over a bad network: log in, consents, link, portrait, photo, report, confirm twice, pay; a
// reviewer sends the photo back, the student takes another one. Every page is checked by axe.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { keepPicture, startBrowser, violations } from '../lib/page.mjs';
import { Staff, madeUp } from '../lib/people.mjs';
import { needModels, needSamples, runTests, samples, startServer, until } from '../lib/server.mjs';

needModels();
needSamples();
const photo = (name) => join(samples, 'portraits', name);
const server = await startServer({ demo: true, args: ['--undo_window_ms=100', '--sweep_interval_ms=20'] });
const reviewer = new Staff(server.url, 'reviewer', server.passwords.reviewer);
await reviewer.logIn();
const { open, close } = await startBrowser();
const page = await open(`${server.url}/student/`, { size: { width: 390, height: 844 }, hasTouch: true });
const { number, lastFour } = madeUp(0);

const seen = async (name) => {
    await keepPicture(page, `student-${name}`);
    assert.deepEqual(await violations(page), [], name);
    assert.ok(await page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth), `${name} scrolls sideways`);
    const small = await page.evaluate(() => [...document.querySelectorAll('main button, main .button, main .tick, main input:not(.unseen, [type=checkbox])')].filter((one) => one.getBoundingClientRect().height > 0 && one.getBoundingClientRect().height < 44).map((one) => one.textContent || one.name));
    assert.deepEqual(small, [], `${name}: targets under 44 px`);
};
const home = () => page.waitForSelector('.tasks');
const task = (text) => page.locator('.tasks button.task', { hasText: text }).click();
const next = () => page.locator('main .primary.big').click();
const submission = () => page.evaluate(() => import('/student/student.js').then((module) => module.submission.value));
const fromAlbum = (file) => page.locator('input[type=file]').last().setInputFiles(file);

await runTests({
    'log in and agree': async () => {
        await page.fill('input[name=code]', number);
        await seen('login');
        await next();
        await home();
        await seen('tasks');
        await task('同意条款');
        for (const kind of ['privacy', 'face', 'passing_on']) await page.check(`input[name=${kind}]`);
        await seen('consent');
        await next();
        await home();
    },
    'link': async () => {
        await task('关联学籍');
        await page.fill('[name=session_code]', '25103003');
        await next();
        await page.fill('[name=student_no]', number);
        await page.fill('[name=last_four]', '0000');
        await next();
        await page.waitForSelector('.problem');
        await page.fill('[name=last_four]', lastFour);
        await seen('link');
        await next();
        await home();
    },
    'portrait and photo, with every third part lost on the way': async () => {
        let parts = 0;
        let lost = 0;
        await page.route('**/api/v1/uploads/*', (route) => {
            if (route.request().method() !== 'PATCH' || parts++ % 3 !== 0) return route.continue();
            lost++;
            return route.abort('connectionreset');
        });
        await task('证件头像');
        await seen('portrait');
        await fromAlbum(photo('obama2.jpg'));
        await home();
        await task('拍照并选一张');
        await seen('photo');
        await fromAlbum(photo('obama.jpg'));
        await page.waitForSelector('.verdict', { timeout: 60000 });
        await page.waitForSelector('.photo img');
        await seen('preview');
        await page.unroute('**/api/v1/uploads/*');
        assert.ok(lost >= 2, 'parts were lost');
    },
    'the page may be loaded again at any time': async () => {
        await page.reload();
        await home();
        await task('拍照并选一张');
        await page.waitForSelector('.verdict');
        const insists = page.locator('.stack button.quiet');
        await ((await insists.count()) > 0 ? insists : page.locator('.stack .primary')).click();
        await home();
    },
    'confirm twice and pay': async () => {
        await task('确认并提交');
        await page.fill('[name=name]', '王子涵');
        await page.fill('[name=phone]', '13800001234');
        await page.fill('[name=text]', '北京市海淀区某路一号');
        await seen('address');
        await next();
        await next();
        await page.waitForSelector('.facts');
        assert.ok(await page.locator('main .primary.big').isDisabled(), 'not before the tick');
        await page.check('[name=sure]');
        await seen('confirm');
        await next();
        await home();
        await task('付款');
        await page.waitForSelector('.price');
        await next();
        const paid = page.context().waitForEvent('page');
        await page.locator('a.button.primary').click();
        await (await paid).close();
        await page.waitForSelector('.status', { timeout: 30000 });
        await seen('progress');
    },
    'sent back with reasons, seen without touching the page': async () => {
        const { id } = await submission();
        const item = await until(async () => {
            for (const lane of ['green', 'amber'])
                for (const one of await reviewer.claim(lane, 1)) return one.submission.id === id && one;
            return null;
        }, 'the submission in the queue');
        assert.deepEqual([item.attempt.source, item.capture_source], ['album', 'live_or_album']); // a hint for the reviewer
        await reviewer.decide(item, 'reject_retry', ['background', 'mouth_open'], '站到白墙前');
        await page.waitForSelector('.why li', { timeout: 40000 });
        assert.equal(await page.locator('.why li').count(), 2);
        await seen('retake');
    },
    'in English, in large text': async () => {
        await page.getByRole('button', { name: '大字' }).click();
        await page.getByRole('button', { name: 'English' }).click();
        await page.getByText('Take and choose a photo').waitFor();
        await seen('retake-en-large');
        await page.getByRole('button', { name: 'Messages' }).click();
        await page.waitForSelector('.inbox li');
        await seen('messages');
        await page.locator('.back').click();
    },
    'another photo, and giving up after all': async () => {
        await home();
        await task('Take and choose a photo');
        await fromAlbum(photo('biden.jpg'));
        await page.waitForSelector('.verdict', { timeout: 60000 });
        await page.locator('.back').click();
        await page.getByRole('button', { name: 'Withdraw' }).click();
        await page.waitForSelector('dialog[open]');
        await seen('withdraw');
        await page.locator('dialog button.danger').click();
        await page.waitForSelector('.status-closed');
        assert.equal((await submission()).state, 'closed');
    },
    'the page complained about nothing': () => assert.deepEqual(page.complaints.filter((line) => !/ERR_CONNECTION_RESET|net::ERR/.test(line)), []),
});
await close();
await server.stop();
