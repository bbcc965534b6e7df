/* A D program in C: what the tests load, link and fire. Compiled by clang as the compiler compiles
 * its own, with relocations of every kind that the linker takes. */
#define STRINGS(S)      \
  S(dtrace, "dtrace")   \
  S(syscall, "syscall") \
  S(begin, "BEGIN")     \
  S(end, "END")         \
  S(error, "ERROR")     \
  S(entry, "entry")     \
  S(ret, "return")      \
  S(read, "read")       \
  S(write, "write")     \
  S(open_glob, "open*") \
  S(exit, "exit_group") \
  S(web, "web*")        \
  S(type_int, "int")    \
  S(c0, "hp_clause_0")  \
  S(c1, "hp_clause_1")  \
  S(c2, "hp_clause_2")  \
  S(c3, "hp_clause_3")  \
  S(c4, "hp_clause_4")  \
  S(c5, "hp_clause_5")  \
  S(c6, "hp_clause_6")  \
  S(c7, "hp_clause_7")  \
  S(c8, "hp_clause_8")  \
  S(profile, "profile") \
  S(opt, "quiet")       \
  S(opt_value, "1")     \
  S(agg, "calls")       \
  S(format, "%d\n")
#define TABLES(T)                                     \
  T(HP_TBL_DESCS, descs, struct hp_obj_desc, 10)      \
  T(HP_TBL_CLAUSES, clauses, struct hp_obj_clause, 9) \
  T(HP_TBL_ACTIONS, actions, struct hp_obj_action, 1) \
  T(HP_TBL_FIELDS, fields, struct hp_obj_field, 2)    \
  T(HP_TBL_AGGS, aggs, struct hp_obj_agg, 1)          \
  T(HP_TBL_AGGREFS, aggrefs, uint32_t, 1)             \
  T(HP_TBL_OPTIONS, options, struct hp_obj_option, 1)
#include "clauses.h"

#include "object_tables.h"

#define ONE_DESC(n, first_desc, sym) \
  [n] = {.symbol = STR(sym), .descs = {first_desc, 1}, .line = n + 1}
IN_DATA struct data data = {
    .header = HEADER(sizeof(struct globals), sizeof(struct locals)),
    .descs =
        {
            [0] = {.prov = STR(syscall), .name = STR(entry), .clause = 0},
            [1] = {.func = STR(read), .name = STR(entry), .clause = 1},
            [2] = {.func = STR(open_glob), .name = STR(entry), .clause = 1},
            [3] = {.prov = STR(dtrace), .name = STR(begin), .clause = 2},
            [4] = {.prov = STR(dtrace), .name = STR(error), .clause = 3},
            [5] = {.target = STR(web), .func = STR(write), .name = STR(ret), .clause = 4},
            [6] = {.func = STR(exit), .name = STR(entry), .clause = 5},
            [7] = {.func = STR(exit), .name = STR(entry), .clause = 6},
            [8] = {.prov = STR(dtrace), .name = STR(end), .clause = 7},
            [9] = {.prov = STR(profile), .clause = 8},
        },
    .clauses =
        {
            ONE_DESC(0, 0, c0),
            [1] = {.symbol = STR(c1), .descs = {1, 2}, .line = 2},
            ONE_DESC(2, 3, c2),
            ONE_DESC(3, 4, c3),
            [4] = {.symbol = STR(c4),
                   .descs = {5, 1},
                   .actions = {0, 1},
                   .max_record = 56,
                   .charge = 17},
            ONE_DESC(5, 6, c5),
            ONE_DESC(6, 7, c6),
            ONE_DESC(7, 8, c7),
            ONE_DESC(8, 9, c8),
        },
    .actions = {{.kind = HP_ACT_PRINTF, .format = STR(format), .fields = {0, 1}, .aggs = {0, 1}}},
    .fields = {{.val = HP_VAL_INT, .size = 8, .flags = HP_FIELD_SIGNED, .type = STR(type_int)},
               {.val = HP_VAL_PROBEFUNC, .size = 8, .type = STR(type_int)}},
    .aggs = {{.name = STR(agg), .func = HP_AGG_COUNT, .keys = {1, 1}, .words = 1}},
    .options = {{STR(opt), STR(opt_value)}},
    .strings = STRING_VALUES,
};

static struct globals* globals(struct hp_ctx* ctx) {
  return (struct globals*)((uint8_t*)ctx->seg + ctx->seg->globals_off);
}
static struct locals* locals(struct hp_ctx* ctx) {
  return (struct locals*)ctx->locals;
}

/* Not static: reached through the GOT with -fPIC. */
uint64_t clauses_run = 0;
/* Constants and pointers to code: R_X86_64_64 in data, R_X86_64_PC32 to constants. */
static const uint32_t weights[8] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
static uint64_t twice(uint64_t n) {
  return 2 * n;
}
static uint64_t thrice(uint64_t n) {
  return 3 * n;
}
uint64_t (*const operations[])(uint64_t) = {twice, thrice};

/* @calls[probefunc] = count(), as simply as it can be written. */
static void count(struct hp_ctx* ctx) {
  struct hp_aggbuf* buf = &ctx->slot->agg[ctx->slot->active];
  uint8_t* base = (uint8_t*)(ctx->slot + 1) + 2 * ctx->seg->principal_size +
                  ctx->slot->active * ctx->seg->agg_size;
  uint32_t* bucket = (uint32_t*)base + (ctx->probe % HP_AGG_BUCKETS);
  struct hp_agg_entry* e;
  for (uint32_t next = *bucket; next; next = e->next) {
    e = (struct hp_agg_entry*)(base + 8ull * next);
    if (*(uint64_t*)(e + 1) == ctx->probe) {
      ((uint64_t*)(e + 1))[1]++;
      return;
    }
  }
  uint64_t at = HP_AGG_BUCKETS * 4 + buf->used;
  if (at + sizeof *e + 16 > ctx->seg->agg_size) {
    __atomic_fetch_add(&ctx->seg->drops[HP_DROP_AGGREGATION], 1, __ATOMIC_RELAXED);
    return;
  }
  e = (struct hp_agg_entry*)(base + at);
  *e = (struct hp_agg_entry){.next = *bucket, .hash = ctx->probe, .agg = 0, .keysize = 8};
  ((uint64_t*)(e + 1))[0] = ctx->probe;
  ((uint64_t*)(e + 1))[1] = 1;
  buf->used += sizeof *e + 16;
  buf->entries++;
  __atomic_store_n(bucket, at / 8, __ATOMIC_RELEASE);
}

/* syscall:::entry: counts and weighs its arguments. */
CLAUSE(0) {
  struct globals* g = globals(ctx);
  __atomic_fetch_add(&g->entries, 1, __ATOMIC_RELAXED);
  __atomic_fetch_add(&g->weight, weights[ctx->firing->args[5] & 7], __ATOMIC_RELAXED);
  locals(ctx)->value += 7;
  clauses_run++;
  count(ctx);
  return 0;
}

/* syscall::read:entry, syscall::open*:entry: reads the memory at arg1. */
CLAUSE(1) {
  struct globals* g = globals(ctx);
  uint64_t value;
  g->local_seen = locals(ctx)->value;
  ctx->action = 1;
  ctx->fault_offset = 99;
  int fault = hp_load(ctx, &value, ctx->firing->args[1], sizeof value);
  if (fault) return fault;
  ctx->action = 2;
  uint64_t length;
  fault = hp_load_str(ctx, g->text, ctx->firing->args[1], sizeof g->text, &length);
  if (fault) return fault;
  g->loaded = value;
  g->length = length;
  g->computed = operations[ctx->firing->args[0] & 1](value);
  return 0;
}

/* dtrace:::BEGIN */
CLAUSE(2) {
  globals(ctx)->begins++;
  globals(ctx)->now = hp_now();
  return 0;
}

/* dtrace:::ERROR: keeps its arguments; faults itself when told so. */
CLAUSE(3) {
  struct globals* g = globals(ctx);
  g->errors++;
  for (int i = 0; i < 6; i++) g->error_args[i] = ctx->error_args[i];
  g->error_local = locals(ctx)->value;
  locals(ctx)->value = 1234;
  return g->fault_in_error ? HP_FLT_DIVZERO : 0;
}

/* web*:syscall::write:return: a record with one field. */
CLAUSE(4) {
  struct hp_buf* buf = &ctx->slot->principal[ctx->slot->active];
  struct {
    struct hp_rec head;
    struct hp_rec_action action;
    int64_t value;
    int64_t pad;
  } r = {{.size = 56, .kind = HP_REC_CLAUSE}, {.size = 24}, (int64_t)ctx->firing->args[0], 0};
  _Static_assert(sizeof r == 56, "record");
  if (ctx->seg->principal_size - buf->used < sizeof r) {
    __atomic_fetch_add(&ctx->seg->drops[HP_DROP_PRINCIPAL], 1, __ATOMIC_RELAXED);
    return 0;
  }
  r.head.clause = ctx->clause;
  r.head.probe = ctx->probe;
  r.head.vmid = ctx->firing->vmid;
  r.head.timestamp = hp_now();
  *(__typeof__(r)*)((uint8_t*)(ctx->slot + 1) + ctx->slot->active * ctx->seg->principal_size +
                    buf->used) = r;
  __atomic_store_n(&buf->used, buf->used + sizeof r, __ATOMIC_RELEASE);
  return 0;
}

/* syscall::exit_group:entry: exit(3), then a clause that must not run. */
CLAUSE(5) {
  ctx->seg->exit_status = 3;
  __atomic_store_n(&ctx->seg->exiting, 1, __ATOMIC_RELEASE);
  return 0;
}
CLAUSE(6) {
  globals(ctx)->after_exit++;
  return 0;
}

/* dtrace:::END */
CLAUSE(7) {
  globals(ctx)->ends++;
  return 0;
}

/* profile::: counts by probe and by CPU; exit() at the firing that the test asks for. */
CLAUSE(8) {
  struct globals* g = globals(ctx);
  if (++g->ticks[ctx->probe & 15] == g->exit_at)
    __atomic_store_n(&ctx->seg->exiting, 1, __ATOMIC_RELEASE);
  g->cpus[ctx->firing->cpu & 63]++;
  return 0;
}
