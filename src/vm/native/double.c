/*
** Doubles: module tables of which a process has copies of its own, so that tests can put other functions in their place.
**
** D1. Only processes of programs made with `doubles` have copies; all units of a process share them. Every other process
**     keeps the frozen tables that all share.
** D2. A copy is frozen too: Lua code can't assign into it, only `doubles.set` can, and never into a shared table.
*/
#include "vm.h"

static const char doubles_key = 0;

/* Pushes the table of a process's copies: original -> copy, copy -> true. Its userdata is at 'index'. */
static void copies_push (lua_State *L, int index) {
  index = lua_absindex(L, index);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &doubles_key) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k"); lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &doubles_key);
  }
  lua_pushvalue(L, index);
  if (lua_rawget(L, -2) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, index);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
  }
  lua_remove(L, -2);
}

/* Replaces the frozen table on top by the process's copy of it; the table of copies is at 'copies'. */
static void copy_top (lua_State *L, int copies) {
  int from = lua_gettop(L);
  luaL_checkstack(L, 10, NULL);
  lua_pushvalue(L, from);
  if (lua_rawget(L, copies) != LUA_TNIL) {
    if (lua_istable(L, -1)) lua_replace(L, from);
    else lua_pop(L, 1);  /* it is a copy itself */
    return;
  }
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, from); lua_pushvalue(L, -2); lua_rawset(L, copies);
  lua_pushvalue(L, -1); lua_pushboolean(L, 1); lua_rawset(L, copies);
  lua_pushnil(L);
  while (lua_next(L, from)) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    if (lua_istable(L, -1) && isfrozen(hvalue(s2v(L->top.p - 1)))) copy_top(L, copies);
    lua_rawset(L, from + 1);
  }
  if (lua_getmetatable(L, from)) lua_setmetatable(L, from + 1);
  freeze_top(L);
  lua_replace(L, from);
}

/* Gives the environment on top globals of its own, with copies of the modules in them. The process is at 'index'. */
void doubles_environment (lua_State *L, int index) {
  int env = lua_gettop(L);
  index = lua_absindex(L, index);
  copies_push(L, index);
  lua_getmetatable(L, env);
  lua_getfield(L, -1, "__index");
  lua_newtable(L);
  lua_pushnil(L);
  while (lua_next(L, env + 3)) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    if (lua_istable(L, -1) && isfrozen(hvalue(s2v(L->top.p - 1)))) copy_top(L, env + 1);
    lua_rawset(L, env + 4);
  }
  freeze_top(L);
  lua_createtable(L, 0, 2);
  lua_insert(L, -2);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  freeze_top(L);
  lua_setmetatable(L, env);
  lua_settop(L, env);
}

static int known (lua_State *L, int list) {  /* is the table on top in the list? */
  lua_Integer i, n = (lua_Integer)lua_rawlen(L, list);
  for (i = 1; i <= n; i++) {
    int same;
    lua_rawgeti(L, list, i);
    same = lua_rawequal(L, -1, -2);
    lua_pop(L, 1);
    if (same) return 1;
  }
  return 0;
}

/* doubles.find(name): all tables that the environments of this process know by that name, the entry's own first */
static int doubles_find (lua_State *L) {
  Proc *p = vm_cur;
  int i;
  luaL_checkstring(L, 1);
  if (!p) return luaL_error(L, "no process is running");
  lua_settop(L, 1);
  lua_newtable(L);
  proc_environments_push(L, p);
  for (i = p->program->units; i >= 1; i--) {
    if (p->program->units > 1) lua_rawgeti(L, 3, i); else lua_pushvalue(L, 3);
    lua_pushvalue(L, 1);
    lua_gettable(L, -2);
    if (lua_istable(L, -1) && !known(L, 2)) lua_rawseti(L, 2, (lua_Integer)lua_rawlen(L, 2) + 1);
    lua_settop(L, 3);
  }
  lua_settop(L, 2);
  return 1;
}

/* doubles.set(table, key, value): assigns, also into a copy; returns what was there */
static int doubles_set (lua_State *L) {
  Proc *p = vm_cur;
  Table *t;
  int frozen;
  luaL_checktype(L, 1, LUA_TTABLE);
  if (!p) return luaL_error(L, "no process is running");
  luaL_argcheck(L, !lua_isnoneornil(L, 2), 2, "a key expected");
  lua_settop(L, 3);
  t = hvalue(s2v(L->ci->func.p + 1));
  frozen = isfrozen(t);
  if (frozen) {
    proc_push(L, p);
    copies_push(L, -1);
    lua_pushvalue(L, 1);
    if (lua_rawget(L, -2) != LUA_TBOOLEAN) return luaL_error(L, "this table is shared by all processes and can't be changed");
    lua_settop(L, 3);
  }
  lua_pushvalue(L, 2);
  lua_rawget(L, 1);
  lua_pushvalue(L, 2);
  lua_pushvalue(L, 3);
  t->flags &= (lu_byte)~BITFROZEN;
  lua_rawset(L, 1);
  if (frozen) t->flags |= BITFROZEN;
  return 1;
}

const luaL_Reg vm_double_functions[] = { {"doubles.find", doubles_find}, {"doubles.set", doubles_set}, {NULL, NULL} };
