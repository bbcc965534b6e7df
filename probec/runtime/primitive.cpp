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
void hp_rt_raise(hp_ctx* ctx, int sig) {
  hp_raise(ctx, sig);
}
void hp_rt_stop(hp_ctx* ctx) {
  hp_stop(ctx);
}
}
