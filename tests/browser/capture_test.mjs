// The live camera of the student's page with a fake one behind it: from the outline to the preview by itself, every way a camera
// can fail, what is sent and what is not (mirrored, turned, too large, places), and that the camera is let go.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepPicture, startBrowser, violations } from '../lib/page.mjs';
import { Student, madeUp } from '../lib/people.mjs';
import { Phone } from '../lib/phone.mjs';
import { needModels, needSamples, runTests, samples, startServer, until } from '../lib/server.mjs';
import { cameraArgs, writeMjpeg, writeY4m } from '../lib/video.mjs';

needModels();
needSamples();
const folder = mkdtempSync(join(tmpdir(), 'xueying-camera-'));
const file = (name) => join(folder, name);
const server = await startServer({ demo: true, args: ['--wait_for_worker=1'] });
const SIZE = { size: { width: 390, height: 844 }, hasTouch: true };
const address = `${server.url}/student/?session=25103003`;

/** The page without a login, a part of the capture module shown alone; what it gives is collected in window.got. */
async function mount(browser, name = 'Capture', props = {}, script = null) {
    const page = await browser.open('about:blank', SIZE);
    await page.addInitScript(() => {
        window.streams = [];
        const devices = navigator.mediaDevices;
        const ask = devices && devices.getUserMedia.bind(devices);
        if (ask) devices.getUserMedia = async (wish) => { window.asked = wish; const stream = await ask(wish); window.streams.push(stream); return stream; };
    });
    if (script) await page.addInitScript(script);
    await page.goto(address);
    await page.waitForSelector('main');
    await page.evaluate(async ([part, given]) => {
        const { html, render } = await import('/shared/view.js');
        const capture = await import('/student/capture/capture.js');
        const session = await (await fetch('/api/v1/sessions/25103003')).json();
        window.got = [];
        document.getElementById('app').remove();
        const place = document.createElement('div');
        document.body.append(place);
        window.show = (on) => render(on ? html`<${capture[part]} profile=${session.profile} policy=${{ ...session.policy, ...given.policy }} ...${given}
            onPhoto=${(blob, mode, meta) => window.got.push({ blob, mode, meta })} onCancel=${() => window.got.push('cancel')} />` : null, place);
        window.shown_at = performance.now();
        window.show(true);
    }, [name, props]);
    return page;
}

const allEnded = (page) => page.evaluate(() => window.streams.every((stream) => stream.getTracks().every((track) => track.readyState === 'ended')));
/** Milliseconds until the phone's own camera is offered. */
const untilNative = async (page) => {
    await page.waitForSelector('input[name=camera]', { state: 'attached' });
    return page.evaluate(() => performance.now() - window.shown_at);
};
/** Mean colours of parts of the picture that was given: [[x, y], …] in shares. */
const coloursAt = (page, points) => page.evaluate(async (where) => {
    const url = URL.createObjectURL(window.got[window.got.length - 1].blob);
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const canvas = document.createElement('canvas');
    canvas.width = picture.naturalWidth;
    canvas.height = picture.naturalHeight;
    const context = canvas.getContext('2d');
    context.drawImage(picture, 0, 0);
    return { width: canvas.width, height: canvas.height, colours: where.map(([x, y]) => [...context.getImageData(x * canvas.width, y * canvas.height, 1, 1).data].slice(0, 3)) };
}, points);

/** A portrait as a phone's camera shows it, made larger by the browser; then a card with a different colour in each corner. */
async function makeFiles() {
    const browser = await startBrowser();
    const page = await browser.open(`${server.url}/`, SIZE);
    const bytes = await page.evaluate(async (base64) => {
        const picture = new Image();
        picture.src = URL.createObjectURL(new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))]));
        await picture.decode();
        const canvas = document.createElement('canvas');
        canvas.width = 1080;
        canvas.height = 1440;
        const [w, h] = [picture.naturalWidth, picture.naturalHeight];
        canvas.getContext('2d').drawImage(picture, 0.05 * w, 0.02 * h, 0.85 * w, 0.85 * h, 0, 0, 1080, 1440);
        return canvas.toDataURL('image/jpeg', 0.92).split(',')[1];
    }, readFileSync(join(samples, 'portraits', 'portrait0.jpg')).toString('base64'));
    writeMjpeg(file('portrait.mjpeg'), Buffer.from(bytes, 'base64'));
    await browser.close();
    writeY4m(file('black.y4m'), 320, 240, () => [16, 128, 128]);
    const noise = (x, y) => ((x * 7919 + y * 104729) % 23) - 11;
    writeY4m(file('corners.y4m'), 960, 1280, (x, y) => { // left red, right blue; bright above, dark below
        const [u, v] = x < 480 ? [100, 212] : [212, 110];
        return [(y < 640 ? 170 : 70) + noise(x, y), u, v];
    });
}
await makeFiles();
const isRed = ([r, g, b]) => r > b + 40;
const isBlue = ([r, g, b]) => b > r + 40;

await runTests({
    'from the outline to the preview, by itself': async () => {
        const browser = await startBrowser({ args: cameraArgs(file('portrait.mjpeg')) });
        const page = await browser.open(address, SIZE);
        const phone = new Phone(page, 'capture');
        const { number, lastFour } = madeUp(0);
        const student = new Student(server.url, number, lastFour);
        await student.logIn();
        await student.consent();
        await student.link();
        await phone.fill({ code: number });
        await phone.next();
        await phone.home();
        const sent = [];
        page.on('request', (request) => { if (/\/uploads$/.test(request.url())) sent.push(request.postDataJSON()); });
        await page.evaluate(() => { location.hash = '#/photo'; });
        await page.waitForSelector('.prepare');
        const begun = Date.now();
        await page.locator('main .primary.big').click();
        await page.waitForSelector('.capture-frame video');
        await page.waitForSelector('.capture.is-green');
        await page.waitForSelector('.capture-count');
        await keepPicture(page, 'capture-count');
        await page.waitForFunction(() => location.hash.startsWith('#/preview'));
        const took = Date.now() - begun;
        console.log(`       camera to preview in ${took} ms, by the automatic shutter`);
        assert.equal(sent[0].source, 'live');
        assert.match(sent[0].captured_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        assert.ok(sent[0].lens.length > 0);
        await page.waitForSelector('.verdict', { timeout: 60000 });
        const shown = await student.want(200, 'GET', student.path(`/attempts/${/attempt=(\w+)/.exec(page.url())[1]}`));
        assert.deepEqual([shown.source, shown.lens], ['live', sent[0].lens]);
        assert.equal(shown.report.checks.find((check) => check.id === 'age_days')?.measured, 0, 'its age is known without EXIF');
        await phone.prefer("({ autoShutter: 'off' })");
        await page.evaluate(() => { location.hash = '#/camera'; });
        await page.waitForSelector('.capture.is-green');
        await phone.seen('green', { whole: false });
        const asked = Date.now();
        await page.evaluate(() => { location.hash = '#/photo'; });
        await page.waitForSelector('.prepare');
        await page.locator('main .primary.big').click();
        await page.locator('.capture-shutter:not([disabled])').click();
        await page.waitForFunction(() => location.hash.startsWith('#/preview'));
        console.log(`       camera to preview in ${Date.now() - asked} ms, by hand`);
        assert.ok(Date.now() - asked <= 5000, `${Date.now() - asked} ms from the camera to the preview`);
        await page.evaluate(() => { location.hash = '#/camera'; });
        await page.locator('.capture-help').click();
        await page.waitForSelector('.say');
        await phone.seen('help');
        assert.deepEqual(page.complaints, []);
        await browser.close();
    },
    'a press on the shutter is a photo within 5 s; the camera is let go; nothing is mirrored': async () => {
        const browser = await startBrowser({ args: cameraArgs(file('corners.y4m')) });
        const page = await mount(browser);
        await page.waitForSelector('.capture-shutter:not([disabled])');
        assert.deepEqual(await page.evaluate(() => window.asked.video.facingMode), { ideal: 'environment' });
        assert.equal(await allEnded(page), false);
        const begun = Date.now();
        await page.locator('.capture-shutter').click();
        await page.waitForFunction(() => window.got.length > 0);
        assert.ok(Date.now() - begun < 5000, `${Date.now() - begun} ms`);
        assert.equal(await allEnded(page), true);
        const { width, height, colours } = await coloursAt(page, [[0.2, 0.2], [0.8, 0.2], [0.2, 0.8], [0.8, 0.8]]);
        assert.deepEqual([width, height], [960, 1280]);
        assert.ok(isRed(colours[0]) && isBlue(colours[1]) && isRed(colours[2]) && isBlue(colours[3]), JSON.stringify(colours));
        assert.ok(colours[0][0] > colours[2][0] + 40, 'bright above');
        assert.equal(await page.evaluate(() => window.got[0].mode), 'live');
        await page.close();
        const left = await mount(browser);
        await left.waitForSelector('.capture-shutter:not([disabled])');
        await left.keyboard.press('Escape');
        await left.waitForFunction(() => window.got[0] === 'cancel');
        await left.evaluate(() => window.show(false));
        await until(() => allEnded(left), 'the end of the tracks of a camera that was left');
        await browser.close();
    },
    'a card and a code: a window, and no more than it is sent': async () => {
        const browser = await startBrowser({ args: cameraArgs(file('corners.y4m')) });
        for (const [part, props, low, high] of [['CardCapture', { side: 'portrait' }, 1.4, 1.6], ['CodeCapture', {}, 0.98, 1.02]]) {
            const page = await mount(browser, part, props);
            await page.waitForSelector('.capture-shutter:not([disabled])');
            await keepPicture(page, `capture-${part}`);
            assert.deepEqual(await violations(page), [], part);
            await page.locator('.capture-shutter').click();
            await page.waitForFunction(() => window.got.length > 0);
            const { width, height } = await coloursAt(page, []);
            assert.ok(width / height > low && width / height < high && width >= 800, `${part}: ${width}×${height}`);
            await page.close();
        }
        await browser.close();
    },
    'a camera that fails leads to the phone\'s own within 2 s, with the reason': async () => {
        const ways = [
            ['denied', ['--use-fake-device-for-media-stream'], null],
            ['absent', ['--use-fake-ui-for-media-stream'], null],
            ['black', cameraArgs(file('black.y4m')), null],
            ['play', cameraArgs(file('corners.y4m')), () => { HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException('no', 'NotAllowedError')); }],
        ];
        for (const [code, args, script] of ways) {
            const browser = await startBrowser({ args });
            const page = await mount(browser, 'Capture', {}, script);
            const took = await untilNative(page);
            console.log(`       ${code}: ${Math.round(took)} ms`);
            assert.ok(took < 2000, `${code}: ${took} ms`);
            const text = await page.locator('main').innerText();
            assert.match(text, { denied: /没有相机权限/, absent: /没有找到相机/, black: /画面是黑的/, play: /画面没有出来/ }[code], code);
            assert.equal(await allEnded(page), true, code);
            assert.deepEqual(await violations(page), [], code);
            await keepPicture(page, `capture-${code}`);
            assert.equal(await page.getAttribute('input[name=camera]', 'accept'), 'image/*');
            assert.equal(await page.getAttribute('input[name=camera]', 'capture'), 'environment');
            await browser.close();
        }
    },
    'no selfies: the rear camera, no way to the front one; without a rear camera the phone\'s own': async () => {
        const browser = await startBrowser({ args: cameraArgs(file('corners.y4m')) });
        /** Cameras by name; the first is what a phone opens that does not care which way it is asked to look. */
        const cameras = (names) => `(() => {
            const names = ${JSON.stringify(names)}, devices = navigator.mediaDevices, open = devices.getUserMedia.bind(devices);
            devices.enumerateDevices = async () => names.map((label, i) => ({ kind: 'videoinput', deviceId: 'id' + i, label }));
            devices.getUserMedia = async (wish) => {
                const i = Number((wish.video.deviceId?.exact ?? 'id0').slice(2));
                const stream = await open({ video: true });
                for (const track of stream.getTracks()) {
                    Object.defineProperty(track, 'label', { value: names[i] });
                    track.getSettings = () => ({ deviceId: 'id' + i });
                }
                return stream;
            };
        })()`;
        const phone = ['camera2 1, facing front', 'camera2 0, facing back'];
        for (const [selfie, names, lens, turns] of [['forbidden', phone, 'back camera2 0, facing back', false], ['discouraged', phone, 'front camera2 1, facing front', true],
            ['forbidden', ['USB camera'], 'USB camera', false]]) {
            const page = await mount(browser, 'Capture', { policy: { selfie } }, cameras(names));
            await page.waitForSelector('.capture-shutter:not([disabled])');
            assert.equal(await page.locator('.capture-bar button').count(), turns ? 2 : 1, `${selfie}: lenses to choose from`);
            await page.locator('.capture-shutter').click();
            await page.waitForFunction(() => window.got.length > 0);
            assert.equal(await page.evaluate(() => window.got[0].meta.lens), lens);
            await page.close();
        }
        const page = await mount(browser, 'Capture', { policy: { selfie: 'forbidden' } }, cameras(['Front Camera']));
        await untilNative(page);
        assert.match(await page.locator('main').innerText(), /只打开了前置摄像头/);
        assert.equal(await page.getAttribute('input[name=camera]', 'capture'), 'environment');
        assert.equal(await allEnded(page), true);
        await browser.close();
    },
    'the album as the session wants it': async () => {
        const browser = await startBrowser({ args: ['--use-fake-ui-for-media-stream'] });
        for (const [capture_source, order] of [['live', ['camera']], ['live_or_album', ['camera', 'album']], ['album', ['album', 'camera']]]) {
            const page = await mount(browser, 'Capture', { policy: { capture_source } });
            await untilNative(page);
            assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('input[type=file]')].map((one) => one.name)), order, capture_source);
            await page.close();
        }
        await browser.close();
    },
    'files: turned upright, made smaller, without places; small ones as they are; HEIC with advice': async () => {
        const browser = await startBrowser({ args: ['--use-fake-ui-for-media-stream'] });
        const page = await mount(browser, 'Capture', { policy: { capture_source: 'album' } });
        await untilNative(page);
        const turned = await page.evaluate(async () => {
            const { browserTurns, prepared, sideScale } = await import('/student/capture/picture.js');
            const canvas = document.createElement('canvas');
            canvas.width = 2400;
            canvas.height = 1800;
            const context = canvas.getContext('2d');
            const noise = context.createImageData(2400, 1800);
            const colours = [[220, 40, 40], [40, 180, 40], [40, 60, 220], [220, 220, 220]]; // red green / blue white
            for (let i = 0; i < 2400 * 1800; i++) {
                const [r, g, b] = colours[(i % 2400 < 1200 ? 0 : 1) + (i < 2400 * 900 ? 0 : 2)];
                const n = Math.random() * 36 - 18;
                noise.data.set([r + n, g + n, b + n, 255], 4 * i);
            }
            context.putImageData(noise, 0, 0);
            const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.95));
            const plain = new Uint8Array(await blob.arrayBuffer());
            const out = { turns: await browserTurns(), scales: [sideScale(4000, 3000), sideScale(4000, 2000), sideScale(800, 600)], all: [] };
            for (let orientation = 1; orientation <= 8; orientation++) {
                const tiff = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode('GPS 39.9N 116.4E')];
                const segment = [0xff, 0xe1, 0, tiff.length + 8, 0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
                const made = await prepared(new File([plain.slice(0, 2), new Uint8Array(segment), plain.slice(2)], 'photo.jpg', { type: 'image/jpeg' }));
                const bytes = new Uint8Array(await made.file.arrayBuffer());
                const picture = await createImageBitmap(made.file, { imageOrientation: 'none' });
                canvas.width = picture.width;
                canvas.height = picture.height;
                context.drawImage(picture, 0, 0);
                const at = (x, y) => { const [r, g, b] = context.getImageData(x * picture.width, y * picture.height, 1, 1).data; return r > 170 && g > 170 ? 'w' : r > g && r > b ? 'r' : g > b ? 'g' : 'b'; };
                out.all.push({ size: [picture.width, picture.height], corners: at(0.2, 0.2) + at(0.8, 0.2) + at(0.2, 0.8) + at(0.8, 0.8), places: new TextDecoder('latin1').decode(bytes).includes('GPS 39.9N'), bytes: bytes.length });
            }
            const small = new File([plain.slice(0, 90000)], 'small.jpg');
            out.small = (await prepared(small)).file === small;
            return out;
        });
        assert.equal(turned.turns, true);
        assert.deepEqual(turned.scales, [0.48, 0.54, 1]);
        assert.deepEqual(turned.all.map((one) => one.corners), ['rgbw', 'grwb', 'wbgr', 'bwrg', 'rbgw', 'brwg', 'wgbr', 'gwrb']);
        assert.deepEqual(turned.all.map((one) => one.size.join('×')), [...Array(4).fill('1920×1440'), ...Array(4).fill('1440×1920')]);
        assert.ok(turned.all.every((one) => !one.places), 'no places');
        assert.equal(turned.small, true);
        const heic = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic'), Buffer.alloc(2000, 7)]);
        await page.setInputFiles('input[name=album]', { name: 'IMG_0001.HEIC', mimeType: 'image/heic', buffer: heic });
        await page.waitForSelector('.problem');
        assert.match(await page.locator('main').innerText(), /HEIC.*兼容性最佳/s);
        assert.equal(await page.evaluate(() => window.got.length), 0);
        await keepPicture(page, 'capture-heic');
        await browser.close();
    },
    'the page is loaded again while the phone\'s camera is open': async () => {
        const browser = await startBrowser({ args: ['--use-fake-ui-for-media-stream'] });
        const page = await mount(browser, 'Capture');
        await untilNative(page);
        const chooser = page.waitForEvent('filechooser');
        await page.locator('label', { has: page.locator('input[name=camera]') }).click();
        await chooser;
        await page.evaluate(() => window.show(false)); // the phone took the page away
        await page.evaluate(() => window.show(true));
        await page.getByText('刚才的照片没有传回来').waitFor();
        await page.close();

        const whole = await browser.open(address, SIZE); // and the whole page, killed and loaded again by the phone
        const phone = new Phone(whole, 'capture');
        await phone.fill({ code: madeUp(0).number });
        await phone.next();
        await phone.home();
        await whole.evaluate(() => { location.hash = '#/camera'; });
        await whole.waitForSelector('input[name=camera]', { state: 'attached' });
        const opened = whole.waitForEvent('filechooser');
        await whole.locator('label', { has: whole.locator('input[name=camera]') }).click();
        await opened;
        await whole.reload();
        await whole.getByText('刚才的照片没有传回来').waitFor();
        await phone.seen('came-back-empty');
        await browser.close();
    },
});
await server.stop();
rmSync(folder, { recursive: true, force: true });
