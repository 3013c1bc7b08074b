/*
** The base library: what every environment sees, frozen and shared by all processes.
**
** B1. Nothing here reaches code as bytes, files, the collector or another process.
** B2. A blocking call or a spent budget passes through the user's coroutines: `coroutine.resume` suspends its own caller
**     and goes on with the inner coroutine when the scheduler resumes it.
*/
#include <math.h>
#include "vm.h"

/* ---- coroutines ---- */

#define CO_RUNNING 0
static const char *const CO_NAMES[] = { "running", "suspended", "normal", "dead" };

static lua_State *get_co (lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  if (!co) luaL_typeerror(L, 1, "coroutine");
  return co;
}

static int co_state (lua_State *L, lua_State *co) {
  lua_Debug ar;
  if (L == co) return 0;
  if (co->vmsys || co->vminner) return 2;  /* waits for the system on behalf of its resumer */
  switch (lua_status(co)) {
    case LUA_YIELD: return 1;
    case LUA_OK:
      if (lua_getstack(co, 0, &ar)) return 2;
      return lua_gettop(co) == 0 ? 3 : 1;
    default: return 3;
  }
}

/* True for a thread that the scheduler drives. */
static int is_fiber (lua_State *co) {
  Fiber *f;
  if (!vm_cur) return 0;
  if (vm_cur->main.L == co) return 1;
  for (f = vm_cur->fibers; f; f = f->next) if (f->L == co) return 1;
  return 0;
}

static int co_resume_k (lua_State *L, int status, lua_KContext ctx);
static int co_finish (lua_State *L, lua_State *co, int status, int results, int wrap);

/* Runs 'co' with 'n' arguments on its stack. Context: the coroutine's index on the stack, +wrap. */
static int co_run (lua_State *L, lua_State *co, int n, int wrap) {
  int status, results;
  co->vmsys = 0;
  co->vmblocked = (lu_byte)(!lua_isyieldable(L) || L->vmblocked);
  L->vminner = NULL;
  vm_sys = VM_USER;
  status = lua_resume(co, L, n, &results);
  if (status == LUA_YIELD && vm_sys != VM_USER) {
    lua_pop(co, results);
    co->vmsys = 1;
    L->vminner = co;
    return lua_yieldk(L, 0, (lua_KContext)wrap, co_resume_k);
  }
  return co_finish(L, co, status, results, wrap);
}

static int co_resume_k (lua_State *L, int status, lua_KContext ctx) {
  lua_State *co = L->vminner;
  (void)status;
  return co_run(L, co, 0, (int)ctx);
}

static int co_finish (lua_State *L, lua_State *co, int status, int results, int wrap) {
  if ((status == LUA_OK || status == LUA_YIELD)) {
    if (!lua_checkstack(L, results + 1)) {
      lua_pop(co, results);
      return luaL_error(L, "too many results to resume");
    }
    if (!wrap) lua_pushboolean(L, 1);
    lua_xmove(co, L, results);
    return results + (wrap ? 0 : 1);
  }
  if (wrap) {
    lua_State *from = co;
    if (status != LUA_OK && status != LUA_YIELD) {
      if (class_test(co, -1, CLASS_ERROR)) error_stack(co, -1, from, 0);
      status = lua_closethread(co, L);
      lua_xmove(co, L, 1);
    }
    if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
      luaL_where(L, 1);
      lua_insert(L, -2);
      lua_concat(L, 2);
    }
    return lua_error(L);
  }
  lua_xmove(co, L, 1);
  if (vm_abort) return lua_error(L);
  lua_pushboolean(L, 0);
  lua_insert(L, -2);
  return 2;
}

/* Why 'co' can't be resumed, or NULL. */
static const char *co_refusal (lua_State *L, lua_State *co) {
  if (is_fiber(co)) return "cannot resume a coroutine of the scheduler";
  switch (co_state(L, co)) {
    case 0: return "cannot resume non-suspended coroutine";
    case 2: return "cannot resume non-suspended coroutine";
    case 3: return "cannot resume dead coroutine";
    default: return NULL;
  }
}

static int b_resume (lua_State *L) {
  lua_State *co = get_co(L);
  int n = lua_gettop(L) - 1;
  const char *refusal = co_refusal(L, co);
  if (refusal || !lua_checkstack(co, n)) {
    lua_pushboolean(L, 0);
    lua_pushstring(L, refusal ? refusal : "too many arguments to resume");
    return 2;
  }
  lua_xmove(L, co, n);
  return co_run(L, co, n, 0);
}

static int b_wrapped (lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  int n = lua_gettop(L);
  const char *refusal = co_refusal(L, co);
  if (refusal) return luaL_error(L, "%s", refusal);
  if (!lua_checkstack(co, n)) return luaL_error(L, "too many arguments to resume");
  lua_xmove(L, co, n);
  return co_run(L, co, n, 1);
}

static int b_create (lua_State *L) {
  lua_State *co;
  luaL_checktype(L, 1, LUA_TFUNCTION);
  co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  return 1;
}

static int b_wrap (lua_State *L) {
  b_create(L);
  lua_pushcclosure(L, b_wrapped, 1);
  return 1;
}

static int yield_k (lua_State *L, int status, lua_KContext ctx) {
  (void)status; (void)ctx;
  return lua_gettop(L);
}

static int b_yield (lua_State *L) {
  if (!lua_isyieldable(L)) return luaL_error(L, "attempt to yield across a C-call boundary");
  vm_sys = VM_USER;
  if (vm_fiber && vm_fiber->L == L) {  /* nobody resumes a fiber but the scheduler: it gives way */
    if (!vm_canblock(L)) return luaL_error(L, "attempt to yield while loading");
    lua_settop(L, 0);
    return lua_yieldk(L, 0, 0, yield_k);
  }
  return lua_yield(L, lua_gettop(L));
}

static int b_status (lua_State *L) {
  lua_State *co = get_co(L);
  if (co != L && is_fiber(co)) {
    Fiber *f;
    for (f = vm_cur->fibers; f; f = f->next) if (f->L == co) break;
    lua_pushstring(L, f || vm_cur->main.L == co ? (vm_fiber && vm_fiber->L == co ? "normal" : "suspended") : "dead");
    return 1;
  }
  lua_pushstring(L, CO_NAMES[co_state(L, co)]);
  return 1;
}

static int b_running (lua_State *L) {
  if (vm_cur && vm_cur->main.L == L) lua_pushnil(L);
  else lua_pushthread(L);
  return 1;
}

extern int vm_spawn_fiber (lua_State *L);
static const luaL_Reg coroutine_functions[] = {
  {"create", b_create}, {"resume", b_resume}, {"yield", b_yield}, {"status", b_status},
  {"running", b_running}, {"wrap", b_wrap}, {"spawn", vm_spawn_fiber}, {NULL, NULL}
};

/* ---- math ---- */

static uint64_t rotl (uint64_t x, int n) { return (x << n) | (x >> (64 - n)); }

static uint64_t next_random (Proc *p) {  /* xoshiro256** */
  uint64_t *s = p->random, s0 = s[0], s1 = s[1], s2 = s[2] ^ s0, s3 = s[3] ^ s1;
  uint64_t result = rotl(s1 * 5, 7) * 9;
  s1 <<= 17;
  s[0] = s0 ^ s3; s[1] = s[1] ^ s2; s[2] = s2 ^ s1; s[3] = rotl(s3, 45);
  return result;
}

static uint64_t step_seed (uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static void seed (Proc *p, uint64_t from) {
  int i;
  for (i = 0; i < 4; i++) p->random[i] = step_seed(&from);
  p->seeded = 1;
}

static Proc *random_owner (lua_State *L) {
  Proc *p = vm_cur;
  if (!p) luaL_error(L, "no process is running");
  if (!p->seeded) seed(p, vm_random64());
  return p;
}

static int b_random (lua_State *L) {
  Proc *p = random_owner(L);
  uint64_t r = next_random(p), range;
  lua_Integer low, up;
  switch (lua_gettop(L)) {
    case 0: lua_pushnumber(L, (double)(r >> 11) * 0x1p-53); return 1;
    case 1: low = 1; up = luaL_checkinteger(L, 1); break;
    case 2: low = luaL_checkinteger(L, 1); up = luaL_checkinteger(L, 2); break;
    default: return luaL_error(L, "wrong number of arguments");
  }
  luaL_argcheck(L, low <= up, lua_gettop(L), "interval is empty");
  range = (uint64_t)up - (uint64_t)low;
  if (range != UINT64_MAX) {
    uint64_t bound = range + 1, least = (0 - bound) % bound;  /* below it the modulo would favour small numbers */
    while (r < least) r = next_random(p);
    r %= bound;
  }
  lua_pushinteger(L, (lua_Integer)(r + (uint64_t)low));
  return 1;
}

static int b_randomseed (lua_State *L) {
  Proc *p = random_owner(L);
  if (lua_isnoneornil(L, 1)) seed(p, vm_random64());
  else if (lua_isinteger(L, 1)) seed(p, (uint64_t)lua_tointeger(L, 1));
  else {
    double d = luaL_checknumber(L, 1);
    uint64_t bits;
    memcpy(&bits, &d, 8);
    seed(p, bits);
  }
  return 0;
}

static int b_atan2 (lua_State *L) {
  lua_pushnumber(L, atan2(luaL_checknumber(L, 1), luaL_checknumber(L, 2)));
  return 1;
}

static const luaL_Reg math_extra[] = {
  {"random", b_random}, {"randomseed", b_randomseed}, {"atan2", b_atan2}, {NULL, NULL}
};

/* ---- searching ---- */

/* Searching byte by byte may cost this many comparisons per byte before the table is made. */
#define NAIVE_FACTOR 4

/* Knuth, Morris and Pratt: linear whatever the texts are. NULL with '*failed' when there is no memory for the table. */
static const char *search_table (const char *s, size_t n, const char *w, size_t m, int *failed) {
  uint32_t *border = malloc((m + 1) * sizeof(uint32_t));
  size_t i, k = 0;
  const char *found = NULL;
  if (!border) { *failed = 1; return NULL; }
  border[0] = 0;
  for (i = 1; i < m; i++) {
    while (k && w[i] != w[k]) k = border[k - 1];
    if (w[i] == w[k]) k++;
    border[i] = (uint32_t)k;
  }
  for (i = 0, k = 0; i < n; i++) {
    while (k && s[i] != w[k]) k = border[k - 1];
    if (s[i] == w[k]) k++;
    if (k == m) { found = s + i + 1 - m; break; }
  }
  free(border);
  return found;
}

const char *vm_memmem (const char *s, size_t n, const char *w, size_t m) {
  const char *at = s, *end;
  size_t work = 0;
  int failed = 0;
  if (m > n) return NULL;
  for (end = s + (n - m) + 1; at < end && (at = memchr(at, w[0], (size_t)(end - at))) != NULL; at++) {
    size_t i = 1;
    while (i < m && at[i] == w[i]) i++;
    if (i == m) return at;
    if ((work += i) > NAIVE_FACTOR * n && !failed) {
      const char *found = search_table(at + 1, n - (size_t)(at + 1 - s), w, m, &failed);
      if (!failed) return found;
    }
  }
  return NULL;
}

/* ---- print and require ---- */

/* Upvalue 1 takes the joined text. */
static int b_print (lua_State *L) {
  int i, n = lua_gettop(L);
  luaL_Buffer b;
  if (lua_isnil(L, lua_upvalueindex(1))) return 0;
  luaL_checkstack(L, n + 8, "too many arguments");
  for (i = 1; i <= n; i++) { luaL_tolstring(L, i, NULL); lua_replace(L, i); }
  luaL_buffinit(L, &b);
  for (i = 1; i <= n; i++) {
    if (i > 1) luaL_addchar(&b, ' ');
    lua_pushvalue(L, i);
    luaL_addvalue(&b);
  }
  luaL_pushresult(&b);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, -2);
  lua_call(L, 1, 0);
  return 0;
}

/* Calls the fallback with the text of every argument, as tostring gives it, and returns what that returns. */
static int b_texts (lua_State *L) {
  int i, n = lua_gettop(L);
  luaL_checkstack(L, 8, "too many arguments");
  for (i = 1; i <= n; i++) { luaL_tolstring(L, i, NULL); lua_replace(L, i); }
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, n, LUA_MULTRET);
  return lua_gettop(L);
}

/* Pushes the environment of the nearest Lua caller. */
static int push_environment (lua_State *L) {
  lua_Debug ar;
  int level, i;
  for (level = 1; lua_getstack(L, level, &ar); level++) {
    const char *name;
    lua_getinfo(L, "f", &ar);
    for (i = 1; (name = lua_getupvalue(L, -1, i)) != NULL; i++) {
      if (strcmp(name, "_ENV") == 0) { lua_remove(L, -2); return 1; }
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  return 0;
}

static int b_require (lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  lua_settop(L, 1);
  if (push_environment(L)) {
    lua_pushvalue(L, 1);
    if (lua_gettable(L, -2) != LUA_TNIL) return 1;
  }
  return luaL_error(L, "module '%s' not found", name);
}

static int call_results (lua_State *L, int status, lua_KContext ctx) {
  (void)status; (void)ctx;
  return lua_gettop(L);
}

/*
** A method whose last argument is a table of options with a function `filter`: natives can't call Lua, so the function is
** asked here about what `self:entries()` gives, and the method gets the numbers of what it chose instead.
** Stack: self, target, options, filter, chosen, iterator.
*/
enum { SELECT_START, SELECT_ENTRY, SELECT_ANSWER };

static int selecting (lua_State *L, int status, lua_KContext step) {
  lua_Integer at = step >> 2;
  (void)status;
  switch (step & 3) {
    case SELECT_START: goto next;
    case SELECT_ENTRY: goto entry;
    default: goto answer;
  }
next:
  at++;
  lua_settop(L, 6);
  lua_pushvalue(L, 6);
  lua_callk(L, 0, 1, at << 2 | SELECT_ENTRY, selecting);
entry:
  if (!lua_isnil(L, 7)) {
    lua_pushvalue(L, 4);
    lua_insert(L, 7);
    lua_callk(L, 1, 1, at << 2 | SELECT_ANSWER, selecting);
answer:
    if (lua_toboolean(L, 7)) {
      lua_pushinteger(L, at);
      lua_rawseti(L, 5, (lua_Integer)lua_rawlen(L, 5) + 1);
    }
    goto next;
  }
  lua_settop(L, 5);
  lua_newtable(L);
  lua_pushnil(L);
  while (lua_next(L, 3)) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, 6);
  }
  lua_pushvalue(L, 5);
  lua_setfield(L, 6, "filter");
  lua_replace(L, 3);
  lua_settop(L, 3);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_callk(L, 3, LUA_MULTRET, 0, call_results);
  return lua_gettop(L);
}

static int selecting_entries (lua_State *L, int status, lua_KContext ctx) {
  (void)status; (void)ctx;
  if (lua_isnil(L, 6)) { lua_settop(L, 7); return 2; }  /* nil and why */
  lua_settop(L, 6);
  return selecting(L, LUA_OK, SELECT_START);
}

static int b_selecting (lua_State *L) {
  lua_settop(L, 3);
  if (!lua_istable(L, 3) || lua_getfield(L, 3, "filter") != LUA_TFUNCTION) {
    lua_settop(L, 3);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_callk(L, 3, LUA_MULTRET, 0, call_results);
    return lua_gettop(L);
  }
  lua_newtable(L);
  luaL_checkany(L, 1);
  lua_getfield(L, 1, "entries");
  lua_pushvalue(L, 1);
  lua_callk(L, 1, 2, 0, selecting_entries);
  return selecting_entries(L, LUA_OK, 0);
}

const luaL_Reg vm_base_functions[] = {
  {"base.print", b_print}, {"base.texts", b_texts}, {"base.selecting", b_selecting}, {NULL, NULL}
};

lua_CFunction builtin_find (const char *name) {
  const luaL_Reg *const lists[] = {
    vm_base_functions, vm_channel_functions, vm_process_functions, vm_spawn_functions, vm_error_functions, vm_payload_functions,
    vm_json_functions, vm_base64_functions, vm_double_functions, vm_session_functions, NULL
  };
  int i;
  const luaL_Reg *r;
  for (i = 0; lists[i]; i++) for (r = lists[i]; r->name; r++) if (strcmp(r->name, name) == 0) return r->func;
  return NULL;
}

/* ---- opening ---- */

/* Of the stock libraries, without what programs are not to have; see scripts/vm_patches/library.ts. */
extern const luaL_Reg base_funcs[], strlib[], tab_funcs[], mathlib[];
void createmetatable (lua_State *L);

static const char *const LIBRARIES[] = { "string", "table", "math", "coroutine", NULL };

/*
** A table of these functions with room for 'more'. Tables are made as large as they will be: one that grows enters again all that it
** has, which was a third of the time that a universe takes.
*/
static void library (lua_State *L, const luaL_Reg *functions, int more) {
  int n = 0;
  while (functions[n].name) n++;
  lua_createtable(L, 0, n + more);
  luaL_setfuncs(L, functions, 0);
}

/* What the base library gains: _VERSION, require, subscribe, unsubscribe, unpack and the libraries. */
#define BASE_MORE (5 + 4)
/* What the library of mathematics gains beside math_extra: pi and three limits. */
#define MATH_MORE 4

void base_open (lua_State *L) {
  int base;
  base64_open();
  library(L, base_funcs, BASE_MORE);
  base = lua_gettop(L);
  lua_pushliteral(L, "Lua 5.3"); lua_setfield(L, base, "_VERSION");
  lua_pushcfunction(L, b_require); lua_setfield(L, base, "require");

  library(L, strlib, 0);
  createmetatable(L);
  freeze_top(L);
  lua_pushliteral(L, "");
  lua_getmetatable(L, -1);
  lua_pushboolean(L, 0); lua_setfield(L, -2, "__metatable");
  freeze_top(L);
  lua_pop(L, 2);
  lua_setfield(L, base, "string");

  library(L, tab_funcs, 0);
  lua_getfield(L, -1, "unpack"); lua_setfield(L, base, "unpack");
  freeze_top(L);
  lua_setfield(L, base, "table");

  library(L, mathlib, MATH_MORE + sizeof(math_extra) / sizeof(math_extra[0]) - 1);
  luaL_setfuncs(L, math_extra, 0);
  lua_pushnumber(L, 3.141592653589793238462643383279502884); lua_setfield(L, -2, "pi");
  lua_pushnumber(L, HUGE_VAL); lua_setfield(L, -2, "huge");
  lua_pushinteger(L, LUA_MAXINTEGER); lua_setfield(L, -2, "maxinteger");
  lua_pushinteger(L, LUA_MININTEGER); lua_setfield(L, -2, "mininteger");
  freeze_top(L);
  lua_setfield(L, base, "math");

  luaL_newlibtable(L, coroutine_functions);
  luaL_setfuncs(L, coroutine_functions, 0);
  freeze_top(L);
  lua_setfield(L, base, "coroutine");

  lua_pushcfunction(L, builtin_find("process.subscribe")); lua_setfield(L, base, "subscribe");
  lua_pushcfunction(L, builtin_find("process.unsubscribe")); lua_setfield(L, base, "unsubscribe");

  lua_setfield(L, LUA_REGISTRYINDEX, "vm.base");
  lua_settop(L, 0);
  /* Errors name library functions by this table; no environment reaches it, nor the stock tables. */
  lua_newtable(L);
  lua_getfield(L, LUA_REGISTRYINDEX, "vm.base");
  lua_pushvalue(L, -1); lua_setfield(L, 1, LUA_GNAME);
  for (base = 0; LIBRARIES[base]; base++) { lua_getfield(L, 2, LIBRARIES[base]); lua_setfield(L, 1, LIBRARIES[base]); }
  lua_settop(L, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushnil(L); lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  objects_open(L);
}
