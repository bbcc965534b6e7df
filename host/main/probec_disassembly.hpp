/* -S: the linked code of a program, as text.
 *
 *     Disassembly of clause 1: BEGIN (hp_clause_0, 57 bytes)
 *
 *       0  55                             push     rbp
 *      1f  e8 0c 01 00 00                 call     hp_record_begin
 *
 * Addresses are offsets in the function, in hexadecimal; calls and references to data are shown with
 * the names of the runtime's functions and of what the program imports (transport/segment.h). */
#pragma once
#include <string>

#include "transport/object.hpp"

namespace hp {

enum DisassemblyParts : unsigned {
  kDisassembleClauses = 1, /* each clause */
  kDisassembleRuntime = 4, /* and the runtime's functions that the program kept */
};

/* Links the object as a handler would. parts: DisassemblyParts. */
Result<std::string> disassemble(const Object& object, unsigned parts);

}  // namespace hp
