/* /proc/self/exe and its like name the program, not the monitor. */
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <string>

#include "calls.hpp"
#include "guest/guest_memory.hpp"

namespace hp::guest {

namespace {

/* Is this the /proc entry of the calling process's own program? */
bool names_own_exe(const GuestThread& t, uint64_t at) {
  char path[64];
  uint64_t n;
  if (!GuestMemory::read_string(path, at, sizeof path, &n)) return false;
  std::string p(path, n);
  return p == "/proc/self/exe" || p == "/proc/thread-self/exe" ||
         p == "/proc/" + std::to_string(t.identity.pid) + "/exe";
}

}  // namespace

bool correct_path_call(GuestThread& t, const Syscall& s, int64_t& result) {
  switch (s.nr) {
    case SYS_readlink:
    case SYS_readlinkat: {
      const uint64_t* a = s.args + (s.nr == SYS_readlinkat ? 1 : 0);
      if (!names_own_exe(t, a[0])) return false;
      auto size = static_cast<int>(a[2]);
      if (size <= 0) {
        result = -EINVAL;
        return true;
      }
      size_t n = std::min<size_t>(static_cast<size_t>(size), t.process.exe.size());
      result =
          GuestMemory::write(a[1], t.process.exe.data(), n) ? static_cast<int64_t>(n) : -EFAULT;
      return true;
    }
    case SYS_open:
    case SYS_openat: {
      const uint64_t* a = s.args + (s.nr == SYS_openat ? 1 : 0);
      if (!names_own_exe(t, a[0])) return false;
      Syscall open = {SYS_openat,
                      {static_cast<uint64_t>(AT_FDCWD),
                       reinterpret_cast<uint64_t>(t.process.exe.c_str()), a[1], a[2]}};
      result = forward(t, open);
      return true;
    }
    default:
      return false;
  }
}

}  // namespace hp::guest
