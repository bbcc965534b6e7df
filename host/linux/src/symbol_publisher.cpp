#include "linux_guest/symbol_publisher.hpp"

#include <cstring>

#include "handler/segment_texts.hpp"

namespace hp::linux_guest {

namespace {

void publish(const handler::SegmentView& segment, std::string_view text, const char* name,
             uint64_t base, uint32_t vmid, uint64_t boot) {
  if (text.empty()) return;
  const auto place = handler::enter_text(segment, text);
  if (!place) return;
  hp_seg_module* m = handler::claim_module(segment);
  if (!m) return;
  m->space = HP_SPACE_KERNEL | vmid;
  m->pid = 0;
  m->start = base;
  m->end = 0;
  m->offset = *place;
  m->device = boot;
  m->inode = text.size();
  std::strncpy(m->path, name, sizeof m->path - 1);
  __atomic_store_n(&m->state, uint32_t{HP_MODULE_READY}, __ATOMIC_RELEASE);
}

}  // namespace

void publish_symbols(const handler::SegmentView& segment, const GuestKernel& kernel, uint32_t vmid,
                     uint64_t boot) {
  if (segment.symbols_size() == 0) return;
  publish(segment, kernel.code_text(), "vmlinux", kernel.text_start(), vmid, boot);
  publish(segment, kernel.module_code_text(), "", 0, vmid, boot);
}

}  // namespace hp::linux_guest
