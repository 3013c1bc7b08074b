/** Short ways for what programs do all the time. */
import type { Patch } from "./patch.ts";

/** Changes of `lvm.c` and `lstring.c`. */
export const HOT: Patch[] = [
  {
    file: "lvm.c",
    from:
      "        else\n          Protect(luaV_finishget(L, rb, rc, ra, slot));\n        vmbreak;\n      }\n      vmcase(OP_ADDI) {",
    to: `        else {
          const TValue *method = vm_method(L, rb, key);
          if (method) { setobj2s(L, ra, method); }
          else Protect(luaV_finishget(L, rb, rc, ra, slot));
        }
        vmbreak;
      }
      vmcase(OP_ADDI) {`,
  },
  {
    file: "lvm.c",
    from: "#define dojump(ci,i,e)",
    to: `/* The method 'key' of a userdata whose class has it in a table; NULL when the long way is needed. */
static __attribute__((noinline)) const TValue *vm_method (lua_State *L, const TValue *o, TString *key) {
  const TValue *found;
  Table *class = ttisfulluserdata(o) ? uvalue(o)->metatable : NULL;
  if (class == NULL || key->tt != LUA_VSHRSTR) return NULL;
  found = luaH_getshortstr(class, G(L)->tmname[TM_INDEX]);
  if (!ttistable(found)) return NULL;
  found = luaH_getshortstr(hvalue(found), key);
  return isempty(found) ? NULL : found;
}
#define dojump(ci,i,e)`,
  },
  {
    file: "lstring.c",
    from: "    if (l == ts->shrlen && (memcmp(str, getshrstr(ts), l * sizeof(char)) == 0)) {",
    to: "    if (h == ts->hash && l == ts->shrlen && (memcmp(str, getshrstr(ts), l * sizeof(char)) == 0)) {",
  },
];
