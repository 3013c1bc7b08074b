/* What patched Lua sources need before anything else. */
#ifndef VM_SEED_H
#define VM_SEED_H
extern unsigned int vm_hash_seed;
unsigned int vm_random_pivot (void);
#endif
