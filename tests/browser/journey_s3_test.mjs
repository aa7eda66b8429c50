// S3: both sides of the ID card; not on the list, so staff link by hand; paid first, a studio photo from the album; sent back
// once, repaired by nobody, approved, on CHSI, proofread. No camera is offered first.
import assert from 'node:assert/strict';
import { drawnCard, runSteps, startJourney } from '../lib/journey.mjs';
import { until } from '../lib/server.mjs';

const way = await startJourney('s3', '25100003');
const { phone, page } = way;
const card = drawnCard(way.server, 7);
const emblem = drawnCard(way.server, 7, 'emblem');
// On the school's list under another number: the machine does not find it, people do.
await way.enrol({ studentNo: '2022009003', name: card.name, idNumber: '110101200001010117' });

await runSteps(way, {
    'log in, agree': async () => {
        await way.logIn('s3-student');
        await phone.agree();
    },
    'both sides of the card': async () => {
        await phone.task('核对身份证件');
        await phone.album(card.file);
        await page.getByText('国徽面').first().waitFor({ timeout: 60000 });
        await phone.seen('emblem');
        await phone.album(emblem.file);
        await page.locator('[name=id_number], .problem').first().waitFor({ timeout: 60000 });
        if ((await page.locator('.problem').count()) > 0) { await phone.seen('emblem-unreadable'); await phone.press('手工填写'); }
        await page.waitForSelector('[name=id_number]');
        await page.fill('[name=name]', card.name);
        await phone.seen('card-check');
        await phone.press('信息正确，继续');
    },
    'not found: staff are asked, and link by hand': async () => {
        await page.waitForSelector('.problem', { timeout: 30000 });
        await phone.seen('not-found');
        await phone.press('手动关联学籍');
        await phone.fill({ name: card.name, student_no: '2022009003', note: '证件换过号' });
        await phone.seen('request');
        await phone.press('提交给客服');
        await page.waitForSelector('.status');
        await phone.seen('request-waiting');
        const { admin } = way.staff;
        const { items: [asked] } = await admin.want(200, 'GET', '/api/v1/console/link-requests?state=waiting');
        const { candidates } = await admin.want(200, 'GET', `/api/v1/console/link-requests/${asked.id}`);
        await admin.want(200, 'POST', `/api/v1/console/link-requests/${asked.id}/decision`, { verdict: 'link', roster_id: candidates[0].roster_id, reason: '' });
        await phone.press('刷新');
        await phone.press('下一步');
        await phone.home();
        await until(() => way.now(), 'the submission');
    },
    'what the roster says, the fee, the studio photo': async () => {
        await way.details();
        await phone.task('付款');
        await way.pay('.head');
        await phone.task('拍照');
        await phone.heading('拍照');
        await phone.seen('photo');
        await way.photo('obama.jpg');
        await way.confirm();
        await page.waitForSelector('.sent');
        await phone.press('看进度');
    },
    'sent back; another one costs nothing': async () => {
        await way.reject(['matting']);
        await phone.press('去拍照');
        await way.photo('biden.jpg');
        await way.confirm();
        await page.waitForSelector('.sent');
        await phone.press('看进度');
    },
    'approved, on CHSI': async () => {
        await way.approve('chsi_upload');
        await way.toChsi();
    },
    'proofread at CHSI': () => way.proofread(),
    'the fee comes back': () => way.refund(),
    'the page complained about nothing': () => assert.deepEqual(page.complaints, []),
});
