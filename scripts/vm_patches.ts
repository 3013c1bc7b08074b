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
  {
    file: "lstrlib.c",
    from: "static int str_find_aux (lua_State *L, int find) {",
    to: `/* A search that a spent budget has stopped goes on at 'at', an offset into the subject. */
static int str_find_from (lua_State *L, int find, size_t at);
static int find_k (lua_State *L, int status, lua_KContext ctx) { (void)status; return str_find_from(L, 1, (size_t)ctx); }
static int match_k (lua_State *L, int status, lua_KContext ctx) { (void)status; return str_find_from(L, 0, (size_t)ctx); }
#define AT_START	((size_t)-1)
static int str_find_aux (lua_State *L, int find) { return str_find_from(L, find, AT_START); }
static int str_find_from (lua_State *L, int find, size_t at) {`,
  },
  {
    file: "lstrlib.c",
    from: "  size_t init = posrelatI(luaL_optinteger(L, 3, 1), ls) - 1;\n  if (init > ls) {  /* start",
    to:
      "  size_t init = at != AT_START ? at : posrelatI(luaL_optinteger(L, 3, 1), ls) - 1;\n  if (init > ls) {  /* start",
  },
  {
    file: "lstrlib.c",
    from: "      const char *res;\n      reprepstate(&ms);",
    to: "      const char *res;\n" +
      "      if (l_unlikely(--vm_budget < 0)) {\n" +
      "        if (!anchor && vm_canpause(L)) return vm_pause(L, s1 - s, find ? find_k : match_k);\n" +
      "        vm_overrun(L);\n      }\n      reprepstate(&ms);",
  },
  {
    file: "lstrlib.c",
    from: "static int gmatch_aux (lua_State *L) {",
    to:
      "static int gmatch_k (lua_State *L, int status, lua_KContext ctx);\nstatic int gmatch_aux (lua_State *L) {",
  },
  {
    file: "lstrlib.c",
    from: "    const char *e;\n    reprepstate(&gm->ms);",
    to: "    const char *e;\n" +
      "    if (l_unlikely(--vm_budget < 0)) {\n" +
      "      if (vm_canpause(L)) { gm->src = src; return vm_pause(L, 0, gmatch_k); }\n" +
      "      vm_overrun(L);\n    }\n    reprepstate(&gm->ms);",
  },
  {
    file: "lstrlib.c",
    from: "static int gmatch (lua_State *L) {",
    to:
      "static int gmatch_k (lua_State *L, int status, lua_KContext ctx) { (void)status; (void)ctx; return gmatch_aux(L); }\n\nstatic int gmatch (lua_State *L) {",
  },
  {
    file: "lstrlib.c",
    from: `  luaL_Buffer b;
  luaL_argexpected(L, tr == LUA_TNUMBER || tr == LUA_TSTRING ||
                   tr == LUA_TFUNCTION || tr == LUA_TTABLE, 3,
                      "string/function/table");
  luaL_buffinit(L, &b);
  if (anchor) {
    p++; lp--;  /* skip anchor character */
  }
  prepstate(&ms, L, src, srcl, p, lp);
  while (n < max_s) {
    const char *e;
    reprepstate(&ms);  /* (re)prepare state for new match */
    if ((e = match(&ms, src, p)) != NULL && e != lastmatch) {  /* match? */
      n++;
      changed = add_value(&ms, &b, src, e, tr) | changed;
      src = lastmatch = e;
    }
    else if (src < ms.src_end)  /* otherwise, skip one character */
      luaL_addchar(&b, *src++);
    else break;  /* end of subject */
    if (anchor) break;
  }
  if (!changed)  /* no changes? */
    lua_pushvalue(L, 1);  /* return original string */
  else {  /* something changed */
    luaL_addlstring(&b, src, ms.src_end-src);
    luaL_pushresult(&b);  /* create and return new string */
  }
  lua_pushinteger(L, n);  /* number of substitutions */
  return 2;
}
`,
    to: `  Gsub small, *g = &small;
  luaL_argexpected(L, tr == LUA_TNUMBER || tr == LUA_TSTRING ||
                   tr == LUA_TFUNCTION || tr == LUA_TTABLE, 3,
                      "string/function/table");
  (void)n; (void)changed; (void)ms;
  lua_settop(L, 3);
  if (tr == LUA_TFUNCTION || srcl >= GSUB_PAUSED_MIN) g = lua_newuserdatauv(L, sizeof(Gsub), 0);
  else lua_pushnil(L);
  g->isSmall = g == &small;
  if (anchor) {
    p++; lp--;  /* skip anchor character */
  }
  prepstate(&g->ms, L, src, srcl, p, lp);
  g->src = src; g->p = p; g->lastmatch = lastmatch; g->e = NULL;
  g->n = 0; g->most = max_s; g->tr = tr; g->anchor = anchor; g->changed = 0;
  luaL_buffinit(L, &g->b);
  return gsub_run(L, g);
}
`,
  },
  {
    file: "lstrlib.c",
    from: "static int str_gsub (lua_State *L) {",
    to: `/* What a replacement is about; in a userdata when a spent budget or its callback may stop it. */
typedef struct Gsub {
  MatchState ms;
  const char *src, *p, *lastmatch;
  const char *e;  /* end of the match whose replacement is being asked for, or NULL */
  lua_Integer n, most;
  int tr, anchor, changed, isSmall;
  luaL_Buffer b;
} Gsub;
/* Shorter subjects are done in one go, unless a function is called. */
#define GSUB_PAUSED_MIN 4096

static int gsub_run (lua_State *L, Gsub *g);
static int gsub_k (lua_State *L, int status, lua_KContext ctx) {
  (void)status; (void)ctx;
  return gsub_run(L, lua_touserdata(L, 4));
}

static int gsub_run (lua_State *L, Gsub *g) {
  MatchState *ms = &g->ms;
  while (g->n < g->most || g->e) {
    const char *e = g->e;
    if (e) goto called;
    if (l_unlikely(--vm_budget < 0)) {
      if (!g->isSmall && vm_canpause(L)) return vm_pause(L, 0, gsub_k);
      vm_overrun(L);
    }
    reprepstate(ms);  /* (re)prepare state for new match */
    if ((e = match(ms, g->src, g->p)) != NULL && e != g->lastmatch) {  /* match? */
      g->n++;
      if (g->tr == LUA_TFUNCTION) {
        int n;
        lua_pushvalue(L, 3);
        n = push_captures(ms, g->src, e);
        g->e = e;
        lua_callk(L, n, 1, 0, gsub_k);
      called:
        g->e = NULL;
        g->changed |= add_result(ms, &g->b, g->src, e);
      }
      else g->changed |= add_value(ms, &g->b, g->src, e, g->tr);
      g->src = g->lastmatch = e;
    }
    else if (g->src < ms->src_end)  /* otherwise, skip one character */
      luaL_addchar(&g->b, *g->src++);
    else break;  /* end of subject */
    if (g->anchor) break;
  }
  if (!g->changed)  /* no changes? */
    lua_pushvalue(L, 1);  /* return original string */
  else {  /* something changed */
    luaL_addlstring(&g->b, g->src, ms->src_end - g->src);
    luaL_pushresult(&g->b);  /* create and return new string */
  }
  lua_pushinteger(L, g->n);  /* number of substitutions */
  return 2;
}

static int str_gsub (lua_State *L) {`,
  },
  {
    file: "lstrlib.c",
    from: `static int add_value (MatchState *ms, luaL_Buffer *b, const char *s,
                                      const char *e, int tr) {
  lua_State *L = ms->L;
  switch (tr) {
    case LUA_TFUNCTION: {  /* call the function */
      int n;
      lua_pushvalue(L, 3);  /* push the function */
      n = push_captures(ms, s, e);  /* all captures as arguments */
      lua_call(L, n, 1);  /* call it */
      break;
    }
`,
    to: `static int add_result (MatchState *ms, luaL_Buffer *b, const char *s, const char *e);
static int add_value (MatchState *ms, luaL_Buffer *b, const char *s,
                                      const char *e, int tr) {
  lua_State *L = ms->L;
  switch (tr) {
`,
  },
  {
    file: "lstrlib.c",
    from: "  if (!lua_toboolean(L, -1)) {  /* nil or false? */\n    lua_pop(L, 1);  /* remove value */",
    to:
      "  return add_result(ms, b, s, e);\n}\n\n/* The value on top, for what was matched. */\nstatic int add_result (MatchState *ms, luaL_Buffer *b, const char *s, const char *e) {\n" +
      "  lua_State *L = ms->L;\n" +
      "  if (!lua_toboolean(L, -1)) {  /* nil or false? */\n    lua_pop(L, 1);  /* remove value */",
  },
  {
    file: "lstrlib.c",
    from: "    while (n-- > 1) {  /* first n-1 copies (followed by separator) */",
    to: "    if (n > 1 && totallen >= 64) {  /* doubles what is there */\n" +
      "      size_t done = l;\n      memcpy(p, s, l);\n" +
      "      for (; done <= totallen - done; done *= 2) memcpy(p + done, p, done);\n" +
      "      memcpy(p + done, p, totallen - done);\n" +
      "      p += totallen - l; n = 1;\n    }\n" +
      "    while (n-- > 1) {  /* first n-1 copies (followed by separator) */",
  },
  {
    file: "lstrlib.c",
    from: "    const char *init;  /* to search for a '*s2' inside 's1' */\n",
    to:
      "    const char *init;  /* to search for a '*s2' inside 's1' */\n    vm_budget -= (int)(l1 >> VM_BYTES_SHIFT);\n",
  },
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
