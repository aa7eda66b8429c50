// Capture sessions in the console: a preset picked as a card, a session made of it, its rules changed and taken back, the
// window moved, the poster downloaded.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { keepPicture, logIn, startBrowser, violations } from '../lib/page.mjs';
import { Staff } from '../lib/people.mjs';
import { runTests, startServer, until } from '../lib/server.mjs';

const server = await startServer({ demo: true });
const admin = new Staff(server.url, 'admin', server.passwords.admin);
await admin.logIn();
const { open, close } = await startBrowser();
const page = await open(`${server.url}/console/`, { size: { width: 1280, height: 900 } });
const button = (name) => page.getByRole('button', { name, exact: true });
const session = async (code) => {
    const { items } = await admin.want(200, 'GET', '/api/v1/console/sessions');
    return admin.want(200, 'GET', `/api/v1/console/sessions/${items.find((one) => one.code === code).id}`);
};

await runTests({
    'log in': () => logIn(page, 'admin', server.passwords.admin),
    'presets are cards that say what each does; picking one fills the form': async () => {
        await page.evaluate(() => { location.hash = '#/sessions'; });
        await button('新建场次').click();
        await page.waitForSelector('dialog .preset');
        assert.equal(await page.locator('dialog .preset').count(), 6);
        await page.locator('dialog .preset', { hasText: 'S4' }).click();
        assert.equal(await page.inputValue('dialog select[name=capture_source]'), 'live');
        assert.equal(await page.inputValue('dialog select[name=notice]'), 'required');
        assert.deepEqual(await violations(page), []);
        await keepPicture(page, 'session-presets');
    },
    'a session made of it has its rules': async () => {
        for (const [name, value] of Object.entries({ code: '60000004', school_code: '10777', school_name: '海滨大学', name: '2027 届现场补采', graduation_year: '2027', batch_name: '秋季', opens: '2026-11-01T08:00', closes: '2046-12-01T18:00' }))
            await page.fill(`dialog input[name=${name}]`, value);
        await page.selectOption('dialog select[name=level]', 'adult');
        await page.selectOption('dialog select[name=selfie]', 'discouraged');
        await page.locator('dialog').getByRole('button', { name: '保存', exact: true }).click();
        await page.waitForSelector('.versions li');
        const made = await session('60000004');
        assert.deepEqual([made.preset, made.policy.selfie, made.policy.capture_source, made.level, made.graduation_year, made.batch_name],
            ['S4', 'discouraged', 'live', 'adult', 2027, '秋季']);
        assert.equal(made.opens, '2026-11-01T00:00:00.000Z');
    },
    'rules are changed: the version says what from which to which': async () => {
        await page.fill('input[name=sla_hours]', '24');
        await page.check('input[name=deliver_print]');
        await button('保存为新版本').click();
        await page.waitForFunction(() => document.querySelectorAll('.versions li').length === 2);
        const words = await page.locator('.versions li').first().innerText();
        assert.match(words, /v2/);
        assert.match(words.replace(/\s+/g, ' '), /审核时限（小时） 48 → 24/);
        assert.match(words.replace(/\s+/g, ' '), /冲印 否 → 是/);
        assert.deepEqual(await violations(page), []);
        await keepPicture(page, 'session-page', true);
    },
    'an earlier version is taken again as a new one': async () => {
        await button('重新采用 v1').click();
        await page.waitForFunction(() => document.querySelectorAll('.versions li').length === 3);
        const now = await session('60000004');
        assert.deepEqual([now.policy_version, now.policy.sla_hours, now.policy.deliver_print], [3, 48, false]);
    },
    'name and window are changed without touching the rules': async () => {
        await page.fill('.card input[name=name]', '2027 届补采（第二场）');
        await page.fill('.card input[name=closes]', '2046-12-31T18:00');
        await page.locator('form:has(input[name=closes])').getByRole('button', { name: '保存', exact: true }).click();
        await until(async () => (await session('60000004')).version === 2, 'the change');
        const now = await session('60000004');
        assert.deepEqual([now.name, now.closes, now.policy_version], ['2027 届补采（第二场）', '2046-12-31T10:00:00.000Z', 3]);
    },
    'the poster comes as a PDF': async () => {
        await until(async () => (await fetch(`${server.url}/readyz`)).ok, 'the image worker');
        const waiting = page.waitForEvent('download');
        await page.getByRole('link', { name: '下载中文海报' }).click();
        const file = await waiting;
        assert.equal(file.suggestedFilename(), 'poster-60000004.pdf');
        assert.equal(readFileSync(await file.path()).subarray(0, 5).toString(), '%PDF-');
    },
    'who may not change sees, and cannot': async () => {
        const other = await open(`${server.url}/console/`);
        await logIn(other, 'reviewer', server.passwords.reviewer);
        const { id } = await session('60000004');
        await other.evaluate((hash) => { location.hash = hash; }, `#/sessions/${id}`);
        await other.waitForSelector('.versions li');
        assert.equal(await other.locator('.versions button').count(), 0);
        assert.ok(await other.locator('.card input[name=name]').isDisabled());
        assert.deepEqual(other.complaints, []);
    },
    'nothing was complained about': () => assert.deepEqual(page.complaints, []),
});
await close();
await server.stop();
