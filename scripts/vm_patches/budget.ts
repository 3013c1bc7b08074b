/** How a process is interrupted. */
import type { Patch } from "./patch.ts";

/** A yield that returns through the base interpreter loop instead of throwing. */
export const YIELD: Patch[] = [
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
export const BUDGET: Patch[] = [
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
