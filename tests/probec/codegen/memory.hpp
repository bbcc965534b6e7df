/* Guest memory made of one string at a made-up address, read-write, bounds-checked. */
#pragma once
#include <cstring>
#include <string>

#include "transport/guest_access.hpp"

namespace hp::test {

struct StringMemory final : GuestAccess {
  static constexpr uint64_t kBase = 0x7f0000001000;
  std::string bytes;

  explicit StringMemory(std::string b) : bytes(std::move(b)) {}
  bool has(uint64_t gva, size_t size) const {
    return gva >= kBase && gva - kBase <= bytes.size() && size <= bytes.size() - (gva - kBase);
  }
  int read(void* dst, uint64_t gva, size_t size, uint64_t* bad) noexcept override {
    *bad = gva;
    if (!has(gva, size)) return HP_FLT_BADADDR;
    std::memcpy(dst, bytes.data() + (gva - kBase), size);
    return 0;
  }
  int read_string(char* dst, uint64_t gva, size_t max, uint64_t* len,
                  uint64_t* bad) noexcept override {
    for (*len = 0; *len + 1 < max; ++*len) {
      if (int fault = read(dst + *len, gva + *len, 1, bad)) return fault;
      if (dst[*len] == '\0') return 0;
    }
    dst[*len] = '\0';
    return 0;
  }
  int write(uint64_t gva, const void* src, size_t size, uint64_t* bad) noexcept override {
    *bad = gva;
    if (!has(gva, size)) return HP_FLT_BADADDR;
    std::memcpy(bytes.data() + (gva - kBase), src, size);
    return 0;
  }
};

}  // namespace hp::test
