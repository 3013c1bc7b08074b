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

/* Checks one uninterruptible call may take before it fails. */
#define VM_CALL_CHECKS_MAX 20000000
/* Steps one pattern match may take. */
#define VM_PATTERN_STEPS_MAX 50000000u

extern int vm_budget;   /* checks left in this turn */
extern int vm_sys;      /* reason of the last yield */
extern int vm_abort;    /* the running process is being ended: errors can't be caught */
extern int vm_denied;   /* the last allocation was refused by a limit, not by lack of memory */

/* Called with a spent budget where no yield is possible: extends it, or raises. */
void vm_overrun (struct lua_State *L);
/* Called by a C function that has used up what one call may take: raises. */
void vm_toolong (struct lua_State *L);
/* The message (a string value) of an error object, or NULL for other userdata. */
struct TValue *vm_errormessage (struct TValue *o);
/* First place of 's2' in 's1', in linear time. */
const char *vm_memmem (const char *s1, size_t l1, const char *s2, size_t l2);
#endif
