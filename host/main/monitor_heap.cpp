#include "monitor_heap.hpp"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace {

/* Before every block. A block that memalign moved has `offset` > 0: its real header lies that many
 * bytes before. */
struct Header {
  uint32_t size_class; /* log2 of the block with its header; 0: mapped on its own */
  uint32_t offset;
  uint64_t mapped; /* bytes, for size_class 0 */
};
static_assert(sizeof(Header) == 16);

struct Free {
  Free* next;
};

constexpr unsigned kSmallest = 5, kLargest = 15;
constexpr size_t kChunk = 64 << 10;

int lock_word = 0; /* 0 free, 1 held, 2 held and waited for */
Free* free_list[kLargest + 1];
char* chunk = nullptr;
size_t chunk_left = 0;

void lock() {
  int expected = 0;
  if (__atomic_compare_exchange_n(&lock_word, &expected, 1, false, __ATOMIC_ACQUIRE,
                                  __ATOMIC_RELAXED))
    return;
  while (__atomic_exchange_n(&lock_word, 2, __ATOMIC_ACQUIRE) != 0)
    syscall(SYS_futex, &lock_word, FUTEX_WAIT_PRIVATE, 2, nullptr, nullptr, 0);
}

void unlock() {
  if (__atomic_exchange_n(&lock_word, 0, __ATOMIC_RELEASE) == 2)
    syscall(SYS_futex, &lock_word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

void* map(size_t size) {
  void* p = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? nullptr : p;
}

unsigned class_of(size_t bytes) {
  unsigned c = kSmallest;
  while ((size_t{1} << c) < bytes) ++c;
  return c;
}

void* take(unsigned c) {
  if (Free* f = free_list[c]) {
    free_list[c] = f->next;
    return f;
  }
  size_t size = size_t{1} << c;
  if (chunk_left < size) {
    /* What is left of the old chunk serves smaller classes. */
    for (unsigned k = kLargest; k >= kSmallest; --k)
      while (chunk_left >= (size_t{1} << k)) {
        auto* f = reinterpret_cast<Free*>(chunk);
        f->next = free_list[k];
        free_list[k] = f;
        chunk += size_t{1} << k;
        chunk_left -= size_t{1} << k;
      }
    chunk = static_cast<char*>(map(kChunk));
    chunk_left = chunk ? kChunk : 0;
    if (!chunk) return nullptr;
  }
  void* p = chunk;
  chunk += size;
  chunk_left -= size;
  return p;
}

Header* header_of(void* p) {
  auto* h = reinterpret_cast<Header*>(static_cast<char*>(p) - sizeof(Header));
  if (h->offset) h = reinterpret_cast<Header*>(reinterpret_cast<char*>(h) - h->offset);
  return h;
}

size_t usable(void* p) {
  Header* h = header_of(p);
  size_t total = h->size_class ? size_t{1} << h->size_class : h->mapped;
  return total - static_cast<size_t>(static_cast<char*>(p) - reinterpret_cast<char*>(h));
}

}  // namespace

extern "C" {

void* malloc(size_t size) {
  if (size > PTRDIFF_MAX - 8192) {
    errno = ENOMEM;
    return nullptr;
  }
  size_t bytes = size + sizeof(Header);
  Header* h;
  if (bytes > (size_t{1} << kLargest)) {
    bytes = (bytes + 4095) & ~size_t{4095};
    h = static_cast<Header*>(map(bytes));
    if (h) *h = {0, 0, bytes};
  } else {
    unsigned c = class_of(bytes);
    lock();
    h = static_cast<Header*>(take(c));
    unlock();
    if (h) *h = {c, 0, 0};
  }
  if (!h) {
    errno = ENOMEM;
    return nullptr;
  }
  return h + 1;
}

void free(void* p) {
  if (!p) return;
  Header* h = header_of(p);
  if (h->size_class == 0) {
    munmap(h, h->mapped);
    return;
  }
  unsigned c = h->size_class;
  auto* f = reinterpret_cast<Free*>(h);
  lock();
  f->next = free_list[c];
  free_list[c] = f;
  unlock();
}

void* calloc(size_t n, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(n, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  void* p = malloc(bytes);
  if (p && header_of(p)->size_class) std::memset(p, 0, bytes);
  return p;
}

void* realloc(void* p, size_t size) {
  if (!p) return malloc(size);
  size_t old = usable(p);
  if (size <= old && size * 4 >= old) return p;
  void* q = malloc(size);
  if (!q) return nullptr;
  std::memcpy(q, p, size < old ? size : old);
  free(p);
  return q;
}

void* memalign(size_t align, size_t size) {
  if (align <= 16) return malloc(size);
  auto* p = static_cast<char*>(malloc(size + align));
  if (!p) return nullptr;
  auto at = reinterpret_cast<uintptr_t>(p);
  uintptr_t moved = (at + align - 1) & ~(uintptr_t{align} - 1);
  if (moved != at) {
    auto* h = reinterpret_cast<Header*>(moved - sizeof(Header));
    h->offset = static_cast<uint32_t>(moved - at);
  }
  return reinterpret_cast<void*>(moved);
}

void* aligned_alloc(size_t align, size_t size) {
  return memalign(align, size);
}

int posix_memalign(void** out, size_t align, size_t size) {
  void* p = memalign(align, size);
  if (!p) return ENOMEM;
  *out = p;
  return 0;
}

void* valloc(size_t size) {
  return memalign(4096, size);
}
void* pvalloc(size_t size) {
  return memalign(4096, (size + 4095) & ~size_t{4095});
}
size_t malloc_usable_size(void* p) {
  return p ? usable(p) : 0;
}
}

namespace hp::host {

void lock_heap() {
  lock();
}
void unlock_heap() {
  unlock();
}

}  // namespace hp::host
