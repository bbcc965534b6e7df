/* printf() and printa() formats of D, parsed once for both who checks (probec) and who prints (the
 * consumer). Follows printf(3) and the output formatting chapter of the dynamic tracing guides.
 *
 * A format is a run of pieces: literal text, or a conversion
 *
 *     % [flags] [width] [.precision] [size] conversion
 *     flags      - + space # 0 ' @     (@: an aggregation's value, printa only)
 *     width      decimal, or * : from an argument of type int, or ? : 16, an address
 *     precision  likewise
 *     size       h hh l ll L w j t z: accepted; D knows the argument's own size
 *     conversion one of a A c C d i D e E f g G k o p s S T u x X Y %, or wc ws
 *
 * Escapes (\n ...) were expanded by the lexer. The text is not NUL-terminated and never trusted: a
 * format read from an object is parsed with the same checks. */
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "transport/result.hpp"

namespace hp {

enum class FormatArgument : uint8_t {
  None,    /* %% and literal text */
  Integer, /* d i o u x X: integer or enum (printa's aggregations included) */
  Char,    /* c C wc */
  Float,   /* a A e E f g G: no D value has this type */
  Pointer, /* p: integer or pointer */
  String,  /* s S ws: string, char array, pointer to char */
  Stack,   /* k: stack or ustack */
  Address, /* A a with symbols: integer or pointer printed as a symbol name */
  Time,    /* T Y: nanoseconds since the Epoch */
  Network, /* P: address structures */
};

struct FormatPiece {
  std::string text;    /* literal text; empty for a conversion other than %% */
  char conversion = 0; /* the final letter; 0: literal text; '%' : prints % */
  FormatArgument argument = FormatArgument::None;
  bool wide = false; /* wc, ws */
  bool minus = false, plus = false, space = false, hash = false, zero = false, quote = false;
  bool at = false;                                         /* prints an aggregation */
  bool width_argument = false, precision_argument = false; /* '*' */
  int width = -1, precision = -1;                          /* -1: not given */
  std::string spec; /* the conversion as written, for messages: "%-10s" */

  /* The conversion without flags, width and precision: "d", "lld", "ws". */
  [[nodiscard]] std::string name() const {
    const size_t at = spec.find_last_not_of("hlLjtzwaAcCdDiIeEfgGkopPsSTuxXY%");
    return spec.substr(at == std::string::npos ? 1 : at + 1);
  }
  [[nodiscard]] bool is_literal() const { return conversion == 0; }
  /* Arguments that it takes, '*' included; an aggregation (@) counts as none. */
  [[nodiscard]] unsigned arguments() const {
    return unsigned(width_argument) + unsigned(precision_argument) +
           unsigned(argument != FormatArgument::None && !at);
  }
};

struct Format {
  std::vector<FormatPiece> pieces;
  [[nodiscard]] unsigned arguments() const;
  [[nodiscard]] unsigned aggregations() const; /* conversions with @ */
};

/* Fails with a message such as "%q is not a valid conversion"; error.code is not used. Width and
 * precision are at most 2^20. */
Result<Format> parse_format(std::string_view text);

}  // namespace hp
