/* What the handler's tests share: the program of clauses.c in a segment with a few probes. */
#pragma once
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>

#include "clauses.h"
#include "handler/program.hpp"
#include "host/segment.hpp"
#include "transport/control.h"
#include "transport/guest_access.hpp"

namespace hp::test {

/* The value of a Result, or the test fails with its message. */
template <class T>
T value(Result<T> r) {
  REQUIRE_MESSAGE(r.has_value(), (r ? std::string() : r.error().message));
  if constexpr (!std::is_void_v<T>) return std::move(*r);
}

inline std::string object_bytes(const char* name) {
  return value(read_file(std::string(HP_TEST_OBJECTS) + "/" + name + ".o"));
}
inline Object object(const char* name) {
  return value(Object::parse(object_bytes(name)));
}

/* Guest memory: one C string of the test, at its own address. */
struct ArrayMemory : GuestAccess {
  explicit ArrayMemory(std::string text) : bytes(std::move(text)) {}
  uint64_t address() const { return reinterpret_cast<uint64_t>(bytes.data()); }
  bool has(uint64_t gva, size_t size) const {
    return gva >= address() && gva - address() <= bytes.size() + 1 &&
           size <= bytes.size() + 1 - (gva - address());
  }
  int read(void* dst, uint64_t gva, size_t size, uint64_t* bad) noexcept override {
    *bad = gva;
    if (!has(gva, size)) return HP_FLT_BADADDR;
    /* It may go to a global variable, which several threads write at once; D has no locks. */
    const auto* from = reinterpret_cast<const char*>(gva);
    for (size_t i = 0; i < size; i++)
      __atomic_store_n(static_cast<char*>(dst) + i, from[i], __ATOMIC_RELAXED);
    return 0;
  }
  int read_string(char* dst, uint64_t gva, size_t max, uint64_t* len,
                  uint64_t* bad) noexcept override {
    for (*len = 0; *len + 1 < max; ++*len) {
      if (int fault = read(dst + *len, gva + *len, 1, bad)) return fault;
      if (bytes[gva + *len - address()] == '\0') return 0;
    }
    __atomic_store_n(dst + *len, '\0', __ATOMIC_RELAXED);
    return 0;
  }
  int write(uint64_t gva, const void*, size_t, uint64_t* bad) noexcept override {
    *bad = gva;
    return HP_FLT_BADADDR;
  }
  std::string bytes;
};

constexpr uint32_t kRead = HP_PROBE_SYSCALL, kWriteReturn = HP_PROBE_SYSCALL + 3,
                   kOpen = HP_PROBE_SYSCALL + 4, kExitGroup = HP_PROBE_SYSCALL + 2 * 231;

struct Fixture {
  explicit Fixture(host::SegmentOptions options = {}, const handler::Target& target = {"web1", ""})
      : segment(value(host::Segment::create(object("clauses"), options))) {
    value(segment.add_probe(HP_PROBE_BEGIN, "dtrace", "", "", "BEGIN"));
    value(segment.add_probe(HP_PROBE_END, "dtrace", "", "", "END"));
    value(segment.add_probe(HP_PROBE_ERROR, "dtrace", "", "", "ERROR"));
    value(segment.add_probe(kRead, "syscall", "vmlinux", "read", "entry"));
    value(segment.add_probe(kWriteReturn, "syscall", "vmlinux", "write", "return"));
    value(segment.add_probe(kOpen, "syscall", "vmlinux", "open", "entry"));
    value(segment.add_probe(kExitGroup, "syscall", "vmlinux", "exit_group", "entry"));
    program = load(target);
    segment.set_state(HP_STATE_ACTIVE);
    firing.host_tid = ::gettid();
    firing.vmid = 5;
  }
  std::unique_ptr<handler::Program> load(const handler::Target& target) {
    return value(handler::Program::load(object("clauses"), segment.fd(), target));
  }
  globals& g() {
    auto* h = segment.header();
    return *reinterpret_cast<globals*>(reinterpret_cast<char*>(h) + h->globals_off);
  }
  host::Segment segment;
  std::unique_ptr<handler::Program> program;
  hp_firing firing{};
};

}  // namespace hp::test
