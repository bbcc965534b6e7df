/* Json: a parsed JSON text (RFC 8259), for messages from outside.
 *
 * Parsing (RapidJSON's event parser) is bounded in depth and checks UTF-8; numbers that are not unsigned
 * integers of 64 bits are kept as such but have no value here, for the protocol uses none. Members
 * keep their order; of members with one name the first counts. Pure. */
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "transport/result.hpp"

namespace hp {

class Json {
 public:
  enum Kind { Null, Bool, Unsigned, Other /* a number */, String, Array, Object };
  static constexpr size_t kMaxDepth = 32;

  static Result<Json> parse(std::string_view text);

  Kind kind() const { return kind_; }
  bool boolean() const { return number_ != 0; }
  uint64_t number() const { return number_; }               /* Unsigned */
  const std::string& string() const { return text_; }       /* String */
  const std::vector<Json>& items() const { return items_; } /* Array */
  /* Object: the member's value, nullptr if there is none. */
  const Json* find(std::string_view name) const;
  /* Object: the names of items(), in their order. */
  const std::vector<std::string>& names() const { return names_; }
  /* Compact JSON text; numbers that are no unsigned integers as they stood. */
  std::string text() const;

 private:
  friend struct JsonBuilder;
  Kind kind_ = Null;
  uint64_t number_ = 0;
  std::string text_;
  std::vector<std::string> names_; /* of an object's members */
  std::vector<Json> items_;
};

/* A JSON string literal. What is not printable ASCII becomes '?', newlines and tabs become spaces. */
std::string json_string(std::string_view text);

}  // namespace hp
