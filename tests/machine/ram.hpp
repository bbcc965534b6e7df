/* 64 MiB of guest memory. */
#pragma once
#include <doctest/doctest.h>

#include "vmm/guest_ram.hpp"

namespace hp::test {

struct Ram {
  explicit Ram(uint64_t size = 64 << 20) {
    auto made = vmm::GuestRam::allocate(size);
    REQUIRE(made);
    ram = std::move(*made);
  }
  vmm::GuestRam ram;
};

}  // namespace hp::test
