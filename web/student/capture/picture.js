// picture — a file from the phone as it is sent: small enough, upright, without the place it was taken at.
//
// The browser applies the camera's turn while it draws; one that does not is found out once, with a picture of two pixels,
// and then the original goes to the server, which turns it. Originals that are small already go as they are, and so does
// everything the browser cannot draw. Nothing is enlarged or mirrored.

const LONG_EDGE_PX = 1920;
const SHORT_SIDE_PX = 1080; /* never below, as far as there is so much */
const QUALITY = 0.9;
const SMALL_BYTES = 1200000;

/* Two pixels side by side that the camera says to turn by 90°: seen upright they stand one above the other. */
const TURNED = '/9j/4QAiRXhpZgAASUkqAAgAAAABABIBAwABAAAABgAAAAAAAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/wAALCAABAAIBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAB//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP3//2Q==';

async function decoded(url) {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  return picture;
}

let turns;
/** Whether this browser draws pictures as their EXIF orientation says. */
export function browserTurns() {
  const file = new Blob([Uint8Array.from(atob(TURNED), (letter) => letter.charCodeAt(0))], { type: 'image/jpeg' });
  turns = turns || pictureOf(file).then((picture) => Boolean(picture) && picture.naturalHeight === 2 * picture.naturalWidth);
  return turns;
}

/** HEIC by its first bytes: the name and the type of a file are often missing in web views. */
async function isHeic(file) {
  const head = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const text = String.fromCharCode(...head.slice(4, 12));
  return /^ftyp(heic|heix|hevc|heim|heis|mif1|msf1)/.test(text);
}

const toJpeg = (canvas) => new Promise((resolve, reject) => {
  canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/jpeg', QUALITY);
});

/** Long edge 1920 px, short side at least 1080 px, never enlarged. */
export function sideScale(width, height) {
  const long = Math.max(width, height), short = Math.min(width, height);
  return Math.min(1, Math.max(LONG_EDGE_PX / long, SHORT_SIDE_PX / short));
}

function drawn(source, width, height) {
  const scale = sideScale(width, height);
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext('2d').drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** A canvas of the camera as a file. */
export const fileOfCanvas = async (canvas) => toJpeg(drawn(canvas, canvas.width, canvas.height));

/** Decoded, or null where this browser cannot. */
async function pictureOf(file) {
  const url = URL.createObjectURL(file);
  try {
    return await decoded(url);
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/**
 * What to send for a file the student chose: {file, heic, unreadable, width, height}. heic: it is HEIC and this browser cannot
 * make a JPEG of it. unreadable: this browser cannot show it at all; the server may still know.
 */
export async function prepared(file) {
  const heic = await isHeic(file);
  if (!heic && file.size <= SMALL_BYTES)
    return { file };
  const picture = await pictureOf(file);
  if (!picture)
    return { file, heic, unreadable: true };
  const size = { width: picture.naturalWidth, height: picture.naturalHeight };
  if (!heic && !(await browserTurns()))
    return { file, ...size };
  try {
    const made = await toJpeg(drawn(picture, size.width, size.height));
    return heic || made.size < file.size ? { file: made, ...size } : { file, ...size };
  } catch {
    return { file, heic, ...size }; /* no memory for it: the server takes the original */
  }
}

/** A time in milliseconds as the API writes times. */
export const timeOf = (time_ms) => new Date(time_ms).toISOString().replace(/\.\d+Z$/, 'Z');
