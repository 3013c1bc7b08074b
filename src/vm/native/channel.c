/*
** Channels, select, and the mailbox of a process.
**
** H1. Waiting senders and receivers are served in order of arrival; a fiber stands in a queue once per case.
** H2. A value is handed over by pushing it on the stack of the waiting thread; its continuation makes the results.
** H3. Messages are bytes until they are received. Those nobody listens to are held in order of arrival.
** H4. What waits on a channel with a source outside (`feeds`) is idle; a process whose fibers all wait otherwise is deadlocked.
*/
#include "vm.h"

static const char CLOSED_TEXT[] = "send on closed channel";
/* Topic of lifecycle events; a longer one that starts with it names an event of which only the newest counts. */
#define EVENT_MARK '@'

static uint64_t nextSequence = 1;

void blob_init (Blob *b, uint32_t tl, uint32_t fl, uint32_t n) {
  b->next = NULL; b->size = n; b->topicLength = tl; b->fromLength = fl; b->plain = 0;
  b->sequence = nextSequence++;
}

Blob *blob_make (const char *topic, uint32_t tl, const char *from, uint32_t fl, const uint8_t *bytes, uint32_t n) {
  Blob *b = malloc(sizeof(Blob) + tl + fl + n);
  if (!b) return NULL;
  blob_init(b, tl, fl, n);
  if (tl) memcpy(b->bytes, topic, tl);
  if (fl) memcpy(b->bytes + tl, from, fl);
  if (n) memcpy(b->bytes + tl + fl, bytes, n);
  return b;
}

static uint64_t blob_bytes (const Blob *b) { return sizeof(Blob) + b->topicLength + b->fromLength + b->size; }

static void mailbox_left (Proc *p, const Blob *b) {
  if (b->plain) return;
  p->mailbox--;
  p->mailboxBytes -= blob_bytes(b);
}

/* ---- waiting ---- */

static void waiter_unlink (Waiter *w) {
  Channel *c = w->channel;
  Waiter **head = w->sending ? &c->senders : &c->receivers, **tail = w->sending ? &c->senderTail : &c->receiverTail;
  if (w->prev) w->prev->next = w->next; else *head = w->next;
  if (w->next) w->next->prev = w->prev; else *tail = w->prev;
}

static void waiter_add (Waiter *w, Fiber *f, Channel *c, int sending, int index) {
  Waiter **head = sending ? &c->senders : &c->receivers, **tail = sending ? &c->senderTail : &c->receiverTail;
  w->fiber = f; w->channel = c; w->sending = (uint8_t)sending; w->index = index;
  w->next = NULL;
  if ((w->prev = *tail) != NULL) (*tail)->next = w; else *head = w;
  *tail = w;
}

static Waiter *waiter_of (Fiber *f, int i) { return f->waiterCount == 1 ? &f->single : &f->waiters[i]; }

/* Takes a fiber out of every queue it stands in. */
void waiters_clear (Fiber *f) {
  int i;
  for (i = 0; i < f->waiterCount; i++) waiter_unlink(waiter_of(f, i));
  f->waiterCount = 0;
  free(f->waiters); f->waiters = NULL;
}

/* The waiter's fiber goes on: its case has been served. */
static void waiter_fire (Waiter *w, int wake) {
  Fiber *f = w->fiber;
  f->fired = w->index;
  waiters_clear(f);
  fiber_wake(f, wake);
}

static TValue *waiting_value (Waiter *w) { return s2v(w->fiber->waiting->ci->func.p + w->index); }

/* Pushes the value that a waiting sender offers. */
static void push_offer (lua_State *L, Waiter *w) {
  const TValue *v = waiting_value(w);
  luaL_checkstack(L, 2, NULL);
  if (w->fiber->isSelect) v = &uvalue(v)->uv[1].uv;  /* a case: its value */
  setobj2s(L, L->top.p, v);
  api_incr_top(L);
}

/* ---- buffers ---- */

Channel *channel_new (lua_State *L, uint32_t capacity) {
  Channel *c = lua_newuserdatauv(L, sizeof(Channel), 1);
  memset(c, 0, sizeof *c);
  c->capacity = capacity;
  class_set(L, CLASS_CHANNEL);
  if (vm_cur) vm_cur->channelCount++;
  return c;
}

void channel_free (Channel *c) {
  while (c->blobs) {
    Blob *b = c->blobs;
    c->blobs = b->next;
    if (c->proc && c->proc->state != PROC_DEAD) mailbox_left(c->proc, b);
    free(b);
  }
  c->blobTail = NULL; c->blobCount = 0;
}

/* Makes 'c' a channel of 'p' that the host feeds. It must not outlive the process with messages in it. */
void channel_fed (Proc *p, Channel *c) {
  c->feeds = 1; c->proc = p;
  c->fedPrev = NULL;
  if ((c->fedNext = p->fed) != NULL) c->fedNext->fedPrev = c;
  p->fed = c;
}

static void fed_unlink (Channel *c) {
  if (c->external == 0 || !c->proc) return;
  if (c->fedPrev) c->fedPrev->fedNext = c->fedNext; else c->proc->fed = c->fedNext;
  if (c->fedNext) c->fedNext->fedPrev = c->fedPrev;
  c->fedNext = c->fedPrev = NULL;
}

void channel_dispose (Channel *c) {
  channel_free(c);
  fed_unlink(c);
  c->proc = NULL;
}

/* Moves the value on top into the buffer of the channel at 'index'. */
static void buffer_put (lua_State *L, int index, Channel *c) {
  if (lua_getiuservalue(L, index, 1) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, index, 1);
  }
  lua_insert(L, -2);
  lua_rawseti(L, -2, (lua_Integer)((c->head + (uint64_t)c->count) % c->capacity) + 1);
  lua_pop(L, 1);
  c->count++;
}

static void buffer_take (lua_State *L, int index, Channel *c) {
  lua_getiuservalue(L, index, 1);
  lua_rawgeti(L, -1, (lua_Integer)c->head + 1);
  lua_pushnil(L);
  lua_rawseti(L, -3, (lua_Integer)c->head + 1);
  lua_remove(L, -2);
  c->head = (c->head + 1) % c->capacity;
  c->count--;
}

static Blob *blob_unlink (Channel *c) {
  Blob *b = c->blobs;
  if ((c->blobs = b->next) == NULL) c->blobTail = NULL;
  c->blobCount--;
  return b;
}

static void push_blob (lua_State *L, Channel *c, Blob *b) {
  if (c->message && !b->plain) blob_push_message(L, b); else blob_push_value(L, b);
}

/* ---- operations ---- */

/* Pushes (value, ok) when a receive can finish at once; 0 when it has to wait. 'index' is absolute. */
static int receive_now (lua_State *L, int index, Channel *c) {
  if (c->count) {
    buffer_take(L, index, c);
    if (c->senders) {
      Waiter *w = c->senders;
      push_offer(L, w);
      buffer_put(L, index, c);
      waiter_fire(w, WAKE_SENT);
    }
  }
  else if (c->blobs) {
    push_blob(L, c, c->blobs);
    {
      Blob *b = blob_unlink(c);
      if (c->proc) mailbox_left(c->proc, b);
      free(b);
    }
  }
  else if (c->senders) {
    Waiter *w = c->senders;
    push_offer(L, w);
    waiter_fire(w, WAKE_SENT);
  }
  else if (c->closed) { lua_pushnil(L); lua_pushboolean(L, 0); return 1; }
  else return 0;
  lua_pushboolean(L, 1);
  return 1;
}

static int can_send (Channel *c) { return !c->closed && (c->receivers || c->count < c->capacity); }

/* Sends the value on top (popped) through an open channel that can take it. */
static void send_now (lua_State *L, int index, Channel *c) {
  if (c->receivers) {
    Waiter *w = c->receivers;
    lua_xmove(L, w->fiber->waiting, 1);
    waiter_fire(w, WAKE_VALUE);
  }
  else buffer_put(L, index, c);
}

static int refuse_block (lua_State *L) {
  return luaL_error(L, vm_cur && vm_cur->loaded ? "attempt to yield across a C-call boundary"
                                                : "attempt to block while loading");
}

static int channel_k (lua_State *L, int status, lua_KContext ctx) {
  (void)status; (void)ctx;
  return channel_results(L, vm_fiber);
}

static int wait_single (lua_State *L, Channel *c, int sending, int index) {
  Fiber *f = vm_fiber;
  if (!vm_canblock(L)) return refuse_block(L);
  luaL_checkstack(L, 4, NULL);
  waiter_add(&f->single, f, c, sending, index);
  f->waiterCount = 1;
  f->isSelect = 0;
  vm_block(L, FIBER_CHANNEL);
  return lua_yieldk(L, 0, 0, channel_k);
}

static Channel *check_channel (lua_State *L, int i) {
  Channel *c = class_test(L, i, CLASS_CHANNEL);
  if (!c) luaL_typeerror(L, i, "channel");
  return c;
}

static int ch_send (lua_State *L) {
  Channel *c = check_channel(L, 1);
  luaL_checkany(L, 2);
  lua_settop(L, 2);
  if (c->closed) return luaL_error(L, CLOSED_TEXT);
  if (can_send(c)) { send_now(L, 1, c); lua_pushboolean(L, 1); return 1; }
  return wait_single(L, c, 1, 2);
}

static int ch_receive (lua_State *L) {
  Channel *c = check_channel(L, 1);
  lua_settop(L, 1);
  if (receive_now(L, 1, c)) return 2;
  return wait_single(L, c, 0, 1);
}

/* Waiting receivers get (nil, false), waiting senders an error; a send case of a select is never ready again. */
void channel_close (lua_State *L, Channel *c) {
  Waiter *w, *next;
  (void)L;
  if (c->closed) return;
  c->closed = 1;
  while (c->receivers) waiter_fire(c->receivers, WAKE_CLOSED);
  for (w = c->senders; w; w = next) {
    next = w->next;
    if (!w->fiber->isSelect) waiter_fire(w, WAKE_CLOSED);
  }
}

static int ch_close (lua_State *L) {
  Channel *c = check_channel(L, 1);
  channel_close(L, c);
  return 0;
}

static int make_case (lua_State *L, int sending) {
  Case *k;
  check_channel(L, 1);
  if (sending) luaL_checkany(L, 2);
  lua_settop(L, 2);
  k = lua_newuserdatauv(L, sizeof(Case), 2);
  k->sending = (uint8_t)sending;
  class_set(L, CLASS_CASE);
  lua_pushvalue(L, 1); lua_setiuservalue(L, -2, 1);
  if (sending) { lua_pushvalue(L, 2); lua_setiuservalue(L, -2, 2); }
  return 1;
}
static int ch_case_send (lua_State *L) { return make_case(L, 1); }
static int ch_case_receive (lua_State *L) { return make_case(L, 0); }

const luaL_Reg vm_channel_methods[] = {
  {"send", ch_send}, {"receive", ch_receive}, {"close", ch_close},
  {"case_send", ch_case_send}, {"case_receive", ch_case_receive}, {NULL, NULL}
};

static int channel_make (lua_State *L) {
  lua_Integer n = luaL_optinteger(L, 1, 0);
  if (n < 0) n = 0;
  luaL_argcheck(L, n <= 0x7fffffff, 1, "channel size too large");
  channel_new(L, (uint32_t)n);
  return 1;
}

/* Makes {channel, value, ok} of the case at 'index' and the (value, ok) pair on top. */
static int select_result (lua_State *L, int index) {
  lua_createtable(L, 0, 3);
  lua_insert(L, -3);
  lua_setfield(L, -3, "ok");
  lua_setfield(L, -2, "value");
  lua_getiuservalue(L, index, 1);
  lua_setfield(L, -2, "channel");
  return 1;
}

#define SELECT_CASES_MAX 10000

/* channel.select{case, ..., default = boolean}: the first ready case in list order. */
static int channel_select (lua_State *L) {
  int i, n, cases = 0, orDefault;
  Fiber *f = vm_fiber;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  orDefault = lua_toboolean(L, 2);
  lua_getfield(L, 1, "default");
  orDefault |= lua_toboolean(L, -1);
  lua_settop(L, 1);
  n = (int)luaL_len(L, 1);
  luaL_argcheck(L, n <= SELECT_CASES_MAX, 1, "too many cases");
  luaL_checkstack(L, n + 8, "too many cases");
  for (i = 1; i <= n; i++) {  /* cases stand on the stack from index 2 on */
    lua_rawgeti(L, 1, i);
    if (class_test(L, -1, CLASS_CASE)) cases++;
    else lua_pop(L, 1);
  }
  for (i = 2; i < cases + 2; i++) {
    Case *k = lua_touserdata(L, i);
    Channel *c;
    lua_getiuservalue(L, i, 1);
    c = lua_touserdata(L, -1);
    if (k->sending) {
      if (!can_send(c)) { lua_pop(L, 1); continue; }
      lua_getiuservalue(L, i, 2);
      lua_pushvalue(L, -1);
      lua_insert(L, -3);  /* value, channel, value */
      send_now(L, lua_gettop(L) - 1, c);
      lua_pop(L, 1);
      lua_pushboolean(L, 1);
      return select_result(L, i);
    }
    if (receive_now(L, lua_gettop(L), c)) {
      lua_remove(L, -3);
      return select_result(L, i);
    }
    lua_pop(L, 1);
  }
  if (orDefault) {
    lua_createtable(L, 0, 2);
    lua_pushboolean(L, 1); lua_setfield(L, -2, "default");
    lua_pushboolean(L, 1); lua_setfield(L, -2, "ok");
    return 1;
  }
  if (!vm_canblock(L)) return refuse_block(L);
  if (cases > 1) {
    f->waiters = malloc((size_t)cases * sizeof(Waiter));
    if (!f->waiters) return luaL_error(L, "not enough memory");
  }
  f->waiterCount = cases;
  f->isSelect = 1;
  for (i = 0; i < cases; i++) {
    Case *k = lua_touserdata(L, i + 2);
    lua_getiuservalue(L, i + 2, 1);
    waiter_add(waiter_of(f, i), f, lua_touserdata(L, -1), k->sending, i + 2);
    lua_pop(L, 1);
  }
  vm_block(L, FIBER_CHANNEL);
  return lua_yieldk(L, 0, 0, channel_k);
}

const luaL_Reg vm_channel_functions[] = {
  {"channel.new", channel_make}, {"channel.select", channel_select}, {NULL, NULL}
};

/* Pushes what the operation that fiber 'f' waited for has given. */
int channel_results (lua_State *L, Fiber *f) {
  int wake = f->wake, select = f->isSelect;
  Blob *b = f->blob;
  extern void pending_drop (Fiber *f);
  f->wake = WAKE_NONE;
  pending_drop(f);
  luaL_checkstack(L, 8, NULL);
  switch (wake) {
    case WAKE_RESULTS: {
      int i, base = lua_gettop(L), n = dec_list(L, b->bytes, b->size);
      f->blob = NULL; free(b);
      for (i = base + 1; i <= base + n; i++)
        if (lua_type(L, i) == LUA_TUSERDATA && class_test(L, i, CLASS_ERROR)) error_stack(L, i, L, 1);
      return n;
    }
    case WAKE_RAISE:
      dec_first(L, b->bytes, b->size);
      f->blob = NULL; free(b);
      if (lua_type(L, -1) == LUA_TSTRING) { luaL_where(L, 1); lua_insert(L, -2); lua_concat(L, 2); }
      else if (class_test(L, -1, CLASS_ERROR)) error_stack(L, -1, L, 1);
      return lua_error(L);
    case WAKE_VALUE: lua_pushboolean(L, 1); break;
    case WAKE_BLOB: {
      Channel *c;
      if (select) { lua_getiuservalue(L, f->fired, 1); c = lua_touserdata(L, -1); lua_pop(L, 1); }
      else c = lua_touserdata(L, 1);
      push_blob(L, c, b);
      f->blob = NULL;
      mailbox_left(f->proc, b);
      free(b);
      lua_pushboolean(L, 1);
      break;
    }
    case WAKE_SENT:
      if (!select) { lua_pushboolean(L, 1); return 1; }
      lua_getiuservalue(L, f->fired, 2);
      lua_pushboolean(L, 1);
      break;
    case WAKE_CLOSED: {
      if (!select && f->single.sending) {
        lua_pushnil(L);
        error_push(L, CLOSED_TEXT, "Invalid", 0);
        error_stack(L, -1, L, 1);
        return 2;
      }
      lua_pushnil(L);
      lua_pushboolean(L, 0);
      break;
    }
    default: return luaL_error(L, "resumed without a result");
  }
  return select ? select_result(L, f->fired) : 2;
}

/* ---- the mailbox ---- */

/* A value or message from outside goes to a waiting receiver, else into the queue. Owns 'b'. */
void channel_give (Channel *c, Blob *b) {
  if (c->receivers) {
    Waiter *w = c->receivers;
    w->fiber->blob = b;
    waiter_fire(w, WAKE_BLOB);
    return;
  }
  b->next = NULL;
  if (c->blobTail) c->blobTail->next = b; else c->blobs = b;
  c->blobTail = b;
  c->blobCount++;
}

static int same_topic (const Blob *b, const char *topic, uint32_t n) {
  return b->topicLength == n && memcmp(b->bytes, topic, n) == 0;
}

static Listener *find_listener (Proc *p, const char *topic, uint32_t n) {
  uint32_t i;
  for (i = 0; i < p->listenerCount; i++)
    if (p->listeners[i].length == n && memcmp(p->listeners[i].topic, topic, n) == 0) return &p->listeners[i];
  return NULL;
}

static int is_event (const Blob *b) { return b->topicLength > 0 && b->bytes[0] == EVENT_MARK; }

static void hold (Proc *p, Blob *b) {
  b->next = NULL;
  if (p->heldTail) p->heldTail->next = b; else p->held = b;
  p->heldTail = b;
}

/* Where the event named by the blob's topic waits, or NULL. */
static Blob **pending_event (Proc *p, const char *topic, uint32_t n, Blob ***tail) {
  Blob **at;
  if (p->events) for (at = &p->events->blobs; *at; at = &(*at)->next)
    if (same_topic(*at, topic, n)) { *tail = &p->events->blobTail; return at; }
  for (at = &p->held; *at; at = &(*at)->next)
    if (same_topic(*at, topic, n)) { *tail = &p->heldTail; return at; }
  return NULL;
}

int proc_deliver (Proc *p, Blob *b) {
  p->mailbox++;
  p->mailboxBytes += blob_bytes(b);
  if (p->mailboxBytes > p->limit && !p->memoryCheck) {  /* a flooded process ends like one that allocates too much */
    p->memoryCheck = 1;
    if (p != vm_cur) { p->state = PROC_READY; proc_enqueue(p); }
  }
  if (is_event(b)) {
    Blob **tail, **old = b->topicLength > 1 ? pending_event(p, (char *)b->bytes, b->topicLength, &tail) : NULL;
    if (old) {
      Blob *gone = *old;
      b->next = gone->next;
      *old = b;
      if (*tail == gone) *tail = b;
      mailbox_left(p, gone);
      free(gone);
    }
    else if (p->events) channel_give(p->events, b);
    else hold(p, b);
    return 1;
  }
  {
    Listener *l = p->listenerCount ? find_listener(p, (char *)b->bytes, b->topicLength) : NULL;
    Channel *c = l ? l->channel : p->inbox;
    if (c && !c->closed) channel_give(c, b);
    else hold(p, b);
  }
  return 1;
}

/* Moves held blobs to a channel: events, those of a topic, or all other messages. */
static void release_held (Proc *p, Channel *c, int events, const char *topic, uint32_t n) {
  Blob **at = &p->held, *last = NULL;
  while (*at) {
    Blob *b = *at;
    int take = events ? is_event(b) : !is_event(b) && (topic == NULL || same_topic(b, topic, n));
    if (!take) { last = b; at = &b->next; continue; }
    *at = b->next;
    channel_give(c, b);
  }
  p->heldTail = last;
}

static void hold_in_order (Proc *p, Blob *b) {  /* by sequence */
  Blob **at = &p->held;
  while (*at && (*at)->sequence < b->sequence) at = &(*at)->next;
  b->next = *at;
  *at = b;
  if (!b->next) p->heldTail = b;
}

/* A message handed to a fiber that ends before it could take it. */
void mailbox_return (Proc *p, Blob *b) {
  if (p->replaced && !b->plain) hold_in_order(p, b);
  else { mailbox_left(p, b); free(b); }
}

static void channel_drain (Proc *p, Channel *c, int keep) {
  Blob *b = c->blobs;
  c->blobs = c->blobTail = NULL; c->blobCount = 0;
  c->feeds = 0; c->closed = 1; c->proc = NULL;
  while (b) {
    Blob *next = b->next;
    if (keep && !b->plain) hold_in_order(p, b);
    else { mailbox_left(p, b); free(b); }
    b = next;
  }
}

/* Forgets inbox, events and listeners. What waits in them is held again with 'keep', else freed. Fibers are closed. */
void mailbox_reset (Proc *p, int keep) {
  uint32_t i;
  if (p->inbox) channel_drain(p, p->inbox, keep);
  if (p->events) channel_drain(p, p->events, keep);
  p->inbox = p->events = NULL;
  for (i = 0; i < p->listenerCount; i++) {
    channel_drain(p, p->listeners[i].channel, keep);
    free(p->listeners[i].topic);
  }
  p->listenerCount = 0;
  while (p->fed) {
    Channel *c = p->fed;
    fed_unlink(c);
    channel_drain(p, c, keep);
  }
  if (keep) return;
  while (p->held) {
    Blob *b = p->held;
    p->held = b->next;
    free(b);
  }
  p->heldTail = NULL;
  p->mailbox = 0; p->mailboxBytes = 0;
}

/*
** Takes the oldest message or event that a process has not received; it is about to end. Out: lengths of topic and sender, both
** texts, the values. 0 when nothing is left.
*/
EXPORT(mailbox_take) int x_mailbox_take (uint32_t slot) {
  Proc *p = proc_live(slot);
  Blob *b;
  if (!p || p->worker) return 0;
  mailbox_reset(p, 1);
  if ((b = p->held) == NULL) return 0;
  if ((p->held = b->next) == NULL) p->heldTail = NULL;
  mailbox_left(p, b);
  vm_out.n = 0;
  buf_put(&vm_out, &b->topicLength, sizeof b->topicLength);
  buf_put(&vm_out, &b->fromLength, sizeof b->fromLength);
  buf_put(&vm_out, b->bytes, b->topicLength + b->fromLength + b->size);
  free(b);
  return 1;
}

/* True when something outside may still wake the blocked process. */
int proc_idle_outside (Proc *p) {
  Fiber *f = &p->main, *next = p->fibers;
  for (;;) {
    int i;
    if (f->state == FIBER_NATIVE || f->state == FIBER_FOREVER) return 1;
    if (f->state == FIBER_CHANNEL)
      for (i = 0; i < f->waiterCount; i++) if (waiter_of(f, i)->channel->feeds) return 1;
    if (!next) return 0;
    f = next; next = f->next;
  }
}

/* ---- process.* ---- */

/* Pushes the process's channel called 'key', made on first use. */
static Channel *own_channel (lua_State *L, const char *key, uint32_t capacity) {
  Channel *c;
  proc_aux(L, vm_cur);
  if (lua_getfield(L, -1, key) != LUA_TNIL) { lua_remove(L, -2); return NULL; }
  lua_pop(L, 1);
  c = channel_new(L, capacity);
  c->feeds = 1;
  c->proc = vm_cur;
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, key);
  lua_remove(L, -2);
  return c;
}

static int need_process (lua_State *L) { return vm_cur ? 0 : luaL_error(L, "no process is running"); }

static int p_inbox (lua_State *L) {
  Channel *c;
  need_process(L);
  if ((c = own_channel(L, "inbox", 0)) != NULL) {
    c->message = 1;
    vm_cur->inbox = c;
    release_held(vm_cur, c, 0, NULL, 0);
  }
  return 1;
}

static int p_events (lua_State *L) {
  Channel *c;
  need_process(L);
  if ((c = own_channel(L, "events", 0)) != NULL) {
    vm_cur->events = c;
    release_held(vm_cur, c, 1, NULL, 0);
  }
  return 1;
}

static int invalid (lua_State *L, const char *message) {
  lua_pushnil(L);
  error_push(L, message, "Invalid", 0);
  error_stack(L, -1, L, 1);
  return 2;
}

/* The table of listening channels by topic, pushed. */
static void push_topics (lua_State *L) {
  proc_aux(L, vm_cur);
  if (lua_getfield(L, -1, "topics") == LUA_TNIL) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "topics");
  }
  lua_remove(L, -2);
}

/* Binds the channel on top to a topic. */
static void listener_add (lua_State *L, Channel *c, const char *topic, size_t n, int topicIndex) {
  Proc *p = vm_cur;
  Listener *l;
  char *copy;
  push_topics(L);
  lua_pushvalue(L, topicIndex);
  lua_pushvalue(L, -3);
  lua_rawset(L, -3);
  lua_pop(L, 1);
  if (p->listenerCount == p->listenerCap) {
    uint32_t cap = p->listenerCap ? p->listenerCap * 2 : 4;
    Listener *grown = realloc(p->listeners, cap * sizeof(*grown));
    if (!grown) luaL_error(L, "not enough memory");
    p->listeners = grown; p->listenerCap = cap;
  }
  if ((copy = malloc(n + 1)) == NULL) luaL_error(L, "not enough memory");
  memcpy(copy, topic, n);
  l = &p->listeners[p->listenerCount++];
  l->channel = c; l->topic = copy; l->length = (uint32_t)n; l->message = c->message;
  c->feeds++;
  c->proc = p;
  release_held(p, c, 0, topic, (uint32_t)n);
}

static const char *topic_problem (const char *topic, size_t n) {
  if (n == 0) return "topic cannot be empty";
  if (topic[0] == EVENT_MARK) return "cannot listen to @ topics";
  return NULL;
}

static int p_listen (lua_State *L) {
  size_t n;
  const char *topic, *problem;
  int message = 0;
  Channel *c;
  need_process(L);
  if (lua_type(L, 1) != LUA_TSTRING) return invalid(L, "topic cannot be empty");
  topic = lua_tolstring(L, 1, &n);
  if ((problem = topic_problem(topic, n)) != NULL) return invalid(L, problem);
  if (lua_istable(L, 2)) { lua_getfield(L, 2, "message"); message = lua_toboolean(L, -1); }
  lua_settop(L, 1);
  if (find_listener(vm_cur, topic, (uint32_t)n)) {
    push_topics(L);
    lua_pushvalue(L, 1);
    lua_rawget(L, -2);
    return 1;
  }
  c = channel_new(L, 1);
  c->message = (uint8_t)message;
  listener_add(L, c, topic, n, 1);
  return 1;
}

/* Ends every subscription of a channel and closes it. 0 when it had none. */
static int listener_remove (lua_State *L, int index) {
  Proc *p = vm_cur;
  Channel *c = lua_touserdata(L, index);
  uint32_t i, found = 0;
  for (i = 0; i < p->listenerCount;) {
    Listener *l = &p->listeners[i];
    if (l->channel != c) { i++; continue; }
    push_topics(L);
    lua_pushlstring(L, l->topic, l->length);
    lua_pushnil(L);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    free(l->topic);
    *l = p->listeners[--p->listenerCount];
    c->feeds--;
    found = 1;
  }
  if (found) channel_close(L, c);
  return (int)found;
}

static int p_unlisten (lua_State *L) {
  need_process(L);
  check_channel(L, 1);
  if (listener_remove(L, 1)) { lua_pushboolean(L, 1); return 1; }
  lua_pushboolean(L, 0);
  error_push(L, "channel not found", "NotFound", 0);
  error_stack(L, -1, L, 1);
  return 2;
}

static int p_subscribe (lua_State *L) {
  size_t n;
  const char *topic = luaL_checklstring(L, 1, &n), *problem;
  Channel *c = check_channel(L, 2);
  Listener *l;
  need_process(L);
  lua_settop(L, 2);
  if ((problem = topic_problem(topic, n)) != NULL) return invalid(L, problem);
  if ((l = find_listener(vm_cur, topic, (uint32_t)n)) != NULL) {
    if (l->channel == c) return 1;
    lua_pushnil(L);
    error_push(L, "topic already has a subscriber", "AlreadyExists", 0);
    error_stack(L, -1, L, 1);
    return 2;
  }
  listener_add(L, c, topic, n, 1);
  return 1;
}

static int p_pid (lua_State *L) {
  uint32_t n;
  const char *text;
  need_process(L);
  if ((text = pid_text(vm_cur, &n)) == NULL) return luaL_error(L, "not enough memory");
  lua_pushlstring(L, text, n);
  return 1;
}

/* The local process that a pid text names, or NULL: another node's, a name, or nobody. */
static Proc *find_local (const char *s, size_t n) {
  const char *at = s + 1, *end = s + n - 1, *bar, *host;
  double id = 0;
  Proc *p;
  size_t hostLength;
  if (n < 5 || s[0] != '{' || *end != '}') return NULL;
  for (bar = end - 1; bar > at && *bar != '|'; bar--) ;
  if (*bar != '|' || end - bar < 4 || bar[1] != '0' || bar[2] != 'x') return NULL;
  host = at; hostLength = (size_t)(bar - at);
  for (at = bar + 3; at < end; at++) {
    int d = *at >= '0' && *at <= '9' ? *at - '0' : *at >= 'a' && *at <= 'f' ? *at - 'a' + 10 : -1;
    if (d < 0) return NULL;
    id = id * 16 + d;
  }
  if ((p = proc_by_pid(id)) == NULL) return NULL;
  if (p->nodeLength && hostLength > p->nodeLength && host[p->nodeLength] == '@' && memcmp(host, p->node, p->nodeLength) == 0) {
    host += p->nodeLength + 1; hostLength -= p->nodeLength + 1;
  }
  return hostLength == p->hostLength && memcmp(host, p->host, hostLength) == 0 ? p : NULL;
}

/* process.send(destination, topic, ...). Upvalue 1 takes what is not a plain message to a local process. */
static int p_send (lua_State *L) {
  Proc *p;
  Blob *b;
  size_t n, topicLength;
  const char *to, *topic, *from;
  uint32_t fromLength;
  int status, count = lua_gettop(L);
  if (vm_cur && !vm_cur->guarded && lua_type(L, 1) == LUA_TSTRING && lua_type(L, 2) == LUA_TSTRING) {
    to = lua_tolstring(L, 1, &n);
    topic = lua_tolstring(L, 2, &topicLength);
    if (topicLength && topic[0] != EVENT_MARK && (p = find_local(to, n)) != NULL && !p->killed && !p->ending &&
        (!p->worker || p->hasCall)) {
      if ((from = pid_text(vm_cur, &fromLength)) == NULL) return luaL_error(L, "not enough memory");
      vm_out.n = 0;
      status = enc_list(&vm_out, L->ci->func.p + 3, count - 2, MODE_MESSAGE, UINT32_MAX);
      if (status == ENC_DEEP) return invalid(L, enc_problem(status));
      if (status) return luaL_error(L, "%s", enc_problem(status));
      b = blob_make(topic, (uint32_t)topicLength, from, fromLength,
                    vm_out.p, vm_out.n);
      if (!b) return luaL_error(L, "not enough memory");
      proc_deliver(p, b);
      lua_pushboolean(L, 1);
      return 1;
    }
  }
  if (lua_isnil(L, lua_upvalueindex(1))) return luaL_error(L, "process not found");
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, count, LUA_MULTRET);
  return lua_gettop(L);
}

const luaL_Reg vm_process_functions[] = {
  {"process.pid", p_pid}, {"process.send", p_send}, {"process.inbox", p_inbox}, {"process.events", p_events},
  {"process.listen", p_listen}, {"process.unlisten", p_unlisten}, {"process.subscribe", p_subscribe},
  {"process.unsubscribe", p_unlisten}, {NULL, NULL}
};

/* In the io buffer: a topic. Whether an event of that name waits unread. */
EXPORT(has_event) int x_has_event (uint32_t slot, uint32_t topicLength) {
  Proc *p = proc_live(slot);
  Blob **tail;
  return p != NULL && pending_event(p, (char *)vm_io, topicLength, &tail) != NULL;
}
