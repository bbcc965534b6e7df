#include "transport/syscalls.hpp"

#include <array>

namespace hp {
namespace {

constexpr auto kTable = [] {
  std::array<SyscallInfo, kMaxSyscall> t{};
#define HP_SYSCALL(nr, name, nargs, ...) t[nr] = SyscallInfo{name, nargs, {__VA_ARGS__}};
#include "syscalls.inc"
#undef HP_SYSCALL
  return t;
}();

}  // namespace

const SyscallInfo* syscall_info(uint64_t nr) {
  return nr < kMaxSyscall && kTable[nr].name ? &kTable[nr] : nullptr;
}

int syscall_number(std::string_view name) {
  for (uint32_t i = 0; i < kMaxSyscall; i++)
    if (kTable[i].name && name == kTable[i].name) return static_cast<int>(i);
  return -1;
}

}  // namespace hp
