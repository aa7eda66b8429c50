// A reviewer's hour in a minute: log in, decide ten submissions by keyboard only, undo one, and see it happen live in a
// second window. No mouse event is ever sent.
import assert from 'node:assert/strict';
import { crowd } from '../lib/crowd.mjs';
import { keepPicture, laneCount, logIn, startBrowser } from '../lib/page.mjs';
import { Staff } from '../lib/people.mjs';
import { needModels, needSamples, runTests, startServer, until } from '../lib/server.mjs';

const ITEMS = 11;
needModels();
needSamples();
const server = await startServer({ demo: true, args: ['--undo_window_ms=10000', '--sweep_interval_ms=20'] });
const students = await crowd(server, ITEMS);
const senior = new Staff(server.url, 'senior', server.passwords.senior);
await senior.logIn();
const { open, close } = await startBrowser();
const page = await open(`${server.url}/console/`);
const other = await open(`${server.url}/console/`, { prefs: { theme: 'dark' } });

const details = () => Promise.all(students.map((student) => senior.detail(student.submission.id)));
const shownCode = () => page.locator('.review-head .code').innerText();
const painted = async (code) => {
    await until(async () => (await page.locator('.review-head .code').count()) > 0 && (await shownCode()) !== code, 'the next item');
    await page.waitForFunction(() => [...document.querySelectorAll('.picture img')].filter((image) => image.complete && image.naturalWidth > 0).length === 3);
    await page.waitForTimeout(400); /* longer than the bounce guard of 300 ms */
    return shownCode();
};
/** The lane with the most items that this reviewer works in, and how many it has. */
const fullest = async () => {
    const counts = await Promise.all(['green', 'amber'].map(async (lane) => [lane, await laneCount(page, lane)]));
    return counts.sort((a, b) => b[1] - a[1])[0];
};
const focusIsVisible = () => page.evaluate(() => document.activeElement !== null && document.activeElement !== document.body);

let decided = 0;
await runTests({
    'log in by keyboard': async () => {
        await logIn(page, 'reviewer', server.passwords.reviewer);
        await logIn(other, 'senior', server.passwords.senior);
        await until(async () => (await laneCount(page, 'green')) + (await laneCount(page, 'amber')) === ITEMS, 'the queue to fill');
        await keepPicture(page, 'console-queue');
    },
    'decide ten by keyboard, undo one': async () => {
        const before = (await laneCount(other, 'green')) + (await laneCount(other, 'amber'));
        let code = '';
        while (decided < 10) {
            const [lane, waiting] = await fullest();
            assert.ok(waiting > 0, 'items wait');
            await page.keyboard.press(lane === 'green' ? 'Enter' : 'Digit2');
            for (let n = Math.min(waiting, 10 - decided); n > 0; n--) {
                code = await painted(code);
                assert.ok(await focusIsVisible(), 'the focus is not lost');
                if (decided === 0) await keepPicture(page, 'console-review');
                if (decided % 4 === 3) {
                    await page.keyboard.press('Digit1');
                    await page.waitForSelector('.message');
                    await keepPicture(page, 'console-review-armed');
                    await page.keyboard.press('Enter');
                } else {
                    await page.keyboard.press('KeyA');
                }
                decided++;
                await page.waitForSelector(`.last b:has-text("${code}")`);
                if (decided === 2) {
                    await page.keyboard.press('KeyU');
                    await until(async () => (await shownCode()) === code, 'the undone item to come back');
                    await page.waitForTimeout(400);
                    await page.keyboard.press('KeyA');
                    await page.waitForSelector(`.last b:has-text("${code}")`);
                }
            }
            await page.keyboard.press('KeyQ');
            await page.waitForSelector('.lanes');
        }
        await until(async () => (await laneCount(other, 'green')) + (await laneCount(other, 'amber')) <= before - 10, 'the second window to count down');
        await keepPicture(other, 'console-queue-live-dark');
    },
    'what was decided is what the server has': async () => {
        const decisions = await until(async () => {
            const all = (await details()).flatMap((detail) => detail.decisions);
            return all.filter((one) => one.state === 'committed').length === 10 && all;
        }, 'ten decisions to take effect');
        assert.equal(decisions.filter((one) => one.state === 'undone').length, 1);
        assert.equal(decisions.filter((one) => one.event === 'reject_retry' && one.state === 'committed').length, 2);
        assert.ok(decisions.every((one) => one.shown_ms >= 300), 'nothing was decided before it was seen');
    },
    'nobody is approved too fast, by a held key or by a stray one': async () => {
        const [lane] = await fullest();
        await page.keyboard.press(lane === 'green' ? 'Enter' : 'Digit2');
        const code = await painted('');
        await page.keyboard.press('Enter'); /* nothing armed */
        await page.keyboard.press('Space');
        await page.keyboard.press('Backspace');
        await page.keyboard.down('KeyN');
        await page.keyboard.up('KeyN');
        await page.keyboard.type('a1u');
        assert.equal(await page.locator('.rail textarea').inputValue(), 'a1u');
        assert.equal(await shownCode(), code);
        await page.keyboard.press('Escape');
        await page.evaluate(() => dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyA', key: 'a', repeat: true, bubbles: true })));
        assert.equal(await shownCode(), code);
    },
    'keys work while an input method is on': async () => {
        const code = await shownCode();
        const press = (fields) => page.evaluate((given) => {
            const event = new KeyboardEvent('keydown', { bubbles: true, cancelable: true, key: 'Process', ...given });
            Object.defineProperty(event, 'keyCode', { value: 229 });
            document.querySelector('.stage').dispatchEvent(event);
        }, fields);
        await press({ code: 'KeyA', isComposing: true });
        assert.equal(await shownCode(), code);
        await press({ code: 'KeyA' });
        await page.waitForSelector(`.last b:has-text("${code}")`);
        await page.keyboard.press('KeyU');
        await until(async () => (await page.locator('.review-head .code').count()) > 0, 'the item to come back');
    },
    'find a submission and read its story': async () => {
        await page.keyboard.press('KeyQ');
        await page.waitForSelector('.lanes');
        await page.keyboard.press('Slash');
        await page.waitForSelector('input[type=search]:focus');
        await page.keyboard.type(students[0].submission.code);
        await until(async () => (await page.locator('tbody tr').count()) === 1, 'one row');
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        await page.waitForSelector('.timeline li');
        await page.waitForFunction(() => [...document.querySelectorAll('.thumb img')].length === 3);
        await keepPicture(page, 'console-submission');
    },
    'the pages complained about nothing': async () => assert.deepEqual([...page.complaints, ...other.complaints], []),
});
await close();
await server.stop();
