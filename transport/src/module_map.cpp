#include "transport/module_map.hpp"

#include <elf.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace hp {

namespace {

constexpr int kTries = 1000;

bool overlaps(const Module& m, uint64_t start, uint64_t end) {
  return m.start < end && start < m.end;
}

}  // namespace

ModuleMap::ModuleMap() {
  constexpr size_t size = kCapacity * sizeof(Module);
  void* p = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return; /* without room nothing is known */
  memory_ = Mapping(p, size);
  modules_ = memory_.as<Module>();
}

void ModuleMap::begin() noexcept {
  sequence_.store(sequence_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
}

void ModuleMap::end() noexcept {
  sequence_.store(sequence_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_release);
}

void ModuleMap::erase(size_t index) noexcept {
  const uint32_t last = count_.load(std::memory_order_relaxed) - 1;
  if (index != last) modules_[index] = modules_[last];
  count_.store(last, std::memory_order_relaxed);
}

void ModuleMap::add(Module module) noexcept {
  if (!modules_ || module.start >= module.end) return;
  begin();
  for (size_t i = count_.load(); i-- > 0;)
    if (overlaps(modules_[i], module.start, module.end)) erase(i);
  const uint32_t n = count_.load();
  if (n < kCapacity) {
    module.since = generation_.load() + 1;
    modules_[n] = module;
    count_.store(n + 1, std::memory_order_relaxed);
  }
  end();
}

/* A module that is cut keeps its beginning, or its end if that is what is left. */
void ModuleMap::remove(uint64_t start, uint64_t end_address) noexcept {
  bool any = false;
  for (size_t i = count_.load(); i-- > 0;) {
    Module& m = modules_[i];
    if (!overlaps(m, start, end_address)) continue;
    if (!any) begin();
    any = true;
    if (m.start < start) {
      m.end = start;
    } else if (m.end > end_address) {
      m.offset += end_address - m.start;
      m.start = end_address;
    } else {
      erase(i);
    }
  }
  if (any) end();
}

void ModuleMap::move(uint64_t from, uint64_t size, uint64_t to) noexcept {
  Module moved[8];
  size_t n = 0;
  for (size_t i = 0; i < count_.load() && n < 8; ++i)
    if (modules_[i].start >= from && modules_[i].end <= from + size) moved[n++] = modules_[i];
  if (n == 0) return;
  remove(from, from + size);
  for (size_t i = 0; i < n; ++i) {
    moved[i].start += to - from;
    moved[i].end += to - from;
    if (moved[i].unwind) moved[i].unwind += to - from;
    if (moved[i].frames) moved[i].frames += to - from;
    add(moved[i]);
  }
}

/* Reads under the sequence lock: what `copy` stored counts only if nothing changed meanwhile. */
template <class F>
bool ModuleMap::read(F copy) const noexcept {
  if (!modules_) return false;
  for (int tries = 0; tries < kTries; ++tries) {
    const uint32_t before = sequence_.load(std::memory_order_acquire);
    if (before & 1) continue;
    const bool found = copy();
    std::atomic_thread_fence(std::memory_order_acquire);
    if (sequence_.load(std::memory_order_relaxed) == before) return found;
  }
  return false;
}

bool ModuleMap::find(uint64_t pc, Module& found) const noexcept {
  return read([&] {
    for (size_t i = 0; i < count_.load(std::memory_order_relaxed); ++i)
      if (pc >= modules_[i].start && pc < modules_[i].end) {
        std::memcpy(static_cast<void*>(&found), &modules_[i], sizeof found);
        return true;
      }
    return false;
  });
}

bool ModuleMap::at(size_t index, Module& module) const noexcept {
  return read([&] {
    if (index >= count_.load(std::memory_order_relaxed)) return false;
    std::memcpy(static_cast<void*>(&module), &modules_[index], sizeof module);
    return true;
  });
}

namespace {

/* Where the file's addresses are moved to, by the segment that holds the mapped part. */
struct Placed {
  Elf64_Ehdr file;
  uint64_t bias = 0, unwind_table = 0;
};

bool place(const void* head, size_t size, uint64_t start, uint64_t offset, Placed& p) {
  Elf64_Ehdr& e = p.file;
  if (size < sizeof e) return false;
  std::memcpy(&e, head, sizeof e);
  if (std::memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 || e.e_ident[EI_CLASS] != ELFCLASS64 ||
      e.e_phentsize != sizeof(Elf64_Phdr) || e.e_phoff > size)
    return false;
  constexpr uint64_t kPage = 4096;
  bool placed = false;
  for (unsigned i = 0; i < e.e_phnum; ++i) {
    const uint64_t at = e.e_phoff + i * sizeof(Elf64_Phdr);
    if (at > size - sizeof(Elf64_Phdr)) break;
    Elf64_Phdr h;
    std::memcpy(&h, static_cast<const char*>(head) + at, sizeof h);
    if (h.p_type == PT_GNU_EH_FRAME) p.unwind_table = h.p_vaddr;
    const uint64_t page = h.p_offset & ~(kPage - 1);
    if (h.p_type != PT_LOAD || placed || page > offset ||
        offset - page >= h.p_filesz + (h.p_offset - page))
      continue;
    p.bias = start - (h.p_vaddr + (offset - h.p_offset));
    placed = true;
  }
  return placed;
}

}  // namespace

uint64_t find_unwind_table(const void* head, size_t size, uint64_t start,
                           uint64_t offset) noexcept {
  Placed p;
  if (!place(head, size, start, offset, p) || p.unwind_table == 0) return 0;
  return p.bias + p.unwind_table;
}

uint64_t find_frames(int fd, const void* head, size_t size, uint64_t start, uint64_t offset,
                     uint32_t& frames_size) noexcept {
  Placed p;
  if (!place(head, size, start, offset, p)) return 0;
  const Elf64_Ehdr& e = p.file;
  const auto read = [&](void* to, size_t n, uint64_t at) {
    return ::pread(fd, to, n, static_cast<off_t>(at)) == static_cast<ssize_t>(n);
  };
  Elf64_Shdr names, s;
  if (e.e_shentsize != sizeof s || !read(&names, sizeof names, e.e_shoff + e.e_shstrndx * sizeof s))
    return 0;
  for (unsigned i = 0; i < e.e_shnum; ++i) {
    char name[sizeof ".eh_frame"];
    if (!read(&s, sizeof s, e.e_shoff + i * sizeof s)) return 0;
    if (!(s.sh_flags & SHF_ALLOC) || s.sh_size > UINT32_MAX ||
        !read(name, sizeof name, names.sh_offset + s.sh_name) ||
        std::memcmp(name, ".eh_frame", sizeof name) != 0)
      continue;
    frames_size = static_cast<uint32_t>(s.sh_size);
    return p.bias + s.sh_addr;
  }
  return 0;
}

Module module_of_file(int fd, uint64_t start, uint64_t end, uint64_t offset) noexcept {
  Module m;
  m.start = start;
  m.end = end;
  m.offset = offset;
  struct stat st;
  if (::fstat(fd, &st) == 0) {
    m.device = st.st_dev;
    m.inode = st.st_ino;
  }
  char link[32];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t n = ::readlink(link, m.path, sizeof m.path - 1);
  m.path[n > 0 && static_cast<size_t>(n) < sizeof m.path - 1 ? n : 0] = 0;
  alignas(8) char head[2048];
  const ssize_t got = ::pread(fd, head, sizeof head, 0);
  if (got <= 0) return m;
  m.unwind = find_unwind_table(head, static_cast<size_t>(got), start, offset);
  if (m.unwind == 0)
    m.frames = find_frames(fd, head, static_cast<size_t>(got), start, offset, m.frames_size);
  return m;
}

}  // namespace hp
