// What the kernel holds for a guest's limits on memory, and how AddressSpace keeps to them.
#include "limits.hpp"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "address_space.hpp"

using namespace hp::guest;

TEST_CASE("the kernel's value is the guest's with room for the monitor, and back") {
  for (uint64_t v : {uint64_t{0}, uint64_t{1}, uint64_t{60000} << 10, kMonitorRoom - 1,
                     kMonitorRoom, uint64_t{1} << 62}) {
    CHECK(kernel_limit(v) == v + kMonitorRoom);
    CHECK(guest_limit(kernel_limit(v)) == v);
  }
  CHECK(kernel_limit(RLIM_INFINITY) == RLIM_INFINITY);
  CHECK(guest_limit(RLIM_INFINITY) == RLIM_INFINITY);
  CHECK(kernel_limit(RLIM_INFINITY - 2) == RLIM_INFINITY - 1);
  CHECK(guest_limit(4096) == 4096); /* set from outside */
}

TEST_CASE("/proc/PID/limits: two lines change, columns stay") {
  std::string head =
      "Limit                     Soft Limit           Hard Limit           Units     \n";
  std::string data =
      "Max data size             1099511631872        unlimited            bytes     \n";
  std::string as =
      "Max address space         1099579916288        1099511627776        bytes     \n";
  std::string other =
      "Max resident set          1099579916288        unlimited            bytes     \n";
  CHECK(correct_limits(head + data + other + as) ==
        head + "Max data size             4096                 unlimited            bytes     \n" +
            other +
            "Max address space         68288512             0                    bytes     \n");
  CHECK(correct_limits("") == "");
  CHECK(correct_limits("Max address space") == "Max address space");
  CHECK(correct_limits("Max address space         10") == "Max address space         10");
}

TEST_CASE("every byte of the guest's mappings is counted, once, and comes back") {
  constexpr uint64_t kPlace = 0x3000'0000'0000;
  constexpr int kRw = PROT_READ | PROT_WRITE, kAnon = MAP_PRIVATE | MAP_ANONYMOUS;
  AddressSpace s;
  s.set_mmap_top(kPlace);
  const uint64_t empty = s.size();
  auto a = static_cast<uint64_t>(s.mmap(0, 0x5000, kRw, kAnon, -1, 0));
  CHECK(s.size() == empty + 0x5000);
  auto b = static_cast<uint64_t>(s.mmap(0, 0x3000, kRw, kAnon, -1, 0)); /* merges with the first */
  CHECK(s.size() == empty + 0x8000);
  CHECK(s.mmap(b + 0x1000, 0x4000, PROT_READ, kAnon | MAP_FIXED, -1, 0) > 0); /* replaces */
  CHECK(s.size() == empty + 0x8000);
  CHECK(s.munmap(b + 0x2000, 0x2000) == 0); /* a hole */
  CHECK(s.size() == empty + 0x6000);
  CHECK(s.munmap(b + 0x1000, 0x4000) == 0); /* around the hole */
  CHECK(s.size() == empty + 0x4000);
  CHECK(s.munmap(b, a + 0x5000 - b) == 0);
  CHECK(s.size() == empty);
}

/* Sanitizers reserve more than kMonitorRoom for themselves. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("the limit is the guest's alone: the process has more mapped than it allows") {
  pid_t child = fork(); /* limits are a process's */
  if (child == 0) {
    AddressSpace s;
    s.set_mmap_top(0x3000'0000'0000);
    rlimit l{kernel_limit(8 << 20), RLIM_INFINITY};
    bool good = setrlimit(RLIMIT_AS, &l) == 0 && limit_of_guest(RLIMIT_AS).rlim_cur == 8 << 20;
    void* own = mmap(nullptr, 64 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    good = good && own != MAP_FAILED;
    auto map = [&](uint64_t size) {
      return s.mmap(0, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    };
    good = good && map(9 << 20) == -ENOMEM && map(5 << 20) > 0 && map(5 << 20) == -ENOMEM;
    good = good && s.map_stack(0x3000'0000'0000 + (1 << 20), 64 << 20) > 0; /* counts as it grows */
    good = good && map(2 << 20) > 0 && map(1 << 20) == -ENOMEM;
    _exit(good ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}
#endif
