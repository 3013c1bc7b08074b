/*
** Loops over many bytes, 16 at a time. A module of its own over the memory of the VM: a machine without such instructions
** runs the VM without it (`native/base64.c` has the loops for what is left, which then is everything).
**
** D1. Every function returns how much of its input it has used, in whole groups, and reads and writes nothing behind what the
**     rest of the input will need.
** D2. It has no data and no stack of its own: memory belongs to the VM.
*/
#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name)))

/* 12 bytes as 16 values of 6 bits. */
static inline v128_t split (v128_t in, v128_t factors) {
  /* Bytes a, b, c of a group become the halves (a << 8 | b) and (b << 8 | c). */
  v128_t halves = wasm_i8x16_relaxed_swizzle(in, wasm_i8x16_const(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
  /* A product of which the upper bits count shifts to the right: the first value by 10, the third by 6. */
  v128_t odd = wasm_i16x8_relaxed_q15mulr(wasm_v128_and(halves, wasm_i32x4_splat(0x0fc0fc00)), wasm_i32x4_splat(0x02000020));
  v128_t even = wasm_i16x8_mul(halves, factors);
  return wasm_v128_or(wasm_v128_and(odd, wasm_i16x8_splat(0x003f)), wasm_v128_and(even, wasm_i16x8_splat(0x3f00)));
}

/* Values of 6 bits as letters: what has to be added depends on which of 14 ranges a value lies in. */
static inline v128_t letters (v128_t values) {
  v128_t range = wasm_u8x16_sub_sat(values, wasm_i8x16_splat(51));
  v128_t offsets = wasm_i8x16_const('A', 'a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                                    '0' - 52, '0' - 52, '+' - 62, '/' - 63, 0, 0);
  range = wasm_i8x16_sub(range, wasm_i8x16_gt(values, wasm_i8x16_splat(25)));
  return wasm_i8x16_add(wasm_i8x16_relaxed_swizzle(offsets, range), values);
}

/* Letters for the bytes at 's'. */
EXPORT(base64_encode) uint32_t base64_encode (const uint8_t *s, uint32_t n, uint8_t *out) {
  /* Shift the halves of each lane to the left, by 4 and by 8. Nothing is that long, so that the top bit is 0: were it not there
     the compiler would take the lanes apart and shift one by one. */
  v128_t factors = wasm_i32x4_splat(0x01000010 | (int)(n >> 31));
  uint32_t i = 0;
  for (; n - i >= 28; i += 24, out += 32) {  /* 4 more than are used: the last load reads 16 */
    v128_t a = split(wasm_v128_load(s + i), factors), b = split(wasm_v128_load(s + i + 12), factors);
    wasm_v128_store(out, letters(a));
    wasm_v128_store(out + 16, letters(b));
  }
  return i;
}

/* 16 letters as values of 6 bits. Both halves of a letter say in which classes it may be; '*bad' gets what both agree on. */
static inline v128_t values (v128_t in, v128_t *bad) {
  v128_t high = wasm_v128_and(wasm_u32x4_shr(in, 4), wasm_i8x16_splat(0x0f));
  v128_t low = wasm_v128_and(in, wasm_i8x16_splat(0x0f));
  v128_t lows = wasm_i8x16_const(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
  v128_t highs = wasm_i8x16_const(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
  v128_t offsets = wasm_i8x16_const(0, 0, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
  *bad = wasm_v128_or(*bad, wasm_v128_and(wasm_i8x16_relaxed_swizzle(lows, low), wasm_i8x16_relaxed_swizzle(highs, high)));
  /* The offset is that of '+', which leaves '/' at 66: no other letter ends up above 63. */
  return wasm_u8x16_min(wasm_i8x16_add(in, wasm_i8x16_relaxed_swizzle(offsets, high)), wasm_i8x16_splat(63));
}

/* 16 values of 6 bits as 12 bytes. */
static inline v128_t join (v128_t v) {
  v128_t pairs = wasm_i16x8_relaxed_dot_i8x16_i7x16(wasm_i32x4_splat(0x01400140), v);
  v128_t groups = wasm_i32x4_dot_i16x8(pairs, wasm_i32x4_splat(0x00011000));
  return wasm_i8x16_relaxed_swizzle(groups, wasm_i8x16_const(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
}

/* Bytes for the letters at 's', up to the 32 that have anything else among them. Four vectors at a time need more registers
   than there are. */
EXPORT(base64_decode) uint32_t base64_decode (const uint8_t *s, uint32_t n, uint8_t *out) {
  uint32_t i = 0;
  for (; n - i >= 40; i += 32, out += 24) {  /* 8 more than are used: the last store writes 16 */
    v128_t bad = wasm_i8x16_splat(0);
    v128_t a = values(wasm_v128_load(s + i), &bad), b = values(wasm_v128_load(s + i + 16), &bad);
    if (wasm_v128_any_true(bad)) break;
    wasm_v128_store(out, join(a));
    wasm_v128_store(out + 12, join(b));
  }
  return i;
}
