/*
** Processes and the run queue.
*/
#include <stdio.h>
#include "vm.h"

lua_State *vm_G;
Proc *vm_cur;
Fiber *vm_fiber;
Fiber *vm_calling;
uint8_t *vm_io; uint32_t vm_io_cap;
Buf vm_out;
int vm_budget, vm_sys, vm_abort, vm_denied;
int vm_budget_turn = 4000;
unsigned int vm_hash_seed;
static int overrun;       /* checks granted beyond the budget in this turn */
static uint64_t orderSeed, randomState;

/* What a fiber switch costs, in checks. */
#define SWITCH_CHECKS 8
/* Checks granted at a time where no yield is possible. */
#define OVERRUN_CHECKS 1000
/* Checks allowed to a process that handles the overrun error before it is ended for good. */
#define OVERRUN_GRACE 100000
/* Checks for the to-be-closed variables of an ending process. */
#define CLOSE_CHECKS 200000

static uint64_t mix (uint64_t *state) {  /* splitmix64 */
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}
uint64_t vm_random64 (void) { return mix(&randomState); }
unsigned int vm_random_pivot (void) { return (unsigned int)vm_random64(); }

/* ---- slots ---- */

static Proc **slots;
static uint32_t slotCount, slotCap, *freeSlots, freeCount, freeCap, liveCount;

static Proc *proc_at (uint32_t slot) { return proc_live(slot); }
/* The process at a slot, unless it has ended. */
Proc *proc_live (uint32_t slot) {
  Proc *p = slot < slotCount ? slots[slot] : NULL;
  return p && p->state != PROC_DEAD ? p : NULL;
}

/* The process at a slot, also while it is ending. */
Proc *proc_any (uint32_t slot) { return slot < slotCount ? slots[slot] : NULL; }
uint32_t slot_count (void) { return slotCount; }

static int slot_take (uint32_t *slot) {
  if (freeCount) { *slot = freeSlots[--freeCount]; return 1; }
  if (slotCount == slotCap) {
    uint32_t cap = slotCap ? slotCap * 2 : 64;
    Proc **s = realloc(slots, cap * sizeof(*s));
    if (!s) return 0;
    slots = s; slotCap = cap;
  }
  *slot = slotCount;
  slots[slotCount++] = NULL;
  return 1;
}

static void slot_free (uint32_t slot) {
  slots[slot] = NULL;
  if (freeCount == freeCap) {
    uint32_t cap = freeCap ? freeCap * 2 : 64;
    uint32_t *s = realloc(freeSlots, cap * sizeof(*s));
    if (!s) return;
    freeSlots = s; freeCap = cap;
  }
  freeSlots[freeCount++] = slot;
}

/* ---- pids: open addressing on the number ---- */

static Proc **pids; static uint32_t pidCap, pidUsed;
#define PID_GONE ((Proc *)1)
static uint32_t pid_hash (double pid) { uint64_t u = (uint64_t)pid; return (uint32_t)((u * 0x9e3779b97f4a7c15u) >> 32); }

static int pid_add (Proc *p) {
  uint32_t i;
  if ((pidUsed + 1) * 2 > pidCap) {
    uint32_t live = 0, k, cap = 64;
    Proc **old = pids, **fresh;
    for (k = 0; k < pidCap; k++) if (old[k] > PID_GONE) live++;
    while (cap < (live + 1) * 4) cap *= 2;
    if ((fresh = calloc(cap, sizeof(*fresh))) == NULL) return 0;
    for (k = 0; k < pidCap; k++) if (old[k] > PID_GONE) {
      i = pid_hash(old[k]->pid) & (cap - 1);
      while (fresh[i]) i = (i + 1) & (cap - 1);
      fresh[i] = old[k];
    }
    pids = fresh; pidCap = cap; pidUsed = live;
    free(old);
  }
  i = pid_hash(p->pid) & (pidCap - 1);
  while (pids[i] > PID_GONE) i = (i + 1) & (pidCap - 1);
  if (!pids[i]) pidUsed++;
  pids[i] = p;
  return 1;
}

static void pid_remove (Proc *p) {
  uint32_t i;
  if (!pidCap) return;
  i = pid_hash(p->pid) & (pidCap - 1);
  while (pids[i]) { if (pids[i] == p) { pids[i] = PID_GONE; return; } i = (i + 1) & (pidCap - 1); }
}

Proc *proc_by_pid (double pid) {
  uint32_t i;
  if (!pidCap) return NULL;
  i = pid_hash(pid) & (pidCap - 1);
  while (pids[i]) {
    if (pids[i] > PID_GONE && pids[i]->pid == pid) return pids[i];
    i = (i + 1) & (pidCap - 1);
  }
  return NULL;
}

/* Text of the pid, `{host|0x00001}` or `{node@host|0x00001}`; made once. NULL when there is no memory. */
const char *pid_text (Proc *p, uint32_t *length) {
  if (!p->pidText) {
    static const char digits[] = "0123456789abcdef";
    uint32_t n = 0, room = p->nodeLength + p->hostLength + 24;
    char hex[16], *out = malloc(room);
    uint64_t id = (uint64_t)p->pid;
    int k = 0;
    if (!out) return NULL;
    do { hex[k++] = digits[id & 15]; id >>= 4; } while (id || k < 5);
    out[n++] = '{';
    if (p->nodeLength) { memcpy(out + n, p->node, p->nodeLength); n += p->nodeLength; out[n++] = '@'; }
    memcpy(out + n, p->host, p->hostLength); n += p->hostLength;
    out[n++] = '|'; out[n++] = '0'; out[n++] = 'x';
    while (k) out[n++] = hex[--k];
    out[n++] = '}';
    p->pidText = out; p->pidTextLength = n;
  }
  *length = p->pidTextLength;
  return p->pidText;
}

/* ---- run queue: a ring ---- */

static Proc **ring; static uint32_t ringCap, ringHead, ringCount;

void proc_enqueue (Proc *p) {
  if (p->queued) return;
  if (ringCount == ringCap) {
    uint32_t cap = ringCap ? ringCap * 2 : 64, i;
    Proc **r = malloc(cap * sizeof(*r));
    if (!r) abort();
    for (i = 0; i < ringCount; i++) r[i] = ring[(ringHead + i) & (ringCap - 1)];
    free(ring);
    ring = r; ringCap = cap; ringHead = 0;
  }
  p->queued = 1;
  ring[(ringHead + ringCount++) & (ringCap - 1)] = p;
}

static Proc *ring_take (void) {
  Proc *p;
  if (orderSeed && ringCount > 1) {
    uint32_t k = (uint32_t)(mix(&orderSeed) % ringCount), i = (ringHead + k) & (ringCap - 1);
    p = ring[i]; ring[i] = ring[ringHead]; ring[ringHead] = p;
  }
  p = ring[ringHead];
  ringHead = (ringHead + 1) & (ringCap - 1);
  ringCount--;
  p->queued = 0;
  return p;
}

static void ring_remove (Proc *p) {
  uint32_t i, j = 0;
  if (!p->queued) return;
  for (i = 0; i < ringCount; i++) {
    Proc *q = ring[(ringHead + i) & (ringCap - 1)];
    if (q != p) ring[(ringHead + j++) & (ringCap - 1)] = q;
  }
  ringCount = j;
  p->queued = 0;
}

/* ---- pending native calls ---- */

typedef struct Pending { Fiber *fiber; uint32_t generation, next; } Pending;
static Pending *pendings; static uint32_t pendingCount, pendingFree;  /* indexes + 1 */
#define TAG_INDEX 16777216.0

static uint32_t pending_take (Fiber *f) {
  uint32_t i;
  if (f->pending) return f->pending;
  if (!pendingFree) {
    uint32_t cap = pendingCount ? pendingCount * 2 : 64, k;
    Pending *p = realloc(pendings, cap * sizeof(*p));
    if (!p) abort();
    pendings = p;
    for (k = pendingCount; k < cap; k++) { p[k].fiber = NULL; p[k].generation = 0; p[k].next = k + 1 < cap ? k + 2 : 0; }
    pendingFree = pendingCount + 1; pendingCount = cap;
  }
  i = pendingFree;
  pendingFree = pendings[i - 1].next;
  pendings[i - 1].fiber = f;
  pendings[i - 1].generation = (pendings[i - 1].generation + 1) & 0xffffff;
  return f->pending = i;
}
static double pending_tag (uint32_t i) { return (double)i + pendings[i - 1].generation * TAG_INDEX; }
void pending_drop (Fiber *f) {
  if (!f->pending) return;
  pendings[f->pending - 1].fiber = NULL;
  pendings[f->pending - 1].next = pendingFree;
  pendingFree = f->pending;
  f->pending = 0;
}
static Fiber *pending_find (uint32_t slot, double tag) {
  double generation = __builtin_floor(tag / TAG_INDEX);
  uint32_t i = (uint32_t)(tag - generation * TAG_INDEX);
  Fiber *f;
  if (i == 0 || i > pendingCount || pendings[i - 1].generation != (uint32_t)generation) return NULL;
  f = pendings[i - 1].fiber;
  return f && f->proc->slot == slot && f->wake == WAKE_NONE ? f : NULL;
}

/* ---- fibers ---- */

void fiber_wake (Fiber *f, int wake) {
  Proc *p = f->proc;
  f->wake = wake;
  if (f->state == FIBER_RUNNING) return;  /* completed during its own native call */
  f->state = FIBER_READY;
  f->ready = NULL;
  if (p->readyTail) p->readyTail->ready = f; else p->readyHead = f;
  p->readyTail = f;
  if (p != vm_cur) { p->state = PROC_READY; proc_enqueue(p); }
}

static void fiber_ready (Fiber *f) { fiber_wake(f, WAKE_NONE); }

int vm_canblock (lua_State *L) {
  return lua_isyieldable(L) && !L->vmblocked && vm_fiber && (vm_cur->loaded || !vm_fiber->isMain);
}

int vm_block (lua_State *L, int state) {
  vm_fiber->waiting = L;
  vm_fiber->state = state;
  vm_sys = VM_BLOCKED;
  return 0;
}

static void fiber_clear (Fiber *f) {  /* forgets all it waits for */
  waiters_clear(f);
  pending_drop(f);
  if (f->blob && f->wake == WAKE_BLOB) mailbox_return(f->proc, f->blob);  /* an upgrade keeps the mailbox */
  else free(f->blob);
  f->blob = NULL;
  f->wake = WAKE_NONE;
}

/* Closes a fiber's threads, innermost coroutine first: their to-be-closed variables run. */
static void fiber_close (Fiber *f) {
  lua_State *chain[200];
  int n = 0;
  lua_State *L = f->L;
  fiber_clear(f);
  while (L && n < 200) { chain[n++] = L; L = L->vminner; }
  while (n > 0) {
    L = chain[--n];
    L->vminner = NULL; L->vmsys = 0; L->vmblocked = 0;
    vm_budget = CLOSE_CHECKS; overrun = VM_CALL_CHECKS_MAX - CLOSE_CHECKS;
    vm_abort = 0;
    lua_closethread(L, vm_G);
    lua_settop(L, 0);
  }
}

static void fiber_free (Fiber *f) {
  Proc *p = f->proc;
  if (f->prev) f->prev->next = f->next; else p->fibers = f->next;
  if (f->next) f->next->prev = f->prev;
  p->fiberCount--;
  free(f);
}

static void fibers_close (Proc *p) {  /* all but main */
  p->readyHead = p->readyTail = NULL;
  while (p->fibers) {
    Fiber *f = p->fibers;
    fiber_close(f);
    fiber_free(f);
  }
}

typedef struct Call { lua_State *L; Proc *proc; Blob *blob; void *data; int n, unit; } Call;

/* Runs 'f' protected on thread 'L' (which must not be inside a call); results stay there. */
static int protect (lua_State *L, lua_CFunction f, Call *call, int results) {
  lua_pushcfunction(L, f);
  lua_pushlightuserdata(L, call);
  return lua_pcall(L, 1, results, 0);
}

static int do_aux (lua_State *L) {
  Proc *p = lua_touserdata(L, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &slots);
  lua_rawgeti(L, -1, (lua_Integer)(p->slot >> 8) + 1);
  lua_rawgeti(L, -1, (lua_Integer)(p->slot & 255) + 1);
  if (lua_getiuservalue(L, -1, UV_AUX) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, -3, UV_AUX);
  }
  return 1;
}

static void proc_anchor (lua_State *L, Proc *p) {  /* pushes the Proc userdata */
  lua_rawgetp(L, LUA_REGISTRYINDEX, &slots);
  lua_rawgeti(L, -1, (lua_Integer)(p->slot >> 8) + 1);
  lua_rawgeti(L, -1, (lua_Integer)(p->slot & 255) + 1);
  lua_replace(L, -3);
  lua_pop(L, 1);
}

void proc_push (lua_State *L, Proc *p) { proc_anchor(L, p); }

void proc_environments_push (lua_State *L, Proc *p) {
  proc_anchor(L, p);
  lua_getiuservalue(L, -1, UV_ENV);
  lua_remove(L, -2);
}

void proc_aux (lua_State *L, Proc *p) {
  luaL_checkstack(L, 8, NULL);
  proc_anchor(L, p);
  if (lua_getiuservalue(L, -1, UV_AUX) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, -3, UV_AUX);
  }
  lua_remove(L, -2);
}

/* coroutine.spawn(fn) */
int vm_spawn_fiber (lua_State *L) {
  Fiber *f;
  lua_State *co;
  luaL_checktype(L, 1, LUA_TFUNCTION);
  if (!vm_cur) return luaL_error(L, "no process is running");
  co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  proc_aux(L, vm_cur);
  if ((f = calloc(1, sizeof *f)) == NULL) return luaL_error(L, "not enough memory");
  f->L = co; f->proc = vm_cur;
  if ((f->next = vm_cur->fibers) != NULL) f->next->prev = f;
  vm_cur->fibers = f;
  vm_cur->fiberCount++;
  lua_pushvalue(L, -2);
  lua_rawsetp(L, -2, f);  /* anchored until it ends */
  lua_pop(L, 1);
  fiber_ready(f);
  return 1;
}

/* session.spawn(fn): a fiber that can be ended alone */
int session_spawn (lua_State *L) {
  int n = vm_spawn_fiber(L);
  vm_cur->fibers->isEvaluation = 1;
  return n;
}

static int do_unanchor (lua_State *L) {
  Call *c = lua_touserdata(L, 1);
  proc_aux(L, c->proc);
  lua_pushnil(L);
  lua_rawsetp(L, -2, c->data);
  return 0;
}

/* ---- programs ---- */

static int do_program (lua_State *L) {  /* argument: {units = {{code, globals, imports = {{alias, unit}}}}, method} */
  Program *g;
  lua_Integer i, n;
  lua_settop(L, 1);
  lua_getfield(L, 1, "units");
  n = (lua_Integer)lua_rawlen(L, 2);
  g = calloc(1, sizeof *g);
  if (g) g->unit = calloc((size_t)n, sizeof(Unit));
  if (!g || !g->unit) { free(g); return luaL_error(L, "not enough memory"); }
  g->units = (int)n; g->refs = 1;
  for (i = 1; i <= n; i++) {
    Unit *u = &g->unit[i - 1];
    lua_Integer k, m;
    lua_rawgeti(L, 2, i);
    lua_getfield(L, 3, "code");
    lua_rawgeti(L, LUA_REGISTRYINDEX, lua_tointeger(L, -1));
    u->proto = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_getfield(L, 3, "globals");
    lua_rawgeti(L, LUA_REGISTRYINDEX, lua_tointeger(L, -1));
    u->meta = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_getfield(L, 3, "imports");
    m = (lua_Integer)lua_rawlen(L, -1);
    u->imports = calloc((size_t)m * 2 + 1, sizeof(int));
    u->importCount = (int)m;
    for (k = 1; k <= m; k++) {
      lua_rawgeti(L, -1, k);
      lua_getfield(L, -1, "alias");
      u->imports[k * 2 - 2] = luaL_ref(L, LUA_REGISTRYINDEX);
      lua_getfield(L, -1, "unit");
      u->imports[k * 2 - 1] = (int)lua_tointeger(L, -1);
      lua_pop(L, 2);
    }
    lua_settop(L, 2);
  }
  lua_getfield(L, 1, "method");
  g->method = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_getfield(L, 1, "doubles");
  g->doubles = lua_toboolean(L, -1);
  lua_pushlightuserdata(L, g);
  return 1;
}

static void program_release (Program *g) {
  int i, k;
  if (--g->refs > 0) return;
  for (i = 0; i < g->units; i++) {
    luaL_unref(vm_G, LUA_REGISTRYINDEX, g->unit[i].proto);
    luaL_unref(vm_G, LUA_REGISTRYINDEX, g->unit[i].meta);
    for (k = 0; k < g->unit[i].importCount; k++) luaL_unref(vm_G, LUA_REGISTRYINDEX, g->unit[i].imports[k * 2]);
    free(g->unit[i].imports);
  }
  luaL_unref(vm_G, LUA_REGISTRYINDEX, g->method);
  free(g->unit);
  free(g);
}

/* ---- starting ---- */

void env_push (lua_State *L, int meta) {
  lua_createtable(L, 0, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, meta);
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, LUA_GNAME);
}

/* Gives the process on top of the stack its environments: one table, or a table of them. */
static void proc_environments (lua_State *L, Proc *p) {
  int i;
  if (p->program->units == 1) {
    env_push(L, p->program->unit[0].meta);
    if (p->program->doubles) doubles_environment(L, -2);
  }
  else {
    lua_createtable(L, p->program->units, 0);
    for (i = 0; i < p->program->units; i++) {
      env_push(L, p->program->unit[i].meta);
      if (p->program->doubles) doubles_environment(L, -3);
      lua_rawseti(L, -2, i + 1);
    }
  }
  lua_setiuservalue(L, -2, UV_ENV);
}

typedef struct Spawn { Program *program; Proc *proc; uint32_t slot; } Spawn;

static int do_spawn (lua_State *L) {
  Spawn *s = lua_touserdata(L, 1);
  Proc *p = lua_newuserdatauv(L, sizeof(Proc), UV_COUNT);
  memset(p, 0, sizeof *p);
  p->slot = s->slot;
  p->program = s->program;
  p->main.proc = p;
  p->main.isMain = 1;
  p->main.L = lua_newthread(L);
  lua_setiuservalue(L, 2, UV_THREAD);
  proc_environments(L, p);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &slots);
  if (lua_rawgeti(L, 3, (lua_Integer)(p->slot >> 8) + 1) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_createtable(L, 256, 0);
    lua_pushvalue(L, -1);
    lua_rawseti(L, 3, (lua_Integer)(p->slot >> 8) + 1);
  }
  lua_pushvalue(L, 2);
  lua_rawseti(L, 4, (lua_Integer)(p->slot & 255) + 1);
  s->proc = p;
  return 0;
}

/* Pushes a fresh closure of unit 'n' over its environment. */
static int do_chunk (lua_State *L) {
  Call *c = lua_touserdata(L, 1);
  Proto *proto;
  LClosure *cl;
  proc_anchor(L, c->proc);
  lua_getiuservalue(L, -1, UV_ENV);
  if (c->proc->program->units > 1) lua_rawgeti(L, -1, c->unit + 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, c->proc->program->unit[c->unit].proto);
  proto = getproto(s2v(L->top.p - 1));
  cl = luaF_newLclosure(L, proto->sizeupvalues);
  cl->p = proto;
  setclLvalue2s(L, L->top.p, cl);
  api_incr_top(L);
  luaF_initupvals(L, cl);
  lua_pushvalue(L, -3);
  lua_setupvalue(L, -2, 1);
  return 1;
}

/* Binds the result of unit 'n' (argument 2) in the environments that import it. */
static int do_bind (lua_State *L) {
  Call *c = lua_touserdata(L, 1);
  Program *g = c->proc->program;
  int i, k;
  lua_settop(L, 2);
  proc_anchor(L, c->proc);
  lua_getiuservalue(L, -1, UV_ENV);
  for (i = 0; i < g->units; i++) for (k = 0; k < g->unit[i].importCount; k++)
    if (g->unit[i].imports[k * 2 + 1] == c->unit) {
      lua_rawgeti(L, 4, i + 1);
      lua_rawgeti(L, LUA_REGISTRYINDEX, g->unit[i].imports[k * 2]);
      lua_pushvalue(L, 2);
      lua_rawset(L, -3);
      lua_pop(L, 1);
    }
  return 0;
}

/* Argument 2 is what the main chunk returned: pushes the function to call. */
static int do_method (lua_State *L) {
  Call *c = lua_touserdata(L, 1);
  lua_settop(L, 2);
  if (lua_istable(L, 2)) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, c->proc->program->method);
    lua_rawget(L, 2);
  }
  if (!lua_isfunction(L, -1)) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, c->proc->program->method);
    lua_pushfstring(L, "method \"%s\" not found in module", lua_tostring(L, -1));
    error_push(L, lua_tostring(L, -1), "NotFound", 0);
    return lua_error(L);
  }
  if (c->proc->worker) {
    proc_aux(L, c->proc);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "method");
    lua_pop(L, 1);
  }
  return 1;
}

static int do_saved_method (lua_State *L) {
  Call *c = lua_touserdata(L, 1);
  proc_aux(L, c->proc);
  lua_getfield(L, -1, "method");
  return 1;
}

static int do_args (lua_State *L) {
  Call *c = lua_touserdata(L, 1);
  lua_settop(L, 0);
  return dec_list(L, c->blob->bytes, c->blob->size);
}

/* ---- ending ---- */

static int do_exit_error (lua_State *L) {  /* argument 2: the raised value -> an error object */
  Call *c = lua_touserdata(L, 1);
  lua_settop(L, 2);
  if (!class_test(L, 2, CLASS_ERROR)) {
    if (lua_type(L, 2) == LUA_TSTRING || lua_type(L, 2) == LUA_TNUMBER) luaL_tolstring(L, 2, NULL);
    else lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 2));
    lua_replace(L, 2);
    error_push(L, lua_tostring(L, 2), "Internal", -1);
  }
  else lua_pushvalue(L, 2);
  if (c->data) error_stack(L, -1, c->data, 0);
  return 1;
}

static void free_blobs (Blob *b) { while (b) { Blob *n = b->next; free(b); b = n; } }

static int do_forget (lua_State *L) {
  Proc *p = lua_touserdata(L, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &slots);
  lua_rawgeti(L, -1, (lua_Integer)(p->slot >> 8) + 1);
  lua_pushnil(L);
  lua_rawseti(L, -2, (lua_Integer)(p->slot & 255) + 1);
  return 0;
}

static void encode_problem (Proc *p, const char *message, const char *kind) {
  vm_out.n = 0;
  lua_State *L = vm_G;
  Call c = { 0 };
  c.proc = p;
  (void)c;
  buf_byte(&vm_out, 0); buf_byte(&vm_out, 1); buf_byte(&vm_out, 8);
  (void)L;
  buf_byte(&vm_out, 5); buf_string(&vm_out, message, strlen(message));
  buf_byte(&vm_out, 5); buf_string(&vm_out, kind, strlen(kind));
  buf_byte(&vm_out, 1);  /* retryable: false */
  buf_byte(&vm_out, 0); buf_byte(&vm_out, 0);
}

/* Encodes the raised value on top of 'L' as an exit error. */
static void encode_raised (Proc *p, lua_State *L, lua_State *from) {
  Call c = { 0 };
  c.proc = p; c.data = from;
  lua_pushcfunction(vm_G, do_exit_error);
  lua_pushlightuserdata(vm_G, &c);
  if (L == vm_G) lua_insert(vm_G, -3), lua_insert(vm_G, -3), lua_pushvalue(vm_G, -3), lua_remove(vm_G, -4);
  else lua_xmove(L, vm_G, 1);
  vm_out.n = 0;
  if (lua_pcall(vm_G, 2, 1, 0) != LUA_OK) encode_problem(p, "not enough memory", "Internal");
  else {
    int status = enc_one(&vm_out, s2v(vm_G->top.p - 1), MODE_MESSAGE);
    if (status) encode_problem(p, enc_problem(status), "Internal");
  }
  lua_pop(vm_G, 1);
}

static void proc_cleanup (Proc *p) {  /* everything a call or process held, but its environments */
  fibers_close(p);
  mailbox_reset(p, 0);
  handles_release(p);
}

static int do_clear_aux (lua_State *L) {  /* workers keep the method, drop the rest */
  Proc *p = lua_touserdata(L, 1);
  proc_aux(L, p);
  lua_getfield(L, -1, "method");
  proc_anchor(L, p);
  lua_newtable(L);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "method");
  lua_setiuservalue(L, -2, UV_AUX);
  return 0;
}

static void gprotect (lua_CFunction f, void *data) {
  lua_pushcfunction(vm_G, f);
  lua_pushlightuserdata(vm_G, data);
  if (lua_pcall(vm_G, 1, 0, 0) != LUA_OK) lua_pop(vm_G, 1);
}

static void proc_free (Proc *p) {
  uint32_t slot = p->slot;
  p->state = PROC_DEAD;
  ring_remove(p);
  if (p->pid) pid_remove(p);
  free_blobs(p->args); free_blobs(p->killError); free_blobs(p->loadError);
  free(p->host); free(p->node); free(p->listeners); free(p->pidText); free(p->parentText);
  p->args = p->killError = p->loadError = NULL; p->host = p->node = p->pidText = p->parentText = NULL;
  frame_set(p, 0); p->listeners = NULL;
  program_release(p->program);
  if (p->nextProgram) program_release(p->nextProgram);
  gprotect(do_forget, p);
  slot_free(slot);
  liveCount--;
}

/* Ends the process (or the worker's call): the outcome is in vm_out. */
static void proc_finish (Proc *p, int ok) {
  static Buf outcome;
  Buf swap = outcome;
  int kill = p->killed;
  outcome = vm_out; vm_out = swap;  /* closing may use vm_out */
  vm_cur = p;
  p->ending = 1;
  vm_fiber = &p->main;
  fiber_close(&p->main);
  vm_fiber = NULL;
  proc_cleanup(p);
  vm_abort = 0;
  if (p->worker && !kill) {
    gprotect(do_clear_aux, p);
    p->ending = 0; p->hasCall = 0;
    p->state = PROC_IDLE;
    p->main.state = FIBER_FOREVER;
    ring_remove(p);
    if (p->pid) { pid_remove(p); p->pid = 0; }
    vm_cur = NULL;
    frame_set(p, 0);
    host_exited(p->slot, ok, outcome.p, outcome.n);
    return;
  }
  {
    uint32_t slot = p->slot;
    p->state = PROC_DEAD;
    if (p->pid) pid_remove(p);
    vm_cur = NULL;
    if (!p->unknown || !unknown_exited(p, ok, outcome.p, outcome.n)) host_exited(slot, ok, outcome.p, outcome.n);
    p->pid = 0;
    proc_free(p);
  }
}

static void finish_raised (Proc *p, lua_State *L, lua_State *from) {
  int load = p->worker && !p->loaded;
  encode_raised(p, L, from);
  if (load) {  /* reported to every call */
    p->loadError = blob_make(NULL, 0, NULL, 0, vm_out.p, vm_out.n);
    if (!p->hasCall) {
      fiber_close(&p->main); fibers_close(p);
      p->state = PROC_IDLE;
      return;
    }
  }
  proc_finish(p, 0);
}

static void finish_problem (Proc *p, const char *message, const char *kind) {
  encode_problem(p, message, kind);
  proc_finish(p, 0);
}

/* ---- running ---- */

/* Pushes what the main fiber runs next; the number of arguments, or -1 when the process ended. */
static int main_prepare (Proc *p) {
  lua_State *L = p->main.L;
  Call c = { 0 };
  int n = 0;
  c.L = L; c.proc = p; c.unit = p->stage;
  if (p->stage < p->program->units) {
    if (protect(L, do_chunk, &c, 1) != LUA_OK) { finish_raised(p, L, NULL); return -1; }
    return 0;
  }
  c.blob = p->args;
  if (c.blob) {
    if (protect(L, do_args, &c, LUA_MULTRET) != LUA_OK) { finish_raised(p, L, NULL); return -1; }
    n = lua_gettop(L) - 1;
    free(p->args); p->args = NULL;
  }
  return n;
}

/* The main fiber's function returned. 1: it has more to run, 0: the process ended or waits for a call. */
static int main_returned (Proc *p, int results) {
  lua_State *L = p->main.L;
  Call c = { 0 };
  c.L = L; c.proc = p; c.unit = p->stage;
  if (p->stage < p->program->units) {
    int last = p->stage == p->program->units - 1;
    lua_settop(L, 1);
    lua_pushcfunction(L, last ? do_method : do_bind);
    lua_insert(L, 1);
    lua_pushlightuserdata(L, &c);
    lua_insert(L, 2);
    if (lua_pcall(L, 2, last ? 1 : 0, 0) != LUA_OK) { finish_raised(p, L, NULL); return 0; }
    p->stage++;
    if (!last) return 1;
    p->loaded = 1;
    if (p->worker && !p->hasCall) { lua_settop(L, 0); p->state = PROC_IDLE; p->main.state = FIBER_FOREVER; return 0; }
    return 1;
  }
  {
    int status;
    vm_out.n = 0;
    status = enc_list(&vm_out, L->top.p - results, results, MODE_MESSAGE, UINT32_MAX);
    if (status) finish_problem(p, enc_problem(status), "Internal");
    else proc_finish(p, 1);
    return 0;
  }
}

void vm_toolong (lua_State *L) {
  vm_budget = 0;
  luaL_error(L, "uninterruptible call takes too long");
}

int vm_canpause (lua_State *L) { return vm_budget < 0 && lua_isyieldable(L) && !L->vmblocked && !vm_abort; }

int vm_pause (lua_State *L, ptrdiff_t ctx, lua_KFunction k) {
  vm_sys = VM_PREEMPTED;
  return lua_yieldk(L, 0, ctx, k);
}

int vm_shift (lua_State *L, long long from, long long to, int up) {
  Table *t = (Table *)lua_topointer(L, 1);
  if (lua_type(L, 1) != LUA_TTABLE || t->metatable || isfrozen(t) || from < 1 || to > luaH_realasize(t)) return 0;
  if (up) memmove(&t->array[from], &t->array[from - 1], (size_t)(to - from) * sizeof(TValue));
  else memmove(&t->array[from - 1], &t->array[from], (size_t)(to - from) * sizeof(TValue));
  vm_budget -= (int)((to - from) >> VM_SLOTS_SHIFT);
  return 1;
}

void vm_overrun (lua_State *L) {
  if (lua_isyieldable(L) && !L->vmblocked && !vm_abort) return;
  if (vm_abort) {
    overrun += OVERRUN_CHECKS;
    vm_budget = OVERRUN_CHECKS;
    if (overrun > VM_CALL_CHECKS_MAX) luaL_error(L, "process terminated");
    return;
  }
  overrun += OVERRUN_CHECKS + (vm_budget < 0 ? -vm_budget : 0);
  vm_budget = OVERRUN_CHECKS;
  if (overrun > VM_CALL_CHECKS_MAX + OVERRUN_GRACE) vm_abort = 1;
  if (overrun > VM_CALL_CHECKS_MAX) luaL_error(L, "uninterruptible call takes too long");
}

static int do_prefix (lua_State *L) {  /* (unit error) -> failed to load dependency <alias>: ... */
  Call *c = lua_touserdata(L, 1);
  Program *g = c->proc->program;
  int i, k, alias = 0;
  lua_settop(L, 2);
  for (i = g->units - 1; i >= 0; i--) for (k = 0; k < g->unit[i].importCount; k++)
    if (g->unit[i].imports[k * 2 + 1] == c->unit) alias = g->unit[i].imports[k * 2];
  if (alias) lua_rawgeti(L, LUA_REGISTRYINDEX, alias); else lua_pushliteral(L, "?");
  luaL_tolstring(L, 2, NULL);
  lua_pushfstring(L, "failed to load dependency %s: %s", lua_tostring(L, 3), lua_tostring(L, 4));
  error_push(L, lua_tostring(L, -1), "Internal", 0);
  return 1;
}

static void fiber_failed (Proc *p, Fiber *f) {
  lua_State *L = f->L;
  if (vm_abort && !p->killed) { finish_problem(p, "uninterruptible call takes too long", "LimitExceeded"); return; }
  if (f->isMain && p->stage < p->program->units - 1) {
    Call c = { 0 };
    c.proc = p; c.unit = p->stage;
    lua_pushcfunction(vm_G, do_prefix);
    lua_pushlightuserdata(vm_G, &c);
    lua_xmove(L, vm_G, 1);
    if (lua_pcall(vm_G, 2, 1, 0) == LUA_OK || 1) { lua_xmove(vm_G, L, 1); }
  }
  finish_raised(p, L, L);
}

/* Runs one ready fiber. 0 when the process has ended or gone idle. */
static int fiber_run (Proc *p, Fiber *f) {
  lua_State *L = f->L;
  int status, results, n = 0;
  f->state = FIBER_RUNNING;
  vm_fiber = f;
  for (;;) {
    if (!f->started) {
      if (f->isMain && (n = main_prepare(p)) < 0) { vm_fiber = NULL; return 0; }
      f->started = 1;
    }
    vm_sys = VM_USER;
    status = lua_resume(L, vm_G, n, &results);
    if (status == LUA_YIELD) {
      lua_pop(L, results);
      vm_fiber = NULL;
      if (vm_sys != VM_BLOCKED) fiber_ready((f->state = FIBER_READY, f));
      return 1;
    }
    if (status != LUA_OK) { vm_fiber = NULL; fiber_failed(p, f); return 0; }
    if (!f->isMain) {
      Call c = { 0 };
      c.proc = p; c.data = f;
      vm_fiber = NULL;
      lua_settop(L, 0);
      lua_pushcfunction(vm_G, do_unanchor);
      lua_pushlightuserdata(vm_G, &c);
      if (lua_pcall(vm_G, 1, 0, 0) != LUA_OK) lua_pop(vm_G, 1);
      fiber_free(f);
      return 1;
    }
    f->started = 0;
    if (p->killed) { vm_fiber = NULL; return 1; }
    if (!main_returned(p, results)) { vm_fiber = NULL; return 0; }
  }
}

static void proc_replace (Proc *p) {
  Program *old = p->program;
  Call c = { 0 };
  vm_cur = p;
  vm_fiber = &p->main;
  fiber_close(&p->main);
  vm_fiber = NULL;
  fibers_close(p);
  mailbox_reset(p, 1);
  handles_release(p);
  p->program = p->nextProgram; p->nextProgram = NULL;
  p->replaced = 0; p->stage = 0; p->loaded = 0;
  p->main.started = 0;
  c.proc = p;
  {
    extern int vm_do_renew (lua_State *L);
    lua_pushcfunction(vm_G, vm_do_renew);
    lua_pushlightuserdata(vm_G, p);
    if (lua_pcall(vm_G, 1, 0, 0) != LUA_OK) { finish_raised(p, vm_G, NULL); return; }
  }
  program_release(old);
  p->main.state = FIBER_FOREVER;
  fiber_ready(&p->main);
}

int vm_do_renew (lua_State *L) {
  Proc *p = lua_touserdata(L, 1);
  proc_anchor(L, p);
  proc_environments(L, p);
  lua_newtable(L);
  lua_setiuservalue(L, -2, UV_AUX);
  return 0;
}

static void deadlock (Proc *p) {
  char text[128];
  snprintf(text, sizeof text, "deadlock: all coroutines blocked with no pending operations (threads=%u)", p->fiberCount + 1);
  finish_problem(p, text, "Internal");
}

static void kill_now (Proc *p) {
  vm_out.n = 0;
  if (p->killError) { buf_put(&vm_out, p->killError->bytes, p->killError->size); }
  else encode_problem(p, "process terminated", "Internal");
  proc_finish(p, 0);
}

/* Too much was allocated since the last look: measures what is really held. 0 when the process was ended. */
static int memory_check (Proc *p) {
  uint64_t room;
  p->memoryCheck = 0;
  p->used = memory_measure(p);
  p->allocated = 0;
  if (p->used > p->limit) {
    char text[96];
    snprintf(text, sizeof text, "process memory limit exceeded (%llu bytes)", (unsigned long long)p->limit);
    host_exceeded(p->slot, (double)p->used);
    finish_problem(p, text, "LimitExceeded");
    return 0;
  }
  /* What it holds can't exceed the limit before it has allocated the rest. */
  room = p->limit - p->used;
  p->threshold = room > p->limit / 4 ? room : p->limit / 4;
  return 1;
}

static void turn (Proc *p) {
  int alive = 1;
  vm_cur = p;
  vm_abort = 0;
  overrun = 0;
  p->state = PROC_RUNNING;
  p->turns++;
  if (p->memoryCheck && p->loaded && !p->killed && !memory_check(p)) { vm_cur = NULL; return; }
  if (p->worker && p->loadError && p->hasCall && !p->killed) {
    vm_out.n = 0;
    buf_put(&vm_out, p->loadError->bytes, p->loadError->size);
    free(p->args); p->args = NULL;
    proc_finish(p, 0);
    vm_cur = NULL;
    return;
  }
  vm_budget = vm_budget_turn;
  while (alive && !p->killed) {
    Fiber *f;
    if (p->replaced) { proc_replace(p); if (p->state == PROC_DEAD) { vm_cur = NULL; return; } }
    if ((f = p->readyHead) == NULL) break;
    if ((p->readyHead = f->ready) == NULL) p->readyTail = NULL;
    alive = fiber_run(p, f);
    if (alive && p->memoryCheck && !p->killed) alive = memory_check(p);
    if (vm_budget <= 0) break;
    vm_budget -= SWITCH_CHECKS;
  }
  vm_fiber = NULL;
  if (!alive) { vm_cur = NULL; return; }
  if (p->killed) { kill_now(p); vm_cur = NULL; return; }
  if (p->readyHead || p->replaced) { vm_cur = NULL; p->state = PROC_READY; proc_enqueue(p); return; }
  if (!proc_idle_outside(p)) { deadlock(p); vm_cur = NULL; return; }
  p->state = PROC_BLOCKED;
  vm_cur = NULL;
}

/* ---- exports ---- */

/* The io buffer is the inside of a blob, so that what is long need not be copied to become one. */
#define IO_BYTES 65536
static Blob *ioBlob;

static int io_make (uint32_t n) {
  Blob *b = n <= UINT32_MAX - sizeof(Blob) ? malloc(sizeof(Blob) + n) : NULL;
  if (!b) return 0;
  free(ioBlob);
  ioBlob = b;
  vm_io = b->bytes; vm_io_cap = n;
  return 1;
}

/* The first 'n' bytes of the io buffer as a blob; '*taken' when it is the buffer itself, which is then another one. */
static Blob *io_blob (uint32_t n, int *taken) {
  Blob *b = ioBlob, *fitting;
  *taken = 0;
  if (n <= IO_BYTES) return blob_make(NULL, 0, NULL, 0, vm_io, n);
  ioBlob = NULL;
  if (!io_make(IO_BYTES)) { ioBlob = b; return NULL; }
  if ((fitting = realloc(b, sizeof(Blob) + n)) != NULL) b = fitting;  /* the buffer may be several times as large */
  blob_init(b, 0, 0, n);
  *taken = 1;
  return b;
}

Table *vm_kept;

/* Called here, once: else the linker has every export call it, and flush the files of the C library on its way out. */
extern void __wasm_call_ctors (void);

EXPORT(create) int x_create (uint32_t hashSeed, double order, double random, double heapMax) {
  __wasm_call_ctors();
  vm_hash_seed = hashSeed;
  orderSeed = (uint64_t)order;
  randomState = (uint64_t)random;
  vm_heap_max = (uint64_t)heapMax;
  io_make(IO_BYTES);
  buf_reserve(&vm_out, 4096);
  vm_G = lua_newstate(vm_alloc, NULL);
  if (!vm_G || !vm_io) return 0;
  vm_budget = 0x7fffffff;
  lua_gc(vm_G, LUA_GCSTOP);
  luaL_checkstack(vm_G, 100, NULL);
  base_open(vm_G);
  lua_newtable(vm_G);
  lua_rawsetp(vm_G, LUA_REGISTRYINDEX, &slots);
  lua_createtable(vm_G, KEPT_MAX, 0);
  vm_kept = hvalue(s2v(vm_G->top.p - 1));
  lua_rawsetp(vm_G, LUA_REGISTRYINDEX, &vm_kept);
  lua_gc(vm_G, LUA_GCRESTART);
  lua_gc(vm_G, LUA_GCINC, 200, 200, 0);
  luaE_setdebt(G(vm_G), -VM_GC_ROOM);
  return 1;
}

/* What the buffer held is gone when it is made larger. */
EXPORT(io) uint8_t *x_io (uint32_t n) { return n <= vm_io_cap || io_make(n) ? vm_io : NULL; }
EXPORT(io_cap) uint32_t x_io_cap (void) { return vm_io_cap; }
EXPORT(out) uint8_t *x_out (void) { return vm_out.p; }
EXPORT(out_size) uint32_t x_out_size (void) { return vm_out.n; }

/* A source (or with binary 1 a compiled chunk, which names itself) then a chunk name in the io buffer. A reference, or -1 with
** the message in out. Nothing in a compiled chunk is checked: it must come from where programs come from. */
EXPORT(compile) int x_compile (uint32_t sourceLength, uint32_t nameLength, int binary) {
  char *source = malloc(sourceLength + nameLength + 2), *name;
  int r;
  if (!source) return -2;
  memcpy(source, vm_io, sourceLength);
  name = source + sourceLength;
  name[0] = '=';
  memcpy(name + 1, vm_io + sourceLength, nameLength);
  name[nameLength + 1] = 0;
  vm_budget = 0x7fffffff;
  if (luaL_loadbufferx(vm_G, source, sourceLength, name, binary ? "b" : "t") != LUA_OK) {
    vm_out.n = 0;
    enc_one(&vm_out, s2v(vm_G->top.p - 1), MODE_MESSAGE);
    lua_pop(vm_G, 1);
    r = -1;
  }
  else {
    lines_add(vm_G);
    r = luaL_ref(vm_G, LUA_REGISTRYINDEX);
  }
  free(source);
  return r;
}
static int put_dumped (lua_State *L, const void *p, size_t n, void *b) {
  buf_put((Buf *)b, p, (uint32_t)n);
  return ((Buf *)b)->failed;
}
/* The compiled chunk of a reference, with its lines and names, into out; 0 without memory. */
EXPORT(dump) int x_dump (int ref) {
  int failed;
  vm_out.n = 0;
  lua_rawgeti(vm_G, LUA_REGISTRYINDEX, ref);
  failed = lua_dump(vm_G, put_dumped, &vm_out, 0);
  vm_out.failed = 0;
  lua_pop(vm_G, 1);
  return !failed;
}
EXPORT(unref) void x_unref (int ref) { luaL_unref(vm_G, LUA_REGISTRYINDEX, ref); }

static int do_program_io (lua_State *L) {
  uint32_t n = (uint32_t)lua_tointeger(L, 1);
  lua_settop(L, 0);
  dec_first(L, vm_io, n);
  return do_program(L);
}
EXPORT(define_program) void *x_define_program (uint32_t n) {
  void *g = NULL;
  lua_pushcfunction(vm_G, do_program_io);
  lua_pushinteger(vm_G, n);
  if (lua_pcall(vm_G, 1, 1, 0) == LUA_OK) g = lua_touserdata(vm_G, -1);
  lua_pop(vm_G, 1);
  return g;
}
EXPORT(release_program) void x_release_program (Program *g) { program_release(g); }

static int set_text (char **to, uint32_t *length, const uint8_t *from, uint32_t n) {
  char *p = malloc(n + 1);
  if (!p) return 0;
  memcpy(p, from, n); p[n] = 0;
  free(*to);
  *to = p; *length = n;
  return 1;
}

/* Starts a process, which is ready; pid 0 makes a worker. NULL when there is no memory. */
Proc *proc_start (Program *g, double pid, const char *host, uint32_t hostLength, const char *node, uint32_t nodeLength,
                  const uint8_t *args, uint32_t argsLength, int guarded, double limit) {
  Spawn s;
  Proc *p, *cur = vm_cur;
  s.program = g; s.proc = NULL;
  if (!slot_take(&s.slot)) return NULL;
  lua_pushcfunction(vm_G, do_spawn);
  lua_pushlightuserdata(vm_G, &s);
  vm_cur = NULL;
  if (lua_pcall(vm_G, 1, 0, 0) != LUA_OK) {
    lua_pop(vm_G, 1);
    vm_cur = cur;
    slot_free(s.slot);
    return NULL;
  }
  vm_cur = cur;
  p = s.proc;
  slots[s.slot] = p;
  g->refs++;
  liveCount++;
  p->pid = pid;
  p->worker = pid == 0;
  p->guarded = (uint8_t)guarded;
  p->limit = limit > 0 ? (uint64_t)limit : UINT64_MAX / 8;
  p->threshold = p->limit;
  set_text(&p->host, &p->hostLength, (const uint8_t *)host, hostLength);
  if (nodeLength) set_text(&p->node, &p->nodeLength, (const uint8_t *)node, nodeLength);
  if (argsLength) p->args = blob_make(NULL, 0, NULL, 0, args, argsLength);
  if (!p->worker) pid_add(p);
  p->main.state = FIBER_FOREVER;
  fiber_ready(&p->main);
  return p;
}

/* In the io buffer: host, node, arguments. The slot, or -1. */
EXPORT(spawn) int x_spawn (Program *g, double pid, uint32_t hostLength, uint32_t nodeLength, uint32_t argsLength,
                           int guarded, double limit) {
  const uint8_t *io = vm_io;
  Proc *p = proc_start(g, pid, (const char *)io, hostLength, (const char *)io + hostLength, nodeLength,
                       io + hostLength + nodeLength, argsLength, guarded, limit);
  return p ? (int)p->slot : -1;
}

/* In the io buffer: host, arguments. */
EXPORT(call_worker) int x_call_worker (uint32_t slot, double pid, uint32_t hostLength, uint32_t argsLength, int guarded) {
  Proc *p = proc_at(slot);
  if (!p || !p->worker || p->hasCall) return 0;
  p->hasCall = 1;
  p->pid = pid;
  free(p->pidText); p->pidText = NULL;
  p->guarded = (uint8_t)guarded;
  set_text(&p->host, &p->hostLength, vm_io, hostLength);
  free(p->args);
  p->args = blob_make(NULL, 0, NULL, 0, vm_io + hostLength, argsLength);
  pid_add(p);
  p->allocated = 0;
  if (p->loadError) { p->state = PROC_READY; proc_enqueue(p); return 1; }
  if (p->loaded) {
    Call c = { 0 };
    c.proc = p;
    if (protect(p->main.L, do_saved_method, &c, 1) != LUA_OK) return 0;
    p->main.started = 0;
    fiber_ready(&p->main);
  }
  return 1;
}

EXPORT(set_guarded) void x_set_guarded (uint32_t slot, int guarded) {
  Proc *p = proc_at(slot);
  if (p) p->guarded = (uint8_t)guarded;
}

EXPORT(replace) int x_replace (uint32_t slot, Program *g, uint32_t argsLength) {
  Proc *p = proc_at(slot);
  if (!p || p->killed || p->worker) return 0;
  if (p->nextProgram) program_release(p->nextProgram);
  g->refs++;
  p->nextProgram = g;
  p->replaced = 1;
  free(p->args);
  p->args = blob_make(NULL, 0, NULL, 0, vm_io, argsLength);
  if (p != vm_cur) { p->state = PROC_READY; proc_enqueue(p); }
  return 1;
}

EXPORT(kill) int x_kill (uint32_t slot, uint32_t errorLength) {
  Proc *p = proc_at(slot);
  if (!p || p->killed) return 0;
  p->killed = 1;
  if (errorLength) p->killError = blob_make(NULL, 0, NULL, 0, vm_io, errorLength);
  if (p != vm_cur) { p->state = PROC_READY; proc_enqueue(p); }
  return 1;
}

EXPORT(run) uint32_t x_run (uint32_t turns) {
  released_flush();
  while (turns-- > 0 && ringCount > 0) {
    turn(ring_take());
    vm_budget = 0x7fffffff;
    released_flush();
  }
  return ringCount;
}

/* 2 when the io buffer has gone with it: the host has to ask for it again. */
EXPORT(complete) int x_complete (uint32_t slot, double tag, uint32_t n, int raise) {
  Fiber *f = pending_find(slot, tag);
  int taken;
  if (!f || f->proc->killed) return 0;
  if ((f->blob = io_blob(n, &taken)) == NULL) return 0;
  if (f->state != FIBER_RUNNING) pending_drop(f);
  fiber_wake(f, raise ? WAKE_RAISE : WAKE_RESULTS);
  return taken ? 2 : 1;
}

static void ready_remove (Proc *p, Fiber *f) {
  Fiber *g = p->readyHead, *before = NULL;
  while (g && g != f) { before = g; g = g->ready; }
  if (!g) return;
  if (before) before->ready = f->ready; else p->readyHead = f->ready;
  if (p->readyTail == f) p->readyTail = before;
}

/* Ends the evaluations of a session, the session itself goes on. How many there were. */
EXPORT(end_evaluations) int x_end_evaluations (uint32_t slot) {
  Proc *p = proc_at(slot), *cur = vm_cur;
  Fiber *f, *next;
  int n = 0;
  if (!p || p->killed || p->ending || p == vm_cur) return 0;
  for (f = p->fibers; f; f = next) {
    Call c = { 0 };
    next = f->next;
    if (!f->isEvaluation) continue;
    ready_remove(p, f);
    vm_cur = p;
    vm_fiber = f;
    fiber_close(f);
    vm_fiber = NULL;
    vm_abort = 0;
    c.proc = p; c.data = f;
    gprotect(do_unanchor, &c);
    vm_cur = cur;
    fiber_free(f);
    n++;
  }
  return n;
}

/* In the io buffer: topic, from, values. */
EXPORT(deliver) int x_deliver (uint32_t slot, uint32_t topicLength, uint32_t fromLength, uint32_t n) {
  Proc *p = proc_at(slot);
  Blob *b;
  if (!p || p->killed || p->ending || (p->worker && !p->hasCall)) return 0;
  b = blob_make((char *)vm_io, topicLength, (char *)vm_io + topicLength, fromLength, vm_io + topicLength + fromLength, n);
  return b ? proc_deliver(p, b) : 0;
}

static double nextExternal = 1;
typedef struct Open { Proc *proc; uint32_t capacity; double id; } Open;
static int do_open_channel (lua_State *L) {
  Open *o = lua_touserdata(L, 1);
  Channel *c;
  proc_aux(L, o->proc);
  c = channel_new(L, o->capacity);
  c->external = o->id;
  channel_fed(o->proc, c);
  lua_rawseti(L, -2, (lua_Integer)o->id);
  return 0;
}
EXPORT(open_channel) double x_open_channel (uint32_t slot, uint32_t capacity) {
  Open o;
  o.proc = proc_at(slot); o.capacity = capacity; o.id = nextExternal;
  if (!o.proc) return 0;
  lua_pushcfunction(vm_G, do_open_channel);
  lua_pushlightuserdata(vm_G, &o);
  if (lua_pcall(vm_G, 1, 0, 0) != LUA_OK) { lua_pop(vm_G, 1); return 0; }
  return nextExternal++;
}

static int do_find_channel (lua_State *L) {
  Open *o = lua_touserdata(L, 1);
  proc_aux(L, o->proc);
  lua_rawgeti(L, -1, (lua_Integer)o->id);
  lua_pushlightuserdata(L, lua_touserdata(L, -1));
  return 1;
}
static Channel *find_channel (uint32_t slot, double id) {
  Open o;
  Channel *c;
  o.proc = proc_at(slot); o.id = id;
  if (!o.proc) return NULL;
  lua_pushcfunction(vm_G, do_find_channel);
  lua_pushlightuserdata(vm_G, &o);
  c = lua_pcall(vm_G, 1, 1, 0) == LUA_OK ? lua_touserdata(vm_G, -1) : NULL;
  lua_pop(vm_G, 1);
  return c;
}
EXPORT(channel_send) int x_channel_send (uint32_t slot, double id, uint32_t n, int drop) {
  Channel *c = find_channel(slot, id);
  Blob *b;
  if (!c || c->closed || (drop && !c->receivers && c->blobCount + c->count >= c->capacity)) return 0;
  if ((b = blob_make(NULL, 0, NULL, 0, vm_io, n)) == NULL) return 0;
  b->plain = 1;
  channel_give(c, b);
  return 1;
}
static int do_channel_close (lua_State *L) {
  channel_close(L, lua_touserdata(L, 1));
  return 0;
}
EXPORT(channel_close) void x_channel_close (uint32_t slot, double id) {
  Channel *c = find_channel(slot, id);
  if (c) { c->feeds = 0; gprotect(do_channel_close, c); }
}

/* Values that nobody has received yet; -1 when there is no such channel. */
EXPORT(channel_unread) int x_channel_unread (uint32_t slot, double id) {
  Channel *c = find_channel(slot, id);
  return c ? (int)(c->blobCount + c->count) : -1;
}

/* Drops what nobody has received yet. */
EXPORT(channel_clear) void x_channel_clear (uint32_t slot, double id) {
  Channel *c = find_channel(slot, id);
  if (c) channel_free(c);
}

/* The host will not name the channel again: from now on only Lua keeps it. */
static int do_channel_release (lua_State *L) {
  Open *o = lua_touserdata(L, 1);
  proc_aux(L, o->proc);
  lua_pushnil(L);
  lua_rawseti(L, -2, (lua_Integer)o->id);
  return 0;
}
EXPORT(channel_release) void x_channel_release (uint32_t slot, double id) {
  Open o;
  o.proc = proc_at(slot); o.id = id;
  if (o.proc) gprotect(do_channel_release, &o);
}

/* ---- within a native call ---- */

/* Names the call, so that it can be completed later. */
EXPORT(tag_of_call) double x_tag_of_call (void) { return vm_calling ? pending_tag(pending_take(vm_calling)) : 0; }

typedef struct Reserved { size_t n; char *at; } Reserved;
static int do_string_push (lua_State *L) {
  Reserved *r = lua_touserdata(L, 1);
  r->at = string_push(L, r->n);
  return 1;
}
/* Pushes a string of 'n' bytes for the host to write, longer than what is interned, as a result of the call in progress; NULL when
   it can't be had. */
EXPORT(string_push) char *x_string_push (uint32_t n) {
  lua_State *L = vm_calling->waiting;
  Reserved r;
  r.n = n;
  lua_pushcfunction(L, do_string_push);
  lua_pushlightuserdata(L, &r);
  if (lua_pcall(L, 1, 1, 0) == LUA_OK) return r.at;
  lua_pop(L, 1);
  return NULL;
}

EXPORT(arg_encode) int x_arg_encode (int i, int mode, int many) {
  CallInfo *ci;
  int count;
  if (!vm_calling) return ENC_MEMORY;
  ci = vm_calling->waiting->ci;
  count = (int)(vm_calling->waiting->top.p - (ci->func.p + i));
  if (count < 0) count = 0;
  if (!many && count > 1) count = 1;
  vm_out.n = 0;
  return enc_list(&vm_out, ci->func.p + i, count, mode, UINT32_MAX);
}

/* Keeps the string that argument 'i' is: its place names it until another takes that. */
EXPORT(keep_text) void x_keep_text (int i, uint32_t place) {
  lua_State *L = vm_calling->waiting;
  const TValue *o = s2v(L->ci->func.p + i);
  setobj2t(L, &vm_kept->array[place % KEPT_MAX], o);
  luaC_barrierback(L, obj2gco(vm_kept), o);
}

/* 0 other userdata, 1 error, 2 channel of the host, 3 payload, 4 handle; id and class in vm_ids. */
double vm_ids[2];
EXPORT(ids) double *x_ids (void) { return vm_ids; }
EXPORT(arg_userdata) int x_arg_userdata (int i) {
  const TValue *o = s2v(vm_calling->waiting->ci->func.p + i);
  int class = value_class(o);
  if (class == CLASS_ERROR) return 1;
  if (class == CLASS_PAYLOAD) return 3;
  if (class == CLASS_CHANNEL) {
    vm_ids[0] = ((Channel *)getudatamem(uvalue(o)))->external;
    return 2;
  }
  if (class >= CLASS_USER) {
    Handle *h = (Handle *)getudatamem(uvalue(o));
    vm_ids[0] = h->id; vm_ids[1] = h->class;
    return 4;
  }
  return 0;
}

/* The Lua caller's source goes to out; its line is returned. */
EXPORT(location) int x_location (void) {
  lua_Debug ar;
  lua_State *L = vm_calling ? vm_calling->waiting : NULL;
  int level;
  vm_out.n = 0;
  for (level = 1; L && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline < 0) continue;
    buf_put(&vm_out, ar.short_src, (uint32_t)strlen(ar.short_src));
    return ar.currentline;
  }
  return 0;
}

/* ---- observing and tuning ---- */

EXPORT(memory_of) double x_memory_of (uint32_t slot) {
  Proc *p = proc_at(slot);
  return p ? (double)memory_measure(p) : 0;
}
/* A blocked process that waits for nothing but messages is idle. */
static int waits_for_host (const Proc *p) {
  const Fiber *f;
  if (p->main.state == FIBER_NATIVE) return 1;
  for (f = p->fibers; f; f = f->next) if (f->state == FIBER_NATIVE) return 1;
  return 0;
}

EXPORT(info) int x_info (uint32_t slot) {  /* state; mailbox, fibers, channels, listeners in out */
  Proc *p = proc_at(slot);
  uint32_t v[4] = { 0, 0, 0, 0 };
  if (p) {
    v[0] = p->mailbox; v[1] = p->fiberCount + (p->state == PROC_IDLE ? 0 : 1); v[2] = p->channelCount;
    v[3] = p->listenerCount + (p->inbox != NULL) + (p->events != NULL);
  }
  vm_out.n = 0;
  buf_put(&vm_out, v, sizeof v);
  if (!p) return 0;
  return p->state == PROC_BLOCKED && !waits_for_host(p) ? PROC_IDLE : p->state;
}
/* Turns taken; still answered while the end of a process is being reported. */
EXPORT(turns_of) uint32_t x_turns_of (uint32_t slot) { return slot < slotCount && slots[slot] ? slots[slot]->turns : 0; }
EXPORT(heap) double x_heap (void) { return (double)vm_heap; }
EXPORT(live) uint32_t x_live (void) { return liveCount; }
EXPORT(ready) uint32_t x_ready (void) { return ringCount; }
EXPORT(gc) void x_gc (void) { lua_gc(vm_G, LUA_GCCOLLECT); lua_gc(vm_G, LUA_GCCOLLECT); released_flush(); }
EXPORT(set_budget) void x_set_budget (int n) { vm_budget_turn = n < 1 ? 1 : n; }
EXPORT(set_order) void x_set_order (double seed) { orderSeed = (uint64_t)seed; }
EXPORT(collector) void x_collector (int pause, int stepmul, int stepsize) { lua_gc(vm_G, LUA_GCINC, pause, stepmul, stepsize); }
