/* A vCPU's slot page: how the gate hands a system call to the helper thread. See gate.S. */
#pragma once
#include <cstddef>
#include <cstdint>

#include "slot_layout.h"
#include "transport/abi.h"

namespace hp::guest {

/* Each cache line travels once for a call: the guest writes the first, the helper the second. */
struct Slot {
  uint32_t claim; /* bit 0: the helper polls. The gate clears it to hand over a call (lock btr). */
  uint32_t pad0;
  uint64_t nr, args[6];
  uint32_t done; /* 0, kSlotDone, kSlotBounce: written by the helper, cleared by the gate */
  uint32_t pad1;
  uint64_t result;
  uint64_t pad2[6];
  uint64_t flags;
  uint64_t pc, stack, frame; /* read only when somebody traces */
  uint64_t saved[6];         /* likewise: rbx, r12 to r15, r11 */
  uint8_t pad3[4096 - 208];
};
inline constexpr uint32_t kSlotDone = 1, kSlotBounce = 2;

static_assert(HP_GATE_PORT_DOORBELL == HP_PORT_DOORBELL && HP_GATE_PORT_LEARN == HP_PORT_LEARN);
static_assert(sizeof(Slot) == 4096);
static_assert(offsetof(Slot, claim) == HP_SLOT_CLAIM && offsetof(Slot, done) == HP_SLOT_DONE);
static_assert(offsetof(Slot, result) == HP_SLOT_RESULT && offsetof(Slot, flags) == HP_SLOT_FLAGS);
static_assert(offsetof(Slot, nr) == HP_SLOT_NR && offsetof(Slot, args) == HP_SLOT_ARGS);
static_assert(offsetof(Slot, pc) == HP_SLOT_PC && offsetof(Slot, frame) == HP_SLOT_FRAME);
static_assert(offsetof(Slot, saved) == HP_SLOT_SAVED);

}  // namespace hp::guest
