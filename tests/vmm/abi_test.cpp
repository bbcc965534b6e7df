#include "transport/abi.h"

#include <doctest/doctest.h>

#include <cstddef>

/* The layout is the contract with kernels compiled elsewhere: a change of any offset is a new version. */
TEST_CASE("probe page layout of ABI version 2") {
  CHECK(HP_ABI_VERSION == 2);
  CHECK(offsetof(hp_probe_page, probe) == 8);
  CHECK(offsetof(hp_probe_page, args) == 16);
  CHECK(offsetof(hp_probe_page, pid) == 96);
  CHECK(offsetof(hp_probe_page, comm) == 120);
  CHECK(offsetof(hp_probe_page, pc) == 136);
  CHECK(offsetof(hp_probe_page, stack) == 384);
  CHECK(offsetof(hp_probe_page, spare) == 384 + 8 * HP_PROBE_FRAMES);
}
