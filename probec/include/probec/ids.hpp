/* Typed indices: the compiler's structures refer to each other by position in vectors that are
 * never reordered, so they can be copied, compared and printed, and mixing two kinds does not
 * compile. */
#pragma once
#include <compare>
#include <cstdint>

namespace hp::probec {

template <class Tag>
struct Id {
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t value = kNone;

  constexpr Id() = default;
  constexpr explicit Id(uint32_t v) : value(v) {}
  constexpr explicit Id(size_t v) : value(static_cast<uint32_t>(v)) {}
  [[nodiscard]] constexpr bool valid() const { return value != kNone; }
  friend constexpr auto operator<=>(Id, Id) = default;
};

using TypeId = Id<struct TypeTag>;
using ExprId = Id<struct ExprTag>;
using StmtId = Id<struct StmtTag>;
using BlockId = Id<struct BlockTag>;
using VariableId = Id<struct VariableTag>;
using AggregationId = Id<struct AggregationTag>;
using StringId = Id<struct StringTag>; /* CheckedProgram::strings */

/* A run of elements of another vector. */
struct Range {
  uint32_t first = 0, count = 0;
};

}  // namespace hp::probec
