/* Room for a record in the principal buffer of the slot that a firing holds, as the program's buffer
 * policy has it (HP_BUF_* in segment.h). Freestanding C11 and C++20: used by generated code's runtime
 * and by the dispatcher. */
#ifndef TRANSPORT_PRINCIPAL_H
#define TRANSPORT_PRINCIPAL_H
#include "transport/segment.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline uint8_t* hp_principal(struct hp_seg_header* seg, struct hp_slot* slot,
                                    uint32_t half) {
  return (uint8_t*)(slot + 1) + half * seg->principal_size;
}

/* Behind what the active half holds: `need` bytes, 0 if they do not fit. Nothing is counted. */
static inline uint8_t* hp_principal_room(struct hp_seg_header* seg, struct hp_slot* slot,
                                         uint64_t need) {
  const uint32_t half = slot->active & 1;
  const uint64_t size = seg->principal_size, used = slot->principal[half].used;
  if (__builtin_expect(used <= size && need <= size - used, 1))
    return hp_principal(seg, slot, half) + used;
  return 0;
}

/* What to do when there is no room. ring: the older half is forgotten and becomes the active one, so
 * that between one and two halves of the latest records are kept. fill: tracing ends, as after
 * exit(0); what did not fit is not counted as lost. switch: 0, and the caller counts a drop. */
static inline uint8_t* hp_principal_full(struct hp_seg_header* seg, struct hp_slot* slot,
                                         uint64_t need, int* dropped) {
  *dropped = 1;
  if (seg->bufpolicy == HP_BUF_RING && need <= seg->principal_size) {
    const uint32_t half = (slot->active & 1) ^ 1;
    slot->principal[half].used = 0;
    __atomic_store_n(&slot->active, half, __ATOMIC_RELEASE);
    *dropped = 0;
    return hp_principal(seg, slot, half);
  }
  if (seg->bufpolicy == HP_BUF_FILL) {
    *dropped = 0;
    __atomic_store_n(&seg->exiting, 1u, __ATOMIC_RELEASE);
  }
  return 0;
}

#ifdef __cplusplus
}
#endif
#endif
