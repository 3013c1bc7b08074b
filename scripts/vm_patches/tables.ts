/** Tables get their first room at once, garbage of a small heap is left for a while. The library: joining and moving pause when the budget is spent, sorting is our own. */
import type { Patch } from "./patch.ts";

/** Changes of `ltable.c`, `lgc.c` and `ltablib.c`. */
export const TABLES: Patch[] = [
  { file: "lgc.c", from: '#include "lprefix.h"', to: '#include "lprefix.h"\n#include "vm_hooks.h"' },
  {
    file: "lgc.c",
    from: "  if (debt > 0) debt = 0;\n  luaE_setdebt(g, debt);",
    to: "  if (debt > 0) debt = 0;\n" +
      "  if (pause > 100 && debt > -(VM_GC_ROOM / 100 * (pause - 100))) debt = -(VM_GC_ROOM / 100 * (pause - 100));\n" +
      "  luaE_setdebt(g, debt);",
  },
  {
    file: "ltable.c",
    from: `  unsigned int oldasize = setlimittosize(t);
  TValue *newarray;
`,
    to: `  unsigned int oldasize;
  TValue *newarray;
  if (t->array == NULL && isdummy(t)) {  /* it is new: nothing moves */
    setnodevector(L, t, nhsize);
    if (newasize > 0) {
      newarray = luaM_newvector(L, newasize, TValue);
      for (i = 0; i < newasize; i++) setempty(&newarray[i]);
      t->array = newarray;
      t->alimit = newasize;
      setrealasize(t);
    }
    return;
  }
  oldasize = setlimittosize(t);
`,
  },
  { file: "ltablib.c", from: '#include "lprefix.h"', to: '#include "lprefix.h"\n#include "vm_hooks.h"' },
  {
    file: "ltablib.c",
    from: "/*\n** {======================================================\n** Quicksort",
    to:
      "#if 0  /* src/vm/native/sort.c */\n/*\n** {======================================================\n** Quicksort",
  },
  {
    file: "ltablib.c",
    from: "static const luaL_Reg tab_funcs[] = {",
    to: "#endif\n\nextern int vm_sort (lua_State *L);\nstatic const luaL_Reg tab_funcs[] = {",
  },
  { file: "ltablib.c", from: '  {"sort", sort},', to: '  {"sort", vm_sort},' },
  {
    file: "ltablib.c",
    from: "#define aux_getn(L,n,w)",
    to: "#define vm_tick(L)	{ if (l_unlikely(--vm_budget < -VM_CALL_CHECKS_MAX)) vm_toolong(L); }\n" +
      "/* Moves inside of the array part are one step. */\n" +
      "#define vm_shifted(L,from,to,up)	(to - from > 8 && vm_shift(L, from, to, up))\n" +
      "#define aux_getn(L,n,w)",
  },
  {
    file: "ltablib.c",
    from: "      for (i = e; i > pos; i--) {  /* move up elements */",
    to: "      if (e > pos) {  /* makes room */\n" +
      "        lua_geti(L, 1, e - 1);\n        lua_seti(L, 1, e);\n" +
      "        if (vm_shifted(L, pos, e - 1, 1)) e = pos;\n      }\n" +
      "      for (i = e; i > pos; i--) {  /* move up elements */\n        vm_tick(L);",
  },
  {
    file: "ltablib.c",
    from: "  for ( ; pos < size; pos++) {",
    to: "  if (vm_shifted(L, pos, size, 0)) pos = size;\n  for ( ; pos < size; pos++) {\n    vm_tick(L);",
  },
  {
    file: "ltablib.c",
    from: `  luaL_Buffer b;
  lua_Integer last = aux_getn(L, 1, TAB_R);
  size_t lsep;
  const char *sep = luaL_optlstring(L, 2, "", &lsep);
  lua_Integer i = luaL_optinteger(L, 3, 1);
  last = luaL_optinteger(L, 4, last);
  luaL_buffinit(L, &b);
  for (; i < last; i++) {
    addfield(L, &b, i);
    luaL_addlstring(&b, sep, lsep);
  }
  if (i == last)  /* add last value (if interval was not empty) */
    addfield(L, &b, i);
  luaL_pushresult(&b);
  return 1;
}
`,
    to: `  Concat small, *c = &small;
  lua_Integer last = aux_getn(L, 1, TAB_R), i;
  luaL_optlstring(L, 2, "", NULL);
  i = luaL_optinteger(L, 3, 1);
  last = luaL_optinteger(L, 4, last);
  lua_settop(L, 2);
  if (last > i && (lua_Unsigned)last - (lua_Unsigned)i >= CONCAT_PAUSED_MIN)
    c = lua_newuserdatauv(L, sizeof(Concat), 0);
  else lua_pushnil(L);
  c->i = i; c->last = last; c->isSmall = c == &small;
  luaL_buffinit(L, &c->b);
  return concat_run(L, c);
}
`,
  },
  {
    file: "ltablib.c",
    from: "static int tconcat (lua_State *L) {",
    to: `/* What a concatenation of many pieces is about, kept in a userdata while a spent budget stops it. */
typedef struct Concat { lua_Integer i, last; int isSmall; luaL_Buffer b; } Concat;
/* Fewer pieces are joined in one go. */
#define CONCAT_PAUSED_MIN 1000

static int concat_run (lua_State *L, Concat *c);
static int concat_k (lua_State *L, int status, lua_KContext ctx) {
  (void)status; (void)ctx;
  return concat_run(L, lua_touserdata(L, 3));
}

static int concat_run (lua_State *L, Concat *c) {
  size_t lsep;
  const char *sep = luaL_optlstring(L, 2, "", &lsep);
  for (; c->i < c->last; c->i++) {
    if (l_unlikely(--vm_budget < 0)) {
      if (!c->isSmall && vm_canpause(L)) return vm_pause(L, 0, concat_k);
      vm_overrun(L);
    }
    addfield(L, &c->b, c->i);
    luaL_addlstring(&c->b, sep, lsep);
  }
  if (c->i == c->last)  /* add last value (if interval was not empty) */
    addfield(L, &c->b, c->i);
  luaL_pushresult(&c->b);
  return 1;
}

static int tconcat (lua_State *L) {`,
  },
  {
    file: "ltablib.c",
    from: "static int tmove (lua_State *L) {",
    to: `/* Goes on where a spent budget has stopped it: 'done' elements are moved. */
static int tmove_from (lua_State *L, lua_Integer done);
static int tmove_k (lua_State *L, int status, lua_KContext ctx) {
  lua_Integer done = lua_tointeger(L, -1);
  (void)status; (void)ctx;
  lua_pop(L, 1);
  return tmove_from(L, done);
}
#define vm_movestep(L,done)	{ if (l_unlikely(--vm_budget < 0)) { \\
  if (vm_canpause(L)) { lua_pushinteger(L, done); return vm_pause(L, 0, tmove_k); } vm_overrun(L); } }
static int tmove (lua_State *L) { return tmove_from(L, 0); }
static int tmove_from (lua_State *L, lua_Integer done) {`,
  },
  {
    file: "ltablib.c",
    from: "      for (i = 0; i < n; i++) {",
    to: "      for (i = done; i < n; i++) {\n        vm_movestep(L, i);",
  },
  {
    file: "ltablib.c",
    from: "      for (i = n - 1; i >= 0; i--) {",
    to: "      for (i = n - 1 - done; i >= 0; i--) {\n        vm_movestep(L, n - 1 - i);",
  },
];
