/* D programs for the fleet's tests, in C: `web*:syscall::read:entry`; with FLEET_BAD one that cannot be linked in a
 * guest; with FLEET_VERSION `Linux-6.1.*:fbt:::entry`, BEGIN and tick-1s, targets by version as well. */
#define STRINGS(S)          \
  S(target, "web*")         \
  S(syscall, "syscall")     \
  S(read, "read")           \
  S(entry, "entry")         \
  S(c0, "hp_clause_0")      \
  S(version, "Linux-6.1.*") \
  S(fbt, "fbt")             \
  S(begin, "BEGIN") S(tick, "tick-1s") S(resolvers, "resolvers") S(both, "hostname,version")
#ifdef FLEET_VERSION
#define DESCS                                                                             \
  {.target = STR(version), .prov = STR(fbt), .name = STR(entry)}, {.name = STR(begin)}, { \
    .name = STR(tick)                                                                     \
  }
#define NDESCS 3
#define NOPTIONS 1
#else
#define DESCS {.target = STR(target), .prov = STR(syscall), .func = STR(read), .name = STR(entry)}
#define NDESCS 1
#define NOPTIONS 0
#endif
#define TABLES(T)                                     \
  T(HP_TBL_DESCS, descs, struct hp_obj_desc, NDESCS)  \
  T(HP_TBL_CLAUSES, clauses, struct hp_obj_clause, 1) \
  T(HP_TBL_OPTIONS, options, struct hp_obj_option, NOPTIONS)
#include "handler/object_tables.h"

IN_DATA struct data data = {
    .header = HEADER(0, 0),
    .descs = {DESCS},
    .clauses = {{.symbol = STR(c0), .descs = {0, NDESCS}}},
#ifdef FLEET_VERSION
    .options = {{STR(resolvers), STR(both)}},
#endif
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
