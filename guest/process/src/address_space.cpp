#include "address_space.hpp"

#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "host_maps.hpp"
#include "limits.hpp"
#include "machine.hpp"
#include "transport/result.hpp"

namespace hp::guest {

namespace {

struct Range {
  uint64_t start, end;
};
constexpr size_t kMaxExcluded = 32;
Range excluded[kMaxExcluded]; /* written once at start, before any guest code runs */
size_t excluded_count = 0;

/* What the kernel maps for every program besides its file: the stack as it starts, and the vDSO. */
constexpr uint64_t kFirstStack = 132 << 10, kVdso = 24 << 10;

int64_t result_of(long r) {
  return r == -1 ? -errno : r;
}
uint64_t page_up(uint64_t n) {
  return (n + kPageSize - 1) & ~(kPageSize - 1);
}

}  // namespace

bool in_arena(uint64_t addr, uint64_t size) {
  uint64_t end = addr + size;
  if (addr < kArenaLow || end > kArenaTop || end < addr) return false;
  for (size_t i = 0; i < excluded_count; ++i)
    if (addr < excluded[i].end && excluded[i].start < end) return false;
  return true;
}

uint64_t arena_left(uint64_t addr) {
  if (!in_arena(addr, 1)) return 0;
  uint64_t end = kArenaTop;
  for (size_t i = 0; i < excluded_count; ++i)
    if (excluded[i].start > addr) end = std::min(end, excluded[i].start);
  return end - addr;
}

AddressSpace::AddressSpace() {
  excluded_count = 0;
  for (const HostMap& m : read_host_maps()) {
    if (m.start >= kArenaTop) continue;
    HP_CHECK(excluded_count < kMaxExcluded);
    /* Room for the heap to grow; mappings that the kernel places here bring more of them. */
    uint64_t room = m.name == "[heap]" ? 1ull << 30 : 1ull << 40;
    uint64_t below = m.name == "[heap]" ? 0 : room;
    Range r{(m.start > below ? m.start - below : 0) & ~(kWindowSize - 1),
            (m.end + room + kWindowSize - 1) & ~(kWindowSize - 1)};
    if (excluded_count && excluded[excluded_count - 1].end >= r.start)
      excluded[excluded_count - 1].end = std::max(excluded[excluded_count - 1].end, r.end);
    else
      excluded[excluded_count++] = r;
  }
  for (size_t i = 0; i < excluded_count; ++i) insert(excluded[i].start, excluded[i].end);
  excluded_bytes_ = bytes_;
}

AddressSpace::~AddressSpace() {
  excluded_count = 0;
}

void AddressSpace::insert(uint64_t start, uint64_t end) {
  auto next = used_.upper_bound(start);
  if (next != used_.begin()) {
    auto previous = std::prev(next);
    if (previous->second >= start) {
      start = previous->first;
      end = std::max(end, previous->second);
      bytes_ -= previous->second - previous->first;
      next = used_.erase(previous);
    }
  }
  while (next != used_.end() && next->first <= end) {
    end = std::max(end, next->second);
    bytes_ -= next->second - next->first;
    next = used_.erase(next);
  }
  bytes_ += end - start;
  used_.emplace_hint(next, start, end);
}

void AddressSpace::erase(uint64_t start, uint64_t end) {
  auto it = used_.upper_bound(start);
  if (it != used_.begin()) --it;
  while (it != used_.end() && it->first < end) {
    auto [s, e] = *it;
    if (e <= start) {
      ++it;
      continue;
    }
    it = used_.erase(it);
    bytes_ -= std::min(e, end) - std::max(s, start);
    if (s < start) used_.emplace(s, start);
    if (e > end) it = used_.emplace(end, e).first;
  }
}

bool AddressSpace::is_free(uint64_t start, uint64_t end) const {
  auto next = used_.lower_bound(end);
  return next == used_.begin() || std::prev(next)->second <= start;
}

uint64_t AddressSpace::overlap(uint64_t start, uint64_t end) const {
  uint64_t bytes = 0;
  auto it = used_.upper_bound(start);
  if (it != used_.begin()) --it;
  for (; it != used_.end() && it->first < end; ++it)
    if (it->second > start) bytes += std::min(it->second, end) - std::max(it->first, start);
  return bytes;
}

uint64_t AddressSpace::counted() const {
  uint64_t stack = overlap(stack_start_, stack_end_);
  return bytes_ - excluded_bytes_ - stack + std::min(stack, kFirstStack) + kVdso;
}

uint64_t AddressSpace::size() {
  std::lock_guard guard(mutex_);
  return counted();
}

/* As the kernel's may_expand_vm(): by `total` bytes, `data` of them private and writable. */
bool AddressSpace::may_grow(uint64_t total, uint64_t data) const {
  constexpr uint64_t kPages = ~(kPageSize - 1);
  if (total) {
    rlimit limit = limit_of_guest(RLIMIT_AS);
    if (limit.rlim_cur != RLIM_INFINITY && counted() + total > (limit.rlim_cur & kPages))
      return false;
  }
  if (data) {
    rlimit limit = limit_of_guest(RLIMIT_DATA);
    if (limit.rlim_cur == RLIM_INFINITY) return true;
    for (const HostMap& m : read_host_maps())
      if (m.data && in_arena(m.start, m.end - m.start) &&
          (m.start < stack_start_ || m.start >= stack_end_))
        data += m.end - m.start;
    /* A soft limit of 0 does not count (for Valgrind's sake). */
    return data <= ((limit.rlim_cur ? limit.rlim_cur : limit.rlim_max) & kPages);
  }
  return true;
}

bool AddressSpace::is_data(uint64_t addr) const {
  if (limit_of_guest(RLIMIT_DATA).rlim_cur == RLIM_INFINITY) return false;
  for (const HostMap& m : read_host_maps())
    if (m.start <= addr && addr < m.end) return m.data;
  return false;
}

bool AddressSpace::may_protect(uint64_t addr, uint64_t size, int prot) {
  if (!(prot & PROT_WRITE) || limit_of_guest(RLIMIT_DATA).rlim_cur == RLIM_INFINITY) return true;
  uint64_t end = addr + page_up(size), data = 0;
  if (!in_arena(addr, end - addr)) return true; /* refused elsewhere */
  std::lock_guard guard(mutex_);
  for (const HostMap& m : read_host_maps())
    if (m.start < end && addr < m.end && !m.shared && !m.data)
      data += std::min(end, m.end) - std::max(addr, m.start);
  return may_grow(0, data);
}

int64_t AddressSpace::map_stack(uint64_t start, uint64_t size) {
  std::lock_guard guard(mutex_);
  if (!may_grow(kFirstStack, 0)) return -ENOMEM;
  long r = syscall(SYS_mmap, start, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
  if (r == -1) return -errno;
  insert(start, start + size);
  stack_start_ = start;
  stack_end_ = start + size;
  return r;
}

uint64_t AddressSpace::gap_below(uint64_t size, uint64_t align, uint64_t limit) const {
  uint64_t end = limit;
  auto it = used_.lower_bound(end);
  for (;;) {
    uint64_t floor = kArenaLow;
    if (it != used_.begin()) {
      --it;
      floor = it->second;
      if (floor > end) { /* the limit lies inside this range */
        end = it->first;
        continue;
      }
    }
    if (end > floor && end - floor >= size) {
      uint64_t start = (end - size) & ~(align - 1);
      if (start >= floor) return start;
    }
    if (floor == kArenaLow) return 0;
    end = it->first;
  }
}

uint64_t AddressSpace::find_gap(uint64_t size, uint64_t align, uint64_t limit) {
  std::lock_guard guard(mutex_);
  return gap_below(page_up(size), align, limit ? limit : mmap_top_);
}

uint64_t AddressSpace::find_above(uint64_t base, uint64_t size) {
  std::lock_guard guard(mutex_);
  while (!is_free(base, base + size)) {
    auto next = used_.lower_bound(base + size);
    base = page_up(std::prev(next)->second);
  }
  return base;
}

bool AddressSpace::mapped(uint64_t addr) {
  std::lock_guard guard(mutex_);
  auto next = used_.upper_bound(addr);
  return in_arena(addr, 1) && next != used_.begin() && std::prev(next)->second > addr;
}

int64_t AddressSpace::mmap(uint64_t addr, uint64_t size, int prot, int flags, int fd,
                           uint64_t offset) {
  uint64_t length = page_up(size);
  if (size == 0) return -EINVAL;
  if (length < size || length > kArenaTop) return -ENOMEM;
  std::lock_guard guard(mutex_);
  uint64_t align = kPageSize;
  if (flags & MAP_HUGETLB) {
    unsigned shift = static_cast<unsigned>(flags) >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;
    align = 1ull << (shift ? shift : 21);
    length = (length + align - 1) & ~(align - 1);
  }
  int how = flags & ~(MAP_GROWSDOWN | MAP_32BIT);
  bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
  if (fixed) {
    if (addr & (kPageSize - 1)) return -EINVAL;
    if (!in_arena(addr, length)) return addr < kArenaLow ? -EPERM : -ENOMEM;
  } else {
    uint64_t hint = addr & ~(align - 1);
    if (addr && in_arena(hint, length) && is_free(hint, hint + length)) {
      addr = hint;
    } else {
      uint64_t limit = flags & MAP_32BIT ? 1ull << 31 : mmap_top_;
      addr = gap_below(length, align, limit);
      if (!addr && !(flags & MAP_32BIT)) addr = gap_below(length, align, kArenaTop);
      if (!addr) return -ENOMEM;
    }
    how |= MAP_FIXED_NOREPLACE;
  }
  uint64_t growth = length - (flags & MAP_FIXED ? overlap(addr, addr + length) : 0);
  bool data = (prot & PROT_WRITE) && (flags & MAP_TYPE) == MAP_PRIVATE;
  if (!may_grow(growth, data ? growth : 0)) return -ENOMEM;
  long r = syscall(SYS_mmap, addr, size, prot, how, fd, offset);
  if (r == -1) return -errno;
  insert(addr, addr + length);
  if (fixed) modules_.remove(addr, addr + length);
  if ((prot & PROT_EXEC) && !(flags & MAP_ANONYMOUS))
    modules_.add(module_of_file(fd, addr, addr + length, offset));
  return r;
}

int64_t AddressSpace::munmap(uint64_t addr, uint64_t size) {
  uint64_t length = page_up(size);
  if ((addr & (kPageSize - 1)) || length == 0 || length < size) return -EINVAL;
  if (!in_arena(addr, length)) return addr + length <= kArenaLow ? 0 : -EINVAL;
  std::lock_guard guard(mutex_);
  if (syscall(SYS_munmap, addr, size) != 0) return -errno;
  erase(addr, addr + length);
  modules_.remove(addr, addr + length);
  return 0;
}

int64_t AddressSpace::mremap(uint64_t old, uint64_t old_size, uint64_t size, int flags,
                             uint64_t fixed) {
  uint64_t old_length = page_up(old_size), length = page_up(size);
  if ((old & (kPageSize - 1)) || length == 0) return -EINVAL;
  if (!in_arena(old, std::max<uint64_t>(old_length, 1))) return -EFAULT;
  std::lock_guard guard(mutex_);
  uint64_t growth = length - (flags & MREMAP_DONTUNMAP ? 0 : std::min(length, old_length));
  if (growth && !may_grow(growth, is_data(old) ? growth : 0)) return -ENOMEM;
  if (flags & MREMAP_FIXED) {
    if (!in_arena(fixed, length)) return -EINVAL;
    int64_t r = result_of(syscall(SYS_mremap, old, old_size, size, flags, fixed));
    if (r < 0) return r;
    if (!(flags & MREMAP_DONTUNMAP) && old_size) erase(old, old + old_length);
    insert(fixed, fixed + length);
    modules_.move(old, old_length, fixed);
    return r;
  }
  if (!(flags & MREMAP_DONTUNMAP) && in_arena(old, length) &&
      (length <= old_length || is_free(old + old_length, old + length))) {
    int64_t r = result_of(syscall(SYS_mremap, old, old_size, size, 0));
    if (r >= 0) {
      if (length < old_length) {
        erase(old + length, old + old_length);
        modules_.remove(old + length, old + old_length);
      }
      insert(old, old + length);
      return r;
    }
    if (r != -ENOMEM && old_size) return r;
  }
  if (!(flags & MREMAP_MAYMOVE)) return flags & MREMAP_DONTUNMAP ? -EINVAL : -ENOMEM;
  uint64_t to = gap_below(length, kPageSize, mmap_top_);
  if (!to) return -ENOMEM;
  int64_t r = result_of(syscall(SYS_mremap, old, old_size, size, flags | MREMAP_FIXED, to));
  if (r < 0) return r;
  if (!(flags & MREMAP_DONTUNMAP) && old_size) erase(old, old + old_length);
  insert(to, to + length);
  modules_.move(old, old_length, to);
  return r;
}

int64_t AddressSpace::brk(uint64_t end) {
  std::lock_guard guard(mutex_);
  if (end < brk_start_) return static_cast<int64_t>(brk_);
  uint64_t from = page_up(brk_), to = page_up(end);
  if (to > from) {
    if (!in_arena(from, to - from) || !is_free(from, to) || !may_grow(to - from, to - from))
      return static_cast<int64_t>(brk_);
    long r = syscall(SYS_mmap, from, to - from, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (r == -1) return static_cast<int64_t>(brk_);
    insert(from, to);
  } else if (to < from) {
    if (syscall(SYS_munmap, to, from - to) != 0) return static_cast<int64_t>(brk_);
    erase(to, from);
  }
  brk_ = end;
  return static_cast<int64_t>(brk_);
}

int64_t AddressSpace::shmat(int id, uint64_t addr, int flags) {
  shmid_ds info;
  if (shmctl(id, IPC_STAT, &info) != 0) return -errno;
  uint64_t length = page_up(info.shm_segsz);
  std::lock_guard guard(mutex_);
  if (addr == 0) {
    addr = gap_below(length, kPageSize, mmap_top_);
    if (!addr) return -ENOMEM;
  } else {
    if (flags & SHM_RND) addr &= ~(static_cast<uint64_t>(SHMLBA) - 1);
    if (!in_arena(addr, length)) return -EINVAL;
  }
  if (!may_grow(length - overlap(addr, addr + length), 0)) return -ENOMEM;
  int64_t r = result_of(syscall(SYS_shmat, id, addr, flags));
  if (r < 0) return r;
  insert(addr, addr + length);
  attached_[addr] = length;
  return r;
}

int64_t AddressSpace::shmdt(uint64_t addr) {
  std::lock_guard guard(mutex_);
  if (syscall(SYS_shmdt, addr) != 0) return -errno;
  auto it = attached_.find(addr);
  if (it != attached_.end()) {
    erase(addr, addr + it->second);
    attached_.erase(it);
  }
  return 0;
}

}  // namespace hp::guest
