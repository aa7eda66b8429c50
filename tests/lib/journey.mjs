// One student's whole way through a session, on the H5 page in a real browser, with the staff behind it: for journey_*_test.mjs.
//
//   const way = await startJourney('s1', '25100001');
//   await way.logIn('2022001001'); await way.phone.agree(); … await way.reject(); … await way.deliver(); await way.end();
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startBrowser } from './page.mjs';
import { Staff } from './people.mjs';
import { Phone } from './phone.mjs';
import { build, needModels, needSamples, runTests, samples, skip, startServer, until } from './server.mjs';

const NAMES = ['admin', 'reviewer', 'senior', 'ida', 'ian', 'batch'];
export const portrait = (name) => join(samples, 'portraits', name);

/** A program of the build that draws what students show: ID cards, collection codes. Gives what it printed. */
export function drawn(program, ...words) {
    const path = join(build, program);
    if (!existsSync(path)) skip(`${program} was not built`);
    const done = spawnSync(path, words, { encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    return done.stdout;
}

const CIPHER = `${'kJ8s0Qh3TzW7mB2xVn5yLr9cPd4fGa6uEi1oXq0sZtHwY'.repeat(3)}==`;
export function drawnCode(server, name = 'code') {
    const file = join(server.folder, `${name}.jpg`);
    drawn('xueying-code-bench', 'draw', CIPHER, file);
    return file;
}
/** {file, name, number} of a made-up person; side: portrait | emblem. */
export function drawnCard(server, seed, side = 'portrait') {
    const file = join(server.folder, `card-${side}.jpg`);
    return { file, ...JSON.parse(drawn('xueying-idcard-draw', String(seed), '0', file, ...(side === 'emblem' ? ['emblem'] : []))) };
}

const WECHAT = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50';

/** WeChat's bridge: its payment sheet asks the stand-in of the bank, as the real one would. */
async function bridge(page, server) {
    await page.exposeFunction('payInSheet', async (parameters) => {
        const answer = await fetch(`${server.standins.pay}/jsapi`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(parameters) });
        return answer.ok ? 'get_brand_wcpay_request:ok' : 'get_brand_wcpay_request:fail';
    });
    await page.addInitScript(() => {
        window.WeixinJSBridge = { call() {}, invoke: (name, parameters, done) => window.payInSheet(parameters).then((err_msg) => done({ err_msg })) };
    });
}

export async function startJourney(name, session, { args = [], inWeChat = false, browserArgs = [] } = {}) {
    needModels();
    needSamples();
    const server = await startServer({ demo: true, args: ['--undo_window_ms=100', '--sweep_interval_ms=20', '--outbox_retry_scale_percent=1', ...args] });
    const staff = {};
    for (const who of NAMES) {
        staff[who] = new Staff(server.url, who, server.passwords[who]);
        await staff[who].logIn();
    }
    const { open, close } = await startBrowser({ args: browserArgs });
    const page = await open('about:blank', { size: { width: 390, height: 844 }, hasTouch: true, ...(inWeChat ? { userAgent: WECHAT } : {}) });
    if (inWeChat) await bridge(page, server);
    await page.goto(`${server.url}/student/?session=${session}`);
    return new Journey({ name, session, server, staff, open, close, page, phone: new Phone(page, `journey-${name}`) });
}

class Journey {
    constructor(parts) { Object.assign(this, parts); }

    async logIn(number) {
        await this.phone.fill({ code: number });
        await this.page.locator('form .primary.big').click();
        await this.phone.home();
    }
    /** Changes the session's rules. */
    async rules(change) {
        const { items } = await this.staff.admin.want(200, 'GET', '/api/v1/console/sessions');
        const at = `/api/v1/console/sessions/${items.find((one) => one.code === this.session).id}`;
        const { policy, policy_version } = await this.staff.admin.want(200, 'GET', at);
        await this.staff.admin.want(200, 'PUT', `${at}/policy`, { policy_version, policy: { ...policy, ...change } });
    }
    /** What the roster says is looked at; gaps are filled with what is given. */
    async details(given = {}) {
        await this.phone.task('核对学籍信息');
        await this.phone.heading('核对学籍信息');
        await this.phone.fill(given);
        await this.phone.seen('details');
        await this.phone.press('信息正确');
        await this.phone.home();
    }
    /** A line more on the session's list. */
    async enrol({ studentNo, name, idNumber, college = '文学院', major = '汉语言文学', className = '2022级1班' }) {
        const { items } = await this.staff.admin.want(200, 'GET', '/api/v1/console/sessions');
        const { id } = items.find((one) => one.code === this.session);
        const csv = `student_no,name,id_number,college,major,class_name\n${studentNo},${name},${idNumber},${college},${major},${className}\n`;
        const done = await this.staff.admin.want(200, 'POST', `/api/v1/console/sessions/${id}/roster`, csv, { 'content-type': 'text/csv' });
        assert.deepEqual([done.added, done.errors.length], [1, 0], JSON.stringify(done));
    }
    /** Sends a photo from the album (or as the phone's camera gives it) and keeps it, whatever the machine says. */
    async photo(file, input = 'album') {
        await this.page.locator(`input[name=${input}]`).setInputFiles(portrait(file));
        await this.page.waitForSelector('.verdict', { timeout: 60000 });
        await this.page.waitForSelector('.photo img');
        const insist = this.page.locator('.insist');
        if ((await insist.count()) > 0) {
            await insist.click();
            await this.page.locator('dialog button.primary').click();
        } else {
            await this.phone.press('用这张');
        }
        await this.phone.home();
    }
    /** Size of the prints, where they go. */
    async delivery() {
        await this.phone.task('填写收件和版式');
        await this.phone.fill({ name: '王子涵', phone: '13800001234', text: '北京市海淀区某路一号' });
        await this.phone.seen('delivery');
        await this.phone.press('保存');
        await this.phone.home();
    }
    async confirm() {
        await this.phone.task('确认并提交');
        await this.phone.heading('确认并提交');
        await this.page.waitForSelector('.photo img');
        await this.phone.next();
        await this.page.check('[name=sure]');
        await this.phone.next();
    }
    /** Pays where the page leads to, comes back. `then`: what is seen after. */
    async pay(then) {
        await this.page.waitForSelector('.price');
        await this.phone.seen('pay');
        await this.phone.next();
        await this.page.waitForURL(`${this.server.standins.pay}/**`);
        await this.page.locator('button.go').click();
        await this.page.waitForSelector(then, { timeout: 30000 });
    }
    now() { return this.phone.submission(); }
    async detail() {
        this.id = this.id ?? (await this.now()).id;
        return this.staff.admin.detail(this.id);
    }
    in(...states) { return until(async () => { const one = await this.detail(); return states.includes(one.state) && one; }, `the submission in ${states}`, 60000); }

    async claim(who) {
        return until(async () => {
            const { lane } = await this.detail();
            if (!lane) return null;
            const items = await who.claim(lane, 12);
            const mine = items.find((item) => item.submission.id === this.id);
            for (const item of items) if (item !== mine) await who.want(204, 'DELETE', `/api/v1/console/claims/${item.claim_id}`);
            return mine;
        }, `${who.name} to claim it`);
    }
    async decide(event, reasons = [], note = '') {
        await this.in('human_review');
        await until(async () => (await this.detail()).face, 'the face comparison', 60000);
        const item = await this.claim(this.staff.reviewer);
        await this.staff.reviewer.decide(item, event, reasons, note);
    }
    /** Sent back by a reviewer; the page says so by itself, with reasons. */
    async reject(reasons = ['background', 'ears']) {
        await this.decide('reject_retry', reasons, '站到白墙前');
        await this.page.waitForSelector('.why li', { timeout: 60000 });
        assert.equal(await this.page.locator('.why li').count(), reasons.length);
    }
    /** Approved; where the faces leave a doubt two people say it is the same, and a senior where the machine says it is not. */
    async approve(next) {
        await this.decide('approve');
        for (const who of [this.staff.ida, this.staff.ian, this.staff.senior]) {
            const now = await until(async () => { const one = await this.detail(); return (one.state === next || (one.state === 'face_comparison' && one.lane)) && one; }, 'the faces to be looked at', 60000);
            if (now.state === next) break;
            await who.vote(await this.claim(who), 'same');
        }
        await this.in(next);
    }
    async batch(kind) {
        const at = '/api/v1/console/batches';
        const made = await this.staff.batch.want(202, 'POST', at, { kind, session_code: this.session, name: kind });
        return until(async () => {
            const batch = await this.staff.batch.want(200, 'GET', `${at}/${made.id}`);
            return batch.state === 'built' && { ...batch, at: `${at}/${made.id}` };
        }, `the ${kind} batch`, 60000);
    }
    async toChsi() {
        const batch = await this.batch('chsi');
        await this.staff.batch.want(200, 'POST', `${batch.at}/handed_over`);
        await this.staff.batch.want(200, 'POST', `${batch.at}/receipt`, `file_name,result,reason\n${batch.items[0].file_name},accepted,\n`, { 'content-type': 'text/csv' });
    }
    async printAndMail() {
        const sheet = await this.batch('print');
        await this.staff.batch.want(200, 'POST', `${sheet.at}/printed`);
        const { code } = await this.in('mailing');
        const parcels = await this.batch('mail');
        await this.staff.batch.want(200, 'POST', `${parcels.at}/tracking`, `code,carrier,tracking_no\n${code},ems,EX100000CN\n`, { 'content-type': 'text/csv' });
        await fetch(`${this.server.standins.courier}/deliver`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ carrier: 'ems', number: 'EX100000CN' }) });
        await this.in('completed');
    }
    /** At CHSI: the reminder, the answer. */
    async proofread() {
        await this.in('completed');
        await this.page.reload();
        await this.phone.press('去校对学信网图像');
        await this.phone.heading('校对学信网图像');
        await this.phone.seen('proofread');
        await this.phone.press('图像无误');
        await this.phone.home();
        const { text } = await until(async () => { const one = await this.now(); return one.proofread === 'right' && one; }, 'the result');
        assert.doesNotMatch(text, /校对/, 'nothing is left to do');
    }
    /** The office sends the fee back; the student's page says so. */
    async refund() {
        const paid = async () => (await this.detail()).payments[0];
        await this.staff.admin.want(202, 'POST', `/api/v1/console/payments/${(await paid()).id}/refund`, { reason: '学校统一承担' });
        await until(async () => (await paid()).state === 'refunded', 'the refund', 60000);
        await this.page.reload();
        await this.page.locator('.fee', { hasText: '原路退回' }).waitFor();
        await this.phone.seen('refunded');
    }
    async end() {
        await this.close();
        await this.server.stop();
    }
}

/** Each step stands on the one before: after the first that fails the others are not tried. Leaves a picture of the failure. */
export async function runSteps(way, steps) {
    let failed = '';
    const tests = Object.fromEntries(Object.entries(steps).map(([name, step]) => [name, async () => {
        if (failed) throw new Error(`not reached: ${failed}`);
        try {
            await step();
        } catch (error) {
            failed = name;
            await way.page.screenshot({ path: join(build, 'screenshots', `${way.phone.name}-failed.png`), fullPage: true }).catch(() => {});
            throw error;
        }
    }]));
    await runTests(tests);
    await way.end();
}
