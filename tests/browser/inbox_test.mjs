// The service inbox in the browser: unread count by events, an answer by keyboard alone, how far a message came.
import assert from 'node:assert/strict';
import { madeUp, Staff, Student } from '../lib/people.mjs';
import { keepPicture, startBrowser, violations } from '../lib/page.mjs';
import { runTests, startServer } from '../lib/server.mjs';

const server = await startServer({ demo: true, args: ['--worker=0', '--outbox_retry_scale_percent=1'] });
const browser = await startBrowser();
const { number, lastFour } = madeUp(0);
const student = new Student(server.url, number, lastFour);
let page;

await runTests({
    'a new message is counted in the navigation without reloading': async () => {
        await student.logIn();
        await student.consent();
        await student.link();
        page = await browser.open(`${server.url}/console/`);
        await page.fill('input[name=name]', 'service');
        await page.fill('input[name=password]', server.passwords.service);
        await page.keyboard.press('Enter');
        await page.waitForSelector('.lanes');
        await page.waitForSelector('.live-on');
        assert.equal(await page.locator('[data-unread]').count(), 0);
        await student.want(201, 'POST', '/api/v1/me/messages', { text: '戴眼镜可以拍吗？' });
        await page.waitForSelector('[data-unread="1"]');
    },
    'an answer needs no mouse': async () => {
        await page.goto(`${server.url}/console/#/inbox`);
        await page.waitForSelector('.talk-unread');
        await page.locator('h1').focus();
        await page.keyboard.press('j');
        await page.waitForSelector('.said-student');
        await page.keyboard.press('Enter');
        await page.keyboard.type('能，镜片别反光');
        await page.keyboard.press('Control+Enter');
        await page.waitForSelector('.said-service');
        assert.equal((await student.want(200, 'GET', '/api/v1/me/messages')).items[0].text, '能，镜片别反光');
        await page.waitForFunction(() => document.querySelectorAll('[data-unread]').length === 0);
        await keepPicture(page, 'inbox');
        assert.deepEqual(await violations(page), []);
        await page.locator('h1').focus();
        await page.keyboard.press('d');
        await page.waitForFunction(() => document.querySelectorAll('[data-act=done]').length === 0);
    },
    'the submission page tells how far messages came': async () => {
        const { version } = await student.look();
        await student.want(200, 'POST', student.path('/withdraw'), { version });
        const admin = new Staff(server.url, 'admin', server.passwords.admin);
        await admin.logIn();
        await page.goto(`${server.url}/console/#/submissions/${student.submission.id}`);
        await page.waitForSelector('.deliveries li li');
        await keepPicture(page, 'deliveries');
        assert.deepEqual(await violations(page), []);
    },
    'templates of a session show what would be cut': async () => {
        const other = await browser.open(`${server.url}/console/`);
        await other.fill('input[name=name]', 'admin');
        await other.fill('input[name=password]', server.passwords.admin);
        await other.keyboard.press('Enter');
        await other.waitForSelector('.lanes');
        await other.goto(`${server.url}/console/#/sessions`);
        await other.locator('main a[href^="#/sessions/"]').first().click();
        await other.locator('summary:has(h2)').first().click();
        await other.locator('fieldset button.quiet').first().click();
        await other.waitForSelector('.preview .badge-warn');
        await keepPicture(other, 'templates');
        assert.deepEqual(await violations(other), []);
        assert.deepEqual(other.complaints, []);
    },
    'nothing was complained about': () => assert.deepEqual(page.complaints, []),
});
await browser.close();
await server.stop();
