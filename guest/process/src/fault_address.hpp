/* Which address did a faulting instruction mean? KVM reports the page only.
 *
 * Decodes the memory operand of the instruction at RIP (SDM vol. 2, chapter 2: prefixes, REX, VEX,
 * EVEX, ModRM, SIB) far enough for its effective address, and returns the candidate that lies in
 * the page: the operand, the string registers, the stack, or the instruction itself. */
#pragma once
#include <cstddef>
#include <cstdint>

#include "vmm/engine.hpp"

namespace hp::guest {

struct AddressRegisters {
  const vmm::Registers& regs;
  uint64_t fs_base, gs_base;
};

/* code: the bytes at RIP, `size` of them readable. page: the page that faulted, 4 KiB aligned.
 * Returns the exact address within the page where it can be told, else the page's start. */
uint64_t fault_address(const AddressRegisters&, const uint8_t* code, size_t size, uint64_t page);

/* The effective address of the ModRM operand; false if the instruction has none that is memory. */
bool effective_address(const AddressRegisters&, const uint8_t* code, size_t size,
                       uint64_t* address);

/* Where an instruction may access memory besides fetching itself: its ModRM operand, and what string,
 * stack and table instructions imply. Returns how many of `addresses` it stored. For gathers and
 * scatters, only the base is told. */
inline constexpr size_t kMaxOperands = 4;
size_t operand_addresses(const AddressRegisters&, const uint8_t* code, size_t size,
                         uint64_t addresses[kMaxOperands]);

}  // namespace hp::guest
