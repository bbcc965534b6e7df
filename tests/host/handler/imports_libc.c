/* Imports something that is not a primitive: refused. */
#define STRINGS(S) S(c0, "hp_clause_0")
#define TABLES(T) \
  T(HP_TBL_DESCS, descs, struct hp_obj_desc, 1) T(HP_TBL_CLAUSES, clauses, struct hp_obj_clause, 1)
#include "object_tables.h"
IN_DATA struct data data = {.header = HEADER(0, 0),
                            .clauses = {{.symbol = STR(c0), .descs = {0, 1}}},
                            .strings = STRING_VALUES};
int system(const char*);
CLAUSE(0) {
  return system((const char*)ctx->scratch);
}
