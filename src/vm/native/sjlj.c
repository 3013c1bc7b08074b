/* The toolchain's run-time half of setjmp/longjmp over WebAssembly exceptions. */
#include <stddef.h>
#include <stdint.h>
struct jump { void *invocation; uint32_t label; struct { void *env; int value; } argument; };
void __wasm_setjmp (void *env, uint32_t label, void *invocation) {
  struct jump *j = env;
  j->invocation = invocation;
  j->label = label;
}
uint32_t __wasm_setjmp_test (void *env, void *invocation) {
  struct jump *j = env;
  return j->label != 0 && j->invocation == invocation ? j->label : 0;
}
void __wasm_longjmp (void *env, int value) {
  struct jump *j = env;
  j->argument.env = env;
  j->argument.value = value == 0 ? 1 : value;
  __builtin_wasm_throw(1, &j->argument);
}
