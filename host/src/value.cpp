#include "host/value.hpp"

#include <algorithm>
#include <cstring>

namespace hp {

std::string_view Names::resolve(uint32_t val, uint64_t index) const {
  static constexpr std::string_view unknown = "<unknown>";
  if (val == HP_VAL_VMNAME || val == HP_VAL_HOSTNAME) {
    auto it = guests.find(static_cast<uint32_t>(index));
    if (it == guests.end()) return unknown;
    return val == HP_VAL_VMNAME ? it->second.first : it->second.second;
  }
  if (index >= probes.size()) return unknown;
  const ProbeName& p = probes[index];
  switch (val) {
    case HP_VAL_PROBEPROV:
      return p.prov;
    case HP_VAL_PROBEMOD:
      return p.mod;
    case HP_VAL_PROBEFUNC:
      return p.func;
    case HP_VAL_PROBENAME:
      return p.name;
    default:
      return unknown;
  }
}

int64_t Value::as_signed() const {
  switch (size) {
    case 1:
      return static_cast<int8_t>(number);
    case 2:
      return static_cast<int16_t>(number);
    case 4:
      return static_cast<int32_t>(number);
    default:
      return static_cast<int64_t>(number);
  }
}

Value Value::integer(int64_t n, uint32_t size, bool is_signed) {
  Value v;
  v.size = size;
  v.flags = is_signed ? HP_FIELD_SIGNED : 0;
  v.number = static_cast<uint64_t>(n);
  if (!is_signed) v.number = v.bits();
  return v;
}

Value Value::string(std::string_view s) {
  Value v;
  v.val = HP_VAL_STR;
  v.size = static_cast<uint32_t>(s.size());
  v.text = s;
  return v;
}

Value Value::bytes(std::string_view s, uint32_t flags) {
  Value v;
  v.val = HP_VAL_BYTES;
  v.size = static_cast<uint32_t>(s.size());
  v.flags = flags;
  v.text = s;
  return v;
}

namespace {

uint64_t word_at(std::span<const std::byte> data, size_t offset) {
  uint64_t w;
  std::memcpy(&w, data.data() + offset, sizeof w);
  return w;
}

/* What is shown, which is also what tells keys apart: all addresses of a function are one. */
std::string symbol_text(Value& v, const SymbolSource* symbols) {
  if (!symbols) {
    std::string hex = "0x";
    for (int shift = 60; shift >= 0; shift -= 4)
      if (v.number >> shift || shift == 0) hex += "0123456789abcdef"[v.number >> shift & 15];
    return hex;
  }
  if (v.flags & HP_FIELD_MODULE) return symbols->module_text(v.whose, v.number);
  if (!(v.flags & HP_FIELD_ADDRESS)) v.number = symbols->function_start(v.whose, v.number);
  return symbols->address_text(v.whose, v.number);
}

}  // namespace

Result<size_t> decode_values(std::span<const std::byte> data, std::span<const hp_obj_field> fields,
                             const Names& names, std::vector<Value>& out) {
  size_t at = 0;
  const auto left = [&] { return data.size() - at; };
  const auto text = [&](size_t offset, size_t n) {
    return std::string(reinterpret_cast<const char*>(data.data()) + offset, n);
  };
  for (const hp_obj_field& f : fields) {
    Value v;
    v.val = f.val;
    v.size = f.size;
    v.flags = f.flags;
    switch (f.val) {
      case HP_VAL_INT:
        if (left() < 8) return fail("a record is shorter than its fields");
        v.number = word_at(data, at);
        at += 8;
        break;
      case HP_VAL_STR: {
        if (left() < 8) return fail("a record is shorter than its fields");
        const uint64_t n = word_at(data, at);
        if (n > left() - 8) return fail("a string in a record is longer than the record");
        const uint64_t padded = (n + 7) & ~uint64_t{7};
        if (padded > left() - 8) return fail("a string in a record is longer than the record");
        v.text = text(at + 8, n);
        v.size = static_cast<uint32_t>(n);
        at += 8 + padded;
        break;
      }
      case HP_VAL_BYTES: {
        const uint64_t padded = (uint64_t{f.size} + 7) & ~uint64_t{7};
        if (padded > left()) return fail("a record is shorter than its fields");
        v.text = text(at, f.size);
        v.symbols = names.symbols;
        at += padded;
        break;
      }
      case HP_VAL_USYM:
        if (left() < 16) return fail("a record is shorter than its fields");
        v.whose = word_at(data, at);
        v.number = word_at(data, at + 8);
        v.text = symbol_text(v, names.symbols);
        at += 16;
        break;
      case HP_VAL_COMM: {
        if (left() < HP_COMM_LEN) return fail("a record is shorter than its fields");
        v.text = text(at, HP_COMM_LEN);
        v.text.resize(std::min(v.text.find('\0'), v.text.size()));
        at += HP_COMM_LEN;
        break;
      }
      case HP_VAL_PROBEPROV:
      case HP_VAL_PROBEMOD:
      case HP_VAL_PROBEFUNC:
      case HP_VAL_PROBENAME:
      case HP_VAL_VMNAME:
      case HP_VAL_HOSTNAME:
        if (left() < 8) return fail("a record is shorter than its fields");
        v.text = names.resolve(f.val, word_at(data, at));
        at += 8;
        break;
      default:
        return fail("a field has an unknown encoding");
    }
    out.push_back(std::move(v));
  }
  return at;
}

int compare_values(const Value& a, const Value& b) {
  if (a.is_int() && b.is_int()) {
    const uint64_t x = a.bits(), y = b.bits();
    return x < y ? -1 : x > y;
  }
  const int order = a.text.compare(b.text);
  if (order != 0 || a.val != HP_VAL_USYM || b.val != HP_VAL_USYM) return order;
  return a.whose < b.whose ? -1 : a.whose > b.whose;
}

}  // namespace hp
