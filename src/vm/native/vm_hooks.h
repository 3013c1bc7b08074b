/*
** What the patched Lua sources ask the kernel.
*/
#ifndef VM_HOOKS_H
#define VM_HOOKS_H
#include <stddef.h>

struct lua_State;
struct TValue;

/* Why the last yield happened. */
#define VM_USER 0       /* coroutine.yield */
#define VM_BLOCKED 1    /* a blocking call: passes through the user's coroutines */
#define VM_PREEMPTED 2  /* the budget is spent */

/* Checks one uninterruptible call may take before it fails: some 30 ms. */
#define VM_CALL_CHECKS_MAX 1000000
/* Steps one match may take, from one place of its subject on: some 30 ms. */
#define VM_PATTERN_STEPS_MAX 10000000u
/* Bytes that are copied or compared, and slots that are passed over, count as a check per 2^n of them. */
#define VM_BYTES_SHIFT 6
#define VM_SLOTS_SHIFT 3
/* Checks that a call of the host counts: at its fastest it takes as long as some thirty of them. */
#define VM_NATIVE_CHECKS 32

/* Bytes that are allocated between two collections at least, when the heap may double between them: to mark a small heap again and
   again costs more than this is worth. */
#define VM_GC_ROOM (2 << 20)

extern int vm_budget;   /* checks left in this turn */
extern int vm_sys;      /* reason of the last yield */
extern int vm_abort;    /* the running process is being ended: errors can't be caught */
extern int vm_denied;   /* the last allocation was refused by a limit, not by lack of memory */

/* Whether 'vm_pause' may be called: the budget is spent and nothing below on the C stack stands in the way. */
int vm_canpause (struct lua_State *L);
/* Ends the turn in the middle of a C function, which must return the result; goes on with 'k'. */
int vm_pause (struct lua_State *L, ptrdiff_t ctx, int (*k) (struct lua_State *L, int status, ptrdiff_t ctx));
/* Moves the elements 'from'..'to'-1 (up) or 'from'+1..'to' (down) of table 1 by one place; 0 when that takes more than a move. */
int vm_shift (struct lua_State *L, long long from, long long to, int up);
/* Called with a spent budget where no yield is possible: extends it, or raises. */
void vm_overrun (struct lua_State *L);
/* Called by a C function that has used up what one call may take: raises. */
void vm_toolong (struct lua_State *L);
/* The message (a string value) of an error object, or NULL for other userdata. */
struct TValue *vm_errormessage (struct TValue *o);
/* First place of 's2' in 's1', in linear time. */
const char *vm_memmem (const char *s1, size_t l1, const char *s2, size_t l2);
#endif
