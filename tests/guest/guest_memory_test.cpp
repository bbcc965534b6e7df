/* Checked copies against real faults: the monitor's own fault handler ends them. */
#include "guest/guest_memory.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <string>

#include "address_space.hpp"
#include "process.hpp"
#include "signals.hpp"

using namespace hp::guest;

namespace {

constexpr uint64_t kPlace = 0x3100'0000'0000;

/* Two readable pages, then one without access, in the arena; and the handlers of a monitor. */
struct Fixture {
  Fixture() {
    init_signals(process);
    REQUIRE(mmap(reinterpret_cast<void*>(kPlace), 3 * 4096, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED);
    REQUIRE(mprotect(reinterpret_cast<void*>(kPlace + 8192), 4096, PROT_NONE) == 0);
    std::memset(reinterpret_cast<void*>(kPlace), 'x', 8192);
  }
  ~Fixture() {
    munmap(reinterpret_cast<void*>(kPlace), 3 * 4096);
    for (int s : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}) signal(s, SIG_DFL);
  }
  AddressSpace space;
  Process process;
};

}  // namespace

TEST_CASE("copies of mapped memory are exact") {
  Fixture f;
  std::string buffer(8192, 0);
  CHECK(GuestMemory::read(buffer.data(), kPlace, 8192));
  CHECK(buffer == std::string(8192, 'x'));
  CHECK(GuestMemory::write(kPlace + 4090, "across pages", 12));
  CHECK(std::memcmp(reinterpret_cast<void*>(kPlace + 4090), "across pages", 12) == 0);
  CHECK(GuestMemory::read(buffer.data(), kPlace, 0));
}

TEST_CASE("a fault ends the copy and is told to the byte") {
  Fixture f;
  std::string buffer(8192, 0);
  uint64_t bad = 0;
  CHECK_FALSE(GuestMemory::read(buffer.data(), kPlace + 8192 - 16, 32, &bad));
  CHECK(bad == kPlace + 8192);
  CHECK(buffer.substr(0, 16) == std::string(16, 'x'));
  CHECK_FALSE(GuestMemory::write(kPlace + 8192 - 4, "12345678", 8, &bad));
  CHECK(bad == kPlace + 8192);
  CHECK_FALSE(GuestMemory::read(buffer.data(), kPlace + 0x100000, 1, &bad));
  CHECK(bad == kPlace + 0x100000);
}

TEST_CASE("the monitor's memory and impossible addresses are refused without touching them") {
  Fixture f;
  char own[16] = "mine", buffer[16];
  uint64_t bad = 0;
  auto at = reinterpret_cast<uint64_t>(own);
  CHECK_FALSE(GuestMemory::read(buffer, at, 4, &bad));
  CHECK(bad == at);
  CHECK_FALSE(GuestMemory::write(at, "no", 2));
  CHECK(std::string(own) == "mine");
  CHECK_FALSE(GuestMemory::read(buffer, 0, 8));
  CHECK_FALSE(GuestMemory::read(buffer, 0xffff'8000'0000'0000, 8));
  CHECK_FALSE(GuestMemory::read(buffer, ~0ull - 3, 8));
}

TEST_CASE("strings end at their NUL, at the limit, or at the fault") {
  Fixture f;
  char buffer[64];
  uint64_t n = 0, bad = 0;
  std::strcpy(reinterpret_cast<char*>(kPlace), "hello");
  CHECK(GuestMemory::read_string(buffer, kPlace, sizeof buffer, &n));
  CHECK(n == 5);
  CHECK(std::string(buffer) == "hello");
  CHECK(GuestMemory::read_string(buffer, kPlace, 4, &n));
  CHECK(std::string(buffer) == "hel");
  CHECK(n == 3);
  CHECK_FALSE(GuestMemory::read_string(buffer, kPlace + 8192 - 8, sizeof buffer, &n, &bad));
  CHECK(bad == kPlace + 8192);
  CHECK(n == 8);
  *reinterpret_cast<char*>(kPlace + 8191) = 0; /* the last byte before the fault */
  CHECK(GuestMemory::read_string(buffer, kPlace + 8190, sizeof buffer, &n));
  CHECK(std::string(buffer) == "x");
}

TEST_CASE("a long string in the arena's last pages is read whole, one that runs out of it is not") {
  Fixture f;
  constexpr size_t kSize = 100'000;
  constexpr uint64_t kMapping = kArenaTop - (128 << 10);
  REQUIRE(mmap(reinterpret_cast<void*>(kMapping), 128 << 10, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED);
  std::memset(reinterpret_cast<void*>(kMapping), 'y', 128 << 10);
  *reinterpret_cast<char*>(kMapping + 20'000 + kSize) = 0;
  std::string buffer(256 << 10, 0);
  uint64_t n = 0, bad = 0;
  CHECK(GuestMemory::read_string(buffer.data(), kMapping + 20'000, buffer.size(), &n));
  CHECK(n == kSize);
  CHECK_FALSE(GuestMemory::read_string(buffer.data(), kArenaTop - 100, buffer.size(), &n, &bad));
  CHECK(n == 100);
  CHECK(bad == kArenaTop);
  CHECK(GuestMemory::read_string(buffer.data(), kArenaTop - 100, 50, &n));
  CHECK(n == 49);
  munmap(reinterpret_cast<void*>(kMapping), 128 << 10);
}

TEST_CASE("a truncated file's page is an error, not a death") {
  Fixture f;
  int fd = memfd_create("test", MFD_CLOEXEC);
  REQUIRE(fd >= 0);
  REQUIRE(ftruncate(fd, 4096) == 0);
  uint64_t at = kPlace + 0x10'0000;
  REQUIRE(mmap(reinterpret_cast<void*>(at), 4096, PROT_READ | PROT_WRITE,
               MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0) != MAP_FAILED);
  char byte;
  CHECK(GuestMemory::read(&byte, at, 1));
  REQUIRE(ftruncate(fd, 0) == 0);
  CHECK_FALSE(GuestMemory::read(&byte, at, 1));
  siginfo_t info{};
  CHECK_FALSE(probe_access(at, false, &info));
  CHECK(info.si_signo == SIGBUS);
  CHECK(info.si_code == BUS_ADRERR);
  munmap(reinterpret_cast<void*>(at), 4096);
  close(fd);
}

TEST_CASE("probe_access speaks the kernel's words about an address") {
  Fixture f;
  siginfo_t info{};
  CHECK(probe_access(kPlace, true, &info));
  CHECK_FALSE(probe_access(kPlace + 8192 + 5, false, &info));
  CHECK(info.si_signo == SIGSEGV);
  CHECK(info.si_code == SEGV_ACCERR);
  CHECK_FALSE(probe_access(kPlace + 0x200000, false, &info));
  CHECK(info.si_code == SEGV_MAPERR);
  REQUIRE(mprotect(reinterpret_cast<void*>(kPlace), 4096, PROT_READ) == 0);
  CHECK(probe_access(kPlace, false, &info));
  CHECK_FALSE(probe_access(kPlace, true, &info));
  CHECK(info.si_code == SEGV_ACCERR);
}
