/* A D program of which the consumer's tests write the records themselves: one action of each kind. */
/* clang-format off */
#define STRINGS(S)                                                          \
  S(dtrace, "dtrace") S(begin, "BEGIN") S(c0, "hp_clause_0")                \
  S(c1, "hp_clause_1") S(type, "int") S(agg, "a") S(second, "b")            \
  S(words, "%s %d\n") S(row, "%s=%@d\n") S(both, "%s %@d %@d\n")           \
  S(path, "%s") S(shell, "echo said %s")
/* clang-format on */
#define TABLES(T)                                      \
  T(HP_TBL_DESCS, descs, struct hp_obj_desc, 2)        \
  T(HP_TBL_CLAUSES, clauses, struct hp_obj_clause, 2)  \
  T(HP_TBL_ACTIONS, actions, struct hp_obj_action, 18) \
  T(HP_TBL_FIELDS, fields, struct hp_obj_field, 10)    \
  T(HP_TBL_AGGS, aggs, struct hp_obj_agg, 2)           \
  T(HP_TBL_AGGREFS, aggrefs, uint32_t, 2)
#include "../handler/object_tables.h"
#include "actions.h"

enum { F_STR, F_INT, F_BYTES, F_LENGTH, F_NAME, F_VALUE, F_STACK, F_VM, F_KEY, F_KEY2 };

IN_DATA struct data data =
    {
        .header = HEADER(0, 0),
        .descs = {{.prov = STR(dtrace), .name = STR(begin)},
                  {.prov = STR(dtrace), .name = STR(begin), .clause = 1}},
        .clauses = {{.symbol = STR(c0), .descs = {0, 1}, .actions = {0, 18}, .max_record = 4096},
                    {.symbol = STR(c1), .descs = {1, 1}, .flags = HP_CLAUSE_DEFAULT}},
        .actions =
            {
                [A_TRACE] = {.kind = HP_ACT_TRACE, .fields = {F_INT, 1}},
                [A_PRINTF] = {.kind = HP_ACT_PRINTF, .format = STR(words), .fields = {F_STR, 2}},
                [A_PRINTA] = {.kind = HP_ACT_PRINTA, .aggs = {0, 1}},
                [A_PRINTA_ROW] = {.kind = HP_ACT_PRINTA, .format = STR(row), .aggs = {0, 1}},
                [A_PRINTA_BOTH] = {.kind = HP_ACT_PRINTA, .format = STR(both), .aggs = {0, 2}},
                [A_CLEAR] = {.kind = HP_ACT_CLEAR, .aggs = {0, 1}},
                [A_TRUNC] =
                    {.kind = HP_ACT_TRUNC, .fields = {F_INT, 1}, .aggs = {0, 1}, .flags = 1},
                [A_NORMALIZE] = {.kind = HP_ACT_NORMALIZE, .fields = {F_INT, 1}, .aggs = {0, 1}},
                [A_DENORMALIZE] = {.kind = HP_ACT_DENORMALIZE, .aggs = {0, 1}},
                [A_EXIT] = {.kind = HP_ACT_EXIT, .fields = {F_INT, 1}},
                [A_TRACEMEM] = {.kind = HP_ACT_TRACEMEM, .fields = {F_BYTES, 2}},
                [A_FREOPEN] = {.kind = HP_ACT_FREOPEN, .format = STR(path), .fields = {F_STR, 1}},
                [A_SYSTEM] = {.kind = HP_ACT_SYSTEM, .format = STR(shell), .fields = {F_STR, 1}},
                [A_SETOPT] = {.kind = HP_ACT_SETOPT, .fields = {F_NAME, 2}},
                [A_USTACK] = {.kind = HP_ACT_USTACK, .fields = {F_STACK, 1}},
                [A_TRACE_VM] = {.kind = HP_ACT_TRACE, .fields = {F_VM, 1}},
                [A_TRACE_STR] = {.kind = HP_ACT_TRACE, .fields = {F_STR, 1}},
                [A_FTRUNCATE] = {.kind = HP_ACT_FTRUNCATE},
            },
        .fields =
            {
                [F_STR] = {.val = HP_VAL_STR, .size = 256, .type = STR(type)},
                [F_INT] =
                    {.val = HP_VAL_INT, .size = 4, .flags = HP_FIELD_SIGNED, .type = STR(type)},
                [F_BYTES] = {.val = HP_VAL_BYTES, .size = 4, .type = STR(type)},
                [F_LENGTH] =
                    {.val = HP_VAL_INT, .size = 8, .flags = HP_FIELD_SIGNED, .type = STR(type)},
                [F_NAME] = {.val = HP_VAL_STR, .size = 256, .type = STR(type)},
                [F_VALUE] = {.val = HP_VAL_STR, .size = 256, .type = STR(type)},
                [F_STACK] =
                    {.val = HP_VAL_BYTES, .size = 24, .flags = HP_FIELD_USTACK, .type = STR(type)},
                [F_VM] = {.val = HP_VAL_VMNAME, .size = 8, .type = STR(type)},
                [F_KEY] = {.val = HP_VAL_STR, .size = 256, .type = STR(type)},
                [F_KEY2] = {.val = HP_VAL_STR, .size = 256, .type = STR(type)},
            },
        .aggs = {{.name = STR(agg), .func = HP_AGG_COUNT, .keys = {F_KEY, 1}, .words = 1},
                 {.name = STR(second), .func = HP_AGG_SUM, .keys = {F_KEY2, 1}, .words = 1}},
        .aggrefs = {0, 1},
        .strings = STRING_VALUES,
};

CLAUSE(0) {
  return 0;
}
CLAUSE(1) {
  return 0;
}
