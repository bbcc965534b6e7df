/* Loading an ELF program into the guest's arena, as the kernel's execve(2) does (System V gABI,
 * AMD64 supplement). */
#pragma once
#include <string>
#include <vector>

#include "address_space.hpp"
#include "transport/result.hpp"

namespace hp::guest {

struct ProgramImage {
  uint64_t entry = 0; /* of the program itself: AT_ENTRY */
  uint64_t start = 0; /* where execution begins: the interpreter's entry, or entry */
  uint64_t phdr = 0, phnum = 0, phent = 0;
  uint64_t interpreter_base = 0;
  uint64_t end = 0; /* first page after the program's own segments: brk starts here */
};

/* What an execve of this file would say: 0, or the errno (ENOEXEC, EACCES...). Follows no shebang.
 */
int check_elf(int fd, std::string* why = nullptr);

/* Keeps mappings below where build_stack will put the stack. Call it before load_program. */
void leave_room_for_stack(AddressSpace&);

/* Maps the program and its interpreter. fd: the program's file. */
Result<ProgramImage> load_program(AddressSpace&, int fd);

struct InitialStack {
  uint64_t pointer = 0;                  /* RSP */
  uint64_t args_start = 0, args_end = 0; /* the argument strings */
};

/* Builds the initial stack. execfn: AT_EXECFN. vdso: 0 = none. */
Result<InitialStack> build_stack(AddressSpace&, const ProgramImage&, const std::string& execfn,
                                 const std::vector<std::string>& argv,
                                 const std::vector<std::string>& envp, uint64_t vdso);

}  // namespace hp::guest
