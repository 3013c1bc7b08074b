/*
** Line counts: how often each line of each source ran.
**
** N1. Nothing is counted, and nothing costs anything, before `lines_start`; after it every new thread has a line hook.
** N2. A source counts under its chunk name. Its prototypes stay alive, so the address of its name stays its own.
*/
#include "vm.h"
#include "ldebug.h"
#include "lopcodes.h"

#define NO_CODE 0xFFFFFFFFu  /* the line holds no code */

/* 'made' holds for a line where a function ends and nothing else stands the line where it begins: there it counts as made. */
typedef struct Source { TString *name; uint32_t lines; uint32_t *counts, *made; struct Source *next; } Source;

#define BUCKETS 1024
static Source *buckets[BUCKETS];
static int counting = 0;
static Source *last;

static Source **bucket_of (const TString *name) { return &buckets[((uintptr_t)name >> 4) % BUCKETS]; }

static Source *source_of (const TString *name) {
  Source *s = last;
  if (s && s->name == name) return s;
  for (s = *bucket_of(name); s; s = s->next) if (s->name == name) return last = s;
  return NULL;
}

static void count_line (lua_State *L, lua_Debug *ar) {
  Source *s = source_of(clLvalue(s2v(ar->i_ci->func.p))->p->source);
  uint32_t line = (uint32_t)ar->currentline;
  (void)L;
  if (!s || line >= s->lines) return;
  if (s->made[line]) line = s->made[line];
  if (s->counts[line] < NO_CODE - 1) s->counts[line]++;
}

static int lines_of (const Proto *p, int most) {
  int i;
  for (i = 0; i < p->sizecode; i++) { int line = luaG_getfuncline(p, i); if (line > most) most = line; }
  for (i = 0; i < p->sizep; i++) most = lines_of(p->p[i], most);
  return most;
}

static void mark_lines (const Proto *p, Source *s) {
  int i;
  /* The first instruction of a vararg function only prepares it. */
  for (i = p->is_vararg ? 1 : 0; i < p->sizecode; i++) {
    int line = luaG_getfuncline(p, i);
    /* The last return is the function's end: no statement stands there. */
    if (i == p->sizecode - 1 && p->sizecode > 1) break;
    if (GET_OPCODE(p->code[i]) == OP_CLOSURE) continue;
    if (line > 0 && (uint32_t)line < s->lines) s->counts[line] = 0;
  }
  for (i = 0; i < p->sizep; i++) mark_lines(p->p[i], s);
}

static void mark_functions (const Proto *p, Source *s) {
  int i;
  for (i = 0; i < p->sizecode; i++) {
    uint32_t line = (uint32_t)luaG_getfuncline(p, i), first;
    if (GET_OPCODE(p->code[i]) != OP_CLOSURE || line >= s->lines) continue;
    if (s->counts[line] != NO_CODE) continue;
    first = (uint32_t)p->p[GETARG_Bx(p->code[i])]->linedefined;
    if (first == 0 || first > line) first = line;
    if (s->counts[first] == NO_CODE) s->counts[first] = 0;
    if (first != line) s->made[line] = first;
  }
  for (i = 0; i < p->sizep; i++) mark_functions(p->p[i], s);
}

/* Takes note of the compiled function on top of the stack, which stays alive from now on. */
void lines_add (lua_State *L) {
  const Proto *p;
  Source *s, **bucket;
  if (!counting) return;
  p = clLvalue(s2v(L->top.p - 1))->p;
  if (!p->source || (s = calloc(1, sizeof *s)) == NULL) return;
  s->name = p->source;
  s->lines = (uint32_t)lines_of(p, 0) + 1;
  s->counts = malloc(s->lines * sizeof *s->counts);
  s->made = calloc(s->lines, sizeof *s->made);
  if (!s->counts || !s->made) { free(s->counts); free(s->made); free(s); return; }
  memset(s->counts, 0xFF, s->lines * sizeof *s->counts);
  mark_lines(p, s);
  mark_functions(p, s);
  bucket = bucket_of(s->name);
  s->next = *bucket;
  *bucket = s;
  lua_pushvalue(L, -1);
  luaL_ref(L, LUA_REGISTRYINDEX);
}

EXPORT(lines_start) void x_lines_start (void) {
  counting = 1;
  lua_sethook(vm_G, count_line, LUA_MASKLINE, 0);
}

/* Chunk name in the io buffer. How many lines its newest source has; their counts, 32 bits each, are in out. */
EXPORT(lines_read) uint32_t x_lines_read (uint32_t nameLength) {
  const char *name = (const char *)vm_io;
  Source *found = NULL;
  int i;
  for (i = 0; i < BUCKETS; i++) {
    Source *s;
    for (s = buckets[i]; s; s = s->next)
      if (tsslen(s->name) == nameLength + 1 && memcmp(getstr(s->name) + 1, name, nameLength) == 0) {
        if (!found) found = s;
        else if (found->lines == s->lines) {  /* the same source, compiled again */
          uint32_t k;
          for (k = 0; k < s->lines; k++) if (s->counts[k] != NO_CODE && found->counts[k] != NO_CODE) {
            found->counts[k] += s->counts[k];
            s->counts[k] = 0;
          }
        }
      }
  }
  vm_out.n = 0;
  if (found) buf_put(&vm_out, found->counts, found->lines * (uint32_t)sizeof *found->counts);
  return found ? found->lines : 0;
}
