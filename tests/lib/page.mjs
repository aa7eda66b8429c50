// A real browser (Debian's Chromium) looking at the real server: windows, screenshots kept under the build folder, axe.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build, skip } from './server.mjs';

const CHROMIUM = process.env.XUEYING_CHROMIUM ?? '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--font-render-hinting=none', '--force-color-profile=srgb'];
export const pictures = join(build, 'screenshots');

/** A browser with a profile of its own; `close` ends it. args: more of Chromium's switches (a fake camera). */
export async function startBrowser({ args = [] } = {}) {
    if (!existsSync(CHROMIUM)) skip(`no Chromium at ${CHROMIUM} (XUEYING_CHROMIUM)`);
    const { chromium } = await import('playwright-core');
    mkdirSync(pictures, { recursive: true });
    const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: [...ARGS, ...args] });
    return { browser, open: (url, options) => openWindow(browser, url, options), close: () => browser.close() };
}

/**
 * A window of its own (cookies apart). Collects what the page complains about in window.complaints; a content policy
 * that is broken anywhere is one of them. prefs: language zh|en, theme light|dark, shortcuts on|alt|off.
 */
async function openWindow(browser, url, { prefs = {}, size = { width: 1280, height: 720 }, storage, ...more } = {}) {
    const context = await browser.newContext({ viewport: size, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce', storageState: storage, ...more });
    await context.addInitScript((stored) => location.protocol.startsWith('http') && localStorage.setItem('xueying.prefs', JSON.stringify(stored)),
        { language: 'zh', theme: 'light', shortcuts: 'on', ...prefs });
    const page = await context.newPage();
    page.setDefaultTimeout(30000); /* the machine may be busy with other tests */
    page.complaints = [];
    page.on('pageerror', (error) => page.complaints.push(`error: ${error.message}`));
    page.on('console', (message) => {
        const expected = /the server responded with a status of 4\d\d/.test(message.text());
        if (message.type() === 'error' && !expected) page.complaints.push(message.text());
    });
    await page.goto(url);
    return page;
}

export async function keepPicture(page, name, fullPage = false) {
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage });
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** WCAG 2.0–2.2 A and AA violations as short lines; the page's content policy stays on. */
export async function violations(page) {
    const session = await page.context().newCDPSession(page);
    await session.send('Runtime.evaluate', { expression: axeSource });
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
        expression: `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((r) => JSON.stringify({
            rules: r.passes.length, found: r.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join(' | ')) }))`,
        awaitPromise: true, returnByValue: true,
    });
    await session.detach();
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    const { rules, found } = JSON.parse(result.value);
    if (rules < 10) throw new Error(`axe looked at ${rules} rules only`);
    return found;
}

/** Log in to the console by keyboard; ends on the queue. */
export async function logIn(page, name, password) {
    await page.waitForSelector('input[name=name]');
    await page.keyboard.type(name);
    await page.keyboard.press('Tab');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.lanes');
}

export const laneCount = (page, lane) => page.locator(`[data-lane=${lane}]`).innerText().then((text) => Number(/[\d,]+/.exec(text)[0].replaceAll(',', '')));
