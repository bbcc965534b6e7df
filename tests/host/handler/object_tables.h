/* Writes the tables of transport/object.h by hand, so that clauses written in C make a complete D
 * program object. Define, before including: STRINGS(S) as a list of S(name, "text"), and after it the
 * tables descs[], clauses[], ... named by TABLES(T) as T(HP_TBL_X, member, type, count). */
#include <stddef.h>

#include "transport/object.h"
#include "transport/segment.h"

#define STRING_FIELD(name, text) char name[sizeof text];
#define STRING_VALUE(name, text) .name = text,
struct strings {
  char empty[1];
  STRINGS(STRING_FIELD)
};
/* The offset of a string in the string table. */
#define STR(name) offsetof(struct strings, name)

#define TABLE_FIELD(index, member, type, n) type member[n];
#define TABLE_ENTRY(index, member, type, n) [index] = {offsetof(struct data, member), n},
struct data {
  struct hp_obj_header header;
  TABLES(TABLE_FIELD)
  struct strings strings;
};
#define HEADER(globals, locals)                                                                    \
  {                                                                                                \
    .magic = HP_OBJ_MAGIC, .version = HP_OBJ_VERSION, .size = sizeof(struct data), .strsize = 256, \
    .globals_size = globals, .locals_size = locals, .tables = {                                    \
      TABLES(TABLE_ENTRY)[HP_TBL_STRINGS] = {offsetof(struct data, strings),                       \
                                             sizeof(struct strings)}                               \
    }                                                                                              \
  }
#define STRING_VALUES {.empty = "", STRINGS(STRING_VALUE)}
#define CLAUSE(n) \
  __attribute__((section(".text.clause." #n), used)) int hp_clause_##n(struct hp_ctx* ctx)
#define IN_DATA __attribute__((section(HP_OBJ_SECTION_DATA), used, aligned(8)))
