#include "linux_guest/static_arguments.hpp"

#include <charconv>
#include <cstring>

#include "transport/text_lines.hpp"

namespace hp::linux_guest {

namespace {

/* In the order of hp_uregs; 64, 32, 16, 8 bits. */
constexpr const char* kNames[][4] = {
    {"rax", "eax", "ax", "al"},      {"rbx", "ebx", "bx", "bl"},
    {"rcx", "ecx", "cx", "cl"},      {"rdx", "edx", "dx", "dl"},
    {"rsi", "esi", "si", "sil"},     {"rdi", "edi", "di", "dil"},
    {"rsp", "esp", "sp", "spl"},     {"rbp", "ebp", "bp", "bpl"},
    {"r8", "r8d", "r8w", "r8b"},     {"r9", "r9d", "r9w", "r9b"},
    {"r10", "r10d", "r10w", "r10b"}, {"r11", "r11d", "r11w", "r11b"},
    {"r12", "r12d", "r12w", "r12b"}, {"r13", "r13d", "r13w", "r13b"},
    {"r14", "r14d", "r14w", "r14b"}, {"r15", "r15d", "r15w", "r15b"},
    {"rip", "eip", "ip", ""},
};
constexpr const char* kHighBytes[] = {"ah", "bh", "ch", "dh"};

bool parse_number(std::string_view text, int64_t& value) {
  const char* end = text.data() + text.size();
  int base = 10;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.starts_with("0x")) {
    text.remove_prefix(2);
    base = 16;
  }
  uint64_t magnitude = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, magnitude, base);
  if (error != std::errc() || stop != end || text.empty()) return false;
  value = static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
  return true;
}

uint64_t register_of(const hp_uregs& r, int8_t n) {
  uint64_t value = 0;
  if (n >= 0) std::memcpy(&value, reinterpret_cast<const uint64_t*>(&r) + n, sizeof value);
  return value;
}

uint64_t extend(uint64_t value, int8_t size) {
  const unsigned bits = 64 - 8 * static_cast<unsigned>(size < 0 ? -size : size);
  return size < 0 ? static_cast<uint64_t>(static_cast<int64_t>(value << bits) >> bits)
                  : value << bits >> bits;
}

}  // namespace

StaticArguments::StaticArguments(std::string_view text) {
  while (!text.empty() && operands_.size() < kMost) {
    const std::string_view word = take_word(text);
    Operand operand;
    if (word.empty()) continue;
    if (!parse(word, operand)) return;
    operands_.push_back(operand);
  }
}

bool StaticArguments::parse_register(std::string_view name, Operand& operand, int8_t& to) {
  if (!name.starts_with('%')) return false;
  name.remove_prefix(1);
  for (size_t i = 0; i < std::size(kHighBytes); ++i)
    if (name == kHighBytes[i]) {
      operand.shift = 8;
      to = static_cast<int8_t>(i);
      return true;
    }
  for (size_t i = 0; i < std::size(kNames); ++i)
    for (const char* known : kNames[i])
      if (name == known && !name.empty()) {
        to = static_cast<int8_t>(i);
        return true;
      }
  return false;
}

bool StaticArguments::parse(std::string_view text, Operand& o) {
  if (const size_t at = text.find('@'); at != text.npos) {
    int64_t size = 0;
    if (!parse_number(text.substr(0, at), size)) return false;
    const int64_t bytes = size < 0 ? -size : size;
    if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) return false;
    o.size = static_cast<int8_t>(size);
    text.remove_prefix(at + 1);
  }
  if (text.starts_with('$')) return parse_number(text.substr(1), o.constant);
  if (text.starts_with('%')) {
    o.kind = Operand::Register;
    return parse_register(text, o, o.base);
  }
  /* displacement(base,index,scale), each but the parentheses left out at will */
  o.kind = Operand::Memory;
  const size_t open = text.find('(');
  if (open == text.npos || !text.ends_with(')')) return false;
  if (open != 0 && !parse_number(text.substr(0, open), o.constant)) return false;
  std::string_view rest = text.substr(open + 1, text.size() - open - 2);
  const auto part = [&] {
    const size_t comma = rest.find(',');
    const std::string_view word = rest.substr(0, comma);
    rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
    return word;
  };
  const std::string_view base = part(), index = part(), scale = part();
  int64_t factor = 1;
  if ((!base.empty() && !parse_register(base, o, o.base)) ||
      (!index.empty() && !parse_register(index, o, o.index)) ||
      (!scale.empty() && !parse_number(scale, factor)) || !rest.empty())
    return false;
  if (factor != 1 && factor != 2 && factor != 4 && factor != 8) return false;
  o.scale = static_cast<uint8_t>(factor);
  return o.base != kNone || o.index != kNone;
}

void StaticArguments::evaluate(const hp_uregs& r, GuestAccess& memory,
                               uint64_t (&args)[kMost]) const noexcept {
  std::memset(args, 0, sizeof args);
  for (size_t i = 0; i < operands_.size(); ++i) {
    const Operand& o = operands_[i];
    uint64_t value = static_cast<uint64_t>(o.constant), bad;
    if (o.kind == Operand::Register) value = register_of(r, o.base) >> o.shift;
    if (o.kind == Operand::Memory) {
      const uint64_t address = value + register_of(r, o.base) + register_of(r, o.index) * o.scale;
      value = 0;
      if (memory.read(&value, address, static_cast<size_t>(o.size < 0 ? -o.size : o.size), &bad))
        value = 0;
    }
    args[i] = extend(value, o.size);
  }
}

}  // namespace hp::linux_guest
