/** Return numbers between 0 and 1, the same as those of uniforms.py. */
export function uniforms(seed, count) {
  return Float64Array.from({ length: count }, (_, k) => {
    let t = (Math.imul(seed, 0x9e3779b1) + Math.imul(k + 1, 0x6d2b79f5)) | 0;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 9) + 0.5) / 2 ** 23;
  });
}
