// save — bytes into the browser's downloads.

/** In WeChat nothing is downloaded: pages that are seen there offer another way beside. */
export function saveBlob(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
