// pixels — numbers from small grey copies of the picture: brightness, sharpness, sides, corners. No opinions, no camera.

/** Grey values of what `source` (video, picture, canvas) shows inside `area`, as {width, height, grey}. */
export function greyOf(source, area, width, height, canvas = document.createElement('canvas')) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(source, area.x, area.y, area.width, area.height, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++)
    grey[i] = (data[4 * i] * 77 + data[4 * i + 1] * 150 + data[4 * i + 2] * 29) >> 8;
  return { width, height, grey };
}

/** Mean and standard deviation of a part given in shares of the picture. */
export function spreadOf({ width, height, grey }, left = 0, top = 0, right = 1, bottom = 1) {
  const x0 = Math.floor(left * width), x1 = Math.ceil(right * width), y0 = Math.floor(top * height), y1 = Math.ceil(bottom * height);
  let sum = 0, squares = 0, count = 0;
  for (let y = y0; y < y1; y++)
    for (let x = x0; x < x1; x++) {
      const value = grey[y * width + x];
      sum += value;
      squares += value * value;
      count++;
    }
  const mean = count ? sum / count : 0;
  return { mean, spread: count ? Math.sqrt(Math.max(0, squares / count - mean * mean)) : 0 };
}

/** Variance of the Laplacian inside a part: the sharper, the larger. */
export function sharpnessOf({ width, height, grey }, left = 0, top = 0, right = 1, bottom = 1) {
  const x0 = Math.max(1, Math.floor(left * width)), x1 = Math.min(width - 1, Math.ceil(right * width));
  const y0 = Math.max(1, Math.floor(top * height)), y1 = Math.min(height - 1, Math.ceil(bottom * height));
  let sum = 0, squares = 0, count = 0;
  for (let y = y0; y < y1; y++)
    for (let x = x0; x < x1; x++) {
      const i = y * width + x;
      const value = grey[i - 1] + grey[i + 1] + grey[i - width] + grey[i + width] - 4 * grey[i];
      sum += value;
      squares += value * value;
      count++;
    }
  return count ? squares / count - (sum / count) ** 2 : 0;
}

/** Share of pixels from `level` on: glare. */
export function shareFrom({ grey }, level) {
  let count = 0;
  for (const value of grey)
    count += value >= level;
  return count / grey.length;
}

/** The largest part of a picture of these sides with the shape `aspect` (width / height), in its middle. */
export function middleOf(width, height, aspect) {
  const wide = width / height > aspect;
  const part = { width: wide ? height * aspect : width, height: wide ? height : width / aspect };
  return { x: (width - part.width) / 2, y: (height - part.height) / 2, ...part };
}
