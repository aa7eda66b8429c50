// Pictures for a fake camera: raw video made of a function, and a JPEG shown again and again.
import { writeFileSync } from 'node:fs';

/** A Y4M file of `frames` pictures; colour(x, y, frame) gives [Y, U, V]. Width and height even. */
export function writeY4m(path, width, height, colour, frames = 2) {
    const parts = [Buffer.from(`YUV4MPEG2 W${width} H${height} F24:1 Ip A1:1 C420jpeg\n`)];
    for (let frame = 0; frame < frames; frame++) {
        const y = Buffer.alloc(width * height), u = Buffer.alloc((width * height) / 4), v = Buffer.alloc((width * height) / 4);
        for (let row = 0; row < height; row++)
            for (let column = 0; column < width; column++) {
                const [a, b, c] = colour(column, row, frame);
                y[row * width + column] = a;
                if (row % 2 === 0 && column % 2 === 0) {
                    const at = (row / 2) * (width / 2) + column / 2;
                    u[at] = b;
                    v[at] = c;
                }
            }
        parts.push(Buffer.from('FRAME\n'), y, u, v);
    }
    writeFileSync(path, Buffer.concat(parts));
}

/** A still as video. */
export const writeMjpeg = (path, jpeg) => writeFileSync(path, Buffer.concat([jpeg, jpeg, jpeg]));

/** Chromium's switches for a camera that shows this file and needs no leave. */
export const cameraArgs = (file) => ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${file}`];
