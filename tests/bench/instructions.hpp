/* Instruction counts: of code as it stands, and of a thread as it runs. */
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "transport/fd.hpp"

namespace hp::bench {

/* x86-64 instructions in linked code. */
uint64_t count_instructions(std::string_view code);

/* Instructions that the calling thread has retired in user mode since construction. */
class RetiredInstructions {
 public:
  RetiredInstructions();
  /* nullopt where the machine has no such counter (most virtual machines) or forbids it. */
  std::optional<uint64_t> read() const;

 private:
  Fd fd_;
};

}  // namespace hp::bench
