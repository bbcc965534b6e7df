#include "guest/guest_memory.hpp"

#include <algorithm>
#include <cstring>

#include "address_space.hpp"

extern "C" {
uint64_t hp_copy(void* dst, const void* src, uint64_t n);
uint64_t hp_copy_string(char* dst, const char* src, uint64_t n);
extern const char hp_copy_end[], hp_copy_string_fault[];
}

namespace hp::guest {

namespace {
uint64_t allowed_start = 0,
         allowed_end = 0; /* written once, before the guest's first instruction */
bool allowed(uint64_t gva, size_t size) {
  return gva >= allowed_start && gva < allowed_end && size <= allowed_end - gva;
}
}  // namespace

void GuestMemory::allow(uint64_t start, uint64_t end) noexcept {
  allowed_start = start;
  allowed_end = end;
}

bool GuestMemory::read(void* dst, uint64_t gva, size_t size, uint64_t* fault) noexcept {
  if (!in_arena(gva, size) && !allowed(gva, size)) {
    if (fault) *fault = gva;
    return false;
  }
  uint64_t left = hp_copy(dst, reinterpret_cast<const void*>(gva), size);
  if (left && fault) *fault = gva + size - left;
  return left == 0;
}

bool GuestMemory::write(uint64_t gva, const void* src, size_t size, uint64_t* fault) noexcept {
  if (!in_arena(gva, size)) {
    if (fault) *fault = gva;
    return false;
  }
  uint64_t left = hp_copy(reinterpret_cast<void*>(gva), src, size);
  if (left && fault) *fault = gva + size - left;
  return left == 0;
}

bool GuestMemory::read_string(char* dst, uint64_t gva, size_t max, uint64_t* len,
                              uint64_t* fault) noexcept {
  *len = 0;
  const uint64_t left = arena_left(gva);
  if (max == 0 || left == 0) {
    if (fault) *fault = gva;
    return false;
  }
  const uint64_t room = std::min<uint64_t>(max - 1, left);
  uint64_t n = hp_copy_string(dst, reinterpret_cast<const char*>(gva), room);
  uint64_t copied = n & ~(3ull << 62);
  dst[copied] = 0;
  *len = copied;
  const bool cut = n >> 62 & 1;
  if (n >> 63 || (cut && room < max - 1)) { /* a fault, or the arena's end */
    if (fault) *fault = gva + copied;
    return false;
  }
  return true;
}

uint64_t GuestMemory::fixup(uint64_t rip) noexcept {
  auto at = [](const void* p) { return reinterpret_cast<uint64_t>(p); };
  if (rip >= at(reinterpret_cast<const void*>(&hp_copy)) && rip < at(hp_copy_end))
    return at(hp_copy_end);
  if (rip >= at(reinterpret_cast<const void*>(&hp_copy_string)) && rip < at(hp_copy_string_fault))
    return at(hp_copy_string_fault);
  return 0;
}

}  // namespace hp::guest
