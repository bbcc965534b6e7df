#include "limits.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "calls.hpp"
#include "guest/guest_memory.hpp"
#include "proc_files.hpp"

namespace hp::guest {

namespace {

static_assert(sizeof(rlimit) == 16); /* as the kernel's rlimit64 */

int64_t kernel_prlimit(uint64_t pid, int resource, const rlimit* wanted, rlimit* old) {
  return syscall(SYS_prlimit64, pid, resource, wanted, old) == 0 ? 0 : -errno;
}

bool is_corrected(uint64_t resource) {
  return resource == RLIMIT_AS || resource == RLIMIT_DATA;
}

/* A hard limit that leaves no room for the monitor. */
bool is_from_outside(uint64_t hard) {
  return hard < kMonitorRoom;
}

rlimit translated(rlimit l, uint64_t (*by)(uint64_t)) {
  return {by(l.rlim_cur), by(l.rlim_max)};
}

int64_t set_limit(uint64_t pid, int resource, const rlimit& wanted, rlimit* old) {
  rlimit with_room = translated(wanted, kernel_limit);
  int64_t r = kernel_prlimit(pid, resource, &with_room, old);
  rlimit now;
  if (r == -EPERM && kernel_prlimit(pid, resource, nullptr, &now) == 0 &&
      is_from_outside(now.rlim_max))
    r = kernel_prlimit(pid, resource, &wanted, old);
  return r;
}

}  // namespace

uint64_t kernel_limit(uint64_t guest) {
  if (guest == RLIM_INFINITY) return guest;
  return guest < RLIM_INFINITY - 1 - kMonitorRoom ? guest + kMonitorRoom : RLIM_INFINITY - 1;
}

uint64_t guest_limit(uint64_t kernel) {
  return kernel == RLIM_INFINITY || kernel < kMonitorRoom ? kernel : kernel - kMonitorRoom;
}

void secure_limits() {
  for (int resource : {RLIMIT_AS, RLIMIT_DATA}) {
    rlimit l;
    if (kernel_prlimit(0, resource, nullptr, &l) != 0) continue;
    if (l.rlim_cur == RLIM_INFINITY && l.rlim_max == RLIM_INFINITY) continue;
    l = translated(l, kernel_limit);
    kernel_prlimit(0, resource, &l, nullptr);
  }
}

rlimit limit_of_guest(int resource) {
  rlimit l;
  if (kernel_prlimit(0, resource, nullptr, &l) != 0) return {RLIM_INFINITY, RLIM_INFINITY};
  return translated(l, guest_limit);
}

bool correct_limit_call(const Syscall& s, int64_t& result) {
  const uint64_t* a = s.args;
  bool of_others = s.nr == SYS_prlimit64;
  uint64_t pid = of_others ? a[0] : 0, wanted_at = a[2], old_at = a[3];
  auto resource = static_cast<uint32_t>(of_others ? a[1] : a[0]);
  if (!is_corrected(resource)) return false;
  bool sets = of_others ? wanted_at != 0 : s.nr == SYS_setrlimit;
  bool gets = of_others ? old_at != 0 : s.nr == SYS_getrlimit;
  if (!of_others) wanted_at = old_at = a[1];
  auto number = static_cast<int32_t>(pid);
  if (number != 0 && number != getpid() && !is_monitor(number)) return false;

  rlimit wanted, old;
  if (sets && !GuestMemory::read(&wanted, wanted_at, sizeof wanted)) {
    result = -EFAULT;
    return true;
  }
  auto which = static_cast<int>(resource);
  result = sets ? set_limit(pid, which, wanted, &old) : kernel_prlimit(pid, which, nullptr, &old);
  if (result == 0 && gets) {
    old = translated(old, guest_limit);
    if (!GuestMemory::write(old_at, &old, sizeof old)) result = -EFAULT;
  }
  return true;
}

std::string correct_limits(const std::string& limits) {
  std::string text = limits;
  for (const char* name : {"Max data size ", "Max address space "}) {
    /* proc(5): the name in 25 columns, then both values left-aligned in 20 each, with blanks between. */
    constexpr size_t kName = 26, kValue = 20;
    size_t line = text.find(name);
    if (line == std::string::npos || (line != 0 && text[line - 1] != '\n')) continue;
    for (size_t at : {line + kName, line + kName + kValue + 1}) {
      if (at + kValue > text.size() || text[at] < '0' || text[at] > '9') continue;
      std::string value =
          std::to_string(guest_limit(std::strtoull(text.c_str() + at, nullptr, 10)));
      value.resize(kValue, ' ');
      text.replace(at, kValue, value);
    }
  }
  return text;
}

}  // namespace hp::guest
