/*
** Loops over many bytes, 16 at a time. A module of its own over the memory of the VM: a machine without such instructions
** runs the VM without it (`native/base64.c` has the loops for what is left, which then is everything).
**
** D1. Every function returns how much of its input it has used, in whole groups, and reads and writes nothing behind what the
**     rest of the input will need.
** D2. It has no data and no stack of its own: memory belongs to the VM.
** D3. What is used here are single instructions to the engines. Shifts are not, they take four: products stand in for them.
*/
#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name)))
/* Two halves of 16 bits, four times. */
#define HALVES(low, high) wasm_i16x8_const((int16_t)(low), (int16_t)(high), (int16_t)(low), (int16_t)(high), (int16_t)(low), \
                                           (int16_t)(high), (int16_t)(low), (int16_t)(high))
/* Where a swizzle gives 0. */
#define NO -128

/*
** Letters for 12 bytes. Bytes a, b, c hold the values p, q, r, s of 6 bits. A half of 16 bits that has one of them somewhere has
** ones everywhere else, so that a product which shifts the value to its place adds a number that is known. These numbers are
** chosen to add up to 'A' in every byte.
*/
static inline v128_t letters (v128_t in) {
  /* Halves (0, a) and (b, c): products of which the upper bits count, rounded, shift p and r to the right. */
  v128_t pr = wasm_i8x16_relaxed_swizzle(in, wasm_i8x16_const(0, NO, 2, 1, 3, NO, 5, 4, 6, NO, 8, 7, 9, NO, 11, 10));
  /* Halves (a, b) and (c, 0): products of which the lower bits count shift q and s to the left. */
  v128_t qs = wasm_i8x16_relaxed_swizzle(in, wasm_i8x16_const(1, 0, NO, 2, 4, 3, NO, 5, 7, 6, NO, 8, 10, 9, NO, 11));
  v128_t sum, range;
  pr = wasm_i16x8_relaxed_q15mulr(wasm_v128_or(pr, HALVES(0xc103, 0xf03f)), HALVES(8159, 512));  /* p - 4015, r - 63 */
  qs = wasm_i16x8_mul(wasm_v128_or(qs, HALVES(0xfc0f, 0xc07f)), HALVES(0x7010, 0xff01));  /* (q << 8) + 0x50f0, (s << 8) + 0x417f */
  sum = wasm_i32x4_add(pr, qs);  /* the lower half always carries: p - 4015 is negative, what it makes is not */
  /* What is added depends on the range: 0 are the values of 'a' to 'z', 1 to 12 those behind; those before have the top bit, and
     a swizzle gives 0. */
  range = wasm_u8x16_sub_sat(wasm_i8x16_sub(sum, wasm_i8x16_splat('A' + 26)), wasm_i8x16_splat(25));
  return wasm_i8x16_add(sum, wasm_i8x16_relaxed_swizzle(wasm_i8x16_const(
    'a' - 'A' - 26, '0' - 'A' - 52, '0' - 'A' - 52, '0' - 'A' - 52, '0' - 'A' - 52, '0' - 'A' - 52, '0' - 'A' - 52, '0' - 'A' - 52,
    '0' - 'A' - 52, '0' - 'A' - 52, '0' - 'A' - 52, '+' - 'A' - 62, '/' - 'A' - 63, 0, 0, 0), range));
}

/* Letters for the bytes at 's'. */
EXPORT(base64_encode) uint32_t base64_encode (const uint8_t *s, uint32_t n, uint8_t *out) {
  const uint8_t *start = s, *last;
  if (n < 28) return 0;  /* 4 more than are used: the last load reads 16 */
  last = s + (n - 28);
  do {
    v128_t first = letters(wasm_v128_load(s)), second = letters(wasm_v128_load(s + 12));
    wasm_v128_store(out, first);
    wasm_v128_store(out + 16, second);
    s += 24; out += 32;
  } while (s <= last);
  return (uint32_t)(s - start);
}

/*
** 16 letters as values of 6 bits; '*bad' has the top bit where a byte is no letter. The class of a byte is its upper half, and 1 for
** '+': so in each class the letters are all of the bytes up to one, or from one on. Bytes above 127 are in classes of their own,
** or have the top bit there.
*/
static inline v128_t values (v128_t in, v128_t *bad) {
  v128_t high = wasm_i16x8_relaxed_q15mulr(wasm_v128_and(in, wasm_i8x16_splat((int8_t)0xf0)), wasm_i16x8_splat(1 << 11));
  v128_t class = wasm_i8x16_add(high, wasm_i8x16_eq(in, wasm_i8x16_splat('+')));
  v128_t offsets = wasm_i8x16_const(0, 62 - '+', 63 - '/', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0);
  /* Makes 0 of the first letter of a class, or 127 of the last. */
  v128_t bounds = wasm_i8x16_const(-128, -'+', -'/', 127 - '9', -'A', 127 - 'Z', -'a', 127 - 'z', 0, 0, 0, 0, 0, 0, 0, 0);
  *bad = wasm_i8x16_add(in, wasm_i8x16_relaxed_swizzle(bounds, class));
  return wasm_i8x16_add(in, wasm_i8x16_relaxed_swizzle(offsets, class));
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
  const uint8_t *start = s, *last;
  if (n < 40) return 0;  /* 8 more than are used: the last store writes 16 */
  last = s + (n - 40);
  do {
    v128_t bad, alsoBad;
    v128_t first = values(wasm_v128_load(s), &bad), second = values(wasm_v128_load(s + 16), &alsoBad);
    if (wasm_i8x16_bitmask(wasm_v128_or(bad, alsoBad))) break;
    wasm_v128_store(out, join(first));
    wasm_v128_store(out + 12, join(second));
    s += 32; out += 24;
  } while (s <= last);
  return (uint32_t)(s - start);
}
