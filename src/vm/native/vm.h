/*
** The kernel: processes, fibers, channels, messages and values inside one Lua state.
**
** K1. Everything a process owns hangs on its Proc userdata; it is anchored by slot until the process ends.
** K2. At most one process runs; `vm_cur` and `vm_fiber` name it and are NULL outside a turn.
** K3. A blocking function returns `vm_block`; its continuation `vm_unblock` makes the results. Nothing
**     is resumed from inside another process: it is only made ready.
** K4. Functions called by the host while a Lua function waits for it never raise into the host.
*/
#ifndef VM_H
#define VM_H
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "lua.h"
#include "lauxlib.h"
#include "lualib.h"
#include "lobject.h"
#include "lstate.h"
#include "lfunc.h"
#include "lgc.h"
#include "lapi.h"
#include "lstring.h"
#include "ltable.h"
#include "ldo.h"
#include "vm_hooks.h"

#define svalue(o) getstr(tsvalue(o))
#define vslen(o) tsslen(tsvalue(o))

#define EXPORT(name) __attribute__((export_name(#name)))
#define IMPORT(name) __attribute__((import_module("vm"), import_name(#name)))

/* ---- bytes ---- */
typedef struct Buf { uint8_t *p; uint32_t n, cap; int failed; } Buf;
void buf_reserve (Buf *b, uint32_t n);
void buf_put (Buf *b, const void *data, uint32_t n);
void buf_byte (Buf *b, uint8_t byte);
void buf_varint (Buf *b, uint64_t v);
void buf_string (Buf *b, const char *s, size_t n);

/* ---- structures ---- */
typedef struct Proc Proc;
typedef struct Fiber Fiber;
typedef struct Channel Channel;

/* A value list or message on its way; owned by exactly one queue. */
typedef struct Blob {
  struct Blob *next;
  uint32_t size, topicLength, fromLength;
  uint64_t sequence;
  uint8_t plain;  /* from the host for an external channel: the value itself, no message */
  uint8_t bytes[];  /* topic, from, encoded values */
} Blob;

/* One fiber waiting in one queue of one channel. */
typedef struct Waiter {
  Fiber *fiber;
  Channel *channel;
  struct Waiter *next, *prev;
  uint8_t sending;
  int index;  /* position of the case on the waiting stack */
} Waiter;

enum { FIBER_READY, FIBER_RUNNING, FIBER_CHANNEL, FIBER_NATIVE, FIBER_FOREVER };
enum { WAKE_NONE, WAKE_RESULTS, WAKE_RAISE, WAKE_VALUE, WAKE_BLOB, WAKE_SENT, WAKE_CLOSED };

struct Fiber {
  lua_State *L;       /* its base thread */
  lua_State *waiting; /* the thread that called the blocking function */
  Proc *proc;
  Fiber *next, *prev; /* all fibers of the process */
  Fiber *ready;       /* next ready fiber */
  Blob *blob;         /* what it was woken with */
  Waiter *waiters;    /* where it waits */
  int waiterCount;
  Waiter single;      /* the waiter of a plain send or receive */
  int fired;          /* case that fired */
  uint32_t pending;   /* index of its pending native call + 1 */
  uint8_t state, wake, isMain, started, isSelect;
  uint8_t isEvaluation;  /* of an interactive session: may be ended alone */
};

typedef struct Listener { Channel *channel; char *topic; uint32_t length; uint8_t message; } Listener;

typedef struct Unit { int proto, meta, importCount; int *imports; } Unit;  /* imports: (alias ref, unit) pairs */
typedef struct Program { int units; Unit *unit; int method; int refs; int released; int doubles; } Program;

enum { PROC_FREE, PROC_READY, PROC_RUNNING, PROC_BLOCKED, PROC_IDLE, PROC_DEAD };

struct Proc {
  uint32_t slot;
  uint8_t state, guarded, worker, queued, killed, replaced, loaded, hasCall, ending;
  uint8_t memoryCheck;
  double pid;
  char *host; uint32_t hostLength;
  char *node; uint32_t nodeLength;
  char *pidText; uint32_t pidTextLength;  /* made on first use */
  char *parentText; uint32_t parentTextLength;
  double watcher;     /* pid of the process to tell of the end while the host does not know this one; 0 for none */
  int64_t startedSeconds;
  uint32_t frame;     /* number of the host's frame, 0 for none */
  uint8_t unknown;    /* started here; the host has no record of it */
  Program *program, *nextProgram;
  int stage;          /* unit being run; == units when the main function runs */
  Fiber main;
  Fiber *fibers;      /* spawned, besides main */
  uint32_t fiberCount, channelCount;
  Fiber *readyHead, *readyTail;
  Blob *args;
  Blob *held, *heldTail;  /* messages nobody listens to yet */
  uint32_t mailbox;   /* messages not yet received */
  uint32_t turns;     /* turns taken so far */
  uint64_t mailboxBytes;
  Channel *inbox, *events, *fed;
  Listener *listeners; uint32_t listenerCount, listenerCap;
  struct Handle *handles;
  Blob *killError, *loadError;
  uint64_t limit, used, allocated, threshold;
  uint64_t random[4];
  uint8_t seeded;
};

/* User values of a Proc userdata. */
enum { UV_THREAD = 1, UV_ENV, UV_AUX, UV_COUNT = UV_AUX };

struct Channel {
  uint32_t capacity, count, head;  /* buffer of Lua values in user value 1 */
  uint8_t closed, feeds, message;  /* feeds: how many outside sources it has */
  double external;                 /* id, 0 when made by Lua */
  Channel *fedNext, *fedPrev;      /* channels that the host feeds, of one process */
  Proc *proc;                      /* owner while it has messages */
  Blob *blobs, *blobTail; uint32_t blobCount;
  Waiter *receivers, *receiverTail, *senders, *senderTail;
};

typedef struct Handle { double id; int class; Proc *proc; struct Handle *next, *prev; } Handle;
typedef struct Case { uint8_t sending; } Case;
typedef struct LuaErr { int8_t retryable; } LuaErr;  /* -1 unknown; user values: message, kind, details, stack */
enum { ERR_MESSAGE = 1, ERR_KIND, ERR_DETAILS, ERR_STACK };
typedef struct Message { int count; } Message;      /* user values: topic, from, value or table of values */
typedef struct Payload { int unused; } Payload;     /* user values: format, value */

/* ---- state ---- */
extern lua_State *vm_G;
extern Proc *vm_cur;
extern Fiber *vm_fiber;
extern Fiber *vm_calling;  /* whose native call the host is carrying out */
extern uint8_t *vm_io; extern uint32_t vm_io_cap;
extern Buf vm_out;
extern uint64_t vm_heap, vm_heap_max;
extern int vm_budget_turn;

/* Registry references of class metatables, indexed by class. */
#define KEPT_MAX 256
#define KEPT_PLACE(s) ((uint32_t)(uintptr_t)(s) >> 4 & (KEPT_MAX - 1))
extern Table *vm_kept;  /* strings that the host knows by their place here */

enum { CLASS_ERROR = 1, CLASS_CHANNEL, CLASS_CASE, CLASS_PAYLOAD, CLASS_MESSAGE, CLASS_USER };
extern Table *vm_class_table[];
#define VM_CLASSES_MAX 1024

/* ---- codec.c ---- */
enum { ENC_OK, ENC_DEEP, ENC_SIZE, ENC_MEMORY };
enum { MODE_MESSAGE, MODE_CALL };
#define CODEC_DEPTH_MAX 160
int enc_list (Buf *out, StkId from, int count, int mode, uint32_t sizeMax);
int enc_one (Buf *out, const TValue *value, int mode);
int dec_list (lua_State *L, const uint8_t *p, uint32_t n);  /* pushes all; returns count; raises */
int dec_rows (lua_State *L, const uint8_t *p, uint32_t n);  /* pushes the only value if it is records; returns 0 otherwise */
int dec_first (lua_State *L, const uint8_t *p, uint32_t n); /* pushes the first value or nil */
const char *enc_problem (int status);
typedef struct Dec { const uint8_t *p, *end; lua_State *L; int refs; uint32_t tables; } Dec;
void dec_malformed (Dec *d);  /* raises */

/* ---- shapes.c ---- */
int shape_define (lua_State *L);
void shape_record (Dec *d, uint64_t id);
void shape_records (Dec *d, uint64_t id, uint64_t count);

/* ---- objects.c ---- */
void objects_open (lua_State *L);
void class_set (lua_State *L, int class);  /* sets the metatable of the userdata on top */
void *class_test (lua_State *L, int index, int class);
void error_push (lua_State *L, const char *message, const char *kind, int retryable);
void error_capture (lua_State *L, lua_State *from, int level);
void error_stack (lua_State *L, int index, lua_State *from, int level);
int value_class (const TValue *o);
void payload_push (lua_State *L, const char *format);  /* wraps the value on top */
void handle_push (lua_State *L, int class, double id);
void handles_release (Proc *p);
void blob_push_message (lua_State *L, Blob *b);
void blob_push_value (lua_State *L, Blob *b);
void freeze_top (lua_State *L);
int objects_errors_new (lua_State *L);
extern const luaL_Reg vm_error_functions[];
extern const luaL_Reg vm_payload_functions[];
void released_flush (void);
void release_number (int class, double id);

/* ---- channel.c ---- */
extern const luaL_Reg vm_channel_functions[];
extern const luaL_Reg vm_process_functions[];
Channel *channel_new (lua_State *L, uint32_t capacity);
void channel_give (Channel *c, Blob *b);
void channel_close (lua_State *L, Channel *c);
void channel_free (Channel *c);
void channel_fed (Proc *p, Channel *c);
void channel_dispose (Channel *c);
void waiters_clear (Fiber *f);
int channel_results (lua_State *L, Fiber *f);
int proc_deliver (Proc *p, Blob *b);
void mailbox_reset (Proc *p, int keep);
void mailbox_return (Proc *p, Blob *b);
int proc_idle_outside (Proc *p);
void blob_init (Blob *b, uint32_t tl, uint32_t fl, uint32_t n);
Blob *blob_make (const char *topic, uint32_t tl, const char *from, uint32_t fl, const uint8_t *bytes, uint32_t n);

/* ---- kernel.c ---- */
void fiber_wake (Fiber *f, int wake);
void proc_enqueue (Proc *p);
int vm_block (lua_State *L, int state);
int vm_canblock (lua_State *L);
void proc_aux (lua_State *L, Proc *p);  /* pushes its auxiliary table */
void proc_push (lua_State *L, Proc *p);  /* pushes its userdata */
void proc_environments_push (lua_State *L, Proc *p);  /* pushes its environment, or the table of them */
Proc *proc_by_pid (double pid);
const char *pid_text (Proc *p, uint32_t *length);
Proc *proc_current (lua_State *L);
uint64_t vm_random64 (void);

Proc *proc_live (uint32_t slot);
Proc *proc_any (uint32_t slot);
uint32_t slot_count (void);
Proc *proc_start (Program *g, double pid, const char *host, uint32_t hostLength, const char *node, uint32_t nodeLength,
                  const uint8_t *args, uint32_t argsLength, int guarded, double limit);

/* ---- spawn.c ---- */
extern const luaL_Reg vm_spawn_functions[];
void frame_set (Proc *p, uint32_t frame);
int unknown_exited (Proc *p, int ok, const uint8_t *bytes, uint32_t n);

/* ---- base.c ---- */
void base_open (lua_State *L);
extern const luaL_Reg vm_base_functions[];
lua_CFunction builtin_find (const char *name);

/* ---- json.c, number.c ---- */
extern const luaL_Reg vm_json_functions[];
#define NUMBER_PRINT_MAX 40
int integer_print (char *out, lua_Integer v);
int number_print (char *out, double value);
double number_read (const char *s, size_t n);

/* ---- base64.c ---- */
extern const luaL_Reg vm_base64_functions[];
void base64_open (void);
char *string_push (lua_State *L, size_t n);

/* ---- session.c ---- */
extern const luaL_Reg vm_session_functions[];
int session_spawn (lua_State *L);
void env_push (lua_State *L, int meta);  /* pushes a fresh environment */

/* ---- double.c ---- */
extern const luaL_Reg vm_double_functions[];
void doubles_environment (lua_State *L, int index);

/* ---- lines.c ---- */
void lines_add (lua_State *L);

/* ---- memory.c ---- */
void *vm_alloc (void *ud, void *ptr, size_t osize, size_t nsize);
uint64_t memory_measure (Proc *p);

/* ---- imports ---- */
/* 'text' is i * KEPT_MAX and the place of argument i among the texts that the host keeps, of argument 1 or, if that is no string, 2;
   'list' is what the last argument has at 1..n, 'items' how much that is. Either is -1 for none. */
IMPORT(native) int host_native (int index, void *args, int count, uint32_t slot, int class, double id, int text,
                                const TValue *list, int items);
IMPORT(exited) void host_exited (uint32_t slot, int ok, const uint8_t *p, uint32_t n);
IMPORT(released) void host_released (int class, double id);
/* Loops of ../wide/wide.c by number; how much of the input they have used, 0 where there are none. */
enum { WIDE_BASE64_ENCODE, WIDE_BASE64_DECODE };
IMPORT(wide) uint32_t host_wide (int loop, const void *from, uint32_t n, void *to);
IMPORT(exceeded) void host_exceeded (uint32_t slot, double bytes);
#endif
