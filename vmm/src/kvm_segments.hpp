/* Segment registers of a long-mode vCPU, as KVM takes them. Internal to the engine. */
#pragma once
#include <linux/kvm.h>

namespace hp::vmm {

/* 64-bit code of this privilege level. */
inline kvm_segment code_segment(uint16_t selector, uint8_t dpl) {
  return {.base = 0,
          .limit = 0xffffffff,
          .selector = selector,
          .type = 11,
          .present = 1,
          .dpl = dpl,
          .db = 0,
          .s = 1,
          .l = 1,
          .g = 1};
}

/* Writable data. */
inline kvm_segment data_segment(uint16_t selector, uint8_t dpl) {
  return {.base = 0,
          .limit = 0xffffffff,
          .selector = selector,
          .type = 3,
          .present = 1,
          .dpl = dpl,
          .db = 1,
          .s = 1,
          .l = 0,
          .g = 1};
}

}  // namespace hp::vmm
