// S1: student number and last four, the collection code as a picture, a phone number, paid in WeChat after confirming; sent
// back once and taken again without a fee; CHSI, prints by mail, proofread. The service account is followed before photos are taken.
import assert from 'node:assert/strict';
import { drawnCode, portrait, runSteps, startJourney } from '../lib/journey.mjs';
import { madeUp } from '../lib/people.mjs';
import { pushes } from '../lib/pushes.mjs';

const wechat = pushes();
const way = await startJourney('s1', '25100001', { inWeChat: true, args: [...wechat.args, '--wechat_page_name=示范大学采集中心', `--wechat_page_qr_file=${portrait('obama.jpg')}`] });
wechat.to(way.server);
const { phone, page } = way;
const { number, lastFour } = madeUp(1);

await runSteps(way, {
    'log in, agree': async () => {
        await way.logIn(number);
        await phone.agree();
    },
    'student number and last four': async () => {
        await phone.task('关联学籍');
        await phone.fill({ student_no: number, last_four: lastFour });
        await phone.seen('link');
        await phone.next();
        await page.waitForSelector('.enrolment');
        await phone.seen('enrolment');
        await phone.press('是我，关联');
        await phone.home();
        await phone.seen('tasks');
    },
    'what the roster says is right': () => way.details(),
    'phone number': async () => {
        await phone.task('绑定手机号');
        await phone.fill({ phone: '138 0000 1234' });
        await phone.seen('phone');
        await phone.next();
        await phone.home();
        await page.locator('.task', { hasText: '138****1234' }).waitFor();
    },
    'no photo before the service account is followed': async () => {
        assert.equal(await page.locator('.tasks button.task', { hasText: '拍照' }).count(), 0);
        await phone.task('关注公众号');
        await page.locator('.account img').waitFor();
        await phone.seen('follow');
        const who = await (await fetch(`${way.server.standins.wechat}/follow`, { method: 'POST', body: JSON.stringify({ as: `student-${number}` }) })).json();
        await wechat.push(`<xml><FromUserName>${who.openid}</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType><Event>subscribe</Event></xml>`, { appid: 'standin-page-appid' });
        await page.waitForSelector('.verdict-pass');
        await phone.seen('followed');
        await phone.press('继续');
        await phone.home();
    },
    'the collection code': async () => {
        await phone.task('出示图像采集码');
        await phone.seen('code');
        await phone.album(drawnCode(way.server));
        await page.waitForSelector('.verdict-pass', { timeout: 60000 });
        await phone.seen('code-read');
        await phone.press('继续');
        await phone.home();
    },
    'photo, confirm, pay in WeChat': async () => {
        await phone.task('拍照');
        await way.photo('obama.jpg');
        await way.delivery();
        await way.confirm();
        await page.waitForSelector('.price');
        await phone.next();
        await page.waitForSelector('.sent', { timeout: 30000 });
        await phone.press('看进度');
    },
    'sent back; the second photo costs nothing': async () => {
        await way.reject();
        await phone.press('去拍照');
        await way.photo('biden.jpg');
        await way.confirm();
        await page.waitForSelector('.sent');
        await phone.press('看进度');
    },
    'approved, on CHSI, printed, mailed': async () => {
        await way.approve('chsi_upload');
        await way.toChsi();
        await way.in('printing');
        await way.printAndMail();
    },
    'proofread at CHSI': () => way.proofread(),
    'the fee comes back': () => way.refund(),
    'secrets leave': () => wechat.end(),
    'the page complained about nothing': () => assert.deepEqual(page.complaints, []),
});
