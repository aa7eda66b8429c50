// S4: the session's code typed, CHSI's code and the last four, a phone number, messages allowed; live only, by a (fake) camera;
// sent back once; the approved photo is looked at, kept and confirmed; CHSI, proofread. Nothing is paid.
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawnCode, portrait, runSteps, startJourney } from '../lib/journey.mjs';
import { startBrowser } from '../lib/page.mjs';
import { madeUp } from '../lib/people.mjs';
import { needSamples } from '../lib/server.mjs';
import { cameraArgs, writeMjpeg } from '../lib/video.mjs';

needSamples();
const film = join(tmpdir(), `xueying-film-${process.pid}.mjpeg`);

/** A portrait as a phone's camera shows it, made larger by a browser. */
async function makeFilm() {
    const browser = await startBrowser();
    const page = await browser.open('about:blank');
    const bytes = await page.evaluate(async (base64) => {
        const picture = new Image();
        picture.src = `data:image/jpeg;base64,${base64}`;
        await picture.decode();
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [1080, 1440];
        const [w, h] = [picture.naturalWidth, picture.naturalHeight];
        canvas.getContext('2d').drawImage(picture, 0.05 * w, 0.02 * h, 0.85 * w, 0.85 * h, 0, 0, 1080, 1440);
        return canvas.toDataURL('image/jpeg', 0.92).split(',')[1];
    }, readFileSync(portrait('portrait0.jpg')).toString('base64'));
    writeMjpeg(film, Buffer.from(bytes, 'base64'));
    await browser.close();
}
await makeFilm();
const way = await startJourney('s4', '', { browserArgs: cameraArgs(film) });
way.session = '25100004';
const { phone, page } = way;
const { number, lastFour } = madeUp(0);

/** The camera takes the photo by itself once all is right; then it is kept, whatever the machine says. */
async function shoot() {
    await page.waitForSelector('.capture-frame video');
    await page.waitForSelector('.verdict', { timeout: 60000 });
    await page.waitForSelector('.photo img');
    const insist = page.locator('.insist');
    if ((await insist.count()) > 0) {
        await insist.click();
        await page.locator('dialog button.primary').click();
    } else {
        await phone.press('用这张');
    }
    await phone.home();
}

await runSteps(way, {
    'log in, type the code of the session, agree': async () => {
        await phone.fill({ code: number });
        await phone.next();
        await page.waitForSelector('[name=session_code]');
        await phone.fill({ session_code: '25100004' });
        await phone.next();
        await phone.home();
        await phone.agree();
    },
    'the code and the last four': async () => {
        await phone.task('关联学籍');
        await phone.album(drawnCode(way.server));
        await page.waitForSelector('[name=last_four]', { timeout: 60000 });
        await phone.fill({ last_four: lastFour });
        if ((await page.locator('[name=name]').count()) > 0) await phone.fill({ name: '王子涵' });
        await phone.next();
        await page.waitForSelector('.enrolment');
        await phone.press('是我，关联');
        await phone.home();
    },
    'phone number and messages': async () => {
        await phone.task('绑定手机号');
        await phone.fill({ phone: '13800001234' });
        await phone.next();
        await phone.home();
        await phone.task('允许消息通知');
        await page.waitForSelector('main .cells');
        await phone.seen('notice');
        await phone.press('允许通知');
        await phone.home();
        await phone.seen('tasks');
    },
    'live only: no album is offered': async () => {
        await phone.task('拍照');
        await phone.heading('拍照');
        assert.equal(await page.locator('input[name=album]').count(), 0);
        await phone.press('拍照');
        await shoot();
        await way.confirm();
        await page.waitForSelector('.sent');
        await phone.press('看进度');
    },
    'sent back; the camera in one touch': async () => {
        await way.reject(['ears']);
        await page.evaluate(() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError')); });
        await phone.press('去拍照');
        await page.waitForSelector('input[name=camera]', { state: 'attached' }); // refused: the phone's own camera instead
        await phone.seen('camera-refused');
        await way.photo('obama2.jpg', 'camera');
        await way.confirm();
        await page.waitForSelector('.sent');
        await phone.press('看进度');
    },
    'approved: looked at, kept, confirmed': async () => {
        await way.approve('student_confirm');
        await page.reload();
        await phone.press('看照片并确认');
        await page.waitForSelector('.photo img');
        await phone.seen('approve');
        const saved = page.waitForEvent('download');
        await phone.press('下载照片');
        assert.match((await saved).suggestedFilename(), /\.jpg$/);
        await phone.press('确认，就用这张');
        await page.locator('dialog button.primary').click();
        await phone.home();
        await way.in('chsi_upload');
        await way.toChsi();
    },
    'proofread at CHSI': () => way.proofread(),
    'the page complained about nothing': () => assert.deepEqual(page.complaints, []),
});
rmSync(film, { force: true });
