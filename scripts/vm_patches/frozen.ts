/** Tables that all processes share. */
import type { Patch } from "./patch.ts";

/** Read-only tables: bit 6 of `flags`, honoured by every write. */
export const FROZEN: Patch[] = [
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
