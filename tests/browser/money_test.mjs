// Staff's pages of money in a real browser, by keyboard where it matters: find a payment, give a part back, compare a day,
// look at the ledger, an order for many. axe finds nothing.
import assert from 'node:assert/strict';
import { keepPicture, startBrowser, violations } from '../lib/page.mjs';
import { paidSession, payer } from '../lib/payers.mjs';
import { runTests, startServer, until } from '../lib/server.mjs';

const server = await startServer({ demo: true, args: ['--worker=0', '--sweep_interval_ms=20', '--outbox_retry_scale_percent=1'] });
const { session } = await paidSession(server, { count: 6, policy: { payer: 'class' } });
for (let n = 0; n < 3; n++) {
    const student = await payer(server, n);
    await student.pay();
    await until(async () => (await student.payment()).state === 'paid', 'a payment');
}
const browser = await startBrowser();
const page = await browser.open(`${server.url}/console/`);
await page.fill('input[name=name]', 'admin');
await page.fill('input[name=password]', server.passwords.admin);
await page.keyboard.press('Enter');
await page.waitForSelector('nav a[href="#/payments"]');
const show = async (hash, selector) => { await page.goto(`${server.url}/console/#/${hash}`); await page.waitForSelector(selector); };
const clean = async (name) => { assert.deepEqual(await violations(page), []); assert.deepEqual(page.complaints, []); await keepPicture(page, name); };

await runTests({
    async 'payments are found, and a part is given back'() {
        await show('payments', 'tbody tr:nth-child(3)');
        await clean('money-payments');
        await page.locator('tbody tr button').first().click();
        await page.fill('dialog input[name=amount]', '2.50');
        await page.fill('dialog input[name=reason]', '补偿');
        await page.keyboard.press('Enter');
        await until(async () => (await page.textContent('tbody')).includes('−¥2.50'), 'the refund in the list');
    },
    async 'the bill of today is compared'() {
        await show('payments/days', 'input[type=date]');
        await page.fill('input[type=date]', new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10));
        await page.locator('input[type=date]').press('Enter');
        await until(async () => { await page.locator('form button[type=button]').click(); return page.waitForSelector('tbody:has-text("一致")', { timeout: 2000 }).catch(() => null); }, 'a day that matches');
        await page.locator('tbody button').first().click();
        await page.waitForSelector('section.card');
        await clean('money-days');
    },
    async 'the ledger of a day adds up'() {
        await show('payments/ledger', 'tbody tr:nth-child(6)');
        await clean('money-ledger');
    },
    async 'a class order is made and a transfer booked'() {
        await show(`sessions/${session.id}`, 'section.card');
        await page.getByRole('button', { name: '新建订单' }).click();
        await page.fill('dialog input[name=payer_name]', 'C1 班长');
        await page.fill('dialog input[name=class_name]', 'C1');
        await page.keyboard.press('Enter');
        await page.setViewportSize({ width: 390, height: 844 });
        const box = await page.getByRole('button', { name: '撤销' }).boundingBox();
        assert.ok(box.x >= 0 && box.x + box.width <= 390, 'on a phone all that can be done is in sight');
        await page.setViewportSize({ width: 1280, height: 720 });
        await page.getByRole('button', { name: '登记转账' }).click();
        await page.fill('dialog input[name=reference]', 'ICBC-1');
        await page.keyboard.press('Enter');
        await page.waitForSelector('text=已付');
        await clean('money-group');
    },
});
await browser.close();
await server.stop();
