// A student's way on a phone, over a bad network: log in, consents, link, portrait, photo, report, confirm twice, pay; a
// reviewer sends the photo back, the student takes another one. Every screen is looked at (tests/lib/phone.mjs).
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startBrowser } from '../lib/page.mjs';
import { Staff, madeUp } from '../lib/people.mjs';
import { runSteps } from '../lib/journey.mjs';
import { Phone } from '../lib/phone.mjs';
import { needModels, needSamples, samples, startServer, until } from '../lib/server.mjs';

needModels();
needSamples();
const photo = (name) => join(samples, 'portraits', name);
const server = await startServer({ demo: true, args: ['--undo_window_ms=100', '--sweep_interval_ms=20'] });
const reviewer = new Staff(server.url, 'reviewer', server.passwords.reviewer);
await reviewer.logIn();
const { open, close } = await startBrowser();
const page = await open(`${server.url}/student/?session=25103003`, { size: { width: 390, height: 844 }, hasTouch: true });
const phone = new Phone(page, 'student');
const { number, lastFour } = madeUp(0);

await runSteps({ page, phone, end: async () => { await close(); await server.stop(); } }, {
    'log in: where the poster leads is named at once': async () => {
        await page.waitForSelector('.place');
        await phone.seen('login');
        await phone.press('学号');
        await phone.seen('login-number');
        await phone.press('手机号');
        await phone.fill({ phone: '139 0000 0007' });
        await phone.next();
        await page.waitForSelector('[name=digits]');
        await phone.seen('login-phone');
        await phone.press('演示');
        await phone.fill({ code: number });
        await phone.next();
        await phone.home();
        await phone.seen('tasks');
    },
    'the tutorial and the own page': async () => {
        await phone.press('好照片什么样');
        await page.waitForSelector('.pair');
        await phone.seen('examples');
        await phone.back();
        await phone.home();
        await page.locator('.cell', { hasText: '我的' }).click();
        await phone.heading('我的');
        await phone.seen('mine');
        await page.locator('.cell', { hasText: '我的数据' }).click();
        await phone.press('生成一份');
        await page.getByRole('button', { name: '下载' }).waitFor();
        await phone.seen('own-data');
        await page.goBack();
        await phone.heading('我的');
        await page.goBack();
        await phone.home();
    },
    'agree, each by itself': async () => {
        await phone.task('同意条款');
        await page.waitForSelector('.ticks');
        assert.ok(await page.locator('main .primary.big').isDisabled(), 'not before the needed ones');
        await page.check('input[name=privacy]');
        await page.check('input[name=passing_on]');
        await phone.seen('consent');
        await page.reload(); // the ticks are kept
        await page.waitForSelector('.ticks');
        assert.ok(await page.isChecked('input[name=privacy]'));
        await page.check('input[name=face]');
        await phone.next();
        await phone.home();
    },
    'link: a wrong number first; what was typed survives a reload': async () => {
        await phone.task('关联学籍');
        await phone.fill({ student_no: number, last_four: '0000' });
        await phone.next();
        await page.waitForSelector('.problem');
        await phone.seen('link-wrong');
        await page.reload();
        await page.waitForSelector('[name=student_no]');
        assert.equal(await page.inputValue('[name=student_no]'), number);
        await phone.fill({ last_four: lastFour });
        await phone.next();
        await page.waitForSelector('.enrolment');
        await phone.press('是我，关联');
        await page.waitForSelector('text=编号');
    },
    'portrait and photo, with every third part lost on the way': async () => {
        let parts = 0;
        let lost = 0;
        await page.route('**/api/v1/uploads/*', (route) => {
            if (route.request().method() !== 'PATCH' || parts++ % 3 !== 0) return route.continue();
            lost++;
            return route.abort('connectionreset');
        });
        await phone.task('拍证件头像');
        await phone.heading('证件头像');
        await phone.seen('portrait');
        await phone.album(photo('obama2.jpg'));
        await phone.home();
        await phone.task('拍照');
        await phone.heading('拍照');
        await phone.seen('photo');
        await phone.album(photo('obama.jpg'));
        await page.waitForSelector('.verdict', { timeout: 60000 });
        await page.waitForSelector('.photo img');
        await phone.seen('preview');
        await phone.press('原片');
        await page.waitForSelector('.photo img');
        await phone.seen('preview-before');
        await page.unroute('**/api/v1/uploads/*');
        assert.ok(lost >= 2, 'parts were lost');
    },
    'the page may be loaded again at any time': async () => {
        await page.reload();
        await page.waitForSelector('.verdict');
        const insists = page.locator('.insist');
        if ((await insists.count()) > 0) {
            await insists.click();
            await page.waitForSelector('dialog[open]');
            await phone.seen('insist');
            await page.locator('dialog button.primary').click();
        } else {
            await phone.press('用这张');
        }
        await phone.home();
    },
    'confirm twice and pay': async () => {
        await phone.task('填写收件和版式');
        await phone.fill({ name: '王子涵', phone: '13800001234', text: '北京市海淀区某路一号' });
        await phone.seen('delivery');
        await phone.next();
        await phone.home();
        await phone.task('确认并提交');
        await page.waitForSelector('.photo img');
        await phone.seen('confirm-look');
        await phone.next();
        await page.waitForSelector('.facts');
        assert.ok(await page.locator('main .primary.big').isDisabled(), 'not before the tick');
        await page.check('[name=sure]');
        await phone.seen('confirm');
        await phone.next();
        await page.waitForSelector('.price');
        await phone.seen('pay');
        await phone.next();
        await page.waitForURL(`${server.standins.pay}/**`);
        await page.locator('button.go').click();
        await page.waitForSelector('.sent', { timeout: 30000 });
        await phone.seen('receipt');
        await phone.press('看进度');
        await page.waitForSelector('.track');
        await phone.seen('progress');
    },
    'sent back with reasons, seen without touching the page': async () => {
        const { id } = await phone.submission();
        const item = await until(async () => {
            for (const lane of ['green', 'amber'])
                for (const one of await reviewer.claim(lane, 1)) return one.submission.id === id && one;
            return null;
        }, 'the submission in the queue');
        assert.deepEqual([item.attempt.source, item.capture_source], ['album', 'live_or_album']); // a hint for the reviewer
        await reviewer.decide(item, 'reject_retry', ['background', 'mouth_open'], '站到白墙前');
        await page.waitForSelector('.why li', { timeout: 60000 });
        assert.equal(await page.locator('.why li').count(), 2);
        await phone.seen('retake');
    },
    'in English, in large text': async () => {
        await phone.press('大字');
        await phone.press('English');
        await page.getByText('Take a new photo').waitFor();
        await phone.seen('retake-en-large');
        await page.locator('button.cell:not(.task)', { hasText: 'Messages' }).click();
        await page.waitForSelector('.said-system');
        await page.fill('textarea[name=text]', 'May I keep my glasses on?');
        await phone.press('Send');
        await page.locator('.said-me', { hasText: 'glasses' }).waitFor();
        await page.locator('input[name=picture]').setInputFiles(photo('obama2.jpg'));
        await page.waitForSelector('.said-picture img');
        await phone.seen('messages-en-large');
        await phone.back();
    },
    'another photo, and giving up after all': async () => {
        await phone.home();
        await phone.press('Take a new photo');
        await phone.album(photo('biden.jpg'));
        await page.waitForSelector('.verdict', { timeout: 60000 });
        await phone.seen('preview-en-large');
        await page.goBack();
        await phone.home();
        await page.locator('.cell', { hasText: 'Give up' }).click();
        await page.waitForSelector('dialog[open]');
        await phone.seen('withdraw');
        await page.locator('dialog button.danger').click();
        await page.waitForSelector('.status-closed');
        await phone.seen('closed');
        assert.equal((await phone.submission()).state, 'closed');
        assert.equal(await page.locator('.why').count(), 0, 'who gives up is not told the reasons of an earlier photo');
    },
    'the page complained about nothing': () => assert.deepEqual(page.complaints.filter((line) => !/ERR_CONNECTION_RESET|net::ERR/.test(line)), []),
});
