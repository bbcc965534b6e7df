#include "host/printf.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <cwchar>

#include "host/graph.hpp"
#include "host/text.hpp"

namespace hp {
namespace {

using u128 = unsigned __int128;

uint64_t square_root(u128 n) {
  u128 low = 0, high = u128{1} << 64;
  while (high - low > 1) {
    const u128 middle = (low + high) / 2;
    if (middle * middle <= n)
      low = middle;
    else
      high = middle;
  }
  return static_cast<uint64_t>(low);
}

/* sqrt(average(x^2) - average(x)^2), in integers as dtrace(1) computes it. */
int64_t standard_deviation(std::span<const uint64_t> w, int64_t normal) {
  if (w.size() < 4 || w[0] == 0) return 0;
  const u128 squares = (u128{w[3]} << 64) | w[2];
  const auto n = static_cast<u128>(std::llabs(normal));
  const u128 average_of_squares = squares / (n * n) / w[0];
  const int64_t average =
      normalized(static_cast<int64_t>(w[1]), normal) / static_cast<int64_t>(w[0]);
  const auto magnitude = static_cast<u128>(std::llabs(average));
  const u128 square_of_average = magnitude * magnitude;
  if (average_of_squares < square_of_average) return 0;
  return static_cast<int64_t>(square_root(average_of_squares - square_of_average));
}

/* printf's own flags, width and precision for one conversion, ready for its letter. */
class Spec {
 public:
  Spec(const FormatPiece& p, int width, int precision) : width_(width), precision_(precision) {
    text_ = "%";
    if (p.hash) text_ += '#';
    if (p.zero) text_ += '0';
    if (p.minus || width < 0) text_ += '-';
    if (p.plus) text_ += '+';
    if (p.quote) text_ += '\'';
    if (p.space) text_ += ' ';
    left_ = p.minus || width < 0;
  }
  std::string with(const char* letter) const {
    std::string s = text_;
    if (width_ != 0) s += std::to_string(std::abs(width_));
    if (precision_ >= 0) s += "." + std::to_string(precision_);
    return s + letter;
  }
  /* Text is padded here rather than by printf: it may hold anything, and be long. */
  void append_text(std::string& out, std::string_view s) const {
    s = s.substr(0, s.find('\0'));
    if (precision_ >= 0) s = s.substr(0, static_cast<size_t>(precision_));
    const auto width = static_cast<size_t>(std::abs(width_));
    const size_t padding = width > s.size() ? width - s.size() : 0;
    if (!left_) out.append(padding, ' ');
    out += s;
    if (left_) out.append(padding, ' ');
  }
  bool left() const { return left_; }
  int width() const { return std::abs(width_); }

 private:
  std::string text_;
  int width_, precision_;
  bool left_ = false;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
template <class T>
void append_spec(std::string& out, const std::string& spec, T value) {
  char local[128];
  const int n = std::snprintf(local, sizeof local, spec.c_str(), value);
  if (n < 0) return;
  if (static_cast<size_t>(n) < sizeof local) {
    out.append(local, static_cast<size_t>(n));
    return;
  }
  std::string large(static_cast<size_t>(n) + 1, '\0');
  std::snprintf(large.data(), large.size(), spec.c_str(), value);
  out.append(large, 0, static_cast<size_t>(n));
}
#pragma GCC diagnostic pop

void append_integer(std::string& out, const Spec& spec, char conversion, int64_t as_signed,
                    uint64_t as_unsigned, bool is_signed) {
  const char letters[4] = {'l', 'l', conversion, 0};
  if ((conversion == 'd' || conversion == 'i') && is_signed)
    append_spec(out, spec.with(letters), static_cast<long long>(as_signed));
  else if (conversion == 'd' || conversion == 'i') /* D prints an unsigned argument as such */
    append_spec(out, spec.with("llu"), static_cast<unsigned long long>(as_unsigned));
  else
    append_spec(out, spec.with(letters), static_cast<unsigned long long>(as_unsigned));
}

double as_double(const Value& v) {
  if (v.is_int()) return static_cast<double>(v.as_signed());
  if (v.text.size() == sizeof(float)) {
    float f;
    std::memcpy(&f, v.text.data(), sizeof f);
    return static_cast<double>(f);
  }
  double d = 0;
  if (v.text.size() >= sizeof d) std::memcpy(&d, v.text.data(), sizeof d);
  return d;
}

/* wchar_t text as UTF-8; what is no character becomes '?'. */
std::string narrow(std::string_view bytes) {
  std::string out;
  for (size_t i = 0; i + sizeof(wchar_t) <= bytes.size(); i += sizeof(wchar_t)) {
    uint32_t c;
    std::memcpy(&c, bytes.data() + i, sizeof c);
    if (c == 0) break;
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += static_cast<char>(0xc0 | c >> 6);
      out += static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
      out += static_cast<char>(0xe0 | c >> 12);
      out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
      out += static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x110000) {
      out += static_cast<char>(0xf0 | c >> 18);
      out += static_cast<char>(0x80 | ((c >> 12) & 0x3f));
      out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
      out += static_cast<char>(0x80 | (c & 0x3f));
    } else {
      out += '?';
    }
  }
  return out;
}

std::string wide_character(uint64_t c) {
  const auto w = static_cast<uint32_t>(c);
  return narrow({reinterpret_cast<const char*>(&w), sizeof w});
}

/* %k: one frame a line; a left-aligned width is the indentation. */
void append_stack_conversion(std::string& out, const Spec& spec, const Value& v) {
  append_stack(out, v, spec.left() ? spec.width() : 0);
}

void append_conversion(std::string& out, const FormatPiece& p, const Spec& spec, const Value& v) {
  if (v.is_bytes() && (v.flags & (HP_FIELD_STACK | HP_FIELD_USTACK)))
    return append_stack_conversion(out, spec, v);
  switch (p.conversion) {
    case 's':
      if (v.is_int()) break;
      return spec.append_text(out, p.wide ? narrow(v.text) : v.text);
    case 'S':
      if (v.is_int()) break;
      return spec.append_text(out, escape_text(v.text.c_str()));
    case 'k':
      return append_stack_conversion(out, spec, v);
    case 'Y':
      return spec.append_text(out, time_text(v.number));
    case 'T':
      return spec.append_text(out, time822_text(v.number));
    default:
      if (!v.is_int() && !v.is_bytes()) return spec.append_text(out, v.text);
      break;
  }
  switch (p.conversion) {
    case 'c':
      if (p.wide) return spec.append_text(out, wide_character(v.number));
      return append_spec(out, spec.with("c"), static_cast<int>(v.number));
    case 'C': {
      const char c = static_cast<char>(v.number);
      return spec.append_text(out, escape_text({&c, 1}));
    }
    case 'p': /* hexadecimal without 0x, as dtrace(1) prints it */
      return append_integer(out, spec, 'x', 0, v.bits(), false);
    case 'a':
    case 'A': { /* where there are no symbols: the address itself */
      if (v.symbols && p.conversion == 'a')
        return spec.append_text(out, v.symbols->address_text(v.whose, v.bits()));
      std::string address;
      appendf(address, "0x%llx", static_cast<unsigned long long>(v.bits()));
      return spec.append_text(out, address);
    }
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G': {
      const char letter[2] = {p.conversion, 0};
      return append_spec(out, spec.with(letter), as_double(v));
    }
    case 'd':
    case 'i':
    case 'o':
    case 'u':
    case 'x':
    case 'X':
      return append_integer(out, spec, p.conversion, v.as_signed(), v.bits(),
                            v.flags & HP_FIELD_SIGNED);
    default:
      return append_integer(out, spec, 'd', v.as_signed(), v.bits(), true);
  }
}

bool is_distribution(uint32_t func) {
  return func == HP_AGG_QUANTIZE || func == HP_AGG_LQUANTIZE || func == HP_AGG_LLQUANTIZE;
}

}  // namespace

int64_t aggregation_number(const AggregationArgument& a) {
  if (a.words.empty()) return 0;
  const int64_t normal = a.normal == 0 ? 1 : a.normal;
  switch (a.agg->func) {
    case HP_AGG_AVG:
      if (a.words.size() < 2 || a.words[0] == 0) return 0;
      return normalized(static_cast<int64_t>(a.words[1]), normal) /
             static_cast<int64_t>(a.words[0]);
    case HP_AGG_STDDEV:
      return standard_deviation(a.words, normal);
    default:
      return normalized(static_cast<int64_t>(a.words[0]), normal);
  }
}

void append_aggregation(std::string& out, const AggregationArgument& a) {
  const std::span<const int64_t> buckets(reinterpret_cast<const int64_t*>(a.words.data()),
                                         a.words.size());
  switch (a.agg->func) {
    case HP_AGG_QUANTIZE:
      return append_quantize(out, buckets, a.normal, a.zoom);
    case HP_AGG_LQUANTIZE:
      return append_lquantize(out, buckets, a.agg->param, a.normal, a.zoom);
    case HP_AGG_LLQUANTIZE:
      return append_llquantize(out, buckets, a.agg->param, a.normal, a.zoom);
    default:
      appendf(out, " %16lld", static_cast<long long>(aggregation_number(a)));
  }
}

void append_printf(std::string& out, const Format& format, std::span<const Value> arguments,
                   std::span<const AggregationArgument> aggregations) {
  size_t next = 0, next_aggregation = 0;
  const auto take_int = [&]() -> int {
    if (next >= arguments.size()) return 0;
    const Value& v = arguments[next++];
    return v.is_int() ? static_cast<int>(v.as_signed()) : 0;
  };
  for (const FormatPiece& p : format.pieces) {
    if (p.is_literal()) {
      out += p.text;
      continue;
    }
    if (p.conversion == '%') {
      out += '%';
      continue;
    }
    const int width = p.width_argument ? take_int() : std::max(p.width, 0);
    const int precision = p.precision_argument ? take_int() : p.precision;
    constexpr int kMost = 1 << 20;
    const Spec spec(p, std::clamp(width, -kMost, kMost), std::min(precision, kMost));
    if (!p.at) {
      if (next < arguments.size()) append_conversion(out, p, spec, arguments[next++]);
      continue;
    }
    if (aggregations.empty()) continue;
    const AggregationArgument& a =
        aggregations[std::min(next_aggregation, aggregations.size() - 1)];
    ++next_aggregation;
    if (is_distribution(a.agg->func)) {
      append_aggregation(out, a);
      continue;
    }
    const int64_t n = aggregation_number(a);
    append_conversion(out, p, spec, Value::integer(n, 8, true));
  }
}

}  // namespace hp
