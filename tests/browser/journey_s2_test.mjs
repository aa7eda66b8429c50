// S2: the school by its name and level, the collection code and the last four find the roster's entry, paid before the photo in
// WeChat or outside; who gives up before anybody looked gets the money back. A second student goes all the way to CHSI.
import assert from 'node:assert/strict';
import { drawnCode, runSteps, startJourney } from '../lib/journey.mjs';
import { madeUp } from '../lib/people.mjs';
import { until } from '../lib/server.mjs';

const way = await startJourney('s2', '');
const { phone, page } = way;
way.session = '25100002';
const code = drawnCode(way.server);

/** From the school's name to the linked list of tasks. */
async function find({ number, lastFour }, name) {
    await phone.fill({ code: number });
    await phone.next();
    await page.waitForSelector('[name=q]');
    await phone.fill({ q: '示范大学' });
    await page.selectOption('[name=level]', 'postgraduate');
    await page.locator('.cell', { hasText: '先付费' }).click();
    await phone.home();
    await phone.agree();
    await phone.task('关联学籍');
    await phone.album(code);
    await page.waitForSelector('[name=last_four]', { timeout: 60000 });
    await phone.fill({ last_four: lastFour });
    if ((await page.locator('[name=name]').count()) > 0) await phone.fill({ name });
    await phone.seen('link');
    await phone.next();
    await page.waitForSelector('.enrolment');
    await phone.seen('enrolment');
    await phone.press('是我，关联');
    await phone.home();
    await phone.task('绑定手机号');
    await phone.fill({ phone: '13800001234' });
    await phone.next();
    await phone.home();
}

await runSteps(way, {
    'the school is found by its name': async () => {
        await page.waitForSelector('form');
        await phone.fill({ code: madeUp(3).number });
        await phone.next();
        await page.waitForSelector('[name=q]');
        await phone.fill({ q: '没有这个' });
        await page.getByText('没找到').waitFor();
        await phone.seen('entry-nothing');
        await phone.fill({ q: '示范' });
        await page.waitForSelector('.cells-title');
        await phone.seen('entry');
        await page.evaluate(() => sessionStorage.clear());
        await page.goto('about:blank');
        await page.goto(`${way.server.url}/student/`);
        await page.waitForSelector('form');
    },
    'code and last four, then the fee': async () => {
        await find(madeUp(3), '刘欣怡');
        await phone.seen('tasks');
        await phone.task('付款');
        await way.pay('.head');
        await page.locator('.task', { hasText: '付款' }).filter({ hasText: '已完成' }).waitFor();
    },
    'a photo is tried and sent; after all not: the money comes back': async () => {
        await phone.task('拍照');
        await page.waitForSelector('.prepare');
        await phone.seen('photo');
        await way.photo('obama.jpg');
        await way.confirm();
        await page.waitForSelector('.sent');
        await phone.press('看进度');
        await way.in('human_review');
        await page.locator('.cell', { hasText: '放弃采集' }).click();
        await page.locator('dialog button.danger').click();
        await page.waitForSelector('.status-closed');
        await phone.seen('withdrawn');
        await until(async () => (await way.detail()).payments.some((one) => one.state === 'refunded'), 'the refund', 60000);
    },
    'another student: code, fee, photo, sent back, again, approved, on CHSI': async () => {
        await page.evaluate(() => sessionStorage.clear());
        await page.goto('about:blank');
        await page.goto(`${way.server.url}/student/`);
        await page.waitForSelector('form');
        way.id = undefined;
        await find(madeUp(4), '陈宇轩');
        await phone.task('付款');
        await way.pay('.head');
        await phone.task('拍照');
        await way.photo('obama.jpg');
        await way.confirm();
        await page.waitForSelector('.sent');
        await phone.press('看进度');
        await way.reject(['half_shadow']);
        await phone.press('去拍照');
        await way.photo('biden.jpg');
        await way.confirm();
        await page.waitForSelector('.sent');
        await phone.press('看进度');
        await way.approve('chsi_upload');
        await way.toChsi();
    },
    'proofread at CHSI': () => way.proofread(),
    'the page complained about nothing': () => assert.deepEqual(page.complaints, []),
});
