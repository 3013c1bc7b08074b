/*
** JSON, straight between Lua tables and text.
**
** J1. A table with keys 1..n is an array, one with text keys an object; an empty one is an object when it was made for text
**     keys. Decoding keeps that: an empty object stays one.
** J2. Nothing here runs Lua code; decoding allocates through Lua, so that memory limits hold.
** Hot: `tests/bench/json.ts` earns the direct use of tables.
*/
#include "vm.h"
#include "lmem.h"

#define JSON_DEPTH_MAX 128
/* Bytes that count as one check of the budget. */
#define JSON_CHECK_SHIFT 5
/* Checks worth of JSON that one call may take. */
#define JSON_CHECKS_MAX 20000000
/* Scratch buffers larger than this are given back. */
#define SCRATCH_KEPT (1024 * 1024)

static void charge (lua_State *L, size_t bytes) {
  vm_budget -= (int)(bytes >> JSON_CHECK_SHIFT);
  if (vm_budget < -JSON_CHECKS_MAX) luaL_error(L, "uninterruptible call takes too long");
}

static void scratch_trim (Buf *b) {
  b->n = 0; b->failed = 0;
  if (b->cap > SCRATCH_KEPT) { free(b->p); b->p = NULL; b->cap = 0; }
}

/* ---- encoding ---- */

typedef struct Out { Buf *b; const char *problem; const Table *path[JSON_DEPTH_MAX]; } Out;

static void put_text (Buf *b, const char *s, uint32_t n) { buf_put(b, s, n); }

/* Length of the UTF-8 sequence at 's', 0 when it is none. */
static int utf8_length (const uint8_t *s, const uint8_t *end) {
  uint8_t c = *s;
  int n, i;
  if (c < 0xc2 || c > 0xf4) return 0;
  n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
  if (end - s < n) return 0;
  for (i = 1; i < n; i++) if ((s[i] & 0xc0) != 0x80) return 0;
  if ((c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f) || (c == 0xf0 && s[1] < 0x90) || (c == 0xf4 && s[1] > 0x8f))
    return 0;
  return n;
}

#define ONES 0x0101010101010101u
#define HIGHS 0x8080808080808080u
/* Nonzero when one of the 8 bytes is below 0x20, a quote, a backslash or not ASCII. */
static uint64_t special8 (uint64_t w) {
  uint64_t q = w ^ (ONES * '"'), s = w ^ (ONES * '\\');
  return ((w - ONES * 0x20) | (q - ONES) | (s - ONES) | w) & HIGHS;
}

static void json_string (Buf *b, const char *text, size_t length) {
  const uint8_t *s = (const uint8_t *)text, *end = s + length, *from = s;
  static const char hex[] = "0123456789abcdef";
  buf_byte(b, '"');
  while (s < end) {
    int n;
    if (end - s >= 8) {
      uint64_t w;
      memcpy(&w, s, 8);
      if (!special8(w)) { s += 8; continue; }
    }
    if (*s >= 0x20 && *s < 0x80 && *s != '"' && *s != '\\') { s++; continue; }
    if (*s >= 0x80 && (n = utf8_length(s, end)) != 0) { s += n; continue; }
    buf_put(b, from, (uint32_t)(s - from));
    switch (*s) {
      case '"': put_text(b, "\\\"", 2); break;
      case '\\': put_text(b, "\\\\", 2); break;
      case '\b': put_text(b, "\\b", 2); break;
      case '\f': put_text(b, "\\f", 2); break;
      case '\n': put_text(b, "\\n", 2); break;
      case '\r': put_text(b, "\\r", 2); break;
      case '\t': put_text(b, "\\t", 2); break;
      default:
        if (*s < 0x20) {
          char escape[6] = {'\\', 'u', '0', '0', hex[*s >> 4], hex[*s & 15]};
          put_text(b, escape, 6);
        }
        else put_text(b, "\xef\xbf\xbd", 3);  /* no text: the replacement character */
    }
    from = ++s;
  }
  buf_put(b, from, (uint32_t)(s - from));
  buf_byte(b, '"');
}

static void json_value (Out *o, const TValue *v, int depth);

static void json_array (Out *o, const Table *t, uint32_t asize, uint64_t n, int depth) {
  uint64_t i;
  buf_byte(o->b, '[');
  for (i = 1; i <= n && !o->problem; i++) {
    const TValue *v = i <= asize ? &t->array[i - 1] : luaH_getint((Table *)t, (lua_Integer)i);
    if (isempty(v)) { o->problem = "cannot encode sparse array: non-contiguous numeric keys found"; return; }
    if (i > 1) buf_byte(o->b, ',');
    json_value(o, v, depth);
  }
  buf_byte(o->b, ']');
}

static void json_object (Out *o, const Table *t, uint32_t hsize, int depth) {
  uint32_t i;
  int first = 1;
  buf_byte(o->b, '{');
  for (i = 0; i < hsize && !o->problem; i++) {
    const Node *node = gnode(t, i);
    const TString *key;
    if (isempty(gval(node))) continue;
    if (!first) buf_byte(o->b, ',');
    first = 0;
    key = keystrval(node);
    json_string(o->b, getstr(key), tsslen(key));
    buf_byte(o->b, ':');
    json_value(o, gval(node), depth);
  }
  buf_byte(o->b, '}');
}

/* True when the empty table was made for text keys, or had some. */
static int was_object (const Table *t, uint32_t hsize) {
  uint32_t i;
  for (i = 0; i < hsize; i++) if (keyisinteger(gnode(t, i)) || gnode(t, i)->u.key_tt == LUA_VNUMFLT) return 0;
  return hsize > 0;
}

static void json_table (Out *o, const Table *t, int depth) {
  uint32_t asize = luaH_realasize(t), hsize = isdummy(t) ? 0 : sizenode(t), i;
  uint64_t last = asize, integers = 0, texts = 0, others = 0;
  lua_Integer max = 0;
  int d;
  for (d = 0; d < depth; d++)
    if (o->path[d] == t) { o->problem = "cannot encode recursively nested tables to JSON"; return; }
  if (depth >= JSON_DEPTH_MAX) { o->problem = "exceeded maximum nesting depth for JSON encoding"; return; }
  o->path[depth] = t;
  while (last > 0 && isempty(&t->array[last - 1])) last--;
  for (i = 0; i < hsize; i++) {
    const Node *node = gnode(t, i);
    if (isempty(gval(node))) continue;
    if (keyisshrstr(node) || node->u.key_tt == ctb(LUA_VLNGSTR)) texts++;
    else if (keyisinteger(node)) { integers++; if (keyival(node) > max) max = keyival(node); if (keyival(node) < 1) others++; }
    else others++;
  }
  if (texts) {
    if (last || integers) o->problem = "cannot encode mixed-key table: table has both numeric and non-numeric keys";
    else if (others) o->problem = "cannot encode table: keys must be text or numbers";
    else json_object(o, t, hsize, depth + 1);
  }
  else if (others || (max && last + integers < (uint64_t)max))
    o->problem = "cannot encode sparse array: non-contiguous numeric keys found";
  else if (last || integers) json_array(o, t, asize, max > (lua_Integer)last ? (uint64_t)max : last, depth + 1);
  else put_text(o->b, was_object(t, hsize) ? "{}" : "[]", 2);
}

static void json_userdata (Out *o, const TValue *v, int depth) {
  const Udata *u = uvalue(v);
  const TValue *field;
  switch (value_class(v)) {
    case CLASS_ERROR:
      field = &u->uv[ERR_MESSAGE - 1].uv;
      if (ttisstring(field)) { json_string(o->b, svalue(field), vslen(field)); return; }
      break;
    case CLASS_PAYLOAD:
      if (depth < JSON_DEPTH_MAX) { o->path[depth] = NULL; json_value(o, &u->uv[1].uv, depth + 1); return; }
      o->problem = "exceeded maximum nesting depth for JSON encoding";
      return;
    default: break;
  }
  put_text(o->b, "null", 4);
}

static void json_value (Out *o, const TValue *v, int depth) {
  char number[NUMBER_PRINT_MAX];
  switch (ttypetag(v)) {
    case LUA_VFALSE: put_text(o->b, "false", 5); break;
    case LUA_VTRUE: put_text(o->b, "true", 4); break;
    case LUA_VNUMINT: buf_put(o->b, number, (uint32_t)integer_print(number, ivalue(v))); break;
    case LUA_VNUMFLT: {
      lua_Number n = fltvalue(v);
      if (n - n != 0) put_text(o->b, "null", 4);  /* infinite or no number */
      else buf_put(o->b, number, (uint32_t)number_print(number, n));
      break;
    }
    case LUA_VSHRSTR: case LUA_VLNGSTR: json_string(o->b, svalue(v), vslen(v)); break;
    case LUA_VTABLE: json_table(o, hvalue(v), depth); break;
    case LUA_VUSERDATA: json_userdata(o, v, depth); break;
    default: put_text(o->b, "null", 4); break;
  }
}

/* Appends the JSON of 'v'; NULL, or what is wrong. */
static const char *json_encode (Buf *b, const TValue *v) {
  Out o;
  o.b = b; o.problem = NULL;
  json_value(&o, v, 0);
  if (b->failed) { b->failed = 0; return "not enough memory"; }
  return o.problem;
}

static int b_encode (lua_State *L) {
  static Buf text;
  const char *problem;
  lua_settop(L, 1);
  scratch_trim(&text);
  if ((problem = json_encode(&text, s2v(L->top.p - 1))) != NULL) {
    lua_pushnil(L);
    error_push(L, problem, "Internal", 0);
    return 2;
  }
  lua_pushlstring(L, (const char *)text.p, text.n);
  charge(L, text.n);
  scratch_trim(&text);
  return 1;
}

/* ---- decoding ---- */

/* The object that was read last at some depth, for the next may have the same keys: it is a copy then, with other values. */
#define SAMPLE_DEPTHS 8
#define SAMPLE_KEYS 24
/* Objects in a row that may differ from the one before them until nobody looks any more. */
#define SAMPLE_MISSES_MAX 16
typedef struct Sample {
  const Table *t;  /* kept by the table at 'kept'; every key of it has a value */
  uint32_t n, misses;
  TString *keys[SAMPLE_KEYS];
  uint8_t places[SAMPLE_KEYS];
} Sample;

typedef struct In {
  const char *p, *start, *end;
  lua_State *L;
  const char *problem;
  int kept;  /* index of what keeps samples: nil until there is one */
  Sample samples[SAMPLE_DEPTHS];
} In;

/* Values of an array, or halves of pairs, that wait on the stack before they go to their table. */
#define BATCH 64

static int wrong (In *in, const char *problem) {
  if (!in->problem) in->problem = problem;
  return 0;
}

static void skip_space (In *in) {
  while (in->p < in->end && (*in->p == ' ' || *in->p == '\n' || *in->p == '\r' || *in->p == '\t')) in->p++;
}

static int hex4 (const char *p, const char *end) {
  int i, v = 0;
  if (end - p < 4) return -1;
  for (i = 0; i < 4; i++) {
    char c = p[i];
    int d = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (d < 0) return -1;
    v = v * 16 + d;
  }
  return v;
}

static void put_rune (Buf *b, uint32_t c) {
  if (c < 0x80) buf_byte(b, (uint8_t)c);
  else {
    if (c < 0x800) buf_byte(b, (uint8_t)(0xc0 | c >> 6));
    else {
      if (c < 0x10000) buf_byte(b, (uint8_t)(0xe0 | c >> 12));
      else { buf_byte(b, (uint8_t)(0xf0 | c >> 18)); buf_byte(b, (uint8_t)(0x80 | (c >> 12 & 63))); }
      buf_byte(b, (uint8_t)(0x80 | (c >> 6 & 63)));
    }
    buf_byte(b, (uint8_t)(0x80 | (c & 63)));
  }
}

/* An escape after its backslash. */
static int read_escape (In *in, Buf *b) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  const char *found;
  int c, low;
  if (in->p >= in->end) return wrong(in, "unterminated string");
  if (*in->p == 'u') {
    if ((c = hex4(in->p + 1, in->end)) < 0) return wrong(in, "invalid \\u escape");
    in->p += 5;
    if (c >= 0xd800 && c < 0xdc00 && in->end - in->p >= 6 && in->p[0] == '\\' && in->p[1] == 'u' &&
        (low = hex4(in->p + 2, in->end)) >= 0xdc00 && low < 0xe000) {
      in->p += 6;
      c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    else if (c >= 0xd800 && c < 0xe000) c = 0xfffd;
    put_rune(b, (uint32_t)c);
    return 1;
  }
  if (*in->p == 0 || (found = strchr(from, *in->p)) == NULL) return wrong(in, "invalid escape in string");
  buf_byte(b, (uint8_t)to[found - from]);
  in->p++;
  return 1;
}

static int special1 (uint8_t c) { return c < 0x20 || c == '"' || c == '\\'; }

/* First character from 'p' on that ends a run of plain text. */
static const char *plain_end (const char *p, const char *end) {
  while (end - p >= 8) {
    uint64_t w;
    memcpy(&w, p, 8);
    if (special8(w & ~HIGHS) & HIGHS & ~(w & HIGHS)) break;
    p += 8;
  }
  while (p < end && !special1((uint8_t)*p)) p++;
  return p;
}

/* A string after its quote. */
static int read_string (In *in) {
  static Buf text;
  const char *from = in->p;
  in->p = plain_end(from, in->end);
  if (in->p < in->end && *in->p == '"') {
    lua_pushlstring(in->L, from, in->p - from);
    in->p++;
    return 1;
  }
  scratch_trim(&text);
  for (;;) {
    buf_put(&text, from, (uint32_t)(in->p - from));
    if (in->p >= in->end) return wrong(in, "unterminated string");
    if (*in->p == '"') break;
    if (*in->p != '\\') return wrong(in, "control character in string");
    in->p++;
    if (!read_escape(in, &text)) return 0;
    from = in->p;
    in->p = plain_end(from, in->end);
  }
  in->p++;
  if (text.failed) return wrong(in, "not enough memory");
  lua_pushlstring(in->L, (const char *)text.p, text.n);
  return 1;
}

static int digit (In *in) { return in->p < in->end && *in->p >= '0' && *in->p <= '9'; }

static int read_number (In *in) {
  const char *from = in->p;
  uint64_t value = 0;
  int negative = *in->p == '-', whole = 1, wide = 0;
  if (negative) in->p++;
  if (!digit(in)) return wrong(in, "invalid number");
  if (*in->p == '0') in->p++;
  else while (digit(in)) {
    uint64_t d = (uint64_t)(*in->p++ - '0');
    if (value > (UINT64_MAX - d) / 10) wide = 1;
    value = value * 10 + d;
  }
  if (in->p < in->end && *in->p == '.') {
    whole = 0; in->p++;
    if (!digit(in)) return wrong(in, "invalid number");
    while (digit(in)) in->p++;
  }
  if (in->p < in->end && (*in->p == 'e' || *in->p == 'E')) {
    whole = 0; in->p++;
    if (in->p < in->end && (*in->p == '+' || *in->p == '-')) in->p++;
    if (!digit(in)) return wrong(in, "invalid number");
    while (digit(in)) in->p++;
  }
  if (whole && !wide && value <= (uint64_t)LUA_MAXINTEGER + (uint64_t)negative)
    lua_pushinteger(in->L, (lua_Integer)(negative ? -value : value));
  else lua_pushnumber(in->L, number_read(from, in->p - from));
  return 1;
}

static int read_value (In *in, int depth);

/* Moves the 'n' values on top to the end of the array at 'base', which holds 'count'; makes it on first use. */
static void array_take (lua_State *L, int base, uint32_t count, uint32_t n, int last) {
  Table *t;
  uint32_t i;
  StkId from;
  if (count == 0) { lua_createtable(L, (int)(last ? n : 2 * BATCH), 0); lua_replace(L, base); }
  t = hvalue(s2v(L->ci->func.p + base));
  if (count + n > luaH_realasize(t) || last)
    if (luaH_realasize(t) != count + n || !last) luaH_resize(L, t, last ? count + n : 2 * (count + n), 0);
  from = L->top.p - n;
  for (i = 0; i < n; i++) {
    setobj2t(L, &t->array[count + i], s2v(from + i));
    luaC_barrierback(L, obj2gco(t), s2v(from + i));
  }
  L->top.p = from;
}

static int read_array (In *in, int depth) {
  lua_State *L = in->L;
  uint32_t count = 0, n = 0;
  int base;
  luaL_checkstack(L, BATCH + 16, NULL);
  lua_pushnil(L);
  base = lua_gettop(L);
  skip_space(in);
  if (in->p < in->end && *in->p == ']') {
    in->p++;
    lua_newtable(L);
    lua_replace(L, base);
    return 1;
  }
  for (;;) {
    if (!read_value(in, depth)) return 0;
    n++;
    skip_space(in);
    if (in->p >= in->end) return wrong(in, "unterminated array");
    if (*in->p == ']') break;
    if (*in->p != ',') return wrong(in, "expected ',' or ']' in array");
    in->p++;
    if (n == BATCH) { array_take(L, base, count, n, 0); count += n; n = 0; }
  }
  in->p++;
  array_take(L, base, count, n, 1);
  return 1;
}

/* Enters the 'n' pairs on top into the table at 'base', made on first use. */
static void pairs_take (lua_State *L, int base, uint32_t n, int first) {
  Table *t;
  uint32_t i;
  StkId from;
  if (first) { lua_createtable(L, 0, (int)n); lua_replace(L, base); }
  t = hvalue(s2v(L->ci->func.p + base));
  from = L->top.p - 2 * n;
  for (i = 0; i < n; i++) {
    luaH_set(L, t, s2v(from + 2 * i), s2v(from + 2 * i + 1));
    luaC_barrierback(L, obj2gco(t), s2v(from + 2 * i));
    luaC_barrierback(L, obj2gco(t), s2v(from + 2 * i + 1));
  }
  invalidateTMcache(t);
}

/* Whether the key behind the quote is 'key', which is written as it is. */
static int key_follows (const In *in, const TString *key) {
  size_t n = key->shrlen;
  return (size_t)(in->end - in->p) > n && in->p[n] == '"' && memcmp(in->p, getstr(key), n) == 0;
}

static int is_plain (const TString *key) {
  const char *text = getstr(key);
  int i;
  for (i = 0; i < key->shrlen; i++) if (special1((uint8_t)text[i])) return 0;
  return 1;
}

/* Takes the table at 'base' for a sample, if it has the 'n' keys that wait on the stack, each once and with a value. */
static void sample_take (In *in, Sample *s, int base, uint32_t n) {
  lua_State *L = in->L;
  Table *t = hvalue(s2v(L->ci->func.p + base));
  StkId from = L->top.p - 2 * n;
  uint32_t i, used = 0;
  s->t = NULL;
  if (n == 0 || n > SAMPLE_KEYS || sizenode(t) > 32 || ++s->misses > SAMPLE_MISSES_MAX) return;
  for (i = 0; i < n; i++) {
    const TValue *key = s2v(from + 2 * i), *slot;
    if (!ttisshrstring(key) || !is_plain(tsvalue(key))) return;
    slot = luaH_getshortstr(t, tsvalue(key));
    if (isempty(slot)) return;
    s->keys[i] = tsvalue(key);
    s->places[i] = (uint8_t)((const Node *)slot - gnode(t, 0));
    if (used & 1u << s->places[i]) return;
    used |= 1u << s->places[i];
  }
  if (lua_isnil(L, in->kept)) { lua_createtable(L, SAMPLE_DEPTHS, 0); lua_replace(L, in->kept); }
  lua_pushvalue(L, base);
  lua_rawseti(L, in->kept, (lua_Integer)(s - in->samples) + 1);
  s->n = n;
  s->t = t;
}

/* Makes the table at 'base' of the values on top, whose keys are those of the sample. */
static void sample_copy (lua_State *L, Sample *s, int base) {
  const Table *of = s->t;
  uint32_t i;
  Table *t;
  Node *nodes;
  StkId from;
  s->misses = 0;
  luaC_checkGC(L);
  t = luaH_new(L);
  sethvalue2s(L, L->ci->func.p + base, t);
  nodes = luaM_newvector(L, sizenode(of), Node);
  memcpy(nodes, gnode(of, 0), sizenode(of) * sizeof(Node));
  from = L->top.p - 2 * s->n;
  for (i = 0; i < s->n; i++) {  /* nothing is collected here: a new table needs no barrier */
    const TValue *v = s2v(from + 2 * i + 1);
    TValue *place = gval(&nodes[s->places[i]]);
    if (ttisnil(v)) setempty(place);
    else { setobj2t(L, place, v); }
  }
  t->node = nodes;
  t->lsizenode = of->lsizenode;
  t->lastfree = nodes + (of->lastfree - gnode(of, 0));
  invalidateTMcache(t);
  L->top.p = from;
}

static int read_object (In *in, int depth) {
  lua_State *L = in->L;
  Sample *sample = depth <= SAMPLE_DEPTHS ? &in->samples[depth - 1] : NULL;
  uint32_t n = 0;
  int base, first = 1, same = sample && sample->t;
  luaL_checkstack(L, BATCH + 16, NULL);
  lua_pushnil(L);
  base = lua_gettop(L);
  skip_space(in);
  if (in->p < in->end && *in->p == '}') {
    in->p++;
    lua_createtable(L, 0, 1);
    lua_replace(L, base);
    return 1;
  }
  for (;;) {
    skip_space(in);
    if (in->p >= in->end || *in->p != '"') return wrong(in, "expected a string as key");
    in->p++;
    if (same && n < sample->n && key_follows(in, sample->keys[n])) {
      in->p += sample->keys[n]->shrlen + 1;
      setsvalue2s(L, L->top.p, sample->keys[n]);
      api_incr_top(L);
    }
    else {
      same = 0;
      if (!read_string(in)) return 0;
    }
    skip_space(in);
    if (in->p >= in->end || *in->p != ':') return wrong(in, "expected ':' after key");
    in->p++;
    if (!read_value(in, depth)) return 0;
    n++;
    skip_space(in);
    if (in->p >= in->end) return wrong(in, "unterminated object");
    if (*in->p == '}') break;
    if (*in->p != ',') return wrong(in, "expected ',' or '}' in object");
    in->p++;
    if (n == BATCH / 2) { pairs_take(L, base, n, first); L->top.p -= 2 * n; first = same = 0; n = 0; }
  }
  in->p++;
  if (same && n == sample->n) { sample_copy(L, sample, base); return 1; }
  pairs_take(L, base, n, first);
  if (first && sample) sample_take(in, sample, base, n);
  L->top.p -= 2 * n;
  return 1;
}

static int read_word (In *in, const char *word, size_t n) {
  if ((size_t)(in->end - in->p) < n || memcmp(in->p, word, n) != 0) return wrong(in, "unexpected character");
  in->p += n;
  return 1;
}

/* Pushes one value; 0 with a problem, the stack then holds rests. 'depth' containers are open. */
static int read_value (In *in, int depth) {
  skip_space(in);
  if (in->p >= in->end) return wrong(in, "unexpected end");
  switch (*in->p) {
    case '{': case '[': {
      int object = *in->p++ == '{';
      if (depth >= JSON_DEPTH_MAX) return wrong(in, "json: maximum nesting depth exceeded");
      return object ? read_object(in, depth + 1) : read_array(in, depth + 1);
    }
    case '"': in->p++; return read_string(in);
    case 't': lua_pushboolean(in->L, 1); return read_word(in, "true", 4);
    case 'f': lua_pushboolean(in->L, 0); return read_word(in, "false", 5);
    case 'n': lua_pushnil(in->L); return read_word(in, "null", 4);
    default:
      if (*in->p == '-' || digit(in)) return read_number(in);
      return wrong(in, "unexpected character");
  }
}

/* Pushes the value of a whole text and returns 1, or pushes what is wrong and returns 0. */
static int json_decode (lua_State *L, const char *s, size_t n) {
  In in;
  int top = lua_gettop(L), i;
  in.p = in.start = s; in.end = s + n; in.L = L; in.problem = NULL;
  for (i = 0; i < SAMPLE_DEPTHS; i++) { in.samples[i].t = NULL; in.samples[i].misses = 0; }
  luaL_checkstack(L, 8, NULL);
  lua_pushnil(L);
  in.kept = top + 1;
  if (read_value(&in, 0)) {
    skip_space(&in);
    if (in.p == in.end) { lua_remove(L, in.kept); return 1; }
    wrong(&in, "unexpected text after the value");
  }
  lua_settop(L, top);
  if (strncmp(in.problem, "json: ", 6) == 0) lua_pushstring(L, in.problem);
  else lua_pushfstring(L, "invalid JSON at byte %d: %s", (int)(in.p - in.start) + 1, in.problem);
  return 0;
}

static int b_decode (lua_State *L) {
  size_t n;
  const char *s;
  if (lua_type(L, 1) != LUA_TSTRING) {
    lua_pushnil(L);
    error_push(L, "string expected", "Invalid", 0);
    return 2;
  }
  lua_settop(L, 1);
  s = lua_tolstring(L, 1, &n);
  charge(L, n);
  if (json_decode(L, s, n)) return 1;
  lua_pushnil(L);
  error_push(L, lua_tostring(L, -2), "Internal", 0);
  return 2;
}

const luaL_Reg vm_json_functions[] = { {"json.encode", b_encode}, {"json.decode", b_decode}, {NULL, NULL} };

/* ---- for the host: texts and values in the io buffer, results in vm_out ---- */

static int put_problem (const char *problem) {
  vm_out.n = 0;
  buf_put(&vm_out, problem, (uint32_t)strlen(problem));
  return 1;
}

/* JSON of argument 'i' of the native call in progress. 1: what is wrong is in vm_out instead. */
EXPORT(json_arg) int x_json_arg (int i) {
  CallInfo *ci;
  const char *problem;
  TValue none;
  setnilvalue(&none);
  if (!vm_calling) return put_problem("no call in progress");
  ci = vm_calling->waiting->ci;
  vm_out.n = 0;
  problem = json_encode(&vm_out, ci->func.p + i < vm_calling->waiting->top.p ? s2v(ci->func.p + i) : &none);
  return problem ? put_problem(problem) : 0;
}

typedef struct Convert { uint32_t n; int ok; } Convert;

static int do_encode (lua_State *L) {
  Convert *c = lua_touserdata(L, 1);
  const char *problem;
  dec_first(L, vm_io, c->n);
  vm_out.n = 0;
  problem = json_encode(&vm_out, s2v(L->top.p - 1));
  if (problem) put_problem(problem);
  else c->ok = 1;
  return 0;
}

static int do_decode (lua_State *L) {
  Convert *c = lua_touserdata(L, 1);
  int status;
  if (!json_decode(L, (const char *)vm_io, c->n)) { put_problem(lua_tostring(L, -1)); return 0; }
  vm_out.n = 0;
  if ((status = enc_one(&vm_out, s2v(L->top.p - 1), MODE_MESSAGE)) != ENC_OK) put_problem(enc_problem(status));
  else c->ok = 1;
  return 0;
}

static int convert (lua_CFunction f, uint32_t n) {
  Convert c = { n, 0 };
  Proc *cur = vm_cur;
  vm_cur = NULL;
  lua_pushcfunction(vm_G, f);
  lua_pushlightuserdata(vm_G, &c);
  if (lua_pcall(vm_G, 1, 0, 0) != LUA_OK) { lua_pop(vm_G, 1); put_problem("not enough memory"); }
  vm_cur = cur;
  return !c.ok;
}

/* JSON of the first of the encoded values; encoded value of a JSON text. 1: what is wrong is in vm_out instead. */
EXPORT(json_encode) int x_json_encode (uint32_t n) { return convert(do_encode, n); }
EXPORT(json_decode) int x_json_decode (uint32_t n) { return convert(do_decode, n); }
