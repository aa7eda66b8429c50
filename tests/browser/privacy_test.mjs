// The console's page for consent texts and stored faces: a new edition written and seen by students, the filing recorded.
import assert from 'node:assert/strict';
import { keepPicture, logIn, startBrowser, violations } from '../lib/page.mjs';
import { runTests, startServer } from '../lib/server.mjs';

const server = await startServer({ demo: true, args: ['--worker=0', '--sweep_interval_ms=20'] });
const { open, close } = await startBrowser();
const page = await open(`${server.url}/console/`);
const texts = async () => (await fetch(`${server.url}/api/v1/consents`, { headers: { 'accept-language': 'zh-CN' } })).json();

await runTests({
    'the page shows the count and the built-in texts': async () => {
        await logIn(page, 'admin', server.passwords.admin);
        await page.evaluate(() => { location.hash = '#/privacy'; });
        await page.waitForSelector('.faces');
        assert.match(await page.locator('.faces').innerText(), /0 \/ 100,000/);
        await page.waitForSelector('td:has-text("2026-06")');
        await page.locator('.faces summary').click();
        await keepPicture(page, 'privacy', true);
        assert.deepEqual(await violations(page), []);
    },
    'a new edition is what students read': async () => {
        await page.getByRole('button', { name: '写新版', exact: true }).click();
        const [privacy] = await page.locator('fieldset textarea').all();
        await privacy.fill('我们用你的照片办理：{purpose}。');
        await page.check('input[name=renews]');
        assert.deepEqual(await violations(page), []);
        await keepPicture(page, 'privacy-edit', true);
        await page.getByRole('button', { name: '发布新版', exact: true }).click();
        await page.waitForSelector('td:has-text("是，此前的同意作废")');
        const now = await texts();
        assert.match(now.text_version, /\.2$/);
        assert.equal(now.items[0].text, '我们用你的照片办理：毕业证书照片采集与学信网电子注册。');
    },
    'the filing is recorded': async () => {
        await page.fill('input[name=reference]', '网信备 2026-1');
        await page.getByRole('button', { name: '登记备案', exact: true }).click();
        await page.waitForSelector('.faces dd:has-text("网信备 2026-1")');
    },
    'nothing complained': () => assert.deepEqual(page.complaints, []),
});
await close();
await server.stop();
