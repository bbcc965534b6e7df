/* SymbolSource: names of addresses in traced processes, for whoever prints values. host/symbols.hpp has
 * the one that reads files. */
#pragma once
#include <cstdint>
#include <string>

namespace hp {

/* whose: as hp_space() gives it (transport/segment.h). */
class SymbolSource {
 public:
  virtual ~SymbolSource() = default;
  /* "module`function+0x1b", "module`0x4011d0" or "0x4011d0". */
  virtual std::string address_text(uint64_t whose, uint64_t address) const = 0;
  /* Where the function that address lies in begins; address itself where that is not known. */
  virtual uint64_t function_start(uint64_t whose, uint64_t address) const = 0;
  /* Name of the file that address lies in, else the address. */
  virtual std::string module_text(uint64_t whose, uint64_t address) const = 0;
};

}  // namespace hp
