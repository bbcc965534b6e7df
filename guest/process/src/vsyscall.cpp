#include "vsyscall.hpp"

#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "guest/guest_memory.hpp"
#include "host_maps.hpp"
#include "thread.hpp"
#include "transport/address.hpp"

namespace hp::guest {

namespace {

constexpr uint64_t kPage = 0xffffffffff600000ull;
enum : uint64_t { kGettimeofday = kPage, kTime = kPage + 0x400, kGetcpu = kPage + 0x800 };

bool host_has_page() {
  static const bool has = [] {
    for (const HostMap& m : read_host_maps())
      if (m.start == kPage) return true;
    return false;
  }();
  return has;
}

}  // namespace

Vsyscall emulate_vsyscall(GuestThread& t, uint64_t address) {
  if (address - kPage >= kPageSize || !host_has_page()) return Vsyscall::kNone;
  if (address != kGettimeofday && address != kTime && address != kGetcpu) return Vsyscall::kFault;
  vmm::Registers r = t.user_registers();
  uint64_t caller;
  if (!GuestMemory::read(&caller, r.rsp, sizeof caller)) return Vsyscall::kFault;
  auto put = [](uint64_t at, auto value) { return at == 0 || GuestMemory::put(at, value); };
  bool stored;
  int64_t result = 0;
  if (address == kTime) {
    result = ::time(nullptr);
    stored = put(r.rdi, result);
  } else if (address == kGettimeofday) {
    timeval now;
    struct timezone zone;
    syscall(SYS_gettimeofday, &now, &zone);
    stored = put(r.rdi, now) && put(r.rsi, zone);
  } else {
    unsigned cpu = 0, node = 0;
    syscall(SYS_getcpu, &cpu, &node, nullptr);
    stored = put(r.rdi, cpu) && put(r.rsi, node);
  }
  if (!stored) return Vsyscall::kFault;
  r.rax = static_cast<uint64_t>(result);
  r.rip = caller;
  r.rsp += 8;
  t.set_user_registers(r);
  return Vsyscall::kDone;
}

}  // namespace hp::guest
