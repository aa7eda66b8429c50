// The console's page for students whom the roster does not know: seen masked, linked, refused with a reason.
import assert from 'node:assert/strict';
import { keepPicture, logIn, startBrowser, violations } from '../lib/page.mjs';
import { Staff, Student, madeUp } from '../lib/people.mjs';
import { runTests, startServer } from '../lib/server.mjs';

const server = await startServer({ demo: true, args: ['--worker=0', '--sweep_interval_ms=20'] });
const admin = new Staff(server.url, 'admin', server.passwords.admin);
await admin.logIn();
const { items } = await admin.want(200, 'GET', '/api/v1/console/sessions');
const session = await admin.want(200, 'GET', `/api/v1/console/sessions/${items.find((one) => one.code === '25103003').id}`);
await admin.want(200, 'PUT', `/api/v1/console/sessions/${session.id}/policy`, { policy_version: session.policy_version, policy: { ...session.policy, manual_link: true } });

async function asks(name, claim) {
    const student = new Student(server.url, name);
    await student.logIn();
    await student.consent();
    await student.want(201, 'POST', '/api/v1/me/link-requests', { session_code: '25103003', name, ...claim });
    return student;
}
const { number, idNumber } = madeUp(6);
const renamed = await asks('改名同学', { id_number: idNumber, student_no: number, note: '去年改过名字，<b>户口本</b>可以提供' });
const stranger = await asks('陌生同学', { student_no: '404' });

const { open, close } = await startBrowser();
const page = await open(`${server.url}/console/`);

await runTests({
    'who waits is listed, masked': async () => {
        await logIn(page, 'admin', server.passwords.admin);
        await page.getByRole('link', { name: '关联申请' }).click();
        await page.waitForSelector('td:has-text("改*")');
        assert.ok(!(await page.content()).includes(idNumber));
        assert.deepEqual(await violations(page), []);
        await keepPicture(page, 'link-requests', true);
    },
    'one is opened, what fits is seen, and it is linked': async () => {
        await page.locator('tr:has-text("改*")').getByRole('link', { name: '打开' }).click();
        await page.waitForSelector('input[name=roster_id]');
        assert.equal(await page.locator('.badge-good:has-text("证号")').count(), 1);
        assert.equal(await page.locator('.badge-bad:has-text("姓名")').count(), 1);
        assert.deepEqual(await violations(page), []);
        assert.equal(await page.locator('section:has(h2:text-is("身份")) >> text=未填写').count(), 1);
        await keepPicture(page, 'link-request', true);
        await page.getByRole('button', { name: '关联这一条' }).click();
        await page.waitForSelector('td:has-text("陌*")');
        assert.equal((await renamed.want(200, 'GET', '/api/v1/me')).submissions.length, 1);
    },
    'one is refused, with a reason the student reads': async () => {
        await page.locator('tr:has-text("陌*")').getByRole('link', { name: '打开' }).click();
        await page.waitForSelector('textarea[name=reason]');
        assert.ok(await page.getByRole('button', { name: '退回', exact: true }).isDisabled());
        await page.fill('textarea[name=reason]', '名单里没有这个学号，先问学院');
        await page.getByRole('button', { name: '退回', exact: true }).click();
        await page.waitForSelector('.empty');
        assert.equal((await stranger.want(200, 'GET', '/api/v1/me/link-requests')).items[0].reason, '名单里没有这个学号，先问学院');
    },
    'nothing complained': () => assert.deepEqual(page.complaints, []),
});
await close();
await server.stop();
