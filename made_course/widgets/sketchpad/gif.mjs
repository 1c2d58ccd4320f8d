/** Return the bytes of an animated GIF of 16 colours. A frame lists the index of each pixel's colour, and lasts `seconds[k]`. */
export function gifOf(frames, seconds, palette, width, height) {
  const word = (value) => [value & 255, value >> 8];
  const text = (words) => Array.from(words, (letter) => letter.charCodeAt(0));
  const forever = [0x21, 0xff, 11, ...text("NETSCAPE2.0"), 3, 1, 0, 0, 0];
  const parts = frames.map((pixels, k) => [
    ...[0x21, 0xf9, 4, 4, ...word(Math.round(100 * seconds[k])), 0, 0],
    ...[0x2c, 0, 0, 0, 0, ...word(width), ...word(height), 0, 4],
    ...blocks(compressed(pixels)), 0,
  ]);
  const head = [...text("GIF89a"), ...word(width), ...word(height), 0xb3, 0, 0, ...palette.flat(), ...forever];
  return Uint8Array.from([head, ...parts, [0x3b]].flat());
}

function blocks(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length; at += 255) {
    const block = bytes.slice(at, at + 255);
    found.push(block.length, ...block);
  }
  return found;
}

/** Compress by LZW: send the code of the longest known run of pixels, and give the next code to this run and the pixel after it. */
function compressed(pixels, bits = 4) {
  const [clear, end] = [1 << bits, (1 << bits) + 1];
  const bytes = [];
  let [codes, next, size, buffer, filled] = [new Map(), end + 1, bits + 1, 0, 0];
  const send = (code) => {
    buffer |= code << filled;
    for (filled += size; filled >= 8; filled -= 8, buffer >>>= 8) bytes.push(buffer & 255);
  };
  send(clear);
  let run = pixels[0];
  for (const pixel of pixels.slice(1)) {
    const longer = (run << 8) | pixel;
    if (codes.has(longer)) {
      run = codes.get(longer);
      continue;
    }
    send(run);
    run = pixel;
    codes.set(longer, next);
    if (next === 1 << size) size += 1;
    if (next++ < 4095) continue;
    send(clear); // start again, because a code has at most 12 bits
    [codes, next, size] = [new Map(), end + 1, bits + 1];
  }
  send(run);
  send(end);
  return [...bytes, buffer & 255];
}
