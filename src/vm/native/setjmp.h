/* setjmp for WebAssembly exceptions; wasi-libc of this age has none. */
#ifndef VM_SETJMP_H
#define VM_SETJMP_H
typedef struct { long long words[4]; } jmp_buf[1];
int setjmp (jmp_buf) __attribute__((returns_twice));
void longjmp (jmp_buf, int) __attribute__((noreturn));
#endif
