/* Call frame information: how the caller's registers are found at one program counter.
 *
 * Compilers describe it in .eh_frame (Linux Standard Base, "Exception Frames"; DWARF 5 section 6.4),
 * which is mapped with the program, so a traced process is unwound by reading its own memory, with or
 * without frame pointers. The tables are the traced program's and may say anything: every read is
 * checked, every loop is bounded, and what makes no sense is no rule.
 *
 * Nothing here allocates or blocks. */
#pragma once
#include <cstdint>

#include "transport/guest_access.hpp"

namespace hp::handler {

/* DWARF's numbers of x86-64 registers (psABI, figure 3.36). */
enum : uint8_t {
  kRax = 0,
  kRdx,
  kRcx,
  kRbx,
  kRsi,
  kRdi,
  kRbp,
  kRsp,
  kR8,
  kR15 = 15,
  kReturnAddress = 16,
  kRegisters = 17
};

enum class RegisterRule : uint8_t {
  kSame,
  kUndefined,
  kAtOffset,     /* saved at CFA + value */
  kIsOffset,     /* is CFA + value */
  kRegister,     /* is in register `value` */
  kAtExpression, /* saved where the expression says */
  kIsExpression
};

/* value: an offset, a register's number, or the address of an expression in the process. */
struct CfiRow {
  struct Cell {
    RegisterRule rule = RegisterRule::kSame;
    uint32_t size = 0; /* of an expression */
    int64_t value = 0;
  };
  Cell registers[kRegisters];
  Cell cfa; /* kIsOffset: of register cfa_register; or kIsExpression */
  uint8_t cfa_register = kRsp;
  bool signal_frame = false;
};

/* The row for pc in the tables that begin with the .eh_frame_hdr at `table`; false: there is none. */
bool find_cfi_row(GuestAccess&, uint64_t table, uint64_t pc, CfiRow&) noexcept;

/* The same in an .eh_frame without a search table, from its beginning to its end. Slow. */
bool find_cfi_row_in(GuestAccess&, uint64_t frames, uint64_t size, uint64_t pc, CfiRow&) noexcept;

/* Value of a DWARF expression (section 2.5) of `size` bytes in the process, on a stack that holds
 * `initial` (the CFA) where one is wanted. registers: by number. False if it makes no sense. */
bool evaluate_expression(GuestAccess&, uint64_t address, uint32_t size,
                         const uint64_t registers[kRegisters], const uint64_t* initial,
                         uint64_t& result) noexcept;

}  // namespace hp::handler
