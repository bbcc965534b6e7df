/* How the consumer of a program learns the names of a guest's kernel: through the program's segment (segment.h,
 * HP_SPACE_KERNEL). A consumer needs no file of the guest or of this host, and still has the names when the guest
 * is gone. */
#pragma once
#include "handler/segment_view.hpp"
#include "linux_guest/guest_kernel.hpp"

namespace hp::linux_guest {

/* boot: a number that grows with every boot of the guest. Without room, addresses stay numbers. */
void publish_symbols(const handler::SegmentView&, const GuestKernel&, uint32_t vmid, uint64_t boot);

}  // namespace hp::linux_guest
