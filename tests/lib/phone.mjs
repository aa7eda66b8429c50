// A student's phone in a test: the H5 page in a small window, what a person does on it, and what every screen must keep: no
// axe violation, no sideways scrolling, targets of 48 px.
import assert from 'node:assert/strict';
import { keepPicture, violations } from './page.mjs';

const SMALL_PX = 47.5;

/** Targets that are too small to be hit: buttons, links that look like them, fields, rows with a tick. */
const smallTargets = (page) => page.evaluate((least) => [...document.querySelectorAll('button, .button, .tick, .choice, summary, input:not(.unseen, [type=checkbox], [type=radio]), textarea, a')]
    .filter((one) => { const box = one.getBoundingClientRect(); return box.height > 0 && (box.height < least || box.width < least); })
    .map((one) => `${one.textContent.trim() || one.name} ${Math.round(one.getBoundingClientRect().width)}×${Math.round(one.getBoundingClientRect().height)}`), SMALL_PX);

export class Phone {
    constructor(page, name) {
        this.page = page;
        this.name = name;
    }
    /** Looks at the screen as people and machines do; leaves a picture. */
    async seen(name, { whole = true } = {}) {
        await this.page.evaluate(() => scrollTo(0, 0));
        await keepPicture(this.page, `${this.name}-${name}`, whole);
        assert.deepEqual(await violations(this.page), [], name);
        const wide = await this.page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${name}: ${wide} px too wide`);
        assert.deepEqual(await smallTargets(this.page), [], `${name}: small targets`);
    }
    /** The list of tasks or the progress. */
    home() { return this.page.waitForSelector('.head'); }
    task(name) { return this.page.locator('.tasks button.task', { hasText: name }).click(); }
    press(name) { return this.page.getByRole('button', { name, exact: true }).click(); }
    next() { return this.page.locator('main .primary.big').first().click(); }
    fill(fields) { return Object.entries(fields).reduce((before, [name, value]) => before.then(() => this.page.fill(`[name=${name}]`, value)), Promise.resolve()); }
    album(file) { return this.page.locator('input[name=album]').setInputFiles(file); }
    back() { return this.page.locator('.back').click(); }
    heading(text) { return this.page.locator('h1', { hasText: text }).waitFor(); }
    /** What the page knows of the submission. */
    submission() { return this.page.evaluate(() => import('/student/student.js').then((module) => module.submission.value)); }
    async agree() {
        await this.task('同意条款');
        for (const kind of ['privacy', 'face', 'passing_on']) await this.page.check(`input[name=${kind}]`);
        await this.next();
        await this.home();
    }
}
