#include "host/print.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstring>

#include "host/text.hpp"

namespace hp {
namespace {

class Printer {
 public:
  Printer(std::string& out, int indent) : out_(out), indent_(static_cast<size_t>(indent)) {}

  /* False when the bytes ended before the value did: "..." was printed. */
  bool value(const Shape& s, std::string_view bytes, uint64_t bit_offset, uint64_t bit_width) {
    out_ += '(' + s.type + ')';
    if (s.kind == ShapeKind::Struct) return structure(s, bytes);
    if (s.kind == ShapeKind::Array) return array(s, bytes);
    if (s.kind == ShapeKind::String) {
      quoted(bytes.substr(0, bytes.find('\0')));
      return true;
    }
    if (bytes.size() < s.size) {
      out_ += "...";
      return false;
    }
    scalar(s, bytes, bit_offset, bit_width);
    return true;
  }

 private:
  void line() {
    out_ += '\n';
    out_.append(indent_, ' ');
  }

  static uint64_t bits(const Shape& s, std::string_view bytes, uint64_t offset, uint64_t width) {
    uint64_t n = 0;
    std::memcpy(&n, bytes.data(), std::min<size_t>({s.size, 8, bytes.size()}));
    if (width != 0 && width < 64) n = (n >> (offset & 63)) & ((uint64_t{1} << width) - 1);
    return n;
  }

  static int64_t extended(const Shape& s, uint64_t n, uint64_t width) {
    const uint64_t size = width != 0 ? width : s.size * 8;
    if (size == 0 || size >= 64) return static_cast<int64_t>(n);
    return static_cast<int64_t>(n << (64 - size)) >> (64 - size);
  }

  void scalar(const Shape& s, std::string_view bytes, uint64_t offset, uint64_t width) {
    const uint64_t n = bits(s, bytes, offset, width);
    switch (s.kind) {
      case ShapeKind::Signed:
        return appendf(out_, "%" PRId64, extended(s, n, width));
      case ShapeKind::Unsigned:
        return appendf(out_, "%" PRIu64, n);
      case ShapeKind::Char:
      case ShapeKind::UnsignedChar:
        if (n >= ' ' && n <= '~') return appendf(out_, "'%c'", static_cast<int>(n));
        if (s.kind == ShapeKind::UnsignedChar) return appendf(out_, "%" PRIu64, n);
        return appendf(out_, "%" PRId64, extended(s, n, width));
      case ShapeKind::Enum: {
        const int64_t v = extended(s, n, width);
        for (const auto& [value, name] : s.enumerators)
          if (value == v) {
            out_ += name;
            return;
          }
        return appendf(out_, "%" PRId64, v);
      }
      case ShapeKind::Pointer:
        return appendf(out_, "0x%" PRIx64, n);
      case ShapeKind::Float:
        if (s.size == sizeof(float)) {
          float f;
          std::memcpy(&f, bytes.data(), sizeof f);
          return appendf(out_, "%f", static_cast<double>(f));
        }
        if (s.size == sizeof(double)) {
          double d;
          std::memcpy(&d, bytes.data(), sizeof d);
          return appendf(out_, "%f", d);
        }
        [[fallthrough]];
      default:
        out_ += "0x";
        for (size_t i = 0; i < s.size && i < bytes.size(); ++i)
          appendf(out_, "%02x", static_cast<unsigned char>(bytes[i]));
    }
  }

  void quoted(std::string_view text) { out_ += " \"" + escape_text(text) + '"'; }

  static bool is_text(std::string_view bytes) {
    const size_t end = std::min(bytes.find('\0'), bytes.size());
    const auto printable = [](char c) {
      return (c >= ' ' && c <= '~') || (c >= '\a' && c <= '\r');
    };
    return std::all_of(bytes.begin(), bytes.begin() + end, printable) &&
           std::all_of(bytes.begin() + end, bytes.end(), [](char c) { return c == 0; });
  }

  bool array(const Shape& s, std::string_view bytes) {
    const Shape& element = s.members[0].shape;
    const bool chars = element.kind == ShapeKind::Char || element.kind == ShapeKind::UnsignedChar;
    if (chars && is_text(bytes.substr(0, s.size))) {
      quoted(bytes.substr(0, std::min<size_t>(s.size, bytes.find('\0'))));
      if (bytes.size() < s.size) out_ += "...";
      return bytes.size() >= s.size;
    }
    bool whole = true;
    out_ += " [";
    ++indent_;
    for (uint64_t i = 0; i < s.count && whole; ++i) {
      line();
      whole = value(element, from(bytes, i * element.size), 0, 0);
      if (i + 1 < s.count && whole) out_ += ',';
    }
    --indent_;
    line();
    out_ += ']';
    return whole;
  }

  /* Where a member's bytes begin; a bit-field's unit is that of its type. */
  static uint64_t start(const ShapeMember& m) {
    if (m.bit_width == 0 || m.shape.size == 0) return m.bit_offset / 8;
    return m.bit_offset / (m.shape.size * 8) * m.shape.size;
  }
  static uint64_t shift(const ShapeMember& m) {
    return m.bit_width == 0 ? 0 : m.bit_offset - start(m) * 8;
  }
  static std::string_view from(std::string_view bytes, uint64_t offset) {
    return bytes.substr(std::min<uint64_t>(offset, bytes.size()));
  }

  static bool is_zero(const ShapeMember& m, std::string_view bytes) {
    if (bytes.size() < m.shape.size) return false; /* cut off: unknown */
    if (m.bit_width != 0) return bits(m.shape, bytes, shift(m), m.bit_width) == 0;
    const std::string_view own = bytes.substr(0, m.shape.size);
    return std::all_of(own.begin(), own.end(), [](char c) { return c == 0; });
  }

  bool structure(const Shape& s, std::string_view bytes) {
    bool whole = true, first = true;
    out_ += " {";
    ++indent_;
    for (const ShapeMember& m : s.members) {
      const std::string_view own = from(bytes, start(m));
      if (is_zero(m, own)) continue;
      if (!first) out_ += ',';
      first = false;
      line();
      if (own.empty() && m.shape.size != 0) {
        out_ += "...";
        whole = false;
        break;
      }
      if (!m.name.empty()) out_ += '.' + m.name + " = ";
      whole = value(m.shape, own, shift(m), m.bit_width);
      if (!whole) break;
    }
    --indent_;
    line();
    out_ += '}';
    return whole;
  }

  std::string& out_;
  size_t indent_;
};

}  // namespace

void append_print(std::string& out, const Shape& shape, std::string_view bytes, int indent) {
  Printer(out, std::max(indent, 0)).value(shape, bytes, 0, 0);
}

}  // namespace hp
