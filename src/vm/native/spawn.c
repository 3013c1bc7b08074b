/*
** Starting processes without the host: `process.spawn` and `process.spawn_monitored` of an unguarded process.
**
** S1. The host opens programs and hosts for this by name; whatever is not open takes the slow way through the host.
** S2. A process started here is unknown to the host until somebody asks for it (`adopt`). It carries what the host needs
**     then: the number of its parent's frame, its parent's pid, and the one process that watches it.
** S3. The end of an unknown process never reaches the host, unless its results need the host's judgement.
** S4. A frame number is released to the host when no process carries it any more.
*/
#include "vm.h"

static char programsKey, hostsKey;
static double nextPid = 1;
static uint32_t *frameRefs, frameCap;
int64_t vm_now_seconds;

/* The next process number of this node. */
EXPORT(next_pid) double x_next_pid (void) { return nextPid++; }

/* ---- frames ---- */

void frame_set (Proc *p, uint32_t frame) {
  uint32_t old = p->frame;
  if (frame >= frameCap) {
    uint32_t cap = frameCap ? frameCap : 64;
    uint32_t *grown;
    while (cap <= frame) cap *= 2;
    if ((grown = realloc(frameRefs, cap * sizeof(*grown))) == NULL) return;
    memset(grown + frameCap, 0, (cap - frameCap) * sizeof(*grown));
    frameRefs = grown; frameCap = cap;
  }
  p->frame = frame;
  if (frame) frameRefs[frame]++;
  if (old && --frameRefs[old] == 0) release_number(0, old);
}
EXPORT(set_frame) void x_set_frame (uint32_t slot, uint32_t frame) {
  Proc *p = proc_live(slot);
  if (p) frame_set(p, frame);
}

/* ---- what is open ---- */

static int do_open (lua_State *L) {  /* (key, value): the name is in the io buffer */
  char *key = lua_touserdata(L, 1);
  lua_Integer n = lua_tointeger(L, 3);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
  }
  lua_pushlstring(L, (char *)vm_io, (size_t)n);
  lua_pushvalue(L, 2);
  lua_rawset(L, -3);
  return 0;
}
static void open_name (char *key, void *value, uint32_t n) {
  lua_pushcfunction(vm_G, do_open);
  lua_pushlightuserdata(vm_G, key);
  if (value) lua_pushlightuserdata(vm_G, value); else lua_pushnil(vm_G);
  lua_pushinteger(vm_G, n);
  if (lua_pcall(vm_G, 3, 0, 0) != LUA_OK) lua_pop(vm_G, 1);
}
/* In the io buffer: an entry id. Without a program it is closed. */
EXPORT(open_program) void x_open_program (Program *g, uint32_t n) { open_name(&programsKey, g, n); }
/* In the io buffer: a host id. */
EXPORT(open_host) void x_open_host (int open, uint32_t n) { open_name(&hostsKey, open ? &hostsKey : NULL, n); }

/* The light value open under the string at 'index'. */
static void *opened (lua_State *L, char *key, int index) {
  void *value = NULL;
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) == LUA_TTABLE) {
    lua_pushvalue(L, index);
    lua_rawget(L, -2);
    value = lua_touserdata(L, -1);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return value;
}

/* ---- spawning ---- */

static int spawn_here (lua_State *L, int monitored) {
  Program *g;
  Proc *p, *me = vm_cur;
  const char *host, *text;
  size_t hostLength;
  uint32_t n;
  int count = lua_gettop(L);
  if (!me || me->guarded || !me->frame || me->ending || count < 2) return 0;
  if (lua_type(L, 1) != LUA_TSTRING || lua_type(L, 2) != LUA_TSTRING) return 0;
  if ((g = opened(L, &programsKey, 1)) == NULL || !opened(L, &hostsKey, 2)) return 0;
  vm_out.n = 0;
  if (enc_list(&vm_out, L->ci->func.p + 3, count - 2, MODE_MESSAGE, UINT32_MAX)) return 0;
  host = lua_tolstring(L, 2, &hostLength);
  if ((text = pid_text(me, &n)) == NULL) return 0;
  p = proc_start(g, nextPid, host, (uint32_t)hostLength, me->node, me->nodeLength, vm_out.p, count > 2 ? vm_out.n : 0, 0,
                 (double)me->limit);
  if (!p) return 0;
  nextPid++;
  p->unknown = 1;
  p->startedSeconds = vm_now_seconds;
  p->watcher = monitored ? me->pid : 0;
  if ((p->parentText = malloc(n)) != NULL) { memcpy(p->parentText, text, n); p->parentTextLength = n; }
  frame_set(p, me->frame);
  if ((text = pid_text(p, &n)) == NULL) return luaL_error(L, "not enough memory");
  lua_pushlstring(L, text, n);
  return 1;
}

static int slow (lua_State *L) {
  int count = lua_gettop(L);
  if (lua_isnil(L, lua_upvalueindex(1))) return luaL_error(L, "no host to spawn on");
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, count, LUA_MULTRET);
  return lua_gettop(L);
}
static int p_spawn (lua_State *L) { return spawn_here(L, 0) ? 1 : slow(L); }
static int p_spawn_monitored (lua_State *L) { return spawn_here(L, 1) ? 1 : slow(L); }

const luaL_Reg vm_spawn_functions[] = {
  {"process.spawn", p_spawn}, {"process.spawn_monitored", p_spawn_monitored}, {NULL, NULL}
};

/* ---- ending ---- */

static void put_text (Buf *b, const char *s, uint32_t n) { buf_byte(b, 5); buf_string(b, s, n); }
static void put_literal (Buf *b, const char *s) { put_text(b, s, (uint32_t)strlen(s)); }

/*
** Tells the watcher of an unknown process, if it has one, of the end whose outcome is the list 'bytes'. 0 when the host must
** judge: several results, or tables that refer to each other.
*/
int unknown_exited (Proc *p, int ok, const uint8_t *bytes, uint32_t n) {
  static Buf event;
  Proc *watcher = p->watcher ? proc_by_pid(p->watcher) : NULL;
  uint32_t length;
  const char *text;
  uint64_t at = (uint64_t)vm_now_seconds << 1;
  Blob *b;
  if (!watcher || watcher->killed || watcher->ending) return 1;
  if (n < 2 || bytes[0] != 0 || bytes[1] > 1 || (text = pid_text(p, &length)) == NULL) return 0;
  event.n = 0;
  buf_byte(&event, 0); buf_byte(&event, 1);
  buf_byte(&event, 6); buf_byte(&event, 1); buf_byte(&event, 0); buf_byte(&event, 4);
  put_literal(&event, "kind"); put_literal(&event, "pid.exit");
  put_literal(&event, "from"); put_text(&event, text, length);
  put_literal(&event, "at"); buf_byte(&event, 3); buf_varint(&event, at);
  put_literal(&event, "result");
  buf_byte(&event, 6); buf_byte(&event, 1); buf_byte(&event, 0); buf_byte(&event, 1);
  if (bytes[1] == 1 && bytes[2] != 0) {
    put_literal(&event, ok ? "value" : "error");
    buf_put(&event, bytes + 2, n - 2);
  }
  buf_byte(&event, 0);
  buf_byte(&event, 0);
  if (event.failed) { event.failed = 0; return 0; }
  if ((b = blob_make("@", 1, text, length, event.p, event.n)) == NULL) return 0;
  proc_deliver(watcher, b);
  return 1;
}

/* ---- adopting ---- */

/*
** Makes the process at a slot known to the host. Out: pid, watcher, frame, started (seconds), program, lengths of host and
** parent as doubles, then both texts. 0 when there is nothing to adopt.
*/
EXPORT(adopt) int x_adopt (uint32_t slot) {
  Proc *p = proc_any(slot);
  double v[7];
  if (!p || !p->unknown) return 0;
  p->unknown = 0;
  v[0] = p->pid; v[1] = p->watcher; v[2] = p->frame; v[3] = (double)p->startedSeconds;
  v[4] = (double)(uintptr_t)p->program; v[5] = p->hostLength; v[6] = p->parentTextLength;
  p->watcher = 0;
  vm_out.n = 0;
  buf_put(&vm_out, v, sizeof v);
  buf_put(&vm_out, p->host, p->hostLength);
  buf_put(&vm_out, p->parentText, p->parentTextLength);
  return 1;
}
EXPORT(slot_of) int x_slot_of (double pid) {
  Proc *p = proc_by_pid(pid);
  return p ? (int)p->slot : -1;
}
EXPORT(slots) uint32_t x_slots (void) { return slot_count(); }
EXPORT(set_now) void x_set_now (double seconds) { vm_now_seconds = (int64_t)seconds; }
