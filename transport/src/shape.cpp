#include "transport/shape.hpp"

namespace hp {
namespace {

constexpr unsigned kMaxDepth = 32;
constexpr uint64_t kMaxSize = 1u << 20;

void encode(std::string& out, const Shape& s) {
  const auto number = [&](uint64_t n) { out += std::to_string(n) + ' '; };
  out += static_cast<char>(s.kind);
  number(s.size);
  out += s.type + '\n';
  switch (s.kind) {
    case ShapeKind::Array:
      number(s.count);
      out += '\n';
      encode(out, s.members.at(0).shape);
      break;
    case ShapeKind::Enum:
      number(s.enumerators.size());
      out += '\n';
      for (const auto& [value, name] : s.enumerators) {
        number(static_cast<uint64_t>(value));
        out += name + '\n';
      }
      break;
    case ShapeKind::Struct:
      number(s.members.size());
      out += '\n';
      for (const ShapeMember& m : s.members) {
        number(m.bit_offset);
        number(m.bit_width);
        out += m.name + '\n';
        encode(out, m.shape);
      }
      break;
    default:
      break;
  }
}

class Decoder {
 public:
  explicit Decoder(std::string_view text) : text_(text) {}

  Result<Shape> type(unsigned depth) {
    if (depth > kMaxDepth || text_.empty()) return fail("a type is damaged");
    Shape s;
    s.kind = static_cast<ShapeKind>(text_[0]);
    text_.remove_prefix(1);
    s.size = HP_TRY(number(kMaxSize));
    s.type = HP_TRY(name());
    switch (s.kind) {
      case ShapeKind::Array: {
        s.count = HP_TRY(number(kMaxSize));
        HP_TRY(name());
        ShapeMember element;
        element.shape = HP_TRY(type(depth + 1));
        if (element.shape.size * s.count != s.size) return fail("an array's size is damaged");
        s.members.push_back(std::move(element));
        break;
      }
      case ShapeKind::Enum: {
        const uint64_t n = HP_TRY(number(text_.size()));
        HP_TRY(name());
        for (uint64_t i = 0; i < n; ++i) {
          const auto value = static_cast<int64_t>(HP_TRY(number(UINT64_MAX)));
          s.enumerators.emplace_back(value, HP_TRY(name()));
        }
        break;
      }
      case ShapeKind::Struct: {
        const uint64_t n = HP_TRY(number(text_.size()));
        HP_TRY(name());
        for (uint64_t i = 0; i < n; ++i) {
          ShapeMember m;
          m.bit_offset = HP_TRY(number(s.size * 8));
          m.bit_width = HP_TRY(number(64));
          m.name = HP_TRY(name());
          m.shape = HP_TRY(type(depth + 1));
          const uint64_t bits = m.bit_width != 0 ? m.bit_width : m.shape.size * 8;
          if (bits > s.size * 8 - m.bit_offset) return fail("a member is out of its structure");
          s.members.push_back(std::move(m));
        }
        break;
      }
      case ShapeKind::Signed:
      case ShapeKind::Unsigned:
      case ShapeKind::Char:
      case ShapeKind::UnsignedChar:
      case ShapeKind::Pointer:
      case ShapeKind::Float:
      case ShapeKind::String:
      case ShapeKind::Other:
        break;
      default:
        return fail("a type is of no known kind");
    }
    return s;
  }
  [[nodiscard]] bool done() const { return text_.empty(); }

 private:
  Result<uint64_t> number(uint64_t most) {
    uint64_t n = 0;
    size_t i = 0;
    for (; i < text_.size() && text_[i] >= '0' && text_[i] <= '9'; ++i)
      if (__builtin_mul_overflow(n, 10u, &n) ||
          __builtin_add_overflow(n, static_cast<uint64_t>(text_[i] - '0'), &n))
        return fail("a type has a number that is too large");
    if (i == 0 || i == text_.size() || text_[i] != ' ' || n > most)
      return fail("a type has a damaged number");
    text_.remove_prefix(i + 1);
    return n;
  }
  Result<std::string> name() {
    const size_t end = text_.find('\n');
    if (end == std::string_view::npos) return fail("a type has no end");
    std::string s(text_.substr(0, end));
    text_.remove_prefix(end + 1);
    return s;
  }

  std::string_view text_;
};

}  // namespace

std::string encode_shape(const Shape& s) {
  std::string out;
  encode(out, s);
  return out;
}

Result<Shape> decode_shape(std::string_view text) {
  Decoder d(text);
  Shape s = HP_TRY(d.type(0));
  if (!d.done()) return fail("a type has something after it");
  return s;
}

}  // namespace hp
