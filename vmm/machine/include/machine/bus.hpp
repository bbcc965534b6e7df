/* Bus: which device answers at an address; one for ports, one for guest-physical memory.
 *
 * Devices are added before the machine starts and stay (not owned). Then read() and write() are called on
 * vCPU threads without a lock. An access that no device claims, that straddles a device's end, or whose size no
 * instruction has, reads as ones and writes nowhere, as on a PC. */
#pragma once
#include <cstdint>
#include <cstring>
#include <vector>

#include "transport/result.hpp"
#include "vmm/device.hpp"

namespace hp::machine {

class Bus {
 public:
  /* Refuses a range that overlaps another's. size: addresses, at least 1. */
  Result<> add(vmm::Device&, uint64_t base, uint64_t size);

  void read(uint64_t address, uint8_t* data, unsigned size) const noexcept {
    if (const Range* r = find(address, size))
      r->device->read(address - r->base, data, size);
    else
      std::memset(data, 0xff, size);
  }
  void write(uint64_t address, const uint8_t* data, unsigned size) const noexcept {
    if (const Range* r = find(address, size)) r->device->write(address - r->base, data, size);
  }

 private:
  struct Range {
    uint64_t base, size;
    vmm::Device* device;
  };
  const Range* find(uint64_t address, unsigned size) const noexcept;
  std::vector<Range> ranges_; /* by base */
};

}  // namespace hp::machine
