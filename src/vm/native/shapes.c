/*
** Shapes: what tables with the same keys are copied from.
**
** R1. A shape is defined once, by the host, and stays: it is known by its number.
** R2. Every key of its table has a value: the collector clears keys that have none.
** R3. A copy has the values of the table until they are replaced, each at the place of its column.
*/
#include "decode.h"
#include "lmem.h"

typedef struct Shape { Table *table; uint32_t columns; uint16_t places[]; } Shape;

static Shape **shapes;
static uint32_t shapeCount, shapeCap;

/* The list of names on top becomes a shape; its number is returned. */
int shape_define (lua_State *L) {
  uint32_t columns = (uint32_t)luaL_len(L, -1), c;
  Shape *s;
  Table *t;
  lua_createtable(L, 0, (int)columns);
  for (c = 1; c <= columns; c++) {
    lua_rawgeti(L, -2, c);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
  }
  t = hvalue(s2v(L->top.p - 1));
  lua_pushvalue(L, -1);
  luaL_ref(L, LUA_REGISTRYINDEX);
  if (shapeCount == shapeCap) {
    uint32_t cap = shapeCap ? shapeCap * 2 : 64;
    Shape **grown = realloc(shapes, cap * sizeof(*shapes));
    if (!grown) return luaL_error(L, "not enough memory");
    shapes = grown; shapeCap = cap;
  }
  s = malloc(sizeof(*s) + columns * sizeof(*s->places));
  if (!s) return luaL_error(L, "not enough memory");
  s->table = t;
  s->columns = columns;
  for (c = 0; c < columns; c++) {
    lua_rawgeti(L, -2, c + 1);
    s->places[c] = (uint16_t)((const Node *)luaH_get(t, s2v(L->top.p - 1)) - gnode(t, 0));
    lua_pop(L, 1);
  }
  shapes[shapeCount] = s;
  lua_pushinteger(L, (lua_Integer)shapeCount++);
  return 1;
}

/* Pushes a copy of the shape's table. Collects no garbage unless memory is short, and then leaves the copy white. */
static inline Table *shape_push (lua_State *L, const Shape *s) {
  const Table *from = s->table;
  const uint64_t *words = (const uint64_t *)gnode(from, 0);
  Table *t = luaH_new(L);
  Node *nodes;
  volatile uint64_t *to;  /* a few words: copied here sooner than by a call */
  uint32_t i;
  sethvalue2s(L, L->top.p, t);
  api_incr_top(L);
  nodes = luaM_newvector(L, sizenode(from), Node);
  to = (volatile uint64_t *)nodes;
  for (i = 0; i < sizenode(from) * (sizeof(Node) / 8); i++) to[i] = words[i];
  t->node = nodes;
  t->lsizenode = from->lsizenode;
  t->lastfree = nodes + (from->lastfree - gnode(from, 0));
  invalidateTMcache(t);
  return t;
}

/* Pushes a table with the keys of a shape, whose values are read from 'd'. */
static Table *row_push (Dec *d, const Shape *s) {
  Table *row = shape_push(d->L, s);  /* nothing is collected until it is full: it needs no barriers */
  uint32_t c;
  TValue v;
  for (c = 0; c < s->columns; c++) {
    TValue *place = gval(gnode(row, s->places[c]));
    if (!dec_scalar(d, &v)) dec_malformed(d);
    if (ttisnil(&v)) setempty(place);
    else { setobj2t(d->L, place, &v); }
  }
  return row;
}

void shape_record (Dec *d, uint64_t id) {
  if (id >= shapeCount) { dec_malformed(d); return; }
  luaC_checkGC(d->L);
  row_push(d, shapes[id]);
}

/* Pushes a table of such tables. */
void shape_records (Dec *d, uint64_t id, uint64_t count) {
  lua_State *L = d->L;
  const Shape *s;
  Table *rows;
  uint64_t i;
  if (id >= shapeCount) { dec_malformed(d); return; }
  s = shapes[id];
  if (count > (uint64_t)(d->end - d->p) / s->columns) dec_malformed(d);
  luaC_checkGC(L);
  rows = luaH_new(L);
  sethvalue2s(L, L->top.p, rows);
  api_incr_top(L);
  if (count == 0) return;
  rows->array = luaM_newvector(L, count, TValue);
  rows->alimit = (unsigned int)count;
  for (i = 0; i < count; i++) setempty(&rows->array[i]);
  for (i = 0; i < count; i++) {
    TValue v;
    sethvalue(L, &v, row_push(d, s));
    setobj2t(L, &rows->array[i], &v);
    luaC_barrierback(L, obj2gco(rows), &v);
    L->top.p--;
    luaC_checkGC(L);
  }
}
