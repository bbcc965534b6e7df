/* Values as the consumer prints them: what a record field or an aggregation key holds, decoded.
 *
 * Guests and handlers store values in the HP_VAL_* encodings of transport/segment.h. Some of them are
 * indices (a probe's function, a guest's name), so that handlers never copy strings they need not.
 * decode_values() turns the bytes of one record action or one key into Values with those indices
 * resolved. The bytes come from shared memory that guests' monitors write: every length is checked. */
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/symbol_source.hpp"
#include "transport/object.h"
#include "transport/result.hpp"
#include "transport/segment.h"

namespace hp {

/* A probe as listings and records show it. */
struct ProbeName {
  uint32_t id = 0;
  std::string prov, mod, func, name;
};

/* What indices in values stand for; the consumer keeps it up to date with the segment's tables.
 * An index that is not known prints as "<unknown>". */
struct Names {
  std::vector<ProbeName> probes; /* by index in the segment's probe table */
  std::map<uint32_t, std::pair<std::string, std::string>> guests; /* vmid -> name, hostname */
  const SymbolSource* symbols = nullptr;

  std::string_view resolve(uint32_t val,
                           uint64_t index) const; /* val: HP_VAL_PROBE*, HP_VAL_*NAME */
};

struct Value {
  uint32_t val = HP_VAL_INT; /* HP_VAL_* it was stored as */
  uint32_t size = 8;         /* of the D type in bytes, for integers and byte ranges */
  uint32_t flags = 0;        /* HP_FIELD_* */
  uint64_t number = 0; /* HP_VAL_INT: extended to 64 bits by its own signedness; USYM: address */
  uint64_t whose = 0;  /* USYM: as hp_space() gives it */
  const SymbolSource* symbols = nullptr; /* stacks: for their frames; may be missing */
  std::string text;                      /* everything else */

  bool is_int() const { return val == HP_VAL_INT; }
  bool is_bytes() const { return val == HP_VAL_BYTES; }
  /* The integer's own bits, zero-extended from its size. */
  uint64_t bits() const { return size >= 8 ? number : number & ((uint64_t{1} << (size * 8)) - 1); }
  /* The integer's bits read as signed, sign-extended from its size. */
  int64_t as_signed() const;

  static Value integer(int64_t n, uint32_t size = 8, bool is_signed = true);
  static Value string(std::string_view s);
  static Value bytes(std::string_view s, uint32_t flags = 0);
};

/* Decodes one value per field from data, which starts at a multiple of 8. Returns the bytes used.
 * Fails when data is shorter than the fields say. */
Result<size_t> decode_values(std::span<const std::byte> data, std::span<const hp_obj_field> fields,
                             const Names& names, std::vector<Value>& out);

/* Key order of dtrace(1): integers as unsigned numbers of their size, all else bytewise. <0, 0, >0. */
int compare_values(const Value& a, const Value& b);

}  // namespace hp
