/* Primitives of transport/segment.h that clauses call as they are: inlined away, they only make the
 * names known to the module. */
#include "runtime.hpp"

extern "C" {
uint64_t hp_rt_walltime(void) {
  return hp_walltime();
}
uint32_t hp_rt_epid(hp_ctx* ctx) {
  return hp_epid(ctx);
}
int64_t hp_rt_identity(hp_ctx* ctx, uint32_t what) {
  return hp_identity(ctx, what);
}
const char* hp_rt_text(hp_ctx* ctx, uint32_t what) {
  const uint32_t mark = ctx->scratch_used;
  char* d = rt_new_string(ctx, hp_strsize - 1);
  if (!d) return nullptr;
  uint32_t n = hp_text(ctx, what, d, hp_strsize);
  if (n > hp_strsize - 1) n = hp_strsize - 1;
  d[n] = 0;
  ctx->scratch_used = mark + ((n + 8) & ~7u);
  return d;
}
/* Is the process, or one of its ancestors, this one? */
uint64_t hp_rt_progenyof(hp_ctx* ctx, int64_t pid) {
  const hp_firing* f = ctx->firing;
  if (f->pid == pid || f->ppid == pid) return 1;
  for (uint32_t i = 0; i < f->nancestors; i++)
    if (f->ancestors[i] == pid) return 1;
  return 0;
}
uint64_t hp_rt_space(hp_ctx* ctx) {
  return hp_space(ctx);
}
uint64_t hp_rt_kspace(hp_ctx* ctx) {
  return hp_kspace(ctx);
}
uint64_t hp_rt_ureg(hp_ctx* ctx, uint64_t n) {
  return hp_ureg(ctx, n);
}
/* Sent after the firing: a thread that stops now would keep its slot, and its record. */
void hp_rt_raise(hp_ctx* ctx, int sig) {
  if (sig >= 1 && sig <= 64) ctx->signals |= 1ull << (sig - 1);
}
/* A debugger may wait for it; without one it ends the process. Where no guest fires, nobody waits. */
void hp_rt_breakpoint(hp_ctx* ctx) {
  if (ctx->firing->mem) hp_rt_raise(ctx, 5 /* SIGTRAP */);
}
void hp_rt_panic(hp_ctx* ctx) {
  if (int fault = hp_panic(ctx)) rt_fail(ctx, static_cast<uint32_t>(fault), 0);
}
}
