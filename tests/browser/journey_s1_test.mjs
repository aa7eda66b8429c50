// S1: student number and last four, the collection code as a picture, a phone number, paid in WeChat after confirming; sent
// back once and taken again without a fee; CHSI, prints by mail, proofread.
import assert from 'node:assert/strict';
import { drawnCode, runSteps, startJourney } from '../lib/journey.mjs';
import { madeUp } from '../lib/people.mjs';

const way = await startJourney('s1', '25100001', { inWeChat: true });
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
    'the page complained about nothing': () => assert.deepEqual(page.complaints, []),
});
