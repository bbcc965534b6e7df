/* One source, several objects that the linker refuses; which one is chosen by a macro. */
#define STRINGS(S) S(c0, "hp_clause_0")
#define TABLES(T) \
  T(HP_TBL_DESCS, descs, struct hp_obj_desc, 1) T(HP_TBL_CLAUSES, clauses, struct hp_obj_clause, 1)
#include "object_tables.h"
IN_DATA struct data data = {.header = HEADER(0, 0),
                            .clauses = {{.symbol = STR(c0), .descs = {0, 1}}},
                            .strings = STRING_VALUES};

#if defined(UNLINKABLE_ABSOLUTE)
static uint32_t table[64] = {1, 2, 3};
CLAUSE(0) {
  return (int)table[ctx->firing->args[0] & 63]++;
} /* R_X86_64_32S without -fPIC */
#elif defined(UNLINKABLE_TLS)
static __thread uint64_t counter;
CLAUSE(0) {
  return (int)(counter += ctx->probe);
}
#elif defined(UNLINKABLE_CONSTRUCTOR)
static uint64_t started;
__attribute__((constructor)) static void start(void) {
  started = hp_now();
}
CLAUSE(0) {
  return (int)(started + ctx->probe);
}
#elif defined(UNLINKABLE_WRITABLE_CODE)
__asm__(".section .text.writable,\"awx\",@progbits\n.globl evil\nevil: ret\n.previous");
CLAUSE(0) {
  return (int)ctx->probe;
}
#elif defined(UNLINKABLE_NO_FUNCTION)
int other(struct hp_ctx* ctx) {
  return (int)ctx->probe;
}
#elif defined(UNLINKABLE_COMMON)
__asm__(".comm shared, 8, 8");
extern uint64_t shared;
CLAUSE(0) {
  return (int)(shared += ctx->probe);
}
#endif
