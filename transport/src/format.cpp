#include "transport/format.hpp"

#include <cstring>

namespace hp {

namespace {

constexpr int kMaxWidth = 1 << 20;

FormatArgument argument_of(char conversion) {
  switch (conversion) {
    case 'd':
    case 'i':
    case 'D':
    case 'o':
    case 'u':
    case 'x':
    case 'X':
      return FormatArgument::Integer;
    case 'c':
    case 'C':
      return FormatArgument::Char;
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
      return FormatArgument::Float;
    case 'a':
    case 'A':
      return FormatArgument::Address;
    case 'p':
      return FormatArgument::Pointer;
    case 's':
    case 'S':
      return FormatArgument::String;
    case 'k':
      return FormatArgument::Stack;
    case 'T':
    case 'Y':
      return FormatArgument::Time;
    case 'P':
      return FormatArgument::Network;
    default:
      return FormatArgument::None;
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Format> run() {
    Format format;
    while (at_ < text_.size()) {
      size_t percent = text_.find('%', at_);
      if (percent == std::string_view::npos) percent = text_.size();
      if (percent > at_) {
        FormatPiece& piece = format.pieces.emplace_back();
        piece.text = text_.substr(at_, percent - at_);
      }
      at_ = percent;
      if (at_ < text_.size()) format.pieces.push_back(HP_TRY(conversion()));
    }
    return format;
  }

 private:
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  Result<int> number() {
    int value = 0;
    while (peek() >= '0' && peek() <= '9') {
      value = value * 10 + (text_[at_++] - '0');
      if (value > kMaxWidth) return fail("format width or precision is too large");
    }
    return value;
  }

  bool flag(FormatPiece& piece) {
    switch (peek()) {
      case '-':
        piece.minus = true;
        break;
      case '+':
        piece.plus = true;
        break;
      case ' ':
        piece.space = true;
        break;
      case '#':
        piece.hash = true;
        break;
      case '0':
        piece.zero = true;
        break;
      case '\'':
        piece.quote = true;
        break;
      case '@':
        piece.at = true;
        break;
      default:
        return false;
    }
    ++at_;
    return true;
  }

  Result<FormatPiece> conversion() {
    size_t start = at_++;
    FormatPiece piece;
    while (flag(piece)) {
    }
    if (peek() == '*') {
      piece.width_argument = true;
      ++at_;
    } else if (peek() == '?') { /* the width of an address */
      piece.width = 16;
      ++at_;
    } else if (peek() >= '0' && peek() <= '9') {
      piece.width = HP_TRY(number());
    }
    if (peek() == '.') {
      ++at_;
      if (peek() == '*') {
        piece.precision_argument = true;
        ++at_;
      } else {
        piece.precision = HP_TRY(number());
      }
    }
    while (peek() != '\0' && std::strchr("hlLjtz", peek())) ++at_;
    if (peek() == 'w') {
      piece.wide = true;
      ++at_;
    }
    char letter = peek();
    if (letter == '\0') return fail("format ends within a conversion");
    ++at_;
    piece.spec = text_.substr(start, at_ - start);
    piece.conversion = letter;
    piece.argument = argument_of(letter);
    if (letter == '%') {
      if (piece.spec != "%%") return fail(piece.spec + " is not a valid conversion");
      piece.text = "%";
    } else if (piece.argument == FormatArgument::None ||
               (piece.wide && letter != 'c' && letter != 's')) {
      return fail(piece.spec + " is not a valid conversion");
    }
    return piece;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

unsigned Format::arguments() const {
  unsigned count = 0;
  for (const FormatPiece& piece : pieces) count += piece.arguments();
  return count;
}

unsigned Format::aggregations() const {
  unsigned count = 0;
  for (const FormatPiece& piece : pieces) count += piece.at;
  return count;
}

Result<Format> parse_format(std::string_view text) {
  return Parser(text).run();
}

}  // namespace hp
