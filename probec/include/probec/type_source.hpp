/* Where the types that a program does not declare come from: the kernel of a guest.
 *
 * A program that says `struct file *` and looks inside gets it from here; one that does not, costs
 * nothing: a source is asked only about names that are otherwise unknown, and about structures that
 * somebody looks into. Sources keep what they made of a TypeTable, so one source serves one program at
 * a time. Not thread-safe. */
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "probec/types.hpp"

namespace hp::probec {

class TypeSource {
 public:
  /* A variable or function of the kernel. */
  struct Symbol {
    uint64_t address = 0;
    TypeId type; /* invalid: not known */
  };

  virtual ~TypeSource() = default;
  virtual bool has_typedef(std::string_view name) = 0;
  /* Invalid: there is none. */
  virtual TypeId find_typedef(std::string_view name, TypeTable& table) = 0;
  virtual std::optional<Symbol> find_symbol(std::string_view module, std::string_view name,
                                            TypeTable& table) = 0;
  /* What a function takes and gives, TypeKind::Function; invalid: not known. */
  virtual TypeId find_function(std::string_view name, TypeTable& table) = 0;
  /* Gives the type, whose flag `deferred` is cleared, what it is known to be by its tag or by the source
   * itself, or leaves it incomplete. */
  virtual void complete(TypeId id, TypeTable& table) = 0;
};

}  // namespace hp::probec
