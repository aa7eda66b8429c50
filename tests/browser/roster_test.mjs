// A roster in the console: a file with a bad row and a change, checked, taken; who is missing; the school's own list.
import assert from 'node:assert/strict';
import { keepPicture, logIn, startBrowser, violations } from '../lib/page.mjs';
import { Staff, madeUp } from '../lib/people.mjs';
import { runTests, startServer } from '../lib/server.mjs';

const server = await startServer({ demo: true });
const admin = new Staff(server.url, 'admin', server.passwords.admin);
await admin.logIn();
const [session] = (await admin.want(200, 'GET', '/api/v1/console/sessions')).items.filter((one) => one.code === '25103003');
const HEAD = '学号,姓名,证件号码,学院,专业,班级,手机号\r\n';
const row = (n, major = '汉语言文学') => `${madeUp(n).number},赵${n},${madeUp(n).idNumber},文学院,${major},${n % 3}班,13800000000\r\n`;
const { open, close } = await startBrowser();
const page = await open(`${server.url}/console/`);
const button = (name) => page.getByRole('button', { name, exact: true });
const choose = async (text) => {
    await page.setInputFiles('input[name=roster]', { name: '2026届.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await button('试运行').click();
    await page.waitForSelector('.result .figures');
};
const figures = async () => (await page.locator('.result .figures dd').allInnerTexts()).map((text) => Number(text.replaceAll(',', '')));

await runTests({
    'log in': () => logIn(page, 'admin', server.passwords.admin),
    'a good file is checked and taken': async () => {
        await page.evaluate((hash) => { location.hash = hash; }, `#/sessions/${session.id}`);
        await page.waitForSelector('input[name=roster]');
        await choose(HEAD + row(50) + row(51) + row(52));
        assert.deepEqual(await figures(), [3, 0, 0, 0, 0]);
        await button('导入').click();
        await page.locator('.notice', { hasText: '写入 3 行' }).waitFor();
    },
    'bad rows and changes are shown; the good ones are taken': async () => {
        await choose(`${HEAD}${row(50)}${row(51, '新闻学')}${row(53)}Z9,钱,110105194912310021,,,,\r\n`);
        assert.deepEqual(await figures(), [1, 1, 1, 0, 1]);
        await page.getByText('身份证号码校验位不对').waitFor();
        await page.getByText('新闻学').waitFor();
        await keepPicture(page, 'roster-dry-run', true);
        assert.deepEqual(await violations(page), []);
        await button('只导入正确行').click();
        await page.locator('.notice', { hasText: '写入 2 行' }).waitFor();
    },
    'who is missing': async () => {
        await page.getByRole('link', { name: '未采集名单' }).click();
        await page.locator('tbody tr', { hasText: madeUp(53).number }).waitFor();
        await page.getByLabel('班级').fill('2班');
        await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 2 || document.querySelectorAll('tbody tr').length === 1);
        await keepPicture(page, 'roster-missing', true);
        assert.deepEqual(await violations(page), []);
    },
});
await close();
await server.stop();
