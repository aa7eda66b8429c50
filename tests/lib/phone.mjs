// A student's phone in a test: the H5 page in a small window, what a person does on it, and what every screen must keep, in
// both languages and both themes: no axe violation, no sideways scrolling, targets of 48 px.
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
    /** Looks at the screen as people and machines do, then at what it is in the other language and theme; leaves pictures. */
    async seen(name, { whole = true } = {}) {
        await this.look(name, whole);
        const was = await this.prefer((now) => ({ language: now.language === 'en' ? 'zh' : 'en', theme: now.theme === 'dark' ? 'light' : 'dark' }));
        await this.look(`${name}-other`, whole);
        await this.prefer(`(${JSON.stringify(was)})`);
    }
    /** Changes what the page remembers of how its user likes it; gives what it was, when it is shown. */
    async prefer(change) {
        const was = await this.page.evaluate(`import('/shared/prefs.js').then(({ prefs }) => {
            const was = prefs.value, change = ${change};
            prefs.update(typeof change === 'function' ? change(was) : change);
            return was;
        })`);
        await this.page.waitForFunction(async () => {
            const [{ language }, { languageOf, prefs }] = await Promise.all([import('/shared/i18n.js'), import('/shared/prefs.js')]);
            return language.value === languageOf(prefs.value);
        });
        return was;
    }
    async look(name, whole) {
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
