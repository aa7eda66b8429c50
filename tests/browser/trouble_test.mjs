// When things go wrong on the review screen: the network is away, a claim has run out, somebody else was faster. And the
// identity lane: nothing of the machine's opinion before the vote, no vote before four seconds.
import assert from 'node:assert/strict';
import { crowd } from '../lib/crowd.mjs';
import { laneCount, logIn, startBrowser } from '../lib/page.mjs';
import { Staff } from '../lib/people.mjs';
import { needModels, needSamples, runTests, startServer, until } from '../lib/server.mjs';

needModels();
needSamples();
const server = await startServer({ demo: true, args: ['--undo_window_ms=200', '--sweep_interval_ms=20', '--claim_lease_ms=15000'] });
const strangers = await crowd(server, 1, 20, [['biden.jpg', 'obama.jpg']]);
const admin = new Staff(server.url, 'admin', server.passwords.admin);
await admin.logIn();
for (const lane of ['green', 'amber'])
    for (const item of await admin.claim(lane, 12)) await admin.decide(item, 'approve');
const students = await crowd(server, 7);
await until(async () => (await admin.detail(strangers[0].submission.id)).lane === 'identity', 'the stranger in the identity lane', 60000);

const { open, close } = await startBrowser();
const page = await open(`${server.url}/console/`);
await logIn(page, 'senior', server.passwords.senior);
const shown = () => page.locator('.review-head .code').innerText();
const settle = async () => {
    await page.waitForFunction(() => [...document.querySelectorAll('.picture img')].filter((image) => image.complete && image.naturalWidth > 0).length > 1);
    await page.waitForTimeout(400); /* longer than the bounce guard of 300 ms */
};
const decided = async () => (await Promise.all(students.map((one) => admin.detail(one.submission.id)))).filter((one) => one.decisions.some((decision) => decision.state === 'committed')).length;
const openFullest = async () => {
    await page.evaluate(() => { location.hash = '#/queue'; });
    await page.waitForSelector('.lanes');
    const lane = await until(async () => { for (const name of ['amber', 'green']) if (await laneCount(page, name) > 0) return name; return null; }, 'items that wait');
    await page.keyboard.press(lane === 'green' ? 'Enter' : 'Digit2');
    await page.waitForSelector('.rail');
    await settle();
    return lane;
};

await runTests({
    'the network is away: decisions are kept and delivered': async () => {
        await openFullest();
        const before = await decided();
        await page.context().setOffline(true);
        for (let n = 0; n < 3; n++) {
            const code = await shown();
            await settle();
            await page.keyboard.press('KeyA');
            await until(async () => (await shown()) !== code, 'the next item');
        }
        await page.locator('.banner', { hasText: '3 个决定等待发送' }).waitFor();
        await page.context().setOffline(false);
        await until(async () => (await decided()) === before + 3, 'the three decisions', 40000);
        await page.waitForSelector('.banner', { state: 'detached' });
    },
    'the claim has run out and somebody else has decided: said, and on it goes': async () => {
        const lane = await openFullest();
        const code = await shown();
        const { id } = students.find((one) => one.submission.code === code).submission;
        await page.route('**/api/v1/console/claims', (route) => (route.request().method() === 'PATCH' ? route.abort() : route.continue()));
        const item = await until(async () => {
            const mine = (await admin.claim(lane, 12)).find((one) => one.submission.id === id);
            return mine ?? null;
        }, 'the lease to end', 40000);
        await admin.decide(item, 'escalate');
        await page.keyboard.press('KeyA');
        await page.locator('.notice', { hasText: code }).filter({ hasText: /别人处理|已到期/ }).first().waitFor();
        await page.unroute('**/api/v1/console/claims');
        assert.equal((await admin.detail(id)).decisions.filter((one) => one.event === 'approve').length, 0);
    },
    'identity: blind first, four seconds, then the machine': async () => {
        await page.evaluate(() => { location.hash = '#/review/identity'; });
        await page.waitForSelector('.question');
        await settle();
        const text = await page.locator('.review').innerText();
        assert.doesNotMatch(text, /0\.\d\d|距离|机器|相差/, 'nothing of the machine is shown');
        await page.keyboard.press('Digit1');
        await page.keyboard.press('KeyA');
        assert.equal(await page.locator('.revealed').count(), 0, 'too early');
        await page.waitForSelector('.vote:not(:disabled)', { timeout: 6000 });
        await page.keyboard.press('Digit3');
        await page.waitForSelector('.revealed');
        assert.match(await page.locator('.revealed').innerText(), /不是同一人[^]*0\.\d\d[^]*机器/);
        assert.equal((await admin.detail(strangers[0].submission.id)).votes.length, 1);
        await page.keyboard.press('Enter');
        await page.waitForSelector('.idle-big');
    },
    'shortcuts can be switched off and put behind Alt': async () => {
        await openFullest();
        const code = await shown();
        const choose = (value) => page.evaluate((mode) => import('/shared/prefs.js').then(({ prefs }) => prefs.update({ shortcuts: mode })), value);
        await choose('off');
        await page.keyboard.press('KeyS');
        assert.equal(await shown(), code);
        await choose('alt');
        await page.keyboard.press('KeyS');
        assert.equal(await shown(), code);
        await page.keyboard.press('Alt+KeyZ');
        await page.waitForSelector('.act[aria-pressed=true]');
        await choose('on');
    },
    'the page complained about nothing': () => assert.deepEqual(page.complaints.filter((line) => !/net::ERR/.test(line)), []),
});
await close();
await server.stop();
