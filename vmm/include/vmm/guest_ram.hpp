/* GuestRam: a machine's guest-physical memory as the host sees it.
 *
 * Everything that guest-controlled addresses reach goes through here: a range that does not lie in RAM
 * gives nothing, never a pointer beside it. What the guest may change meanwhile is copied out
 * (read()) or loaded once before it is checked; a pointer from at() is for bulk data and for the ring
 * fields that virtio defines to be shared. RAM never moves or goes while the machine exists.
 *
 * Thread-safe. */
#pragma once
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "transport/address.hpp"
#include "transport/fd.hpp"
#include "transport/result.hpp"

namespace hp::vmm {

class GuestRam {
 public:
  struct Region {
    Gpa start;
    uint64_t size; /* bytes, multiple of a page */
    uint8_t* host;
  };

  /* PC layout: RAM from 0, with the hole [kHole, 4 GiB) for devices; the rest lies above 4 GiB. size: bytes,
   * multiple of a page, at least 64 MiB. */
  static constexpr uint64_t kHole = 0xc0000000;
  static Result<GuestRam> allocate(uint64_t size);
  /* Over memory that somebody else owns: tests. */
  explicit GuestRam(std::vector<Region> regions) : regions_(std::move(regions)) {}
  GuestRam() = default;

  std::span<const Region> regions() const { return regions_; }
  uint64_t size() const;

  /* The host's view of [gpa, gpa + size), which must lie within one region; nullptr otherwise. */
  [[nodiscard]] uint8_t* at(Gpa gpa, uint64_t size) const noexcept {
    for (const Region& r : regions_) {
      const uint64_t offset = gpa.value - r.start.value;
      if (gpa >= r.start && offset < r.size && size <= r.size - offset) return r.host + offset;
    }
    return nullptr;
  }
  [[nodiscard]] bool read(void* to, Gpa from, uint64_t size) const noexcept {
    const uint8_t* p = at(from, size);
    if (p) std::memcpy(to, p, size);
    return p != nullptr;
  }
  [[nodiscard]] bool write(Gpa to, const void* from, uint64_t size) const noexcept {
    uint8_t* p = at(to, size);
    if (p) std::memcpy(p, from, size);
    return p != nullptr;
  }
  /* An object that the guest may be changing: one copy of it. */
  template <class T>
  [[nodiscard]] bool load(T& to, Gpa from) const noexcept {
    static_assert(std::is_trivially_copyable_v<T>);
    return read(&to, from, sizeof to);
  }

 private:
  std::vector<Region> regions_;
  Mapping memory_;
};

}  // namespace hp::vmm
