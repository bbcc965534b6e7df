/* The x86-64 system call table: numbers, names, and argument names and types as the kernel declares
 * them. Generated at build time from the kernel's headers (tools/gen-syscalls). Immutable. */
#pragma once
#include <cstdint>
#include <string_view>

namespace hp {

struct SyscallArgument {
  const char* type; /* D type; user pointers start with "userland " */
  const char* name;
};

struct SyscallInfo {
  const char* name; /* nullptr: no such number */
  uint8_t nargs;
  SyscallArgument args[6];
};

inline constexpr uint32_t kMaxSyscall = 512;

/* The entry for nr, or nullptr if there is no call of this number. */
const SyscallInfo* syscall_info(uint64_t nr);
/* The number of a call, -1 if unknown. */
int syscall_number(std::string_view name);

}  // namespace hp
