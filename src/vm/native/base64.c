/*
** Base64 by RFC 4648, section 4, with padding.
**
** E1. Results are written where they stay: a string of their length is made first.
** E2. An error names the index of the character that does not fit. Line ends are skipped wherever they are.
*/
#include "vm.h"

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
#define NONE 255
#define DECODED_MAX 3
/* Shorter runs are not worth the way to the wide loops. */
#define WIDE_MIN 128
/* What they take at a time. */
#define WIDE_STEP 32
/* Where they store best. */
#define WIDE_ALIGN 16

static int expected (lua_State *L) {
  lua_pushnil(L);
  error_push(L, "string expected", "Invalid", 0);
  return 2;
}

/* Pushes a string of 'n' bytes that are still to be written; longer than what is interned. */
char *string_push (lua_State *L, size_t n) {
  TString *s = luaS_createlngstrobj(L, n);
  setsvalue2s(L, L->top.p, s);
  api_incr_top(L);
  return getlngstr(s);
}

static void encode_group (const uint8_t *s, char *out) {
  uint32_t v = (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2];
  out[0] = LETTERS[v >> 18]; out[1] = LETTERS[v >> 12 & 63]; out[2] = LETTERS[v >> 6 & 63]; out[3] = LETTERS[v & 63];
}

static void encode (const uint8_t *s, size_t n, char *out) {
  if (n >= WIDE_MIN) {
    uint32_t used, groups;
    /* Bytes of a string begin between two addresses where the wide loops' stores cross no line of the cache. */
    for (groups = -(uintptr_t)out % WIDE_ALIGN / 4; groups > 0; groups--, s += 3, n -= 3, out += 4) encode_group(s, out);
    used = host_wide(WIDE_BASE64_ENCODE, s, (uint32_t)n, out);
    s += used; n -= used; out += used / 3 * 4;
  }
  for (; n >= 3; s += 3, n -= 3, out += 4) encode_group(s, out);
  if (n == 0) return;
  out[0] = LETTERS[s[0] >> 2];
  out[1] = LETTERS[(s[0] & 3) << 4 | (n == 2 ? s[1] >> 4 : 0)];
  out[2] = n == 2 ? LETTERS[(s[1] & 15) << 2] : '=';
  out[3] = '=';
}

static int b_encode (lua_State *L) {
  size_t n, length;
  const char *s;
  if (lua_type(L, 1) != LUA_TSTRING) return expected(L);
  lua_settop(L, 1);
  s = lua_tolstring(L, 1, &n);
  if (n > MAX_SIZE / 4) return luaL_error(L, "resulting string too large");
  length = (n + 2) / 3 * 4;
  vm_budget -= (int)(n >> VM_BYTES_SHIFT);
  if (length <= LUAI_MAXSHORTLEN) {
    char text[LUAI_MAXSHORTLEN];
    encode((const uint8_t *)s, n, text);
    lua_pushlstring(L, text, length);
    return 1;
  }
  encode((const uint8_t *)s, n, string_push(L, length));
  luaC_checkGC(L);
  return 1;
}

static uint8_t values[256];

void base64_open (void) {
  int i;
  memset(values, NONE, sizeof(values));
  for (i = 0; i < 64; i++) values[(uint8_t)LETTERS[i]] = (uint8_t)i;
}

static int is_line_end (uint8_t c) { return c == '\n' || c == '\r'; }

/* Index of what is wrong with the end of a text that has 'count' characters in its last group; -1 when nothing is. */
static ptrdiff_t end_problem (const uint8_t *s, size_t n, size_t from, int count) {
  int missing = count ? 4 - count : 0;
  size_t i;
  if (missing == 3) return (ptrdiff_t)from;
  for (i = from; i < n; i++) {
    if (is_line_end(s[i])) continue;
    if (s[i] != '=' || missing == 0) return (ptrdiff_t)i;
    missing--;
  }
  return missing ? (ptrdiff_t)n : -1;
}

/*
** Writes to 'out', which has room for 3 bytes of every 4 characters; '*length' says how many there are.
** The index of what does not fit, or -1.
*/
static ptrdiff_t decode (const uint8_t *s, size_t n, uint8_t *out, size_t *length) {
  uint8_t *start = out;
  size_t i = 0, line = 0, wide = 0;  /* 'wide': from where on the wide loops are worth another try */
  uint32_t group = 0;
  int count = 0;
  ptrdiff_t problem;
  while (i < n) {
    uint8_t value;
    if (count == 0 && i >= wide && n - i >= WIDE_MIN) {
      uint32_t used = host_wide(WIDE_BASE64_DECODE, s + i, (uint32_t)(n - i), out);
      i += used; out += used / 4 * 3;
      wide = i + (used ? 0 : WIDE_MIN);
      if (used) continue;
    }
    value = values[s[i]];
    if (value != NONE) {
      group = group << 6 | value;
      i++;
      if (++count < 4) continue;
      out[0] = (uint8_t)(group >> 16); out[1] = (uint8_t)(group >> 8); out[2] = (uint8_t)group;
      out += 3;
      group = 0; count = 0;
    }
    else if (is_line_end(s[i])) {
      if (++i - line > WIDE_STEP) wide = i;
      line = i;
    }
    else if (s[i] == '=') break;
    else return (ptrdiff_t)i;
  }
  if ((problem = end_problem(s, n, i, count)) >= 0) return problem;
  if (count == 2) *out++ = (uint8_t)(group >> 4);
  if (count == 3) { out[0] = (uint8_t)(group >> 10); out[1] = (uint8_t)(group >> 2); out += 2; }
  *length = (size_t)(out - start);
  return -1;
}

/* Bytes that a text without line ends stands for. */
static size_t decoded_length (const char *s, size_t n) {
  size_t padding = n > 0 && s[n - 1] == '=' ? (n > 1 && s[n - 2] == '=' ? 2 : 1) : 0;
  return (n - padding) / 4 * 3 + (n - padding) % 4 * 3 / 4;
}

static int b_decode (lua_State *L) {
  size_t n, length, found = 0;
  const char *s;
  ptrdiff_t problem;
  if (lua_type(L, 1) != LUA_TSTRING) return expected(L);
  lua_settop(L, 1);
  s = lua_tolstring(L, 1, &n);
  vm_budget -= (int)(n >> VM_BYTES_SHIFT);
  length = decoded_length(s, n);
  if (length <= LUAI_MAXSHORTLEN) {
    uint8_t bytes[LUAI_MAXSHORTLEN + DECODED_MAX];
    if ((problem = decode((const uint8_t *)s, n, bytes, &found)) < 0) { lua_pushlstring(L, (char *)bytes, found); return 1; }
  }
  else {
    char *bytes = string_push(L, length);
    if ((problem = decode((const uint8_t *)s, n, (uint8_t *)bytes, &found)) < 0) {
      if (found < length) lua_pushlstring(L, bytes, found);  /* there were line ends */
      luaC_checkGC(L);
      return 1;
    }
  }
  lua_pushnil(L);
  lua_pushfstring(L, "illegal base64 data at input byte %d", (int)problem);
  error_push(L, lua_tostring(L, -1), "Invalid", 0);
  lua_remove(L, -2);
  return 2;
}

const luaL_Reg vm_base64_functions[] = { {"base64.encode", b_encode}, {"base64.decode", b_decode}, {NULL, NULL} };
