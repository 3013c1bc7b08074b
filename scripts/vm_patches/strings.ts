/** The string library: searches and replacements pause when the budget is spent. */
import type { Patch } from "./patch.ts";

/** Changes of `lstrlib.c`. */
export const STRINGS: Patch[] = [
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
];
