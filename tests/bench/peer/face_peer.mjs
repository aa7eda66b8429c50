// The peer of `xueying bench peers`: @vladmandic/face-api in Node, TensorFlow.js with WebAssembly (SIMD).
//
//   node face_peer.mjs FOLDER      FOLDER/0.ppm … are the photographs, decoded to a long edge of 640 px
//   then on stdin, per run: "DETECTOR PAIRS COUNT" with DETECTOR ssd (the package's default) or tiny
//
// Answers each run with pairs per second. Per photograph: detect one face, 68 landmarks, descriptor. It is given pixels:
// decoding costs it nothing, and a photograph in which it finds no face is counted as compared.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');

const folder = process.argv[2];
wasm.setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist/'));
await tf.setBackend('wasm');
await tf.ready();
const weights = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'model');
for (const net of ['ssdMobilenetv1', 'tinyFaceDetector', 'faceLandmark68Net', 'faceRecognitionNet']) await faceapi.nets[net].loadFromDisk(weights);
const options = { ssd: new faceapi.SsdMobilenetv1Options(), tiny: new faceapi.TinyFaceDetectorOptions() };

const photos = new Map();
function photo(i) {
    if (!photos.has(i)) {
        const bytes = readFileSync(join(folder, `${i}.ppm`));
        const [header, width, height] = /^P6 (\d+) (\d+) 255\n/.exec(bytes.subarray(0, 64).toString('latin1'));
        photos.set(i, tf.tensor3d(new Int32Array(bytes.subarray(header.length)), [Number(height), Number(width), 3], 'int32'));
    }
    return photos.get(i);
}

const describe = (i, detector) => faceapi.detectSingleFace(photo(i), options[detector]).withFaceLandmarks().withFaceDescriptor();

async function run(detector, pairs, count) {
    const start = performance.now();
    for (let i = 0; i < pairs; i++) {
        const a = await describe(i % count, detector), b = await describe((i + 1) % count, detector);
        if (a && b && !(faceapi.euclideanDistance(a.descriptor, b.descriptor) >= 0)) throw new Error('no distance');
    }
    return pairs * 1000 / (performance.now() - start);
}

for await (const line of createInterface({ input: process.stdin })) {
    const [detector, pairs, count] = line.split(' ');
    console.log(await run(detector, Number(pairs), Number(count)));
}
