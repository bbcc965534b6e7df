/* D programs for the daemon's tests, in C: `web*:syscall::read:entry` and, with FLEET_BAD, one that
 * cannot be linked in a guest. */
#define STRINGS(S) \
  S(target, "web*") S(syscall, "syscall") S(read, "read") S(entry, "entry") S(c0, "hp_clause_0")
#define TABLES(T)                               \
  T(HP_TBL_DESCS, descs, struct hp_obj_desc, 1) \
  T(HP_TBL_CLAUSES, clauses, struct hp_obj_clause, 1)
#include "handler/object_tables.h"

IN_DATA struct data data = {
    .header = HEADER(0, 0),
    .descs = {{.target = STR(target), .prov = STR(syscall), .func = STR(read), .name = STR(entry)}},
    .clauses = {{.symbol = STR(c0), .descs = {0, 1}}},
    .strings = STRING_VALUES,
};

#ifdef FLEET_BAD
int not_a_primitive(struct hp_ctx* ctx);
CLAUSE(0) {
  return not_a_primitive(ctx);
}
#else
CLAUSE(0) {
  (void)ctx;
  return 0;
}
#endif
