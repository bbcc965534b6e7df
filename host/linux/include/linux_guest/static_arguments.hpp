/* StaticArguments: what a static probe's note says of its arguments, "-4@%edi 8@-16(%rbp) 4@$5", and their values when
 * it fires. Assembler operands as GCC writes them (AT&T syntax), each with its size in bytes, negative where it is signed.
 * Pure; a text that makes no sense ends the arguments there. */
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "transport/guest_access.hpp"

namespace hp::linux_guest {

class StaticArguments {
 public:
  static constexpr size_t kMost = 10;
  explicit StaticArguments(std::string_view text);
  size_t size() const { return operands_.size(); }
  /* Into args, the rest 0; what cannot be read is 0. */
  void evaluate(const hp_uregs& registers, GuestAccess& memory,
                uint64_t (&args)[kMost]) const noexcept;

 private:
  static constexpr int8_t kNone = -1;
  struct Operand {
    enum Kind : uint8_t { Constant, Register, Memory } kind = Constant;
    int8_t size = 8;                    /* bytes; < 0: signed */
    int8_t base = kNone, index = kNone; /* hp_uregs, by word */
    uint8_t scale = 1, shift = 0;       /* shift: %ah and the like */
    int64_t constant = 0;               /* or displacement */
  };
  static bool parse(std::string_view text, Operand& operand);
  static bool parse_register(std::string_view name, Operand& operand, int8_t& to);

  std::vector<Operand> operands_;
};

}  // namespace hp::linux_guest
