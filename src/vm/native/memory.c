/*
** Memory of processes: counted as it is allocated, measured when that could matter.
**
** M1. `allocated` only grows between two measurements; garbage of others never counts against a process.
** M2. Measuring walks what the process alone can reach: frozen tables, prototypes and C functions are shared and free.
** M3. Bit 7 of `marked` belongs to this file; it is clear outside `memory_measure`.
** M4. Small blocks come from lists by size and go back there: their memory is never used for blocks of another size again.
** M5. The memory of the instance grows by a part of itself: an engine that has many instances copies all of it each time.
*/
#include <errno.h>
#include "vm.h"

uint64_t vm_heap, vm_heap_max;

#define SEEN (1 << 7)

typedef struct Walk { GCObject **items; uint32_t count, cap; uint64_t bytes; int failed; } Walk;

static void walk_object (Walk *w, GCObject *o) {
  if (!o || (o->marked & SEEN)) return;
  switch (o->tt) {
    case LUA_VPROTO: case LUA_VCCL: return;
    case LUA_VTABLE: if (isfrozen(gco2t(o))) return; break;
    default: break;
  }
  if (w->count == w->cap) {
    uint32_t cap = w->cap ? w->cap * 2 : 256;
    GCObject **items = realloc(w->items, cap * sizeof(*items));
    if (!items) { w->failed = 1; return; }
    w->items = items; w->cap = cap;
  }
  o->marked |= SEEN;
  w->items[w->count++] = o;
}

static void walk_value (Walk *w, const TValue *v) { if (iscollectable(v)) walk_object(w, gcvalue(v)); }

static void walk_thread (Walk *w, lua_State *L) {
  StkId p;
  CallInfo *ci;
  w->bytes += sizeof(lua_State) + (uint64_t)stacksize(L) * sizeof(StackValue);
  for (ci = L->base_ci.next; ci; ci = ci->next) w->bytes += sizeof(CallInfo);
  for (p = L->stack.p; p < L->top.p; p++) walk_value(w, s2v(p));
}

static void walk_children (Walk *w, GCObject *o) {
  switch (o->tt) {
    case LUA_VSHRSTR: w->bytes += sizelstring(gco2ts(o)->shrlen); break;
    case LUA_VLNGSTR: w->bytes += sizelstring(gco2ts(o)->u.lnglen); break;
    case LUA_VTABLE: {
      Table *t = gco2t(o);
      uint32_t i, n = luaH_realasize(t), h = isdummy(t) ? 0 : sizenode(t);
      w->bytes += sizeof(Table) + (uint64_t)n * sizeof(TValue) + (uint64_t)h * sizeof(Node);
      if (t->metatable) walk_object(w, obj2gco(t->metatable));
      for (i = 0; i < n; i++) walk_value(w, &t->array[i]);
      for (i = 0; i < h; i++) {
        Node *node = gnode(t, i);
        if (isempty(gval(node))) continue;
        if (keyiscollectable(node)) walk_object(w, keyval(node).gc);
        walk_value(w, gval(node));
      }
      break;
    }
    case LUA_VLCL: {
      LClosure *c = gco2lcl(o);
      int i;
      w->bytes += sizeLclosure(c->nupvalues);
      for (i = 0; i < c->nupvalues; i++) if (c->upvals[i]) walk_object(w, obj2gco(c->upvals[i]));
      break;
    }
    case LUA_VUPVAL: {
      UpVal *u = gco2upv(o);
      w->bytes += sizeof(UpVal);
      if (!upisopen(u)) walk_value(w, u->v.p);
      break;
    }
    case LUA_VUSERDATA: {
      Udata *u = gco2u(o);
      int i;
      w->bytes += sizeudata(u->nuvalue, u->len);
      for (i = 0; i < u->nuvalue; i++) walk_value(w, &u->uv[i].uv);
      break;
    }
    case LUA_VTHREAD: walk_thread(w, gco2th(o)); break;
    default: break;
  }
}

/* Bytes that process 'p' holds, its mailbox included. Allocates nothing in the Lua heap. */
uint64_t memory_measure (Proc *p) {
  static Walk w;
  uint32_t i;
  Udata *u = (Udata *)((char *)p - udatamemoffset(UV_COUNT));
  w.count = 0; w.bytes = sizeudata(UV_COUNT, sizeof(Proc)) + p->mailboxBytes; w.failed = 0;
  for (i = 0; i < UV_COUNT; i++) walk_value(&w, &u->uv[i].uv);
  for (i = 0; i < w.count; i++) walk_children(&w, w.items[i]);
  for (i = 0; i < w.count; i++) w.items[i]->marked &= (lu_byte)~SEEN;
  if (w.cap > (1 << 20)) { free(w.items); w.items = NULL; w.cap = 0; }
  return w.bytes;
}

/* 0 when process 'p' may not have 'more' bytes. */
static int within_limit (Proc *p, uint64_t more) {
  if (p->ending) return 1;  /* its to-be-closed variables may run */
  if (more > p->limit) return 0;
  if (p->used + p->allocated + more <= p->limit + p->limit / 2) return 1;
  p->used = memory_measure(p);
  p->allocated = 0;
  p->memoryCheck = 1;
  return p->used + more <= p->limit + p->limit / 4;
}

/* ---- small blocks ---- */

#define SMALL_MAX 256   /* Lua's tables, nodes, short strings, closures */
#define SMALL_STEP 16
#define CHUNK_BYTES 16384

typedef struct Free { struct Free *next; } Free;
static Free *small_free[SMALL_MAX / SMALL_STEP + 1];
static uint8_t *small_at[SMALL_MAX / SMALL_STEP + 1], *small_end[SMALL_MAX / SMALL_STEP + 1];

static void *small_carve (uint32_t list) {
  uint32_t size = list * SMALL_STEP;
  uint8_t *block;
  if (small_at[list] == NULL || (uint32_t)(small_end[list] - small_at[list]) < size) {
    uint8_t *chunk = malloc(CHUNK_BYTES);
    if (!chunk) return NULL;
    small_at[list] = chunk; small_end[list] = chunk + CHUNK_BYTES;
  }
  block = small_at[list];
  small_at[list] += size;
  return block;
}

static inline void *block_new (size_t n) {
  uint32_t list;
  Free *block;
  if (n > SMALL_MAX) return malloc(n);
  list = (uint32_t)(n + SMALL_STEP - 1) / SMALL_STEP;
  if ((block = small_free[list]) == NULL) return small_carve(list);
  small_free[list] = block->next;
  return block;
}

static inline void block_free (void *ptr, size_t n) {
  uint32_t list;
  if (n > SMALL_MAX) { free(ptr); return; }
  list = (uint32_t)(n + SMALL_STEP - 1) / SMALL_STEP;
  ((Free *)ptr)->next = small_free[list];
  small_free[list] = ptr;
}

static void *block_resize (void *ptr, size_t old, size_t n) {
  void *block;
  if (old > SMALL_MAX && n > SMALL_MAX) return realloc(ptr, n);
  if (old <= SMALL_MAX && n <= SMALL_MAX && (old + SMALL_STEP - 1) / SMALL_STEP == (n + SMALL_STEP - 1) / SMALL_STEP) return ptr;
  if ((block = block_new(n)) == NULL) return NULL;
  memcpy(block, ptr, old < n ? old : n);
  block_free(ptr, old);
  return block;
}

/* Lua tells the size of every block it gives back. */
void *vm_alloc (void *ud, void *ptr, size_t osize, size_t nsize) {
  Proc *p = vm_cur;
  size_t old = ptr ? osize : 0;  /* without a block 'osize' tells the kind of object */
  void *block;
  (void)ud;
  if (nsize == 0) {
    if (ptr) { vm_heap -= old; block_free(ptr, old); }
    return NULL;
  }
  if (nsize > old) {
    uint64_t more = nsize - old;
    if (p) {
      if (more >= 1 << 10) vm_budget -= (int)(more >> VM_BYTES_SHIFT);  /* what is made is written */
      if (p->allocated + more > p->threshold) {
        if (!within_limit(p, more)) { vm_denied = 1; p->memoryCheck = 1; return NULL; }
        if (!p->memoryCheck) { p->memoryCheck = 1; if (vm_budget > 0) vm_budget = 0; }
      }
    }
    if (vm_heap + more > vm_heap_max) { vm_denied = 0; return NULL; }
    block = ptr ? block_resize(ptr, old, nsize) : block_new(nsize);
    if (block == NULL) { vm_denied = 0; return NULL; }
    if (p) p->allocated += more;
    vm_heap += more;
    return block;
  }
  if ((block = block_resize(ptr, old, nsize)) == NULL) return ptr;  /* shrinking never fails for Lua */
  vm_heap -= old - nsize;
  return block;
}

/* ---- the memory of the instance ---- */

#define PAGE_BYTES 65536u
#define PAGES_MAX 65535u       /* one less than there may be: sizes are told by 32 bits */
#define GROWTH_PAGES_MIN 16u
#define GROWTH_PART 4u

static int grow (uint32_t pages) { return __builtin_wasm_memory_grow(0, pages) != (size_t)-1; }

/* Instead of the C library's, which grows by what is asked for, 64 KB as a rule. */
void *sbrk (intptr_t increment) {
  static uint64_t end;  /* of what has been given away */
  uint64_t start;
  uint32_t pages = (uint32_t)__builtin_wasm_memory_size(0);
  if (end == 0) end = (uint64_t)pages * PAGE_BYTES;
  start = end;
  if (increment < 0) { errno = ENOMEM; return (void *)-1; }
  if (start + (uint32_t)increment > (uint64_t)pages * PAGE_BYTES) {
    uint32_t needed = (uint32_t)((start + (uint32_t)increment + PAGE_BYTES - 1) / PAGE_BYTES) - pages;
    uint32_t room = pages < PAGES_MAX ? PAGES_MAX - pages : 0, more = pages / GROWTH_PART;
    if (more < GROWTH_PAGES_MIN) more = GROWTH_PAGES_MIN;
    if (more < needed) more = needed;
    if (more > room) more = room;
    if (needed > room || (!grow(more) && (more == needed || !grow(needed)))) { errno = ENOMEM; return (void *)-1; }
  }
  end = start + (uint32_t)increment;
  return (void *)(uintptr_t)start;
}
