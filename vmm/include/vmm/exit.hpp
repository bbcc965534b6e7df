/* Why Vcpu::run() came back. One type per reason; nothing here depends on the engine. */
#pragma once
#include <cstdint>
#include <string>
#include <variant>

namespace hp::vmm {

/* The guest executed IN or OUT. data points at `size` bytes, valid until the next run(). */
struct ExitIo {
  uint16_t port;
  uint8_t size;
  bool is_out;
  void* data;
};
/* The guest executed HLT at CPL0 (exception stubs do). RIP is after it. */
struct ExitHlt {};
/* A signal, or request_exit(). The guest may have made progress. */
struct ExitInterrupted {};
/* The host refused a guest memory access: no mapping, or not with this protection. gpa is 0 where
 * the engine cannot tell (known = false); otherwise exact to the page only. */
struct ExitMemoryFault {
  uint64_t gpa;
  bool known;
};
/* Access to guest-physical memory that no memslot covers. */
struct ExitMmio {
  uint64_t gpa;
  bool is_write;
  uint32_t size;
  uint8_t* data;
};
/* A hypercall (number and arguments in the registers; the result goes to RAX). */
struct ExitHypercall {
  uint64_t nr;
  uint64_t args[6];
};
/* Triple fault, or the engine's own failure. */
struct ExitFailed {
  std::string reason;
};

using Exit = std::variant<ExitIo, ExitHlt, ExitInterrupted, ExitMemoryFault, ExitMmio,
                          ExitHypercall, ExitFailed>;

}  // namespace hp::vmm
