/** The rest of the library, and what work costs. */
import type { Patch } from "./patch.ts";

/** Error objects count as strings; work on long values counts by their length. */
export const LIBRARY: Patch[] = [
  {
    file: "lapi.c",
    from: "    if (!cvt2str(o)) {  /* not convertible? */\n",
    to:
      "    if (l_unlikely(ttisfulluserdata(o)) && (o = vm_errormessage(o)) != NULL) {\n      if (len != NULL) *len = tsslen(tsvalue(o));\n      return getstr(tsvalue(o));\n    }\n    o = index2value(L, idx);\n    if (!cvt2str(o)) {  /* not convertible? */\n",
  },
  {
    file: "lapi.c",
    from: '#include "lprefix.h"',
    to: '#include "lprefix.h"\n#include "lobject.h"\n#include "vm_hooks.h"',
  },
  { file: "lmem.c", from: '#include "lprefix.h"', to: '#include "lprefix.h"\n#include "vm_hooks.h"' },
  {
    file: "lmem.c",
    from: "  if (cantryagain(g)) {\n    luaC_fullgc",
    to: "  if (cantryagain(g) && !vm_denied) {\n    luaC_fullgc",
  },
  {
    file: "lbaselib.c",
    from:
      "    lua_pushboolean(L, 0);  /* first result (false) */\n    lua_pushvalue(L, -2);  /* error message */",
    to:
      "    if (l_unlikely(vm_abort)) return lua_error(L);\n    lua_pushboolean(L, 0);  /* first result (false) */\n    lua_pushvalue(L, -2);  /* error message */",
  },
  { file: "lbaselib.c", from: '#include "lprefix.h"', to: '#include "lprefix.h"\n#include "vm_hooks.h"' },
  {
    file: "lstring.c",
    from: "  lua_assert(a->tt == LUA_VLNGSTR && b->tt == LUA_VLNGSTR);\n  return (a == b)",
    to: "  if (a != b && len == b->u.lnglen) vm_budget -= (int)(len >> VM_BYTES_SHIFT);\n  return (a == b)",
  },
  { file: "lstring.c", from: '#include "lprefix.h"', to: '#include "lprefix.h"\n#include "vm_hooks.h"' },
  {
    file: "lvm.c",
    from: "  size_t rl2 = tsslen(ts2);\n",
    to: "  size_t rl2 = tsslen(ts2);\n  vm_budget -= (int)((rl1 < rl2 ? rl1 : rl2) >> VM_BYTES_SHIFT);\n",
  },
  { file: "lvm.c", from: '#include "lprefix.h"', to: '#include "lprefix.h"\n#include "vm_hooks.h"' },
  {
    file: "ltable.c",
    from: "  unsigned int i = findindex(L, t, s2v(key), asize);  /* find original key */\n",
    to: "  unsigned int i = findindex(L, t, s2v(key), asize), from = i;  /* find original key */\n",
  },
  {
    file: "ltable.c",
    from: "      setivalue(s2v(key), i + 1);\n",
    to: "      vm_budget -= (int)((i - from) >> VM_SLOTS_SHIFT);\n      setivalue(s2v(key), i + 1);\n",
  },
  {
    file: "ltable.c",
    from: "      getnodekey(L, s2v(key), n);\n      setobj2s(L, key + 1, gval(n));",
    to:
      "      vm_budget -= (int)((i + asize - from) >> VM_SLOTS_SHIFT);\n      getnodekey(L, s2v(key), n);\n      setobj2s(L, key + 1, gval(n));",
  },
  {
    file: "ltable.c",
    from: "  return 0;  /* no more elements */",
    to: "  vm_budget -= (int)((i + asize - from) >> VM_SLOTS_SHIFT);\n  return 0;  /* no more elements */",
  },
  { file: "ltable.c", from: '#include "lprefix.h"', to: '#include "lprefix.h"\n#include "vm_hooks.h"' },
  { file: "luaconf.h", from: "#define LUA_IDSIZE	60", to: "#define LUA_IDSIZE	256" },
];

/** No files: the loader from a path goes. */
export const NO_FILES: Patch[] = [
  { file: "lbaselib.c", from: '  {"dofile", luaB_dofile},\n', to: "" },
  { file: "lbaselib.c", from: '  {"loadfile", luaB_loadfile},\n', to: "" },
  {
    file: "lauxlib.c",
    from: "typedef struct LoadF {",
    to: "#if 0\ntypedef struct LoadF {",
  },
  {
    file: "lauxlib.c",
    from: "typedef struct LoadS {",
    to: "#endif\ntypedef struct LoadS {",
  },
];

/** A member of a list of functions that is left out. */
function without(file: string, member: string): Patch {
  return { file, from: `  ${member},\n`, to: "" };
}

/** Libraries hold what programs may see and no more, as lists that `base.c` opens: making tables takes most of a universe's start. */
export const OPENING: Patch[] = [
  { file: "lbaselib.c", from: "static const luaL_Reg base_funcs[]", to: "const luaL_Reg base_funcs[]" },
  ...[
    '{"collectgarbage", luaB_collectgarbage}',
    '{"load", luaB_load}',
    '{"print", luaB_print}',
    '{"warn", luaB_warn}',
    '{"rawlen", luaB_rawlen}',
    "{LUA_GNAME, NULL}",
    '{"_VERSION", NULL}',
  ].map((member) => without("lbaselib.c", member)),
  { file: "lstrlib.c", from: "static const luaL_Reg strlib[]", to: "const luaL_Reg strlib[]" },
  { file: "lstrlib.c", from: "static void createmetatable (", to: "void createmetatable (" },
  without("lstrlib.c", '{"dump", str_dump}'),
  { file: "ltablib.c", from: "static const luaL_Reg tab_funcs[]", to: "const luaL_Reg tab_funcs[]" },
  { file: "lmathlib.c", from: "static const luaL_Reg mathlib[]", to: "const luaL_Reg mathlib[]" },
  ...[
    '{"atan2", math_atan}',
    '{"frexp", math_frexp}',
    '{"ldexp", math_ldexp}',
    '{"random", NULL}',
    '{"randomseed", NULL}',
    '{"pi", NULL}',
    '{"huge", NULL}',
    '{"maxinteger", NULL}',
    '{"mininteger", NULL}',
  ].map((member) => without("lmathlib.c", member)),
];
