// shutter — what is heard and felt: a beep for the one who is photographed, a tick for the one who holds the phone.
let audio;

/** Call from a tap: browsers let pages sound only after one. */
export function wakeSound() {
  const Sound = window.AudioContext || window.webkitAudioContext;
  try {
    audio = audio || (Sound && new Sound());
    if (audio && audio.state === 'suspended')
      audio.resume().catch(() => {});
  } catch { /* silent then */ }
}

/** last: the one before the photo is higher. */
export function beep(last) {
  if (navigator.vibrate)
    navigator.vibrate(last ? 80 : 30);
  if (!audio || audio.state !== 'running')
    return;
  const tone = audio.createOscillator(), volume = audio.createGain();
  tone.frequency.value = last ? 1320 : 880;
  volume.gain.setValueAtTime(0.2, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.16);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.18);
}
