/**
 * What is changed in the stock Lua 5.4.9 sources, as exact replacements.
 *
 * P1. A replacement whose `from` does not occur fails the build: a newer Lua can't be patched by accident.
 */

/** One replacement in one source file; `all` replaces every occurrence, else the first. */
export interface Patch {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly all?: boolean;
}

const LINE = "\n";

/** A yield that returns through the base interpreter loop instead of throwing. */
const YIELD: Patch[] = [
  {
    file: "lstate.h",
    from: "  l_uint32 nCcalls;",
    to: "  struct lua_State *vminner;  /* coroutine this one waits for, while suspended by the system */\n" +
      "  lu_byte vmsys;  /* suspended by the system: only its driver may resume it */\n" +
      "  lu_byte vmblocked;  /* some resumer below can't yield */\n" +
      "  l_uint32 baseCcalls;  /* C depth of this resume's luaV_execute */\n" +
      "  l_uint32 nCcalls;",
  },
  {
    file: "lstate.c",
    from: "  L->nCcalls = 0;\n  L->errorJmp = NULL;",
    to:
      "  L->nCcalls = 0;\n  L->vminner = NULL;\n  L->vmsys = L->vmblocked = 0;\n  L->baseCcalls = 0;\n  L->errorJmp = NULL;",
  },
  {
    file: "ldo.c",
    from: "  L->nCcalls++;\n  luai_userstateresume",
    to: "  L->nCcalls++;\n  L->baseCcalls = getCcalls(L);\n  luai_userstateresume",
  },
  {
    file: "ldo.c",
    from: "  status = precover(L, status);\n",
    to: "  status = precover(L, status);\n" +
      "  if (status == LUA_OK && L->status == LUA_YIELD) status = LUA_YIELD;\n",
  },
  {
    file: "ldo.c",
    from: "    luaD_throw(L, LUA_YIELD);\n  }\n  lua_assert(ci->callstatus & CIST_HOOKED)",
    to: "    if (getCcalls(L) == L->baseCcalls && isLua(ci->previous)) return -1;\n" +
      "    luaD_throw(L, LUA_YIELD);\n  }\n  lua_assert(ci->callstatus & CIST_HOOKED)",
  },
  {
    file: "ldo.c",
    from: "  n = (*f)(L);  /* do the actual call */\n  lua_lock(L);\n",
    to: "  n = (*f)(L);  /* do the actual call */\n  if (l_unlikely(n < 0)) return n;\n  lua_lock(L);\n",
  },
  {
    file: "ldo.c",
    from: "    n = (*ci->u.c.k)(L, status, ci->u.c.ctx);  /* call continuation */\n    lua_lock(L);",
    to:
      "    n = (*ci->u.c.k)(L, status, ci->u.c.ctx);  /* call continuation */\n    if (n < 0) return;\n    lua_lock(L);",
  },
  {
    file: "ldo.c",
    from:
      "        n = (*ci->u.c.k)(L, LUA_YIELD, ci->u.c.ctx); /* call continuation */\n        lua_lock(L);",
    to:
      "        n = (*ci->u.c.k)(L, LUA_YIELD, ci->u.c.ctx); /* call continuation */\n        if (n < 0) return;\n        lua_lock(L);",
  },
  {
    file: "ldo.c",
    from: "  while ((ci = L->ci) != &L->base_ci) {  /* something in the stack */",
    to: "  while ((ci = L->ci) != &L->base_ci && L->status != LUA_YIELD) {",
  },
  {
    file: "lvm.c",
    from: "          updatetrap(ci);  /* C call; nothing else to be done */",
    to: "        { if (l_unlikely(L->status == LUA_YIELD)) return; updatetrap(ci); }",
  },
];

/** The budget: counted at backward jumps, loops and calls. */
const BUDGET: Patch[] = [
  {
    file: "lvm.c",
    from: "#define dojump(ci,i,e)	{ pc += GETARG_sJ(i) + e; updatetrap(ci); }",
    to: `#include "vm_hooks.h"
static int vm_preempt (lua_State *L, CallInfo *ci, const Instruction *pc, int entry) {
  if (!yieldable(L) || L->vmblocked || vm_abort) {
    ci->u.l.savedpc = pc;
    if (!entry) L->top.p = ci->top.p;
    vm_overrun(L);
    return 0;
  }
  ci->u.l.savedpc = pc + 1;  /* resuming steps back by one */
  if (!entry) L->top.p = ci->top.p;  /* at entry 'top' still counts the arguments */
  ci->u2.nyield = 0; L->status = LUA_YIELD; vm_sys = VM_PREEMPTED;
  if (getCcalls(L) == L->baseCcalls) return 1;
  luaD_throw(L, LUA_YIELD);
}
#define checkbudget(ci) { if (l_unlikely(--vm_budget < 0)) { if (vm_preempt(L, ci, pc, 0)) return; updatebase(ci); } }
#define dojump(ci,i,e)	{ pc += GETARG_sJ(i) + e; updatetrap(ci); if (GETARG_sJ(i) < 0) checkbudget(ci); }`,
  },
  {
    file: "lvm.c",
    from: "        updatetrap(ci);  /* allows a signal to break the loop */\n        vmbreak;",
    to:
      "        updatetrap(ci);  /* allows a signal to break the loop */\n        checkbudget(ci);\n        vmbreak;",
  },
  {
    file: "lvm.c",
    from:
      "          setobjs2s(L, ra + 2, ra + 4);  /* save control variable */\n          pc -= GETARG_Bx(i);  /* jump back */",
    to:
      "          setobjs2s(L, ra + 2, ra + 4);  /* save control variable */\n          pc -= GETARG_Bx(i);  /* jump back */\n          checkbudget(ci);",
  },
  {
    file: "lvm.c",
    from: "          ci = newci;\n          goto startfunc;",
    to:
      "          ci = newci;\n          if (l_unlikely(--vm_budget < 0) && vm_preempt(L, ci, ci->u.l.savedpc, 1)) return;\n          goto startfunc;",
  },
  {
    file: "lvm.c",
    from: "(n = luaD_pretailcall(L, ci, ra, b, delta)) < 0)  /* Lua function? */\n          goto startfunc;",
    to: "(n = luaD_pretailcall(L, ci, ra, b, delta)) < 0) {\n" +
      "          if (L->status == LUA_YIELD) return;\n" +
      "          if (l_unlikely(--vm_budget < 0) && vm_preempt(L, ci, ci->u.l.savedpc, 1)) return;\n" +
      "          goto startfunc; }",
  },
  {
    file: "ldo.c",
    from: '#include "lprefix.h"',
    to: '#include "lprefix.h"\n#include "vm_hooks.h"',
  },
  {
    file: "ldo.c",
    from: '    ci->callstatus = CIST_FRESH;  /* mark that it is a "fresh" execute */',
    to:
      '    ci->callstatus = CIST_FRESH;  /* mark that it is a "fresh" execute */\n    if (l_unlikely(--vm_budget < 0) && (!yieldable(L) || L->vmblocked)) vm_overrun(L);',
  },
];

/** Read-only tables: bit 6 of `flags`, honoured by every write. */
const FROZEN: Patch[] = [
  {
    file: "lobject.h",
    from: "#define BITRAS		(1 << 7)",
    to:
      "#define BITFROZEN	(1 << 6)\n#define isfrozen(t)	((t)->flags & BITFROZEN)\n#define BITRAS		(1 << 7)",
  },
  {
    file: "lvm.h",
    from: "/*\n** Special case of 'luaV_fastget' for integers",
    to: `#define luaV_fastset(L,t,k,slot,f) (luaV_fastget(L,t,k,slot,f) && !isfrozen(hvalue(t)))
#define luaV_fastseti(L,t,k,slot) (luaV_fastgeti(L,t,k,slot) && !isfrozen(hvalue(t)))

/*
** Special case of 'luaV_fastget' for integers`,
  },
  {
    file: "lvm.c",
    from: "        if (luaV_fastget(L, upval, key, slot, luaH_getshortstr)) {\n          luaV_finishfastset(",
    to: "        if (luaV_fastset(L, upval, key, slot, luaH_getshortstr)) {\n          luaV_finishfastset(",
  },
  {
    file: "lvm.c",
    from: `(cast_void(n = ivalue(rb)), luaV_fastgeti(L, s2v(ra), n, slot))
            : luaV_fastget(L, s2v(ra), rb, slot, luaH_get)) {`,
    to: `(cast_void(n = ivalue(rb)), luaV_fastseti(L, s2v(ra), n, slot))
            : luaV_fastset(L, s2v(ra), rb, slot, luaH_get)) {`,
  },
  {
    file: "lvm.c",
    from: "        if (luaV_fastgeti(L, s2v(ra), c, slot)) {\n          luaV_finishfastset(",
    to: "        if (luaV_fastseti(L, s2v(ra), c, slot)) {\n          luaV_finishfastset(",
  },
  {
    file: "lvm.c",
    from:
      "        if (luaV_fastget(L, s2v(ra), key, slot, luaH_getshortstr)) {\n          luaV_finishfastset(",
    to: "        if (luaV_fastset(L, s2v(ra), key, slot, luaH_getshortstr)) {\n          luaV_finishfastset(",
  },
  {
    file: "lvm.c",
    from: "      Table *h = hvalue(t);  /* save 't' table */\n      lua_assert(isempty(slot));",
    to:
      "      Table *h = hvalue(t);  /* save 't' table */\n      if (l_unlikely(isfrozen(h))) luaG_runerror(L, \"attempt to modify a read-only table\");\n      lua_assert(isempty(slot));",
  },
  {
    file: "lvm.c",
    from:
      "    t = tm;  /* else repeat assignment over 'tm' */\n    if (luaV_fastget(L, t, key, slot, luaH_get)) {",
    to:
      "    t = tm;  /* else repeat assignment over 'tm' */\n    if (luaV_fastset(L, t, key, slot, luaH_get)) {",
  },
  {
    file: "lapi.c",
    from: "  if (luaV_fastget(L, t, str, slot, luaH_getstr)) {\n    luaV_finishfastset(",
    to: "  if (luaV_fastset(L, t, str, slot, luaH_getstr)) {\n    luaV_finishfastset(",
  },
  {
    file: "lapi.c",
    from: "  if (luaV_fastget(L, t, s2v(L->top.p - 2), slot, luaH_get)) {\n    luaV_finishfastset(",
    to: "  if (luaV_fastset(L, t, s2v(L->top.p - 2), slot, luaH_get)) {\n    luaV_finishfastset(",
  },
  {
    file: "lapi.c",
    from: "  if (luaV_fastgeti(L, t, n, slot)) {\n    luaV_finishfastset(",
    to: "  if (luaV_fastseti(L, t, n, slot)) {\n    luaV_finishfastset(",
  },
  {
    file: "lapi.c",
    from: "  t = gettable(L, idx);\n  luaH_set(L, t, key, s2v(L->top.p - 1));",
    to:
      '  t = gettable(L, idx);\n  if (l_unlikely(isfrozen(t))) luaG_runerror(L, "attempt to modify a read-only table");\n  luaH_set(L, t, key, s2v(L->top.p - 1));',
  },
  {
    file: "lapi.c",
    from: "  t = gettable(L, idx);\n  luaH_setint(L, t, n, s2v(L->top.p - 1));",
    to:
      '  t = gettable(L, idx);\n  if (l_unlikely(isfrozen(t))) luaG_runerror(L, "attempt to modify a read-only table");\n  luaH_setint(L, t, n, s2v(L->top.p - 1));',
  },
  {
    file: "lapi.c",
    from:
      "      hvalue(obj)->metatable = mt;\n      if (mt) {\n        luaC_objbarrier(L, gcvalue(obj), mt);\n        luaC_checkfinalizer(L, gcvalue(obj), mt);",
    to:
      '      if (l_unlikely(isfrozen(hvalue(obj)))) luaG_runerror(L, "attempt to modify a read-only table");\n      hvalue(obj)->metatable = mt;\n      if (mt) {\n        luaC_objbarrier(L, gcvalue(obj), mt);  /* tables never get a finalizer */',
  },
];

/** Strings: error objects count as strings, no call runs without bound. */
const LIBRARY: Patch[] = [
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
  { file: "lstrlib.c", from: '#include "lprefix.h"', to: '#include "lprefix.h"\n#include "vm_hooks.h"' },
  {
    file: "lstrlib.c",
    from: "  int matchdepth;  /* control",
    to: "  unsigned int steps;  /* work done so far */\n  int matchdepth;  /* control",
  },
  {
    file: "lstrlib.c",
    from: "                        const char *ep) {\n  if (s >= ms->src_end)",
    to:
      '                        const char *ep) {\n  if (l_unlikely(++ms->steps > VM_PATTERN_STEPS_MAX)) luaL_error(ms->L, "pattern too complex");\n  if (s >= ms->src_end)',
  },
  {
    file: "lstrlib.c",
    from: "static const char *match (MatchState *ms, const char *s, const char *p) {\n",
    to:
      'static const char *match (MatchState *ms, const char *s, const char *p) {\n  if (l_unlikely(++ms->steps > VM_PATTERN_STEPS_MAX)) luaL_error(ms->L, "pattern too complex");\n  if ((ms->steps & 15) == 0) vm_budget--;\n',
  },
  {
    file: "lstrlib.c",
    from: "  ms->matchdepth = MAXCCALLS;\n  ms->level = 0;",
    to: "  ms->matchdepth = MAXCCALLS;\n  ms->steps = 0;\n  ms->level = 0;",
  },
  {
    file: "lstrlib.c",
    from: "    const char *init;  /* to search for a '*s2' inside 's1' */\n",
    to:
      "    const char *init;  /* to search for a '*s2' inside 's1' */\n    if (l2 > 4) return vm_memmem(s1, l1, s2, l2);  /* linear in the worst case */\n",
  },
  {
    file: "lstrlib.c",
    from: '  const char *sep = luaL_optlstring(L, 3, "", &lsep);\n  if (n <= 0)',
    to: '  const char *sep = ""; lsep = 0;  /* the dialect has no separator */\n  if (n <= 0 || l == 0)',
  },
  { file: "ltablib.c", from: '#include "lprefix.h"', to: '#include "lprefix.h"\n#include "vm_hooks.h"' },
  {
    file: "ltablib.c",
    from: "    return lua_compare(L, a, b, LUA_OPLT);  /* a < b */",
    to:
      "    { if (l_unlikely(--vm_budget < -VM_CALL_CHECKS_MAX)) vm_toolong(L); return lua_compare(L, a, b, LUA_OPLT); }",
  },
  {
    file: "ltablib.c",
    from: "#define aux_getn(L,n,w)",
    to:
      "#define vm_tick(L)	{ if (l_unlikely(--vm_budget < -VM_CALL_CHECKS_MAX)) vm_toolong(L); }\n#define aux_getn(L,n,w)",
  },
  {
    file: "ltablib.c",
    from: "      for (i = e; i > pos; i--) {  /* move up elements */",
    to: "      for (i = e; i > pos; i--) {  /* move up elements */\n        vm_tick(L);",
  },
  {
    file: "ltablib.c",
    from: "  for ( ; pos < size; pos++) {",
    to: "  for ( ; pos < size; pos++) {\n    vm_tick(L);",
  },
  {
    file: "ltablib.c",
    from: "  for (; i < last; i++) {\n    addfield",
    to: "  for (; i < last; i++) {\n    vm_tick(L);\n    addfield",
  },
  {
    file: "ltablib.c",
    from: "      for (i = 0; i < n; i++) {",
    to: "      for (i = 0; i < n; i++) {\n        vm_tick(L);",
  },
  {
    file: "ltablib.c",
    from: "      for (i = n - 1; i >= 0; i--) {",
    to: "      for (i = n - 1; i >= 0; i--) {\n        vm_tick(L);",
  },
  { file: "luaconf.h", from: "#define LUA_IDSIZE	60", to: "#define LUA_IDSIZE	256" },
];

/** No files: the loader from a path goes. */
const NO_FILES: Patch[] = [
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

/** All patches, in order. */
export const PATCHES: readonly Patch[] = [...YIELD, ...BUDGET, ...FROZEN, ...LIBRARY, ...NO_FILES];

/** `text` with the patches of `file` applied. */
export function applyPatches(file: string, text: string): string {
  for (const patch of PATCHES) {
    if (patch.file !== file) continue;
    if (!text.includes(patch.from)) {
      throw new Error(`patch does not apply to ${file}: ${patch.from.split(LINE)[0]}`);
    }
    text = patch.all ? text.replaceAll(patch.from, patch.to) : text.replace(patch.from, () => patch.to);
  }
  return text;
}
