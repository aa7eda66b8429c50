// The collection code on the pages: the student's task from a wrong code to the right one, the warning to staff when two
// students show the same, the rule in the session's form. Every page is checked by axe.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepPicture, logIn, startBrowser, violations } from '../lib/page.mjs';
import { Staff, Student, madeUp } from '../lib/people.mjs';
import { build, needModels, runTests, skip, startServer, until } from '../lib/server.mjs';

const artist = join(build, 'xueying-code-bench');
if (!existsSync(artist)) skip('libqrencode is not here: no codes can be drawn');
needModels();
const folder = mkdtempSync(join(tmpdir(), 'xueying-code-'));
const drawn = (name, payload) => {
    const file = join(folder, `${name}.jpg`);
    assert.equal(spawnSync(artist, ['draw', payload, file]).status, 0);
    return file;
};
const CIPHER = `${'kJ8s0Qh3TzW7mB2xVn5yLr9cPd4fGa6uEi1oXq0sZtHwY'.repeat(3)}==`;
const wechat = drawn('wechat', 'https://u.wechat.com/EAbcdefgh_123');
const right = drawn('right', CIPHER);

const server = await startServer({ demo: true, args: ['--sweep_interval_ms=20'] });
const admin = new Staff(server.url, 'admin', server.passwords.admin);
await admin.logIn();
const { items: [listed] } = await admin.want(200, 'GET', '/api/v1/console/sessions');
const session = await admin.want(200, 'GET', `/api/v1/console/sessions/${listed.id}`);
await admin.want(200, 'PUT', `/api/v1/console/sessions/${session.id}/policy`,
    { policy_version: session.policy_version, policy: { ...session.policy, collection_code: 'required' } });
const first = madeUp(0);
const other = madeUp(1);
const twin = new Student(server.url, other.number, other.lastFour);
await twin.logIn();
await twin.consent();
await twin.link();

const student = new Student(server.url, first.number, first.lastFour);
await student.logIn();
await student.consent();
await student.link();
const { open, close } = await startBrowser();
const page = await open(`${server.url}/student/`, { size: { width: 390, height: 844 }, hasTouch: true });
const seen = async (name) => {
    await keepPicture(page, `code-${name}`);
    assert.deepEqual(await violations(page), [], name);
    assert.ok(await page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth), `${name} scrolls sideways`);
};
const send = (file) => page.locator('input[name=album]').setInputFiles(file);

await runTests({
    'the task is there where the session wants the code': async () => {
        await page.fill('input[name=code]', first.number);
        await page.locator('main .primary.big').click();
        await page.waitForSelector('.tasks');
        await page.locator('.tasks button.task', { hasText: '图像采集码' }).click();
        await page.waitForSelector('.tips');
        await seen('task');
    },
    'a WeChat code is named as such': async () => {
        await send(wechat);
        await page.waitForSelector('.verdict-fail');
        assert.match(await page.locator('main').innerText(), /微信的二维码，不是学信网图像采集码/);
        await seen('foreign');
    },
    'the right one is taken': async () => {
        await send(right);
        await page.waitForSelector('.verdict-pass');
        await seen('read');
        await page.locator('main .primary.big').click();
        await page.waitForSelector('.tasks');
        assert.match(await page.locator('.tasks button.task', { hasText: '图像采集码' }).innerText(), /已完成/);
    },
    'staff see who showed the same code': async () => {
        await twin.want(202, 'POST', twin.path('/code'), { payload: Buffer.from(CIPHER).toString('base64') });
        await until(async () => (await twin.look()).collection_code.state === 'seen_before', 'the second student');
        const console_ = await open(`${server.url}/console/`);
        await logIn(console_, 'admin', server.passwords.admin);
        await console_.goto(`${server.url}/console/#/submissions/${twin.submission.id}`);
        await console_.waitForSelector('text=已被另一名学生使用');
        assert.match(await console_.locator('main').innerText(), /另有 1 名学生提交过同一个采集码/);
        await keepPicture(console_, 'code-staff');
        assert.deepEqual(await violations(console_), []);
        await console_.goto(`${server.url}/console/#/sessions/${session.id}`);
        await console_.waitForSelector('select[name=collection_code]');
        assert.equal(await console_.locator('select[name=collection_code]').inputValue(), 'required');
        await keepPicture(console_, 'code-policy');
        assert.deepEqual(console_.complaints, []);
    },
    'the page complains of nothing': () => assert.deepEqual(page.complaints, []),
});
await close();
await server.stop();
rmSync(folder, { recursive: true, force: true });
