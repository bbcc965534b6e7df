#include "descriptors.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "calls.hpp"
#include "guest/guest_memory.hpp"
#include "proc_files.hpp"
#include "transport/descriptor_room.hpp"

namespace hp::guest {

namespace {

DescriptorSet own;
int engine = -1;

/* The highest free number that the limit allows: the least likely to be named. */
int duplicate_below_limit(int fd, int command) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  for (int lowest = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, kOwnDescriptors)) - 1;
       lowest > fd; --lowest) {
    int placed = fcntl(fd, command, lowest);
    if (placed >= 0) return placed;
  }
  return -1;
}

int duplicate_high(int fd, int command) {
  int placed = fcntl(fd, command, kOwnDescriptors);
  if (placed >= 0) return placed;
  DescriptorRoom room;
  placed = fcntl(fd, command, kOwnDescriptors);
  return placed >= 0 ? placed : duplicate_below_limit(fd, command);
}

/* What an open directory of /proc lists, if a guest should not see all of it. */
struct Listing {
  enum Kind { kOther, kDescriptors, kThreads } kind = kOther;
  int64_t pid = 0;
};
Listing listing_of(int fd) {
  struct statfs fs;
  if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC) return {};
  char link[40], path[128];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n <= 0) return {};
  path[n] = 0;
  const char* last = strrchr(path, '/');
  if (!last || strncmp(path, "/proc/", 6) != 0) return {};
  Listing l;
  l.pid = strtol(path + 6, nullptr, 10);
  if (!strcmp(last, "/task")) l.kind = Listing::kThreads;
  if (!strcmp(last, "/fd") || !strcmp(last, "/fdinfo")) l.kind = Listing::kDescriptors;
  if (l.kind != Listing::kOther && l.pid != getpid() && !is_monitor(l.pid)) return {};
  return l;
}

bool hidden(const Listing& l, const char* name) {
  if (*name < '0' || *name > '9') return false;
  unsigned long n = strtoul(name, nullptr, 10);
  if (l.kind == Listing::kThreads) return is_monitor_thread(l.pid, static_cast<int64_t>(n));
  /* Which numbers are another monitor's own is not known here; a guest rarely gets that far. */
  return l.pid == getpid() ? own.has(n) : n >= kOwnDescriptors;
}

int64_t list(GuestThread& t, const Syscall& s, const Listing& listing) {
  constexpr size_t kBytes = 32 << 10;
  Syscall call = s;
  if (static_cast<uint32_t>(call.args[2]) > kBytes) call.args[2] = kBytes;
  for (;;) {
    int64_t n = forward(t, call);
    if (n <= 0) return n;
    char records[kBytes];
    auto size = static_cast<size_t>(n);
    if (size > sizeof records || !GuestMemory::read(records, call.args[1], size)) return n;
    size_t left = hide_records(records, size, s.nr == SYS_getdents64,
                               [&](const char* name) { return hidden(listing, name); });
    if (left == 0) continue; /* nothing to see in this part: on to the next, or to the end */
    if (left < size && !GuestMemory::write(call.args[1], records, left)) return -EFAULT;
    return static_cast<int64_t>(left);
  }
}

/* close_range(2) of what is not ours. */
int64_t close_around(GuestThread& t, const Syscall& s) {
  uint64_t first = static_cast<uint32_t>(s.args[0]), last = static_cast<uint32_t>(s.args[1]);
  int64_t result = 0;
  for (uint64_t from = first; from <= last;) {
    uint64_t stop = own.next(from);
    if (stop == DescriptorSet::kCount || stop > last) stop = last + 1;
    if (stop > from) {
      Syscall part = s;
      part.args[0] = from;
      part.args[1] = stop - 1;
      result = forward(t, part);
      if (result < 0) return result;
    }
    from = stop + 1;
  }
  return result;
}

}  // namespace

int place_descriptor(int fd, bool close_on_exec) {
  int placed = move_descriptor(fd, close_on_exec);
  if (placed >= 0) own.add(placed);
  return placed;
}

int move_descriptor(int fd, bool close_on_exec) {
  if (fd < 0 || fcntl(fd, F_GETFD) < 0) return -1;
  int placed = fd;
  if (fd < kOwnDescriptors) {
    placed = duplicate_high(fd, close_on_exec ? F_DUPFD_CLOEXEC : F_DUPFD);
    if (placed >= 0)
      close(fd);
    else
      placed = fd;
  }
  fcntl(placed, F_SETFD, close_on_exec ? FD_CLOEXEC : 0);
  return placed;
}

void set_engine_descriptor(int fd) {
  engine = fd;
}

int engine_descriptor() {
  return engine;
}

void release_descriptor(int fd) {
  if (fd < 0) return;
  own.remove(fd);
  close(fd);
}

bool is_monitor_descriptor(int fd) {
  return fd >= 0 && own.has(static_cast<uint64_t>(fd));
}

void DescriptorSet::add(int fd) {
  auto n = static_cast<uint64_t>(fd);
  if (n < kCount) words_[n / 64].fetch_or(1ull << (n % 64));
}

void DescriptorSet::remove(int fd) {
  auto n = static_cast<uint64_t>(fd);
  if (n < kCount) words_[n / 64].fetch_and(~(1ull << (n % 64)));
}

uint64_t DescriptorSet::next(uint64_t fd) const {
  while (fd < kCount) {
    uint64_t rest = words_[fd / 64].load(std::memory_order_relaxed) >> (fd % 64);
    if (rest) return fd + static_cast<uint64_t>(__builtin_ctzll(rest));
    fd = (fd / 64 + 1) * 64;
  }
  return kCount;
}

size_t hide_records(char* records, size_t size, bool dirent64,
                    const std::function<bool(const char*)>& hide) {
  /* getdents(2): d_ino and d_off of 8 bytes, d_reclen of 2; then d_type and the name, or the name. */
  constexpr size_t kLength = 16;
  const size_t name = dirent64 ? 19 : 18;
  size_t kept = 0;
  for (size_t at = 0; at + name < size;) {
    uint16_t length;
    memcpy(&length, records + at + kLength, sizeof length);
    if (length <= name || at + length > size) break;
    if (!hide(records + at + name)) {
      memmove(records + kept, records + at, length);
      kept += length;
    }
    at += length;
  }
  return kept;
}

bool correct_descriptor_call(GuestThread& t, const Syscall& s, int64_t& result) {
  /* The kernel looks at 32 bits of a descriptor. */
  auto mine = [&](int arg) { return own.has(static_cast<uint32_t>(s.args[arg])); };
  switch (s.nr) {
    case SYS_close:
    case SYS_dup:
    case SYS_fcntl:
    case SYS_read:
    case SYS_write:
    case SYS_ioctl:
    case SYS_fstat:
      if (!mine(0)) return false;
      result = -EBADF;
      return true;
    case SYS_dup2:
    case SYS_dup3:
      if (!mine(0) && !mine(1)) return false;
      result = -EBADF;
      return true;
    case SYS_close_range: {
      uint64_t first = static_cast<uint32_t>(s.args[0]), last = static_cast<uint32_t>(s.args[1]);
      if (first > last || own.next(first) > last) return false;
      result = close_around(t, s);
      return true;
    }
    case SYS_getdents:
    case SYS_getdents64: {
      Listing listing = listing_of(static_cast<int>(s.args[0]));
      if (listing.kind == Listing::kOther) return false;
      result = list(t, s, listing);
      return true;
    }
    default:
      return false;
  }
}

}  // namespace hp::guest
