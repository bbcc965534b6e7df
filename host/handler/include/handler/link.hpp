/* Image: a D program's object linked into this process.
 *
 *     Image image = HP_TRY(Image::link(object, primitives()));
 *     image.clause(0)(&ctx);
 *
 * Lays the allocated sections out in one anonymous mapping (code, then constants, then data), defines
 * undefined symbols by the given imports and nothing else, applies the relocations, and makes code
 * read-execute and constants read-only: nothing is ever writable and executable at once. Imports that
 * lie out of reach of a 32-bit displacement are called through stubs of the image's own. The symbols
 * hp_core_N (object.h) are numbers, the ones given, or as the program was compiled.
 *
 * Follows the System V ABI, AMD64 supplement, relocation types R_X86_64_64, 32, 32S, PC32, PC64,
 * PLT32, GOTPCREL, GOTPCRELX, REX_GOTPCRELX; every other one is refused, as are constructors, thread-local
 * storage and indirect functions. Linking takes some twenty microseconds: each exec in a guest pays it.
 *
 * An Image owns its memory; code must not run when it is destroyed. Survives fork(2). */
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "transport/fd.hpp"
#include "transport/object.hpp"
#include "transport/segment.h"

namespace hp::handler {

struct Import {
  std::string_view name;
  uint64_t address;
};

class Image {
 public:
  using Clause = int (*)(hp_ctx*);

  Image() = default;
  /* core: the value of each row of object.core(); empty: their references. */
  static Result<Image> link(const Object&, std::span<const Import> imports,
                            std::span<const uint64_t> core = {});

  /* The function of clause i of the object. */
  Clause clause(size_t i) const {
    return reinterpret_cast<Clause>(reinterpret_cast<uintptr_t>(clauses_[i].data()));
  }
  /* Its linked code, for disassembly. */
  std::string_view clause_code(size_t i) const { return clauses_[i]; }
  /* What stands where in the linked code and data, in order of addresses: the object's functions and
   * objects, and by the imports' names the stubs that call them. For disassembly; object and imports
   * are those that were linked, and the names are theirs. */
  std::vector<Import> names(const Object&) const;
  /* All linked code. */
  std::string_view text() const { return {mapping_.as<const char>(), text_size_}; }

 private:
  Mapping mapping_;
  size_t text_size_ = 0;
  std::vector<std::string_view> clauses_;
};

/* The imports of this placement: the primitives of segment.h. */
std::span<const Import> primitives();

}  // namespace hp::handler
