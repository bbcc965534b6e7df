#include "vmm/host_probe.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "transport/abi.h"

using namespace hp::vmm;

namespace {

void need_kvm() {
  if (access("/dev/kvm", R_OK | W_OK) == 0) return;
  std::puts("SKIPPED: no usable /dev/kvm");
  std::exit(77);
}

}  // namespace

TEST_CASE("the probe ends within its limits and finds the doorbell that works everywhere") {
  need_kvm();
  auto start = std::chrono::steady_clock::now();
  auto a = probe_host(std::chrono::milliseconds(200));
  auto took = std::chrono::steady_clock::now() - start;
  REQUIRE(a);
  CHECK((a->doorbells & HP_DOORBELL_OUT) != 0);
  if (!a->capability_hypercall) CHECK((a->doorbells & HP_DOORBELL_VMCALL) == 0);
  CHECK(took < std::chrono::seconds(10)); /* three guests of 200 ms at most, on a loaded machine */
}

TEST_CASE("what was found is remembered until the next boot") {
  need_kvm();
  char name[] = "/tmp/hyprobe-test-XXXXXX";
  REQUIRE(mkdtemp(name));
  auto first = probe_host_cached(name);
  REQUIRE(first);
  std::string path = std::string(name) + "/host-abilities";
  REQUIRE(std::filesystem::exists(path));
  auto again = probe_host_cached(name);
  REQUIRE(again);
  CHECK(again->doorbells == first->doorbells);
  CHECK(again->syscall_at_cpl3 == first->syscall_at_cpl3);
  std::ofstream(path) << "another boot\n255 1 1\n"; /* not believed */
  auto fresh = probe_host_cached(name);
  REQUIRE(fresh);
  CHECK(fresh->doorbells == first->doorbells);
  std::filesystem::remove_all(name);
}
