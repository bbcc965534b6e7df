/* Making a firing (transport/segment.h) of a probe page (transport/abi.h).
 *
 * The page is the guest's: it is read once, word by word, into a copy that nobody else writes, which is then
 * checked. What it says of the thread is taken as the guest's word; who the guest is, which vCPU fires and when
 * come from the host. Thread-safe. */
#pragma once
#include "linux_guest/linux_memory.hpp"
#include "linux_guest/universe.hpp"

namespace hp::linux_guest {

/* False: no page of this ABI, or of no probe. */
[[nodiscard]] bool read_page(const hp_probe_page* page, PageHead& head) noexcept;

/* What the page says: identity, registers, arguments as a probe of this kind has them (HP_KIND_*). The
 * registers are written to *uregs, if the page has any. */
void fill_firing(hp_firing& f, const PageHead& head, uint32_t kind, hp_uregs* uregs) noexcept;

/* Is this firing one of a probe with this filter? */
bool passes(Filter filter, const hp_firing& f) noexcept;
/* Leaves the first arguments out. */
void shift_arguments(hp_firing& f, unsigned shift) noexcept;

}  // namespace hp::linux_guest
