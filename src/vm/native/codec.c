/*
** Values as bytes. The TypeScript half is src/vm/writer.ts and reader.ts; all follow this grammar:
**
**   list   = flags:u8 count:varint value*          flags bit 0: some table is referred to again
**   value  = tag:u8 ...
**     0 nil  1 false  2 true  3 integer:zigzag  4 float:f64le  5 string:varint bytes
**     6 table: flags:u8 narr:varint nhash:varint value{narr} (key value)* 0 [metatable]
**       flags bit 0: has a hash part, bit 1: has a metatable
**     7 reference:varint (tables count from 0 in order of their start)
**     8 error: string(message) string(kind) retryable:u8 details:value frames:varint (source line:zigzag name)*
**     9 handle: class:varint id:f64   10 payload: string(format) value   11 channel: id:f64
**     12 function  13 userdata  14 thread  15 plain channel   (only in calls; a message has nil there)
**     16 records: shape:varint rows:varint value{columns * rows}   17 integer:i64le   18 record: shape:varint value{columns}
**       (only from TypeScript to its own VM; the values of rows have no parts)
**   0x80..0xbf a string of 0..63 bytes, 0xc0..0xff the integers 0..63
**
** C1. Encoding reads raw values: it never runs Lua code, allocates Lua objects or raises.
** C2. Decoding checks every bound; it raises on malformed bytes.
*/
#include "decode.h"

typedef struct Enc {
  Buf *out;
  int mode, refs, status;
  uint32_t start, sizeMax, tables;
  const Table **seen; uint32_t *ids; uint32_t seenCap;
  const Table *seen0[32]; uint32_t ids0[32];
} Enc;

static int seen_find (Enc *e, const Table *t, uint32_t *id) {
  uint32_t mask, i;
  if (e->tables * 2 >= e->seenCap) {  /* grow */
    uint32_t cap = e->seenCap * 2, k;
    const Table **seen = calloc(cap, sizeof(*seen));
    uint32_t *ids = malloc(cap * sizeof(*ids));
    if (!seen || !ids) { free(seen); free(ids); e->status = ENC_MEMORY; return 0; }
    for (k = 0; k < e->seenCap; k++) if (e->seen[k]) {
      uint32_t j = ((uint32_t)(uintptr_t)e->seen[k] >> 3) * 2654435761u & (cap - 1);
      while (seen[j]) j = (j + 1) & (cap - 1);
      seen[j] = e->seen[k]; ids[j] = e->ids[k];
    }
    if (e->seen != e->seen0) { free(e->seen); free(e->ids); }
    e->seen = seen; e->ids = ids; e->seenCap = cap;
  }
  mask = e->seenCap - 1;
  i = ((uint32_t)(uintptr_t)t >> 3) * 2654435761u & mask;
  while (e->seen[i]) { if (e->seen[i] == t) { *id = e->ids[i]; return 1; } i = (i + 1) & mask; }
  e->seen[i] = t; e->ids[i] = e->tables++;
  return 0;
}

static void enc_value (Enc *e, const TValue *o, int depth);

static void enc_integer (Buf *b, lua_Integer v) {
  if (v >= 0 && v < 64) buf_byte(b, 0xc0 | (uint8_t)v);
  else { buf_byte(b, 3); buf_varint(b, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63)); }
}

static void enc_bytes (Buf *b, const char *s, size_t n) {
  if (n < 64) buf_byte(b, 0x80 | (uint8_t)n);
  else { buf_byte(b, 5); buf_varint(b, n); }
  buf_put(b, s, n);
}

static void enc_f64 (Buf *b, double d) { buf_put(b, &d, 8); }

static void enc_string_value (Enc *e, const TValue *o) {
  if (ttisstring(o)) enc_bytes(e->out, svalue(o), vslen(o));
  else enc_bytes(e->out, "", 0);
}

static void enc_stack (Enc *e, const TValue *o) {
  uint32_t frames = 0;
  const char *s, *end, *p;
  if (!ttisstring(o)) { buf_varint(e->out, 0); return; }
  s = svalue(o); end = s + vslen(o);
  for (p = s; p < end; p++) if (*p == '\n') frames++;
  buf_varint(e->out, frames);
  while (s < end) {  /* source \t line \t name \n */
    const char *a = memchr(s, '\t', end - s), *b = a ? memchr(a + 1, '\t', end - a - 1) : NULL;
    const char *c = b ? memchr(b + 1, '\n', end - b - 1) : NULL;
    lua_Integer line;
    if (!c) break;
    line = strtol(a + 1, NULL, 10);
    buf_string(e->out, s, a - s);
    buf_varint(e->out, ((uint64_t)line << 1) ^ (uint64_t)(line >> 63));
    buf_string(e->out, b + 1, c - b - 1);
    s = c + 1;
  }
}

static void enc_table (Enc *e, const Table *t, int depth) {
  uint32_t id, i, n, asize, hsize = isdummy(t) ? 0 : sizenode(t), count = 0;
  Table *mt = e->mode == MODE_MESSAGE && t->metatable && !isfrozen(t->metatable) ? t->metatable : NULL;
  if (depth > CODEC_DEPTH_MAX) { e->status = ENC_DEEP; return; }
  if (seen_find(e, t, &id)) { e->refs = 1; buf_byte(e->out, 7); buf_varint(e->out, id); return; }
  n = (uint32_t)luaH_getn((Table *)t);
  asize = luaH_realasize(t);
  for (i = 0; i < hsize; i++) if (!isempty(gval(gnode(t, i)))) count++;
  buf_byte(e->out, 6);
  buf_byte(e->out, (hsize ? 1 : 0) | (mt ? 2 : 0));
  buf_varint(e->out, n);
  buf_varint(e->out, count);
  for (i = 1; i <= n && !e->status; i++)
    enc_value(e, i <= asize ? &t->array[i - 1] : luaH_getint((Table *)t, i), depth + 1);
  for (i = n; i < asize && !e->status; i++) if (!isempty(&t->array[i])) {
    enc_integer(e->out, (lua_Integer)i + 1);
    enc_value(e, &t->array[i], depth + 1);
  }
  for (i = 0; i < hsize && !e->status; i++) {
    const Node *node = gnode(t, i);
    TValue key;
    if (isempty(gval(node))) continue;
    key.value_ = node->u.key_val; key.tt_ = node->u.key_tt;
    if (ttisinteger(&key) && ivalue(&key) >= 1 && ivalue(&key) <= (lua_Integer)n) continue;
    switch (ttype(&key)) {
      case LUA_TNUMBER: case LUA_TSTRING: case LUA_TBOOLEAN: case LUA_TTABLE: break;
      default: continue;  /* such a key does not survive */
    }
    enc_value(e, &key, depth + 1);
    enc_value(e, gval(node), depth + 1);
  }
  buf_byte(e->out, 0);
  if (mt) { TValue v; v.value_.gc = obj2gco(mt); v.tt_ = ctb(LUA_VTABLE); enc_value(e, &v, depth + 1); }
}

static void enc_userdata (Enc *e, const TValue *o, int depth) {
  Udata *u = uvalue(o);
  void *data = getudatamem(u);
  int class = value_class(o);
  switch (class) {
    case CLASS_ERROR:
      if (depth > CODEC_DEPTH_MAX) { e->status = ENC_DEEP; return; }
      buf_byte(e->out, 8);
      enc_string_value(e, &u->uv[ERR_MESSAGE - 1].uv);
      enc_string_value(e, &u->uv[ERR_KIND - 1].uv);
      buf_byte(e->out, (uint8_t)(((LuaErr *)data)->retryable + 1));
      enc_value(e, &u->uv[ERR_DETAILS - 1].uv, depth + 1);
      enc_stack(e, &u->uv[ERR_STACK - 1].uv);
      return;
    case CLASS_PAYLOAD:
      if (depth > CODEC_DEPTH_MAX) { e->status = ENC_DEEP; return; }
      buf_byte(e->out, 10);
      enc_string_value(e, &u->uv[0].uv);
      enc_value(e, &u->uv[1].uv, depth + 1);
      return;
    case CLASS_CHANNEL:
      if (e->mode == MODE_CALL) {
        Channel *c = data;
        if (c->external != 0) { buf_byte(e->out, 11); enc_f64(e->out, c->external); }
        else buf_byte(e->out, 15);
        return;
      }
      break;
    default:
      if (e->mode == MODE_CALL && class >= CLASS_USER) {
        Handle *h = data;
        buf_byte(e->out, 9);
        buf_varint(e->out, h->class);
        enc_f64(e->out, h->id);
        return;
      }
  }
  buf_byte(e->out, e->mode == MODE_CALL ? 13 : 0);
}

static void enc_value (Enc *e, const TValue *o, int depth) {
  if (e->status) return;
  switch (ttypetag(o)) {
    case LUA_VFALSE: buf_byte(e->out, 1); break;
    case LUA_VTRUE: buf_byte(e->out, 2); break;
    case LUA_VNUMINT: enc_integer(e->out, ivalue(o)); break;
    case LUA_VNUMFLT: buf_byte(e->out, 4); enc_f64(e->out, fltvalue(o)); break;
    case LUA_VSHRSTR: case LUA_VLNGSTR: enc_bytes(e->out, svalue(o), vslen(o)); break;
    case LUA_VTABLE: enc_table(e, hvalue(o), depth); break;
    case LUA_VUSERDATA: enc_userdata(e, o, depth); break;
    case LUA_VLCL: case LUA_VCCL: case LUA_VLCF: buf_byte(e->out, e->mode == MODE_CALL ? 12 : 0); break;
    case LUA_VTHREAD: buf_byte(e->out, e->mode == MODE_CALL ? 14 : 0); break;
    default: buf_byte(e->out, 0); break;
  }
  if (e->out->n - e->start > e->sizeMax) e->status = ENC_SIZE;
}

int enc_list (Buf *out, StkId from, int count, int mode, uint32_t sizeMax) {
  Enc e;
  int i;
  e.out = out; e.mode = mode; e.refs = 0; e.status = ENC_OK; e.start = out->n; e.sizeMax = sizeMax;
  e.tables = 0; e.seen = e.seen0; e.ids = e.ids0; e.seenCap = 32;
  memset(e.seen0, 0, sizeof(e.seen0));
  buf_byte(out, 0);
  buf_varint(out, count);
  for (i = 0; i < count; i++) enc_value(&e, s2v(from + i), 1);
  if (e.seen != e.seen0) { free(e.seen); free(e.ids); }
  if (out->failed) { out->failed = 0; return ENC_MEMORY; }
  if (e.refs) out->p[e.start] = 1;
  return e.status;
}

int enc_one (Buf *out, const TValue *value, int mode) {
  StackValue v;
  v.val = *value;
  return enc_list(out, &v, 1, mode, UINT32_MAX);
}

const char *enc_problem (int status) {
  switch (status) {
    case ENC_DEEP: return "payload nested too deep";
    case ENC_SIZE: return "payload too large";
    default: return "not enough memory";
  }
}

void dec_malformed (Dec *d) { luaL_error(d->L, "malformed payload"); }

static void dec_value (Dec *d, int depth);

static void dec_string (Dec *d) {  /* a string value with its tag */
  if (d->p < d->end && (*d->p == 5 || (*d->p & 0xc0) == 0x80)) dec_value(d, 1);
  else dec_malformed(d);
}

/* The elements of the table on top, whose array part has room for all of them. */
static void dec_array (Dec *d, uint64_t narr, int depth) {
  lua_State *L = d->L;
  Table *t = hvalue(s2v(L->top.p - 1));
  uint64_t i;
  for (i = 1; i <= narr; i++) {
    TValue v;
    if (dec_scalar(d, &v)) {
      setobj2t(L, &t->array[i - 1], &v);
      luaC_barrierback(L, obj2gco(t), &v);
    }
    else { dec_value(d, depth); lua_rawseti(L, -2, (lua_Integer)i); }
  }
}

/* The pairs of the table on top, up to their end mark. */
static void dec_pairs (Dec *d, int depth) {
  lua_State *L = d->L;
  Table *t = hvalue(s2v(L->top.p - 1));
  for (;;) {
    const TValue *slot;
    TValue *key, *value;
    if (d->p >= d->end) dec_malformed(d);
    if (*d->p == 0) { d->p++; break; }
    if (dec_scalar(d, s2v(L->top.p))) { api_incr_top(L); }
    else dec_value(d, depth);
    key = s2v(L->top.p - 1);
    if (ttisnil(key) || (ttisfloat(key) && fltvalue(key) != fltvalue(key))) dec_malformed(d);
    if (dec_scalar(d, s2v(L->top.p))) { api_incr_top(L); }
    else dec_value(d, depth);
    key = s2v(L->top.p - 2); value = s2v(L->top.p - 1);  /* the stack may have moved */
    slot = ttisshrstring(key) ? luaH_getshortstr(t, tsvalue(key)) : luaH_get(t, key);
    luaH_finishset(L, t, key, slot, value);
    luaC_barrierback(L, obj2gco(t), value);
    L->top.p -= 2;
  }
  invalidateTMcache(t);
}

static void dec_table (Dec *d, int depth) {
  lua_State *L = d->L;
  uint64_t narr, nhash;
  int flags;
  if (d->p >= d->end) dec_malformed(d);
  flags = *d->p++;
  narr = dec_varint(d); nhash = dec_varint(d);
  if (narr > (uint64_t)(d->end - d->p) || nhash > (uint64_t)(d->end - d->p)) dec_malformed(d);
  if ((flags & 1) && nhash == 0) nhash = 1;
  lua_createtable(L, (int)narr, (int)nhash);
  if (d->refs) { lua_pushvalue(L, -1); lua_rawseti(L, d->refs, ++d->tables); }
  dec_array(d, narr, depth);
  dec_pairs(d, depth);
  if (flags & 2) {
    dec_value(d, depth);
    if (lua_istable(L, -1)) lua_setmetatable(L, -2);
    else lua_pop(L, 1);
  }
}

static void dec_error (Dec *d, int depth) {
  lua_State *L = d->L;
  LuaErr *e = lua_newuserdatauv(L, sizeof(LuaErr), 4);
  uint64_t frames, i;
  luaL_Buffer b;
  e->retryable = -1;
  class_set(L, CLASS_ERROR);
  dec_string(d); lua_setiuservalue(L, -2, ERR_MESSAGE);
  dec_string(d); lua_setiuservalue(L, -2, ERR_KIND);
  if (d->p >= d->end) dec_malformed(d);
  e->retryable = (int8_t)(*d->p++) - 1;
  dec_value(d, depth); lua_setiuservalue(L, -2, ERR_DETAILS);
  frames = dec_varint(d);
  if (frames == 0) return;
  if (frames > (uint64_t)(d->end - d->p)) dec_malformed(d);
  luaL_buffinit(L, &b);
  for (i = 0; i < frames; i++) {
    size_t n, k;
    char line[32];
    const char *s = dec_bytes(d, &n);
    uint64_t z;
    for (k = 0; k < n; k++) luaL_addchar(&b, s[k] == '\t' || s[k] == '\n' ? ' ' : s[k]);
    z = dec_varint(d);
    lua_Integer v = (lua_Integer)(z >> 1) ^ -(lua_Integer)(z & 1);
    int w = 0, neg = v < 0; char digits[24]; uint64_t u = neg ? -(uint64_t)v : (uint64_t)v; int dn = 0;
    do { digits[dn++] = '0' + (char)(u % 10); u /= 10; } while (u);
    line[w++] = '\t'; if (neg) line[w++] = '-'; while (dn) line[w++] = digits[--dn]; line[w++] = '\t';
    luaL_addlstring(&b, line, w);
    s = dec_bytes(d, &n);
    for (k = 0; k < n; k++) luaL_addchar(&b, s[k] == '\t' || s[k] == '\n' ? ' ' : s[k]);
    luaL_addchar(&b, '\n');
  }
  luaL_pushresult(&b);
  lua_setiuservalue(L, -2, ERR_STACK);
}

static void dec_value (Dec *d, int depth) {
  lua_State *L = d->L;
  uint8_t tag;
  size_t n;
  const char *s;
  if (d->p >= d->end) dec_malformed(d);
  if (depth > CODEC_DEPTH_MAX + 16) luaL_error(L, "payload nested too deep");
  luaL_checkstack(L, 8, "payload nested too deep");
  tag = *d->p++;
  if (tag >= 0xc0) { lua_pushinteger(L, tag & 63); return; }
  if (tag >= 0x80) {
    n = tag & 63;
    if (n > (size_t)(d->end - d->p)) dec_malformed(d);
    lua_pushlstring(L, (const char *)d->p, n); d->p += n;
    return;
  }
  switch (tag) {
    case 0: case 12: case 13: case 14: case 15: lua_pushnil(L); break;
    case 1: lua_pushboolean(L, 0); break;
    case 2: lua_pushboolean(L, 1); break;
    case 3: { uint64_t z = dec_varint(d); lua_pushinteger(L, (lua_Integer)(z >> 1) ^ -(lua_Integer)(z & 1)); break; }
    case 4: lua_pushnumber(L, dec_f64(d)); break;
    case 5: s = dec_bytes(d, &n); lua_pushlstring(L, s, n); break;
    case 6: dec_table(d, depth + 1); break;
    case 7: {
      uint64_t id = dec_varint(d);
      if (!d->refs || id >= d->tables) dec_malformed(d);
      lua_rawgeti(L, d->refs, (lua_Integer)id + 1);
      break;
    }
    case 8: dec_error(d, depth + 1); break;
    case 9: { int class = (int)dec_varint(d); handle_push(L, class, dec_f64(d)); break; }
    case 10:
      dec_string(d); dec_value(d, depth + 1);
      payload_push(L, NULL);
      break;
    case 11: {
      double id = dec_f64(d);
      if (!vm_cur) { lua_pushnil(L); break; }
      proc_aux(L, vm_cur);
      lua_rawgeti(L, -1, (lua_Integer)id);
      lua_remove(L, -2);
      break;
    }
    case 16: {
      uint64_t shape = dec_varint(d), count = dec_varint(d);
      shape_records(d, shape, count);
      break;
    }
    case 18: shape_record(d, dec_varint(d)); break;
    case 17: d->p--; dec_scalar(d, s2v(L->top.p)); api_incr_top(L); break;
    default: dec_malformed(d);
  }
}

static uint32_t dec_start (Dec *d, lua_State *L, const uint8_t *p, uint32_t n) {
  uint64_t count;
  d->p = p; d->end = p + n; d->L = L; d->refs = 0; d->tables = 0;
  if (n == 0) return 0;
  if (*d->p++ & 1) { luaL_checkstack(L, 4, NULL); lua_newtable(L); d->refs = lua_gettop(L); }
  count = dec_varint(d);
  if (count > (uint64_t)(d->end - d->p)) dec_malformed(d);
  return (uint32_t)count;
}

int dec_list (lua_State *L, const uint8_t *p, uint32_t n) {
  Dec d;
  uint32_t i, count = dec_start(&d, L, p, n);
  if (count > LUA_MINSTACK / 2) luaL_checkstack(L, (int)count + 8, "too many values");
  for (i = 0; i < count; i++) {
    if (dec_scalar(&d, s2v(L->top.p))) { api_incr_top(L); }
    else dec_value(&d, 1);
  }
  luaC_checkGC(L);
  if (d.refs) lua_remove(L, d.refs);
  return (int)count;
}

int dec_rows (lua_State *L, const uint8_t *p, uint32_t n) {
  Dec d;
  uint64_t shape;
  if (n < 4 || p[0] != 0 || p[1] != 1 || p[2] != 16) return 0;
  d.p = p + 3; d.end = p + n; d.L = L; d.refs = 0; d.tables = 0;
  shape = dec_varint(&d);
  shape_records(&d, shape, dec_varint(&d));
  return 1;
}

int dec_first (lua_State *L, const uint8_t *p, uint32_t n) {
  Dec d;
  uint32_t count = dec_start(&d, L, p, n);
  if (count == 0) lua_pushnil(L);
  else dec_value(&d, 1);
  if (d.refs) lua_remove(L, d.refs);
  return (int)count;
}

/* ---- buffers ---- */
void buf_reserve (Buf *b, uint32_t n) {
  if (b->cap - b->n < n) {
    uint64_t cap = b->cap ? (uint64_t)b->cap * 2 : 256;
    uint8_t *p;
    while (cap < (uint64_t)b->n + n) cap *= 2;
    if (cap > 0x7fffffff || (p = realloc(b->p, (size_t)cap)) == NULL) { b->failed = 1; return; }
    b->p = p; b->cap = (uint32_t)cap;
  }
}
void buf_put (Buf *b, const void *data, uint32_t n) {
  buf_reserve(b, n);
  if (b->failed) return;
  memcpy(b->p + b->n, data, n); b->n += n;
}
void buf_byte (Buf *b, uint8_t byte) {
  if (b->n == b->cap) { buf_reserve(b, 1); if (b->failed) return; }
  b->p[b->n++] = byte;
}
void buf_varint (Buf *b, uint64_t v) {
  while (v >= 128) { buf_byte(b, (uint8_t)(v | 128)); v >>= 7; }
  buf_byte(b, (uint8_t)v);
}
void buf_string (Buf *b, const char *s, size_t n) { buf_varint(b, n); buf_put(b, s, (uint32_t)n); }
