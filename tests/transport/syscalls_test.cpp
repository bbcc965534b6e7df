#include "transport/syscalls.hpp"

#include <doctest/doctest.h>
#include <sys/syscall.h>

#include <string>

using namespace hp;

TEST_CASE("syscalls: numbers agree with the C library's header") {
  CHECK(syscall_number("openat") == SYS_openat);
  CHECK(syscall_number("clone3") == SYS_clone3);
  CHECK(syscall_number("no_such_call") == -1);
  CHECK(syscall_info(100000) == nullptr);
}

TEST_CASE("syscalls: arguments are the kernel's own") {
  const SyscallInfo* info = syscall_info(SYS_openat);
  REQUIRE(info);
  CHECK(info->nargs == 4);
  CHECK(std::string(info->args[1].type) == "userland const char *");
  CHECK(std::string(info->args[1].name) == "filename");
}
