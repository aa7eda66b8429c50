// sha256 — hex digest of bytes. The browser's own where the page is secure; by hand on plain http, where it has none.
const hex = (words) => [...words].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/* First 32 bits of the fractional parts of the cube (k) and square (h) roots of the first primes (FIPS 180-4). */
const PRIMES = (() => {
  const found = [];
  for (let n = 2; found.length < 64; n++)
    if (found.every((prime) => n % prime))
      found.push(n);
  return found;
})();
const fraction = (root) => Math.floor((root - Math.floor(root)) * 2 ** 32) >>> 0;
const turn = (x, n) => (x >>> n) | (x << (32 - n));

function block(h, k, w) {
  for (let i = 16; i < 64; i++) {
    const a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + w[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
  }
  let [a, b, c, d, e, f, g, last] = h;
  for (let i = 0; i < 64; i++) {
    const one = (last + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i]) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    last = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
  }
  [a, b, c, d, e, f, g, last].forEach((value, i) => { h[i] += value; });
}

/** Exported for its test. */
export function sha256ByHand(bytes) {
  const k = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
  const h = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
  const padded = new Uint8Array(Math.ceil((bytes.byteLength + 9) / 64) * 64);
  padded.set(new Uint8Array(bytes));
  padded[bytes.byteLength] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.byteLength / 2 ** 29));
  view.setUint32(padded.length - 4, bytes.byteLength << 3);
  const w = new Int32Array(64);
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i++)
      w[i] = view.getInt32(at + 4 * i);
    block(h, k, w);
  }
  const out = new DataView(new ArrayBuffer(32));
  h.forEach((word, i) => out.setInt32(4 * i, word));
  return hex(new Uint8Array(out.buffer));
}

export const sha256 = async (bytes) =>
  (globalThis.crypto?.subtle ? hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))) : sha256ByHand(bytes));
