// S0: the ID card's picture fills in who the student is, the roster is linked by itself, details and photo, paid after
// confirming; sent back once and taken again without a fee; CHSI, prints by mail, proofread.
import assert from 'node:assert/strict';
import { drawnCard, runSteps, startJourney } from '../lib/journey.mjs';

const way = await startJourney('s0', '25100000');
const { phone, page } = way;
const card = drawnCard(way.server, 7);
await way.enrol({ studentNo: '2022009001', name: card.name, idNumber: card.number, className: '' });

await runSteps(way, {
    'log in, agree': async () => {
        await way.logIn('s0-student');
        await phone.agree();
    },
    'the card is read; name and number are checked, not typed': async () => {
        await phone.task('核对身份证件');
        await page.waitForSelector('.card-frame');
        await phone.seen('card');
        await phone.album(card.file);
        await page.waitForSelector('[name=id_number]', { timeout: 60000 });
        assert.equal(await page.inputValue('[name=id_number]'), card.number);
        await page.fill('[name=name]', card.name);
        await phone.seen('card-check');
        await phone.press('信息正确，继续');
        await phone.press('下一步'); // the real-name service has said yes
    },
    'the roster is found by itself': async () => {
        await page.waitForSelector('.enrolment', { timeout: 30000 });
        await phone.seen('enrolment');
        await phone.press('是我，关联');
        await phone.home();
    },
    'the roster has no class: it is filled in': () => way.details({ class_name: '2022级3班', email: 'student@example.org' }),
    'photo, confirm, pay': async () => {
        await phone.task('拍照');
        await way.photo('obama.jpg');
        await way.delivery();
        await way.confirm();
        await way.pay('.sent');
        await phone.seen('receipt');
        await phone.press('看进度');
    },
    'sent back; the second photo costs nothing': async () => {
        await way.reject();
        await phone.seen('retake');
        await phone.press('去拍照');
        await way.photo('biden.jpg');
        await way.confirm();
        await page.waitForSelector('.sent');
        await phone.press('看进度');
        assert.equal((await way.now()).paid, true);
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
