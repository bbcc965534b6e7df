#include "host/fleet_segment.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "transport/segment.h"

namespace hp {
namespace {

constexpr uint64_t kTableSize = uint64_t{HP_MAX_GUESTS} * sizeof(hp_seg_guest);

/* Memory is short: a guest is shown by its number, or as live. */
void write_at(int fd, const void* data, size_t size, uint64_t offset) {
  const ssize_t n = ::pwrite(fd, data, size, static_cast<off_t>(offset));
  (void)n;
}

}  // namespace

Result<FleetSegment> FleetSegment::check(Fd fd) {
  struct stat st{};
  const int seals = ::fcntl(fd.get(), F_GET_SEALS);
  if (seals < 0 || !(seals & F_SEAL_SHRINK) || ::fstat(fd.get(), &st) != 0)
    return fail("the program segment must be a memfd that is sealed against shrinking");
  hp_seg_header h;
  if (::pread(fd.get(), &h, sizeof h, 0) != static_cast<ssize_t>(sizeof h) ||
      h.magic != HP_SEG_MAGIC || h.version != HP_SEG_VERSION)
    return fail("the program segment is not one of this version");
  const auto size = static_cast<uint64_t>(st.st_size);
  if (h.guests_off < sizeof h || h.guests_off > size || size - h.guests_off < kTableSize)
    return fail("the program segment's guest table lies outside it");
  FleetSegment s;
  std::copy(std::begin(h.ident), std::end(h.ident), s.ident_.begin());
  s.identity_ = {st.st_dev, st.st_ino};
  s.bytes_ = size;
  s.guests_off_ = h.guests_off;
  s.fd_ = std::make_shared<Fd>(std::move(fd));
  return s;
}

Result<FleetSegment> FleetSegment::revive(Fd fd) {
  FleetSegment s = HP_TRY(check(std::move(fd)));
  const uint32_t active = HP_STATE_ACTIVE, nobody = 0;
  write_at(s.fd_->get(), &nobody, sizeof nobody, offsetof(hp_seg_header, self_pid));
  write_at(s.fd_->get(), &active, sizeof active, offsetof(hp_seg_header, state));
  return s;
}

void FleetSegment::mark_live(uint32_t vmid, const GuestOutcome& g) const {
  hp_seg_guest entry{};
  entry.vmid = vmid;
  entry.state = 1;
  std::strncpy(entry.name, g.name.c_str(), sizeof entry.name - 1);
  std::strncpy(entry.hostname, g.hostname.c_str(), sizeof entry.hostname - 1);
  write_at(fd_->get(), &entry, sizeof entry, guests_off_ + uint64_t{vmid} * sizeof entry);
}

void FleetSegment::mark_gone(uint32_t vmid) const {
  const uint32_t state = 2;
  write_at(fd_->get(), &state, sizeof state,
           guests_off_ + uint64_t{vmid} * sizeof(hp_seg_guest) + offsetof(hp_seg_guest, state));
}

std::set<uint32_t> FleetSegment::seen() const {
  std::vector<hp_seg_guest> table(HP_MAX_GUESTS);
  std::set<uint32_t> vmids;
  if (::pread(fd_->get(), table.data(), kTableSize, static_cast<off_t>(guests_off_)) !=
      static_cast<ssize_t>(kTableSize))
    return vmids;
  for (uint32_t vmid = 1; vmid < HP_MAX_GUESTS; vmid++)
    if (table[vmid].vmid != 0) vmids.insert(vmid);
  return vmids;
}

}  // namespace hp
