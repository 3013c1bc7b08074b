/*
** Values without parts from bytes, after the grammar in codec.c.
*/
#ifndef DECODE_H
#define DECODE_H
#include "vm.h"

static inline uint64_t dec_varint (Dec *d) {
  uint64_t v = 0;
  int shift = 0;
  for (;;) {
    uint8_t b;
    if (d->p >= d->end || shift > 63) { dec_malformed(d); return 0; }
    b = *d->p++;
    v |= (uint64_t)(b & 127) << shift;
    if (b < 128) return v;
    shift += 7;
  }
}

static inline double dec_f64 (Dec *d) {
  double v;
  if (d->end - d->p < 8) dec_malformed(d);
  memcpy(&v, d->p, 8); d->p += 8;
  return v;
}

static inline const char *dec_bytes (Dec *d, size_t *n) {
  const char *s;
  uint64_t length = dec_varint(d);
  if (length > (uint64_t)(d->end - d->p)) dec_malformed(d);
  s = (const char *)d->p; d->p += length; *n = (size_t)length;
  return s;
}

/* A value without parts goes to 'v'; 0 for any other. A string is reachable from nowhere else yet. Never collects garbage. */
static inline int dec_scalar (Dec *d, TValue *v) {
  uint8_t tag;
  if (d->p >= d->end) dec_malformed(d);
  tag = *d->p;
  if (tag >= 0xc0) { d->p++; setivalue(v, tag & 63); return 1; }
  if (tag >= 0x80) {
    size_t n = tag & 63;
    TString *s;
    if (n >= (size_t)(d->end - d->p)) dec_malformed(d);
    s = luaS_newlstr(d->L, (const char *)d->p + 1, n);
    setsvalue(d->L, v, s);
    d->p += n + 1;
    return 1;
  }
  switch (tag) {
    case 0: d->p++; setnilvalue(v); return 1;
    case 1: d->p++; setbfvalue(v); return 1;
    case 2: d->p++; setbtvalue(v); return 1;
    case 3: { uint64_t z; d->p++; z = dec_varint(d); setivalue(v, (lua_Integer)(z >> 1) ^ -(lua_Integer)(z & 1)); return 1; }
    case 4: d->p++; setfltvalue(v, dec_f64(d)); return 1;
    case 5: {
      size_t n;
      const char *s;
      TString *string;
      d->p++;
      s = dec_bytes(d, &n);
      string = luaS_newlstr(d->L, s, n);
      setsvalue(d->L, v, string);
      return 1;
    }
    case 17: {
      lua_Integer i;
      d->p++;
      if (d->end - d->p < 8) dec_malformed(d);
      memcpy(&i, d->p, 8); d->p += 8;
      setivalue(v, i);
      return 1;
    }
    default: return 0;
  }
}
#endif
