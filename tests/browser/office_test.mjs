// The office's work in the console: a package for CHSI built, downloaded, handed over and its receipt imported; accounts;
// a capture session with rules and roster; a revealed identity; a stuck effect let go again.
import assert from 'node:assert/strict';
import { crowd } from '../lib/crowd.mjs';
import { keepPicture, logIn, startBrowser } from '../lib/page.mjs';
import { Staff, madeUp } from '../lib/people.mjs';
import { needModels, needSamples, runTests, startServer, until } from '../lib/server.mjs';

needModels();
needSamples();
const server = await startServer({ demo: true, args: ['--undo_window_ms=50', '--sweep_interval_ms=20'] });
const students = await crowd(server, 3);
const admin = new Staff(server.url, 'admin', server.passwords.admin);
await admin.logIn();
for (const lane of ['green', 'amber'])
    for (const item of await admin.claim(lane, 12)) await admin.decide(item, 'approve');
const states = async () => (await Promise.all(students.map((one) => admin.detail(one.submission.id)))).map((one) => one.state);
await until(async () => (await states()).every((state) => state === 'chsi_upload'), 'three approved photos', 60000);

const { open, close } = await startBrowser();
const page = await open(`${server.url}/console/`);
const goTo = async (where, wait) => { await page.evaluate((hash) => { location.hash = hash; }, `#/${where}`); await page.waitForSelector(wait); };
const button = (name) => page.getByRole('button', { name, exact: true });
const dialogButton = (name) => page.locator('dialog').getByRole('button', { name, exact: true });

await runTests({
    'log in': () => logIn(page, 'admin', server.passwords.admin),
    'package: build, download, hand over': async () => {
        await goTo('batches?kind=chsi', '.tabs');
        await button('新建报送包').click();
        await page.waitForSelector('dialog option', { state: 'attached' });
        await dialogButton('开始打包').click();
        await page.waitForSelector('.steps');
        await page.waitForSelector('button.primary:has-text("下载压缩包"):not(:disabled)', { timeout: 30000 });
        assert.equal(await page.locator('tbody tr').count(), 3);
        const waiting = page.waitForEvent('download');
        await button('下载压缩包').click();
        const file = await waiting;
        assert.match(file.suggestedFilename(), /\.zip$/);
        await button('登记已报送…').click();
        await dialogButton('登记已报送').click();
        await page.waitForSelector('.step textarea');
    },
    'receipt: one accepted, one refused, one unknown': async () => {
        const names = await page.locator('tbody td.mono').allInnerTexts();
        await page.fill('.step textarea', `file_name,result,reason\n${names[0]},accepted,\n${names[1]},refused,chsi_quality\nnobody.jpg,accepted,\n`);
        await button('导入回执').click();
        await page.waitForSelector('.result');
        assert.deepEqual((await page.locator('.result dd').allInnerTexts()).map(Number), [2, 1, 1, 1]);
        await keepPicture(page, 'office-receipt');
        await until(async () => (await states()).filter((state) => state === 'retake').length === 1, 'the refused one to go back');
    },
    'print: sheet, printed': async () => {
        await goTo('batches?kind=print', '.tabs');
        await button('新建冲印批次').click();
        await page.waitForSelector('dialog option', { state: 'attached' });
        await dialogButton('开始打包').click();
        await page.waitForSelector('button.primary:has-text("下载 PDF"):not(:disabled)', { timeout: 30000 });
        const waiting = page.waitForEvent('download');
        await button('下载 PDF').click();
        assert.match((await waiting).suggestedFilename(), /\.pdf$/);
        await button('登记已冲印…').click();
        await dialogButton('登记已冲印').click();
        await until(async () => (await states()).includes('mailing'), 'the printed one to be mailed');
    },
    'mail: tracking numbers pasted': async () => {
        await goTo('batches?kind=mail', '.tabs');
        await button('新建邮寄批次').click();
        await page.waitForSelector('dialog option', { state: 'attached' });
        await dialogButton('开始打包').click();
        await page.waitForSelector('.step textarea', { timeout: 30000 });
        await page.waitForSelector('tbody td a');
        const code = await page.locator('tbody td a').first().innerText();
        await page.fill('.step textarea', `code,carrier,tracking_no\n${code},EMS,EA123456789CN\n`);
        await button('导入运单号').click();
        await page.waitForSelector('.result');
        assert.equal(await page.locator('.result dd').first().innerText(), '1');
    },
    'an account: added, its password shown once, its roles changed, disabled': async () => {
        await goTo('users', 'tbody tr');
        await button('添加账号').click();
        await page.fill('dialog input[name=name]', 'lin.yue');
        await page.fill('dialog input[name=display_name]', '林月');
        await dialogButton('保存').click();
        const password = await page.locator('.secret code').innerText();
        assert.ok(password.length >= 10);
        await dialogButton('记下了').click();
        const lin = new Staff(server.url, 'lin.yue', password);
        assert.deepEqual((await lin.logIn()).account.roles, ['reviewer']);
        await page.locator('tr', { hasText: 'lin.yue' }).getByRole('button', { name: '修改 lin.yue' }).click();
        await page.locator('dialog .check-field', { hasText: '批次' }).locator('input').check();
        await dialogButton('保存').click();
        await page.locator('tr', { hasText: 'lin.yue' }).getByText('审核、批次').waitFor();
        await page.locator('tr', { hasText: 'lin.yue' }).getByRole('button', { name: '停用' }).click();
        await dialogButton('停用').click();
        await page.locator('tr', { hasText: 'lin.yue' }).getByText('启用').waitFor();
        assert.equal((await lin.call('GET', '/api/v1/console/me')).status, 401);
    },
    'a session: added, rules changed, roster tried and imported': async () => {
        await goTo('sessions', 'tbody tr');
        await button('新建场次').click();
        for (const [name, value] of Object.entries({ code: '26110001', school_code: '10999', school_name: '江南大学', name: '2027 届', opens: '2026-01-01T00:00', closes: '2030-01-01T00:00' })) await page.fill(`dialog input[name=${name}]`, value);
        await dialogButton('保存').click();
        await page.waitForSelector('.policy');
        await page.fill('input[name=attempts_max]', '60');
        await button('保存为新版本').click();
        await page.waitForSelector('.problem');
        await page.fill('input[name=attempts_max]', '6');
        await button('保存为新版本').click();
        await page.getByText('v2').first().waitFor();
        const good = madeUp(40);
        await page.setInputFiles('input[name=roster]', { name: 'roster.csv', mimeType: 'text/csv', buffer: Buffer.from(`student_no,name,id_number,college,major,class_name\n${good.number},李华,${good.idNumber},理学院,数学,1班\n20220099,王五,110101200001010000,理学院,数学,1班\n`) });
        await button('试运行').click();
        await page.waitForSelector('.result .figures');
        await keepPicture(page, 'office-roster');
        assert.deepEqual((await page.locator('.result .figures dd').allInnerTexts()).map(Number), [1, 0, 0, 0, 1]);
        await button('只导入正确行').click();
        await page.locator('.notice', { hasText: '名单已导入' }).waitFor();
        const [session] = (await admin.want(200, 'GET', '/api/v1/console/sessions')).items.filter((one) => one.code === '26110001');
        assert.equal((await admin.want(200, 'GET', `/api/v1/console/sessions/${session.id}`)).progress.roster, 1);
    },
    'identity revealed, with the reason in the audit': async () => {
        await goTo(`submissions/${students[0].submission.id}`, '.timeline');
        await button('显示身份…').click();
        await page.fill('dialog input[name=reason]', '电话核对');
        await dialogButton('显示身份').click();
        await page.waitForSelector('.revealed-person');
        assert.match(await page.locator('.revealed-person').innerText(), new RegExp(madeUp(0).idNumber));
        await goTo('audit', 'tbody tr');
        assert.match(await page.locator('tbody').innerText(), /reveal/);
    },
    'my password': async () => {
        await goTo('settings', 'form');
        await page.fill('[name=old_password]', server.passwords.admin);
        await page.fill('[name=new_password]', 'a-longer-password');
        await page.fill('[name=again]', 'a-longer-passwort');
        await button('修改密码').click();
        await page.waitForSelector('.problem');
        await page.fill('[name=again]', 'a-longer-password');
        await button('修改密码').click();
        await page.locator('.notice', { hasText: '密码已修改' }).waitFor();
    },
    'the pages complained about nothing': () => assert.deepEqual(page.complaints, []),
});
await close();
await server.stop();
