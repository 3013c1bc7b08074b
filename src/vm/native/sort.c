/*
** table.sort: the quicksort of stock Lua, cut at every comparison, so that it can be interrupted there.
**
** S1. Comparisons, results and errors are those of stock Lua; what was local to its C functions is in a userdata, its recursion
**     on a stack of intervals. The smaller half comes first, so that 32 of them are enough.
** S2. Between two comparisons a spent budget pauses the process; a comparator written in Lua is interrupted like any other code.
*/
#include "vm.h"

typedef unsigned int Index;
typedef struct Interval { Index lo, up; unsigned int random; } Interval;
typedef struct Sort {
  Interval now, rest[33];
  int depth, point, less;
  Index pivot, i, j;
} Sort;

/* Intervals larger than this may use randomized pivots. */
#define RANDOM_MIN 100u
#define TABLE 1
#define FUNCTION 2
#define STATE 3

extern unsigned int vm_random_pivot (void);

static void set2 (lua_State *L, Index i, Index j) {
  lua_seti(L, TABLE, i);
  lua_seti(L, TABLE, j);
}

static Index choose_pivot (const Interval *v) {
  Index quarter = (v->up - v->lo) / 4;
  return v->random % (quarter * 2) + (v->lo + quarter);
}

static int sort_run (lua_State *L, int status, lua_KContext ctx);

/* s->less: whether the value at stack index 'a' comes before the one at 'b'. 'id' tells the places apart where it stands. */
#define COMPARE(id, a, b) \
  if (--vm_budget < 0) { \
    if (vm_canpause(L)) { s->point = 2 * id; return vm_pause(L, 0, sort_run); } \
    vm_overrun(L); \
  case 2 * id:; \
  } \
  if (lua_isnil(L, FUNCTION)) s->less = lua_compare(L, a, b, LUA_OPLT); \
  else { \
    lua_pushvalue(L, FUNCTION); lua_pushvalue(L, (a) - 1); lua_pushvalue(L, (b) - 2); \
    s->point = 2 * id + 1; \
    lua_callk(L, 2, 1, 0, sort_run); \
  case 2 * id + 1: \
    s->less = lua_toboolean(L, -1); \
    lua_pop(L, 1); \
  }

static int sort_run (lua_State *L, int status, lua_KContext ctx) {
  Sort *s = lua_touserdata(L, STATE);
  Interval *v = &s->now;
  (void)status; (void)ctx;
  switch (s->point) {
    case 0:
      for (;;) {
        while (v->lo < v->up) {
          lua_geti(L, TABLE, v->lo);
          lua_geti(L, TABLE, v->up);
          COMPARE(1, -1, -2)
          if (s->less) set2(L, v->lo, v->up);
          else lua_pop(L, 2);
          if (v->up - v->lo == 1) break;
          s->pivot = v->up - v->lo < RANDOM_MIN || v->random == 0 ? (v->lo + v->up) / 2 : choose_pivot(v);
          lua_geti(L, TABLE, s->pivot);
          lua_geti(L, TABLE, v->lo);
          COMPARE(2, -2, -1)
          if (s->less) set2(L, s->pivot, v->lo);
          else {
            lua_pop(L, 1);
            lua_geti(L, TABLE, v->up);
            COMPARE(3, -1, -2)
            if (s->less) set2(L, s->pivot, v->up);
            else lua_pop(L, 2);
          }
          if (v->up - v->lo == 2) break;
          lua_geti(L, TABLE, s->pivot);
          lua_pushvalue(L, -1);
          lua_geti(L, TABLE, v->up - 1);
          set2(L, s->pivot, v->up - 1);
          s->i = v->lo; s->j = v->up - 1;
          for (;;) {  /* the pivot is on top: smaller values to its left, larger ones to its right */
            for (;;) {
              lua_geti(L, TABLE, ++s->i);
              COMPARE(4, -1, -2)
              if (!s->less) break;
              if (s->i == v->up - 1) return luaL_error(L, "invalid order function for sorting");
              lua_pop(L, 1);
            }
            for (;;) {
              lua_geti(L, TABLE, --s->j);
              COMPARE(5, -3, -1)
              if (!s->less) break;
              if (s->j < s->i) return luaL_error(L, "invalid order function for sorting");
              lua_pop(L, 1);
            }
            if (s->j < s->i) break;
            set2(L, s->i, s->j);
          }
          lua_pop(L, 1);
          set2(L, v->up - 1, s->i);
          {
            Interval low = { v->lo, s->i - 1, v->random }, high = { s->i + 1, v->up, v->random };
            int isLow = s->i - v->lo < v->up - s->i;
            Index smaller = isLow ? s->i - v->lo : v->up - s->i;
            Interval *larger = &s->rest[s->depth++];
            *larger = isLow ? high : low;
            *v = isLow ? low : high;
            if ((larger->up - larger->lo) / 128 > smaller) larger->random = vm_random_pivot();
          }
        }
        if (s->depth == 0) return 0;
        *v = s->rest[--s->depth];
      }
    default: return luaL_error(L, "sort resumed nowhere");
  }
}

int vm_sort (lua_State *L) {
  lua_Integer n;
  Sort *s;
  if (lua_type(L, TABLE) != LUA_TTABLE) {
    static const char *const needed[] = { "__index", "__newindex", "__len" };
    int i;
    for (i = 0; i < 3; i++) {
      if (luaL_getmetafield(L, TABLE, needed[i]) == LUA_TNIL) luaL_checktype(L, TABLE, LUA_TTABLE);
      lua_pop(L, 1);
    }
  }
  n = luaL_len(L, TABLE);
  if (n <= 1) return 0;
  luaL_argcheck(L, n < INT_MAX, 1, "array too big");
  if (!lua_isnoneornil(L, FUNCTION)) luaL_checktype(L, FUNCTION, LUA_TFUNCTION);
  lua_settop(L, FUNCTION);
  s = lua_newuserdatauv(L, sizeof(Sort), 0);
  s->now.lo = 1; s->now.up = (Index)n; s->now.random = 0;
  s->depth = s->point = 0;
  return sort_run(L, LUA_OK, 0);
}
