/*
** Interactive sessions: code that is given at run time, in an environment that stays.
**
** Only the program of a session has these functions; what they are given is trusted.
*/
#include "vm.h"

/* session.load(ref, environment): a compiled chunk as a function over that environment */
static int session_load (lua_State *L) {
  Proto *proto;
  LClosure *cl;
  lua_Integer ref = luaL_checkinteger(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  lua_rawgeti(L, LUA_REGISTRYINDEX, ref);
  if (!ttisLclosure(s2v(L->top.p - 1))) return luaL_error(L, "no such chunk");
  proto = getproto(s2v(L->top.p - 1));
  cl = luaF_newLclosure(L, proto->sizeupvalues);
  cl->p = proto;
  setclLvalue2s(L, L->top.p, cl);
  api_incr_top(L);
  luaF_initupvals(L, cl);
  lua_pushvalue(L, 2);
  lua_setupvalue(L, -2, 1);
  return 1;
}

/* session.environment(globals): a new environment */
static int session_environment (lua_State *L) {
  env_push(L, (int)luaL_checkinteger(L, 1));
  return 1;
}

const luaL_Reg vm_session_functions[] = {
  {"session.load", session_load}, {"session.environment", session_environment}, {"session.spawn", session_spawn}, {NULL, NULL}
};
