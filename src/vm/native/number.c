/*
** Doubles as the shortest text that reads back as the same double, and back.
**
** Printing follows Giulietti's Schubfach, reading Lemire's algorithm with the C library for the few cases that it leaves open.
** N1. Both are exact: tests compare them with the host's own on many millions of doubles.
*/
#include "vm.h"
#include "powers.h"

typedef struct U128 { uint64_t hi, lo; } U128;

static U128 multiply (uint64_t a, uint64_t b) {
  uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
  uint64_t ll = al * bl, lh = al * bh, hl = ah * bl, hh = ah * bh;
  uint64_t middle = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;
  U128 r;
  r.lo = (middle << 32) | (uint32_t)ll;
  r.hi = hh + (lh >> 32) + (hl >> 32) + (middle >> 32);
  return r;
}

/* ---- printing ---- */

static uint64_t round_to_odd (U128 g, uint64_t cp) {
  U128 x = multiply(g.lo, cp), y = multiply(g.hi, cp);
  uint64_t low = y.lo + x.hi;
  uint64_t high = y.hi + (low < x.hi);
  return high | (low > 1);
}

/* The shortest decimal digits * 10^*exponent that reads back as the positive finite double with these bits. */
static uint64_t shortest (uint64_t bits, int *exponent) {
  uint64_t fraction = bits & 0xfffffffffffff, c;
  int biased = (int)(bits >> 52), q, k, h, closer, accept;
  uint64_t vbl, vb, vbr, lower, upper, s;
  U128 g;
  if (biased != 0) {
    c = fraction | 0x10000000000000; q = biased - 1075;
    if (q <= 0 && q > -53 && (c & (((uint64_t)1 << -q) - 1)) == 0) { *exponent = 0; return c >> -q; }
  }
  else { c = fraction; q = -1074; }
  accept = (c & 1) == 0;
  closer = fraction == 0 && biased > 1;
  k = (q * 1262611 - (closer ? 524031 : 0)) >> 22;  /* floor(log10(2^q)), or of 3/4 of it */
  h = q + ((-k * 1741647) >> 19) + 1;
  g.hi = powers[-k - POWER_MIN][0]; g.lo = powers[-k - POWER_MIN][1];
  if (-k < 0 || -k > 55) { g.lo++; g.hi += g.lo == 0; }  /* rounded up where it is not exact */
  vbl = round_to_odd(g, (4 * c - 2 + closer) << h);
  vb = round_to_odd(g, (4 * c) << h);
  vbr = round_to_odd(g, (4 * c + 2) << h);
  lower = vbl + !accept; upper = vbr - !accept;
  s = vb / 4;
  if (s >= 10) {
    uint64_t sp = s / 10;
    int up = lower <= 40 * sp, wp = 40 * sp + 40 <= upper;
    if (up != wp) { *exponent = k + 1; return sp + wp; }
  }
  {
    int u = lower <= 4 * s, w = 4 * s + 4 <= upper;
    uint64_t mid = 4 * s + 2;
    *exponent = k;
    if (u != w) return s + w;
    return s + (vb > mid || (vb == mid && (s & 1)));
  }
}

static int put_digits (char *out, uint64_t v) {
  char digits[20];
  int n = 0, i;
  do { digits[n++] = '0' + (char)(v % 10); v /= 10; } while (v);
  for (i = 0; i < n; i++) out[i] = digits[n - 1 - i];
  return n;
}

int integer_print (char *out, lua_Integer v) {
  if (v >= 0) return put_digits(out, (uint64_t)v);
  *out = '-';
  return 1 + put_digits(out + 1, -(uint64_t)v);
}

/* Writes a finite double as JSON has it, at most NUMBER_PRINT_MAX characters; returns how many. */
int number_print (char *out, double value) {
  uint64_t bits, digits;
  char text[24], *o = out;
  int exponent, n, point;
  memcpy(&bits, &value, 8);
  if (bits >> 63) { *o++ = '-'; bits &= ~((uint64_t)1 << 63); }
  if (bits == 0) { *o++ = '0'; return (int)(o - out); }
  digits = shortest(bits, &exponent);
  while (digits % 10 == 0) { digits /= 10; exponent++; }
  n = put_digits(text, digits);
  point = n + exponent;  /* place of the decimal point in the digits */
  if (point > 21 || point < -5) {
    *o++ = text[0];
    if (n > 1) { *o++ = '.'; memcpy(o, text + 1, n - 1); o += n - 1; }
    *o++ = 'e';
    *o++ = point > 0 ? '+' : '-';
    o += put_digits(o, (uint64_t)(point > 0 ? point - 1 : 1 - point));
  }
  else if (point <= 0) {
    *o++ = '0'; *o++ = '.';
    memset(o, '0', -point); o += -point;
    memcpy(o, text, n); o += n;
  }
  else if (point >= n) {
    memcpy(o, text, n); o += n;
    memset(o, '0', point - n); o += point - n;
  }
  else {
    memcpy(o, text, point); o += point;
    *o++ = '.';
    memcpy(o, text + point, n - point); o += n - point;
  }
  return (int)(o - out);
}

/* ---- reading ---- */

/* Bits of digits * 10^q, correctly rounded; 0 when undecided. */
static int scale (uint64_t digits, int q, uint64_t *bits) {
  int lz, upper, power;
  uint64_t mantissa;
  U128 product;
  if (digits == 0 || q < POWER_MIN) { *bits = 0; return 1; }
  if (q > 308) { *bits = (uint64_t)0x7ff << 52; return 1; }
  lz = __builtin_clzll(digits);
  digits <<= lz;
  product = multiply(digits, powers[q - POWER_MIN][0]);
  if ((product.hi & 0x1ff) == 0x1ff) {
    U128 second = multiply(digits, powers[q - POWER_MIN][1]);
    product.lo += second.hi;
    if (product.lo < second.hi) product.hi++;
    if (product.lo == UINT64_MAX && (q < -27 || q > 55)) return 0;
  }
  upper = (int)(product.hi >> 63);
  mantissa = product.hi >> (upper + 9);
  power = (((152170 + 65536) * q) >> 16) + 63 + upper - lz + 1023;
  if (power <= 0) {
    if (-power + 1 >= 64) { *bits = 0; return 1; }
    mantissa >>= -power + 1;
    mantissa += mantissa & 1; mantissa >>= 1;
    *bits = mantissa;  /* a carry into the exponent is right as it is */
    return 1;
  }
  if (product.lo <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && (mantissa << (upper + 9)) == product.hi)
    mantissa &= ~(uint64_t)1;
  mantissa += mantissa & 1; mantissa >>= 1;
  if (mantissa >= (uint64_t)2 << 52) { mantissa = (uint64_t)1 << 52; power++; }
  if (power >= 0x7ff) { *bits = (uint64_t)0x7ff << 52; return 1; }
  *bits = (mantissa & 0xfffffffffffff) | (uint64_t)power << 52;
  return 1;
}

static double library_read (const char *s, size_t n) {
  char small[128], *text = n < sizeof small ? small : malloc(n + 1);
  double value;
  if (!text) return 0;
  memcpy(text, s, n);
  text[n] = 0;
  value = strtod(text, NULL);
  if (text != small) free(text);
  return value;
}

/* The double behind 'n' characters that are a number in JSON. */
double number_read (const char *s, size_t n) {
  static const double exact[] = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
  };
  const char *p = s, *end = s + n;
  uint64_t digits = 0, bits, above;
  int count = 0, exponent = 0, dropped = 0, fraction = 0, negative = *p == '-';
  double value;
  if (negative) p++;
  for (; p < end; p++) {
    if (*p == '.') { fraction = 1; continue; }
    if (*p < '0' || *p > '9') break;
    if (count < 19) {
      digits = digits * 10 + (uint64_t)(*p - '0');
      if (digits) count++;
      exponent -= fraction;
    }
    else {
      if (*p != '0') dropped = 1;
      exponent += !fraction;
    }
  }
  if (p < end) {  /* an exponent */
    int sign = 1;
    long e = 0;
    p++;
    if (*p == '-') { sign = -1; p++; }
    else if (*p == '+') p++;
    for (; p < end; p++) if (e < 100000) e = e * 10 + (*p - '0');
    exponent += (int)(sign * e);
  }
  if (!dropped && digits < (uint64_t)1 << 53 && exponent >= -22 && exponent <= 22) {
    value = (double)digits;
    value = exponent < 0 ? value / exact[-exponent] : value * exact[exponent];
  }
  else if (!scale(digits, exponent, &bits) || (dropped && (!scale(digits + 1, exponent, &above) || above != bits)))
    return library_read(s, n);
  else memcpy(&value, &bits, 8);
  return negative ? -value : value;
}
