/* ElfProbes: what a program or library of a guest can be probed at: its functions, and the static probes (USDT) that
 * its makers put there, by their place in the file, which is how Linux attaches uprobes.
 *
 * The file is the guest's; libelf reads it, and every offset, address and string is checked. Functions come from .symtab
 * and .dynsym; static probes from the notes of .note.stapsdt (SystemTap's sys/sdt.h). Immutable. */
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "transport/result.hpp"

struct Elf;

namespace hp::linux_guest {

class ElfProbes {
 public:
  static constexpr size_t kMaxBytes = 256u << 20;
  static constexpr size_t kMaxFunctions = 1u << 20, kMaxStatic = 1u << 14;

  struct Function {
    std::string name;
    uint64_t offset; /* in the file */
  };
  struct Static {
    std::string provider, name, arguments; /* as the note has them */
    uint64_t offset, semaphore;            /* in the file; 0: no semaphore */
  };

  static Result<ElfProbes> parse(std::string_view bytes);

  const std::vector<Function>& functions() const {
    return functions_;
  } /* by name, each place once */
  const std::vector<Static>& statics() const { return statics_; }

 private:
  struct Segment {
    uint64_t address, offset, size;
  };
  ElfProbes() = default;
  void read_symbols(Elf*);
  void read_notes(Elf*);
  void read_note(std::string_view description, uint64_t base);
  /* Place of an address in the file; false: in no loaded segment. */
  bool place(uint64_t address, uint64_t& offset) const;

  std::vector<Segment> segments_;
  std::vector<Function> functions_;
  std::vector<Static> statics_;
};

}  // namespace hp::linux_guest
