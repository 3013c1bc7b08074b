/*
** Userdata classes: errors, payloads, messages, handles of the host; and what the host defines.
**
** O1. Class metatables and method tables are frozen; `getmetatable` gives false.
** O2. One handle userdata per (process, id): the host hears `released` exactly once.
** O3. An error's stack is kept as text, one "source \t line \t name \n" per frame; a negative line marks context.
*/
#include <stdio.h>
#include "vm.h"

Table *vm_class_table[VM_CLASSES_MAX];
static int classes = CLASS_USER;

static Udata *top_udata (lua_State *L) { return uvalue(s2v(L->top.p - 1)); }

void class_set (lua_State *L, int class) {
  Udata *u = top_udata(L);
  u->metatable = vm_class_table[class];
  luaC_objbarrier(L, u, vm_class_table[class]);
  luaC_checkfinalizer(L, obj2gco(u), vm_class_table[class]);
}

int value_class (const TValue *o) {
  Table *mt;
  const TValue *v;
  if (!ttisfulluserdata(o) || (mt = uvalue(o)->metatable) == NULL) return 0;
  if (mt == vm_class_table[CLASS_ERROR]) return CLASS_ERROR;
  v = luaH_getint(mt, 1);  /* class metatables carry their number */
  return ttisinteger(v) ? (int)ivalue(v) : 0;
}

void *class_test (lua_State *L, int index, int class) {
  void *p = lua_touserdata(L, index);
  if (p && lua_getmetatable(L, index)) {
    int same = hvalue(s2v(L->top.p - 1)) == vm_class_table[class];
    lua_pop(L, 1);
    if (same) return p;
  }
  return NULL;
}

static void *class_check (lua_State *L, int index, int class, const char *name) {
  void *p = class_test(L, index, class);
  if (!p) luaL_typeerror(L, index, name);
  return p;
}

void freeze_top (lua_State *L) { hvalue(s2v(L->top.p - 1))->flags |= BITFROZEN; }

/* ---- errors ---- */

TValue *vm_errormessage (TValue *o) {
  Udata *u = uvalue(o);
  if (u->metatable != vm_class_table[CLASS_ERROR] || u->metatable == NULL) return NULL;
  return ttisstring(&u->uv[ERR_MESSAGE - 1].uv) ? &u->uv[ERR_MESSAGE - 1].uv : NULL;
}

#define STACK_FRAMES_MAX 24

/* Pushes the call stack of 'from' as text. */
void error_capture (lua_State *L, lua_State *from, int level) {
  lua_Debug ar;
  luaL_Buffer b;
  int n = 0;
  luaL_buffinit(L, &b);
  while (n < STACK_FRAMES_MAX && lua_getstack(from, level++, &ar)) {
    char line[32];
    const char *s;
    if (!lua_getinfo(from, "Sln", &ar) || ar.currentline < 0) continue;
    for (s = ar.short_src; *s; s++) luaL_addchar(&b, *s == '\t' || *s == '\n' ? ' ' : *s);
    snprintf(line, sizeof line, "\t%d\t", ar.currentline);
    luaL_addstring(&b, line);
    if (ar.name) luaL_addstring(&b, ar.name);
    else luaL_addstring(&b, *ar.what == 'm' ? "main chunk" : "?");
    luaL_addchar(&b, '\n');
    n++;
  }
  luaL_pushresult(&b);
}

/* Gives the error at 'index' the stack of 'from' unless it has one. */
void error_stack (lua_State *L, int index, lua_State *from, int level) {
  index = lua_absindex(L, index);
  if (lua_getiuservalue(L, index, ERR_STACK) != LUA_TSTRING) {
    error_capture(L, from, level);
    lua_setiuservalue(L, index, ERR_STACK);
  }
  lua_pop(L, 1);
}

/* Pushes an error whose message is the string on top (which it replaces). */
static void error_wrap_top (lua_State *L, const char *kind, int retryable) {
  LuaErr *e = lua_newuserdatauv(L, sizeof(LuaErr), 4);
  e->retryable = (int8_t)retryable;
  class_set(L, CLASS_ERROR);
  lua_insert(L, -2);
  lua_setiuservalue(L, -2, ERR_MESSAGE);
  lua_pushstring(L, kind);
  lua_setiuservalue(L, -2, ERR_KIND);
}

void error_push (lua_State *L, const char *message, const char *kind, int retryable) {
  lua_pushstring(L, message);
  error_wrap_top(L, kind, retryable);
}

static LuaErr *error_check (lua_State *L) { return class_check(L, 1, CLASS_ERROR, "error"); }

static int e_message (lua_State *L) { error_check(L); lua_getiuservalue(L, 1, ERR_MESSAGE); return 1; }
static int e_kind (lua_State *L) { error_check(L); lua_getiuservalue(L, 1, ERR_KIND); return 1; }
static int e_details (lua_State *L) { error_check(L); lua_getiuservalue(L, 1, ERR_DETAILS); return 1; }
static int e_retryable (lua_State *L) {
  LuaErr *e = error_check(L);
  if (e->retryable < 0) lua_pushnil(L);
  else lua_pushboolean(L, e->retryable);
  return 1;
}

typedef struct Frame { const char *source, *name; size_t sourceLength, nameLength; long line; } Frame;
static const char *frame_next (const char *s, const char *end, Frame *f) {
  const char *a = memchr(s, '\t', end - s), *b = a ? memchr(a + 1, '\t', end - a - 1) : NULL;
  const char *c = b ? memchr(b + 1, '\n', end - b - 1) : NULL;
  if (!c) return NULL;
  f->source = s; f->sourceLength = a - s;
  f->line = strtol(a + 1, NULL, 10);
  f->name = b + 1; f->nameLength = c - b - 1;
  return c + 1;
}

static int e_stack (lua_State *L) {
  size_t n;
  const char *s, *end;
  luaL_Buffer b;
  Frame f;
  int first = 1;
  error_check(L);
  lua_getiuservalue(L, 1, ERR_STACK);
  s = lua_tolstring(L, -1, &n);
  luaL_buffinit(L, &b);
  for (end = s + n; s && s < end && (s = frame_next(s, end, &f)) != NULL;) {
    char line[32];
    if (!first) luaL_addchar(&b, '\n');
    first = 0;
    luaL_addlstring(&b, "  ", 2);
    luaL_addlstring(&b, f.source, f.sourceLength);
    if (f.line < 0) continue;
    snprintf(line, sizeof line, ":%ld (", f.line);
    luaL_addstring(&b, line);
    luaL_addlstring(&b, f.name, f.nameLength);
    luaL_addchar(&b, ')');
  }
  luaL_pushresult(&b);
  return 1;
}

static int e_concat (lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  luaL_tolstring(L, 2, NULL);
  lua_concat(L, 2);
  return 1;
}

static const luaL_Reg error_methods[] = {
  {"message", e_message}, {"kind", e_kind}, {"retryable", e_retryable}, {"details", e_details},
  {"stack", e_stack}, {NULL, NULL}
};

/* errors.new(message) or errors.new{message, kind, retryable, details} */
int objects_errors_new (lua_State *L) {
  lua_settop(L, 1);
  if (lua_type(L, 1) == LUA_TSTRING) {
    lua_pushvalue(L, 1);
    error_wrap_top(L, "", -1);
  }
  else if (lua_istable(L, 1)) {
    int retryable = -1;
    const char *kind = "";
    int t = lua_getfield(L, 1, "message");
    if (t == LUA_TNIL) return luaL_error(L, "message field is required");
    if (t != LUA_TSTRING) return luaL_error(L, "message must be a string");
    t = lua_getfield(L, 1, "kind");
    if (t == LUA_TSTRING) kind = lua_tostring(L, -1);
    else if (t != LUA_TNIL) return luaL_error(L, "kind must be a string");
    t = lua_getfield(L, 1, "retryable");
    if (t == LUA_TBOOLEAN) retryable = lua_toboolean(L, -1);
    else if (t != LUA_TNIL) return luaL_error(L, "retryable must be a boolean");
    lua_pushvalue(L, 2);
    error_wrap_top(L, kind, retryable);
    if (lua_getfield(L, 1, "details") == LUA_TTABLE) {
      lua_pushnil(L);
      if (lua_next(L, -2)) { lua_pop(L, 2); lua_setiuservalue(L, -2, ERR_DETAILS); }
      else lua_pop(L, 1);
    }
    else lua_pop(L, 1);
  }
  else return luaL_argerror(L, 1, lua_pushfstring(L, "string or table expected, got %s", luaL_typename(L, 1)));
  error_capture(L, L, 1);
  lua_setiuservalue(L, -2, ERR_STACK);
  return 1;
}

static int errors_wrap (lua_State *L) {
  size_t n;
  const char *context = luaL_checklstring(L, 2, &n);
  lua_settop(L, 2);
  if (class_test(L, 1, CLASS_ERROR)) {
    LuaErr *from = lua_touserdata(L, 1);
    LuaErr *e = lua_newuserdatauv(L, sizeof(LuaErr), 4);
    int i;
    e->retryable = from->retryable;
    class_set(L, CLASS_ERROR);
    for (i = 1; i <= 4; i++) { lua_getiuservalue(L, 1, i); lua_setiuservalue(L, 3, i); }
  }
  else if (lua_type(L, 1) == LUA_TSTRING) {
    lua_pushvalue(L, 1);
    error_wrap_top(L, "", -1);
    error_capture(L, L, 1);
    lua_setiuservalue(L, 3, ERR_STACK);
  }
  else return luaL_argerror(L, 1, lua_pushfstring(L, "error or string expected, got %s", luaL_typename(L, 1)));
  {  /* the context goes above the frames */
    luaL_Buffer b;
    size_t i;
    luaL_buffinit(L, &b);
    for (i = 0; i < n; i++) luaL_addchar(&b, context[i] == '\t' || context[i] == '\n' ? ' ' : context[i]);
    luaL_addstring(&b, "\t-1\t\n");
    if (lua_getiuservalue(L, 3, ERR_STACK) == LUA_TSTRING) luaL_addvalue(&b);
    else lua_pop(L, 1);
    luaL_pushresult(&b);
    lua_setiuservalue(L, 3, ERR_STACK);
  }
  return 1;
}

static int errors_is (lua_State *L) {
  int same = 0;
  if (class_test(L, 1, CLASS_ERROR) && lua_type(L, 2) == LUA_TSTRING) {
    lua_getiuservalue(L, 1, ERR_KIND);
    same = lua_rawequal(L, -1, 2);
  }
  lua_pushboolean(L, same);
  return 1;
}

static int errors_call_stack (lua_State *L) {
  size_t n;
  const char *s, *end;
  Frame f;
  int i = 0;
  if (!class_test(L, 1, CLASS_ERROR) || lua_getiuservalue(L, 1, ERR_STACK) != LUA_TSTRING) { lua_pushnil(L); return 1; }
  s = lua_tolstring(L, -1, &n);
  lua_createtable(L, 0, 2);
  lua_pushstring(L, "main");
  lua_setfield(L, -2, "thread");
  lua_newtable(L);
  for (end = s + n; s < end && (s = frame_next(s, end, &f)) != NULL;) {
    if (f.line < 0) continue;
    lua_createtable(L, 0, 5);
    lua_pushinteger(L, i); lua_setfield(L, -2, "level");
    lua_pushlstring(L, f.source, f.sourceLength); lua_setfield(L, -2, "source");
    lua_pushinteger(L, f.line); lua_setfield(L, -2, "line");
    lua_pushlstring(L, f.name, f.nameLength); lua_setfield(L, -2, "name");
    lua_pushstring(L, strncmp(f.name, "main chunk", f.nameLength) == 0 ? "main" : "Lua"); lua_setfield(L, -2, "type");
    lua_rawseti(L, -2, ++i);
  }
  if (i == 0) { lua_pushnil(L); return 1; }
  lua_setfield(L, -2, "frames");
  return 1;
}

const luaL_Reg vm_error_functions[] = {
  {"errors.new", objects_errors_new}, {"errors.wrap", errors_wrap}, {"errors.is", errors_is},
  {"errors.call_stack", errors_call_stack}, {NULL, NULL}
};

/* ---- payloads and messages ---- */

#define NATIVE_FORMAT "lua/any"
#define ERROR_FORMAT "golang/error"

/* Wraps the value on top (an error has a format of its own), or with format NULL the (format, value) pair there. */
void payload_push (lua_State *L, const char *format) {
  if (format && class_test(L, -1, CLASS_ERROR)) format = ERROR_FORMAT;
  lua_newuserdatauv(L, sizeof(Payload), 2);
  class_set(L, CLASS_PAYLOAD);
  lua_insert(L, -2);
  lua_setiuservalue(L, -2, 2);
  if (format) lua_pushstring(L, format);
  else lua_insert(L, -2);
  lua_setiuservalue(L, -2, 1);
}

static int payload_new (lua_State *L) {
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  if (class_test(L, 1, CLASS_PAYLOAD)) return 1;
  payload_push(L, NATIVE_FORMAT);
  return 1;
}

static int payload_results (lua_State *L, int status, lua_KContext context) { return lua_gettop(L); }

/* data(): the value itself, or the host's conversion (upvalue 1) for other formats. */
static int payload_data (lua_State *L) {
  class_check(L, 1, CLASS_PAYLOAD, "Payload");
  lua_getiuservalue(L, 1, 1);
  if (lua_isnil(L, lua_upvalueindex(1)) || strcmp(lua_tostring(L, -1), NATIVE_FORMAT) == 0 ||
      strcmp(lua_tostring(L, -1), ERROR_FORMAT) == 0) {
    lua_getiuservalue(L, 1, 2);
    return 1;
  }
  lua_settop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_callk(L, 1, LUA_MULTRET, 0, payload_results);
  return payload_results(L, LUA_OK, 0);
}

static int payload_format (lua_State *L) {
  class_check(L, 1, CLASS_PAYLOAD, "Payload");
  lua_getiuservalue(L, 1, 1);
  return 1;
}

const luaL_Reg vm_payload_functions[] = { {"payload.new", payload_new}, {NULL, NULL} };

static int message_topic (lua_State *L) {
  class_check(L, 1, CLASS_MESSAGE, "process.Message");
  lua_getiuservalue(L, 1, 1);
  return 1;
}
static int message_from (lua_State *L) {
  class_check(L, 1, CLASS_MESSAGE, "process.Message");
  lua_getiuservalue(L, 1, 2);
  return 1;
}
/* nil, one Payload, or an array of them; made once. */
static int message_payload (lua_State *L) {
  Message *m = class_check(L, 1, CLASS_MESSAGE, "process.Message");
  lua_settop(L, 1);
  lua_getiuservalue(L, 1, 3);
  if (m->count == 1) {
    if (!class_test(L, 2, CLASS_PAYLOAD)) payload_push(L, NATIVE_FORMAT);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, 1, 3);
  }
  else if (m->count > 1) {
    int i, n = m->count;
    lua_createtable(L, n, 0);
    for (i = 1; i <= n; i++) {
      lua_rawgeti(L, 2, i);
      if (!class_test(L, -1, CLASS_PAYLOAD)) payload_push(L, NATIVE_FORMAT);
      lua_rawseti(L, 3, i);
    }
    lua_pushvalue(L, 3);
    lua_setiuservalue(L, 1, 3);
    m->count = -n;  /* already wrapped */
  }
  return 1;
}
static int message_tostring (lua_State *L) {
  message_topic(L);
  lua_pushfstring(L, "process.Message{topic=%s}", lua_tostring(L, -1));
  return 1;
}
static const luaL_Reg message_methods[] = {
  {"topic", message_topic}, {"from", message_from}, {"payload", message_payload}, {NULL, NULL}
};

void blob_push_message (lua_State *L, Blob *b) {
  const char *p = (const char *)b->bytes;
  Message *m = lua_newuserdatauv(L, sizeof(Message), 3);
  int base = lua_gettop(L), n;
  class_set(L, CLASS_MESSAGE);
  lua_pushlstring(L, p, b->topicLength); lua_setiuservalue(L, base, 1);
  lua_pushlstring(L, p + b->topicLength, b->fromLength); lua_setiuservalue(L, base, 2);
  m->count = 0;
  n = dec_list(L, b->bytes + b->topicLength + b->fromLength, b->size);
  m->count = n;
  if (n > 1) {
    int i;
    lua_createtable(L, n, 0);
    for (i = 1; i <= n; i++) { lua_pushvalue(L, base + i); lua_rawseti(L, -2, i); }
  }
  if (n > 0) lua_setiuservalue(L, base, 3);
  lua_settop(L, base);
}

static void payload_unwrap (lua_State *L) {
  if (class_test(L, -1, CLASS_PAYLOAD)) {
    lua_getiuservalue(L, -1, 1);
    if (strcmp(lua_tostring(L, -1), NATIVE_FORMAT) == 0) {
      lua_pop(L, 1);
      lua_getiuservalue(L, -1, 2);
      lua_remove(L, -2);
    }
    else lua_pop(L, 1);
  }
}

/* One payload gives its value, several an array, none nil. */
void blob_push_value (lua_State *L, Blob *b) {
  const uint8_t *p = b->bytes + b->topicLength + b->fromLength;
  int base = lua_gettop(L), n, i;
  if (b->plain) { dec_first(L, p, b->size); return; }
  n = dec_list(L, p, b->size);
  if (n == 0) lua_pushnil(L);
  else if (n == 1) payload_unwrap(L);
  else {
    lua_createtable(L, n, 0);
    for (i = 1; i <= n; i++) {
      lua_pushvalue(L, base + i);
      payload_unwrap(L);
      lua_rawseti(L, base + n + 1, i);
    }
    lua_replace(L, base + 1);
    lua_settop(L, base + 1);
  }
}

/* ---- handles ---- */

typedef struct Release { struct Release *next; int class; double id; } Release;
static Release *releases, *releasesTail;

/* Tells the host, once it is safe, that nothing here refers to 'id' any more. */
void release_number (int class, double id) {
  Release *r = malloc(sizeof *r);
  if (!r) return;
  r->next = NULL; r->class = class; r->id = id;
  if (releasesTail) releasesTail->next = r; else releases = r;
  releasesTail = r;
}

static void release_queue (Handle *h) {
  if (!h->proc) return;
  if (h->prev) h->prev->next = h->next; else h->proc->handles = h->next;
  if (h->next) h->next->prev = h->prev;
  h->proc = NULL;
  release_number(h->class, h->id);
}

void released_flush (void) {
  while (releases) {
    Release *r = releases;
    if ((releases = r->next) == NULL) releasesTail = NULL;
    host_released(r->class, r->id);
    free(r);
  }
}

void handles_release (Proc *p) { while (p->handles) release_queue(p->handles); }

static int handle_gc (lua_State *L) {
  release_queue(lua_touserdata(L, 1));
  return 0;
}

/*
** What an object of the host takes there, about. The collector does not see it, and is told by way of its debt: else a loop that makes
** objects has hundreds of megabytes of them before they are looked at.
*/
#define HOST_BYTES 512

/* Pushes the process's handle for 'id', made on first sight; outside a process one that belongs to nobody. */
void handle_push (lua_State *L, int class, double id) {
  Handle *h;
  if (class < CLASS_USER || class >= classes) { lua_pushnil(L); return; }
  if (!vm_cur) {
    h = lua_newuserdatauv(L, sizeof(Handle), 0);
    h->id = id; h->class = class; h->proc = NULL; h->next = h->prev = NULL;
    class_set(L, class);
    return;
  }
  proc_aux(L, vm_cur);
  if (lua_getfield(L, -1, "handles") == LUA_TNIL) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "handles");
  }
  lua_remove(L, -2);
  lua_pushnumber(L, id * VM_CLASSES_MAX + class);
  if (lua_rawget(L, -2) == LUA_TUSERDATA) { lua_remove(L, -2); return; }
  lua_pop(L, 1);
  h = lua_newuserdatauv(L, sizeof(Handle), 0);
  luaE_setdebt(G(L), G(L)->GCdebt + HOST_BYTES);
  h->id = id; h->class = class; h->proc = vm_cur; h->prev = NULL;
  if ((h->next = vm_cur->handles) != NULL) h->next->prev = h;
  vm_cur->handles = h;
  class_set(L, class);
  lua_pushnumber(L, id * VM_CLASSES_MAX + class);
  lua_pushvalue(L, -2);
  lua_rawset(L, -4);
  lua_remove(L, -2);
}

/* ---- native functions ---- */

static int native_finish (lua_State *L, int r, Fiber *f);

static int native_k (lua_State *L, int status, lua_KContext ctx) {
  return channel_results(L, vm_fiber);
}

extern void pending_drop (Fiber *f);

/* Whether the host keeps the text of string 'o'. */
static int is_kept (const TValue *o) {
  const TValue *kept = &vm_kept->array[KEPT_PLACE(tsvalue(o))];
  return ttisstring(kept) && tsvalue(kept) == tsvalue(o);
}

/* A longer list is not worth a look at each call that has it. */
#define LIST_MAX 256

/* How many elements a short table has, if all it has are in its array part, which goes to 'list'; else -1. */
static int list_items (const Table *t, const TValue **list) {
  unsigned int n = t->alimit;
  if (!isdummy(t) || !isrealasize(t) || n > LIST_MAX) return -1;
  while (n > 0 && ttisnil(&t->array[n - 1])) n--;
  *list = t->array;
  return (int)n;
}

/* The host object that 'o' is, or NULL; cheaper than asking for its class. */
static const Handle *handle_of (const TValue *o) {
  const Udata *u;
  const Handle *h;
  if (!ttisfulluserdata(o)) return NULL;
  u = uvalue(o);
  h = (const Handle *)getudatamem(u);
  if (u->len != sizeof(Handle) || (unsigned)h->class >= VM_CLASSES_MAX || h->class < CLASS_USER) return NULL;
  return u->metatable && u->metatable == vm_class_table[h->class] ? h : NULL;  /* other userdata may have such a number by chance */
}

/* Upvalues: index, name. Codes the host returns: see native_finish. */
int vm_native (lua_State *L) {
  StkId args = L->ci->func.p + 1;
  int r, index = (int)ivalue(&clCvalue(s2v(args - 1))->upvalue[0]), count = (int)(L->top.p - args), class = 0;
  int text = -1, items = -1;
  const TValue *list = NULL;
  double id = 0;
  Fiber *f = vm_fiber, *outer = vm_calling;
  if (!f) return luaL_error(L, "no process is running");
  f->waiting = L;
  vm_budget -= VM_NATIVE_CHECKS;
  for (r = 0; r < count; r++)  /* the host reads what it is given */
    if (ttislngstring(s2v(args + r))) vm_budget -= (int)(vslen(s2v(args + r)) >> VM_BYTES_SHIFT);
  if (count > 0) {  /* what is quick to see here saves the host from looking */
    const Handle *self = handle_of(s2v(args));
    const TValue *last = s2v(args + count - 1);
    if (self) { class = self->class; id = self->id; }
    else if (ttisfulluserdata(s2v(args))) class = value_class(s2v(args));
    r = ttisstring(s2v(args)) || count == 1 ? 0 : 1;
    if (ttisstring(s2v(args + r)) && is_kept(s2v(args + r))) text = (r + 1) * KEPT_MAX + (int)KEPT_PLACE(tsvalue(s2v(args + r)));
    if (ttistable(last)) items = list_items(hvalue(last), &list);
  }
  vm_calling = f;
  r = host_native(index, args, count, f->proc->slot, class, id, text, list, items);
  vm_calling = outer;
  return native_finish(L, r, f);
}

static int native_finish (lua_State *L, int r, Fiber *f) {
  int i, code = r & 7;
  uint32_t n = (uint32_t)r >> 3;
  if (f->proc->killed || f->proc->replaced) {  /* ended or upgraded itself */
    pending_drop(f);
    if (vm_canblock(L)) { f->waiting = L; vm_block(L, FIBER_FOREVER); return lua_yieldk(L, 0, 0, native_k); }
    vm_abort = 1;
    return luaL_error(L, "process terminated");
  }
  if (code == 1) {
    if (!f->pending) return luaL_error(L, "bad result of a native function");
    if (f->wake != WAKE_NONE) {  /* completed before it returned */
      f->waiting = L;
      return channel_results(L, f);
    }
    if (!vm_canblock(L)) {
      pending_drop(f);
      return luaL_error(L, f->proc->loaded ? "attempt to yield across a C-call boundary"
                                           : "attempt to block while loading");
    }
    vm_block(L, FIBER_NATIVE);
    return lua_yieldk(L, 0, 0, native_k);
  }
  pending_drop(f);
  if (f->blob) { free(f->blob); f->blob = NULL; }
  f->wake = WAKE_NONE;
  switch (code) {
    case 0: {
      int base, count;
      if (dec_rows(L, vm_io, n)) return 1;
      base = lua_gettop(L); count = dec_list(L, vm_io, n);
      for (i = base + 1; i <= base + count; i++)
        if (ttisfulluserdata(s2v(L->ci->func.p + i)) && class_test(L, i, CLASS_ERROR)) error_stack(L, i, L, 1);
      return count;
    }
    case 2:
      dec_first(L, vm_io, n);
      if (lua_type(L, -1) == LUA_TSTRING) { luaL_where(L, 1); lua_insert(L, -2); lua_concat(L, 2); }
      else if (class_test(L, -1, CLASS_ERROR)) error_stack(L, -1, L, 1);
      return lua_error(L);
    case 3:  /* a string that the host has pushed is the first result, the others are nil */
      for (i = 1; i < (int)n; i++) lua_pushnil(L);
      luaC_checkGC(L);
      return (int)n;
    case 4: {  /* argument error: (index, message) */
      dec_list(L, vm_io, n);
      i = (int)lua_tointeger(L, -2);
      return luaL_argerror(L, i, lua_tostring(L, -1));
    }
    default: return luaL_error(L, "bad result of a native function");
  }
}

static void native_push (lua_State *L, lua_Integer index, const char *name) {
  lua_pushinteger(L, index);
  lua_pushstring(L, name);
  lua_pushcclosure(L, vm_native, 2);
}

/* ---- definitions ---- */

static const char *const meta_names[] = {
  "tostring", "eq", "concat", "index", "call", "len", "lt", "le", "add", "sub", NULL
};

static void freeze_deep (lua_State *L) {  /* the table on top and all below it */
  luaL_checkstack(L, 8, NULL);
  if (isfrozen(hvalue(s2v(L->top.p - 1)))) return;
  freeze_top(L);
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    if (lua_istable(L, -1)) freeze_deep(L);
    lua_pop(L, 1);
  }
}

static void class_register (lua_State *L, int class) {  /* metatable on top; pops it, anchors it */
  vm_class_table[class] = hvalue(s2v(L->top.p - 1));
  lua_rawsetp(L, LUA_REGISTRYINDEX, &vm_class_table[class]);
}

#define CLASS_FIELDS 4  /* __name, __metatable, __index, __gc */

static void class_create (lua_State *L, int class, const char *name, const luaL_Reg *methods, lua_CFunction gc) {
  int n = 0;
  lua_createtable(L, 1, CLASS_FIELDS);
  lua_pushinteger(L, class); lua_rawseti(L, -2, 1);
  lua_pushstring(L, name); lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0); lua_setfield(L, -2, "__metatable");
  while (methods && methods[n].name) n++;
  lua_createtable(L, 0, n);
  if (methods) luaL_setfuncs(L, methods, 0);
  freeze_top(L);
  lua_setfield(L, -2, "__index");
  if (gc) { lua_pushcfunction(L, gc); lua_setfield(L, -2, "__gc"); }
  freeze_top(L);
  class_register(L, class);
}

static void class_push (lua_State *L, int class) { lua_rawgetp(L, LUA_REGISTRYINDEX, &vm_class_table[class]); }

/* Argument: {name, methods, wrapped, meta}; a wrapped method is called through the builtin it names. Adds to a built-in class of that name, else makes one. Returns its number. */
static int define_class (lua_State *L) {
  const char *name;
  int class = 0, i;
  int def = lua_gettop(L);
  lua_getfield(L, def, "name");
  name = lua_tostring(L, -1);
  if (strcmp(name, "error") == 0) class = CLASS_ERROR;
  else if (strcmp(name, "Channel") == 0) class = CLASS_CHANNEL;
  else if (strcmp(name, "Payload") == 0) class = CLASS_PAYLOAD;
  else if (strcmp(name, "process.Message") == 0) class = CLASS_MESSAGE;
  if (!class) {
    if (classes >= VM_CLASSES_MAX) return luaL_error(L, "too many classes");
    class = classes++;
    class_create(L, class, name, NULL, handle_gc);
  }
  class_push(L, class);
  hvalue(s2v(L->top.p - 1))->flags &= ~BITFROZEN;
  lua_getfield(L, -1, "__index");
  hvalue(s2v(L->top.p - 1))->flags &= ~BITFROZEN;
  lua_getfield(L, def, "methods");
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    native_push(L, lua_tointeger(L, -1), lua_tostring(L, -3));
    if (class == CLASS_PAYLOAD && (strcmp(lua_tostring(L, -3), "data") == 0 || strcmp(lua_tostring(L, -3), "unmarshal") == 0))
      lua_pushcclosure(L, payload_data, 1);
    lua_getfield(L, def, "wrapped");
    if (lua_getfield(L, -1, lua_tostring(L, -4)) == LUA_TSTRING) {
      lua_CFunction f = builtin_find(lua_tostring(L, -1));
      if (!f) return luaL_error(L, "unknown builtin '%s'", lua_tostring(L, -1));
      lua_pop(L, 2);
      lua_pushcclosure(L, f, 1);
    }
    else lua_pop(L, 2);
    lua_setfield(L, -5, lua_tostring(L, -3));
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  freeze_top(L);
  lua_pop(L, 1);
  lua_getfield(L, def, "meta");
  for (i = 0; meta_names[i]; i++) {
    if (lua_getfield(L, -1, meta_names[i]) == LUA_TNUMBER) {
      char key[16];
      snprintf(key, sizeof key, "__%s", meta_names[i]);
      native_push(L, lua_tointeger(L, -1), meta_names[i]);
      lua_setfield(L, -4, key);
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  hvalue(s2v(L->top.p - 1))->flags &= (lu_byte)~maskflags;  /* forget cached absences */
  freeze_top(L);
  lua_settop(L, def);
  lua_pushinteger(L, class);
  return 1;
}

/* Replaces the member definition on top by its value. */
static void member_build (lua_State *L, const char *name) {
  const char *kind;
  int def = lua_gettop(L);
  luaL_checkstack(L, 12, NULL);
  lua_getfield(L, def, "kind");
  kind = lua_tostring(L, -1);
  if (strcmp(kind, "native") == 0) {
    lua_getfield(L, def, "index");
    native_push(L, lua_tointeger(L, -1), name);
  }
  else if (strcmp(kind, "builtin") == 0) {
    lua_CFunction f;
    lua_getfield(L, def, "name");
    f = builtin_find(lua_tostring(L, -1));
    if (!f) luaL_error(L, "unknown builtin '%s'", lua_tostring(L, -1));
    if (lua_getfield(L, def, "fallback") == LUA_TNUMBER) native_push(L, lua_tointeger(L, -1), name);
    else lua_pushnil(L);
    lua_pushcclosure(L, f, 1);
  }
  else if (strcmp(kind, "value") == 0) {
    lua_getfield(L, def, "value");
    if (lua_istable(L, -1)) freeze_deep(L);
  }
  else {
    lua_newtable(L);
    lua_getfield(L, def, "members");
    lua_pushnil(L);
    while (lua_next(L, -2)) {
      member_build(L, lua_tostring(L, -2));
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_rawset(L, def + 2);
    }
    lua_settop(L, def + 2);
    freeze_top(L);
  }
  lua_replace(L, def);
  lua_settop(L, def);
}

/* Argument: {name, members}. Returns a registry reference. */
static int define_module (lua_State *L) {
  lua_getfield(L, -1, "name");
  lua_getfield(L, -2, "members");
  member_build(L, lua_tostring(L, -2));
  lua_pushinteger(L, luaL_ref(L, LUA_REGISTRYINDEX));
  return 1;
}

/* Argument: {name = module reference}. Returns a reference to the environments' metatable. */
static int define_globals (lua_State *L) {
  int def = lua_gettop(L);
  lua_newtable(L);
  lua_pushnil(L);
  lua_getfield(L, LUA_REGISTRYINDEX, "vm.base");
  lua_replace(L, -2);
  lua_pushnil(L);
  while (lua_next(L, def + 2)) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, def + 1);
  }
  lua_pushnil(L);
  while (lua_next(L, def)) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, lua_tointeger(L, -1));
    lua_replace(L, -2);
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, def + 1);
  }
  lua_settop(L, def + 1);
  freeze_top(L);
  lua_createtable(L, 0, 2);
  lua_insert(L, -2);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  freeze_top(L);
  lua_pushinteger(L, luaL_ref(L, LUA_REGISTRYINDEX));
  return 1;
}

static int channel_gc (lua_State *L) { channel_dispose(lua_touserdata(L, 1)); return 0; }
extern const luaL_Reg vm_channel_methods[];

static const luaL_Reg payload_methods[] = { {"get_format", payload_format}, {NULL, NULL} };

void objects_open (lua_State *L) {
  class_create(L, CLASS_ERROR, "error", error_methods, NULL);
  class_create(L, CLASS_CHANNEL, "Channel", vm_channel_methods, channel_gc);
  class_create(L, CLASS_CASE, "Case", NULL, NULL);
  class_create(L, CLASS_PAYLOAD, "Payload", payload_methods, NULL);
  class_create(L, CLASS_MESSAGE, "process.Message", message_methods, NULL);
  class_push(L, CLASS_ERROR);
  hvalue(s2v(L->top.p - 1))->flags = 0;
  lua_pushcfunction(L, e_message); lua_setfield(L, -2, "__tostring");
  lua_pushcfunction(L, e_concat); lua_setfield(L, -2, "__concat");
  hvalue(s2v(L->top.p - 1))->flags = 0;
  freeze_top(L);
  class_push(L, CLASS_MESSAGE);
  hvalue(s2v(L->top.p - 1))->flags = 0;
  lua_pushcfunction(L, message_tostring); lua_setfield(L, -2, "__tostring");
  hvalue(s2v(L->top.p - 1))->flags = 0;
  freeze_top(L);
  class_push(L, CLASS_PAYLOAD);
  lua_getfield(L, -1, "__index");
  hvalue(s2v(L->top.p - 1))->flags &= ~BITFROZEN;
  lua_pushnil(L); lua_pushcclosure(L, payload_data, 1); lua_setfield(L, -2, "data");
  freeze_top(L);
  lua_pop(L, 4);
}

/* ---- entry points for definitions: the value is in the io buffer ---- */

typedef struct Define { lua_CFunction f; uint32_t n; } Define;
static int define_protected (lua_State *L) {
  Define *d = lua_touserdata(L, 1);
  lua_settop(L, 0);
  dec_first(L, vm_io, d->n);
  return d->f(L);
}
static int define (lua_CFunction f, uint32_t n) {
  Define d = { f, n };
  Proc *cur = vm_cur;
  int r;
  vm_cur = NULL;  /* what is defined belongs to no process */
  lua_pushcfunction(vm_G, define_protected);
  lua_pushlightuserdata(vm_G, &d);
  if (lua_pcall(vm_G, 1, 1, 0) != LUA_OK) {
    vm_out.n = 0;
    enc_one(&vm_out, s2v(vm_G->top.p - 1), MODE_MESSAGE);
    r = -1;
  }
  else r = (int)lua_tointeger(vm_G, -1);
  lua_pop(vm_G, 1);
  vm_cur = cur;
  return r;
}
EXPORT(define_class) int x_define_class (uint32_t n) { return define(define_class, n); }
EXPORT(define_module) int x_define_module (uint32_t n) { return define(define_module, n); }
EXPORT(define_shape) int x_define_shape (uint32_t n) { return define(shape_define, n); }
EXPORT(define_globals) int x_define_globals (uint32_t n) { return define(define_globals, n); }
