/* DWARF expressions as they occur in call frame information: procedure linkage tables, realigned
 * stacks, signal frames. */
#include "cfi_cursor.hpp"
#include "handler/cfi.hpp"

namespace hp::handler {

namespace {

constexpr int kMaxSteps = 256, kDepth = 32;

class Stack {
 public:
  bool good() const { return good_; }
  void push(uint64_t v) {
    if (n_ == kDepth)
      good_ = false;
    else
      values_[n_++] = v;
  }
  uint64_t pop() {
    if (n_ == 0) {
      good_ = false;
      return 0;
    }
    return values_[--n_];
  }
  uint64_t pick(uint64_t below) {
    if (below >= n_) {
      good_ = false;
      return 0;
    }
    return values_[n_ - 1 - below];
  }

 private:
  uint64_t values_[kDepth];
  uint64_t n_ = 0;
  bool good_ = true;
};

int64_t as_signed(uint64_t v) {
  return static_cast<int64_t>(v);
}

/* a is below b on the stack. False: no such operation. */
bool binary(uint8_t op, uint64_t a, uint64_t b, uint64_t& r) {
  switch (op) {
    case 0x1a:
      r = a & b;
      return true;
    case 0x1b: /* a quotient that overflows has no meaning either */
      if (b == 0 || b == ~uint64_t{0}) return false;
      r = static_cast<uint64_t>(as_signed(a) / as_signed(b));
      return true;
    case 0x1c:
      r = a - b;
      return true;
    case 0x1d:
      if (b == 0) return false;
      r = a % b;
      return true;
    case 0x1e:
      r = a * b;
      return true;
    case 0x21:
      r = a | b;
      return true;
    case 0x22:
      r = a + b;
      return true;
    case 0x24:
      r = b < 64 ? a << b : 0;
      return true;
    case 0x25:
      r = b < 64 ? a >> b : 0;
      return true;
    case 0x26:
      r = static_cast<uint64_t>(as_signed(a) >> (b < 63 ? b : 63));
      return true;
    case 0x27:
      r = a ^ b;
      return true;
    case 0x29:
      r = a == b;
      return true;
    case 0x2a:
      r = as_signed(a) >= as_signed(b);
      return true;
    case 0x2b:
      r = as_signed(a) > as_signed(b);
      return true;
    case 0x2c:
      r = as_signed(a) <= as_signed(b);
      return true;
    case 0x2d:
      r = as_signed(a) < as_signed(b);
      return true;
    case 0x2e:
      r = a != b;
      return true;
    default:
      return false;
  }
}

/* DW_OP_addr, const1u ... consts; false: the operation is none of them. */
bool constant(uint8_t op, CfiCursor& c, uint64_t& v) {
  switch (op) {
    case 0x03:
    case 0x0e:
    case 0x0f:
      v = c.get<uint64_t>();
      return true;
    case 0x08:
      v = c.get<uint8_t>();
      return true;
    case 0x09:
      v = static_cast<uint64_t>(int64_t{c.get<int8_t>()});
      return true;
    case 0x0a:
      v = c.get<uint16_t>();
      return true;
    case 0x0b:
      v = static_cast<uint64_t>(int64_t{c.get<int16_t>()});
      return true;
    case 0x0c:
      v = c.get<uint32_t>();
      return true;
    case 0x0d:
      v = static_cast<uint64_t>(int64_t{c.get<int32_t>()});
      return true;
    case 0x10:
      v = c.uleb();
      return true;
    case 0x11:
      v = static_cast<uint64_t>(c.sleb());
      return true;
    default:
      return false;
  }
}

}  // namespace

bool evaluate_expression(GuestAccess& memory, uint64_t address, uint32_t size,
                         const uint64_t registers[kRegisters], const uint64_t* initial,
                         uint64_t& result) noexcept {
  CfiCursor c(memory, address, address + size);
  Stack s;
  if (initial) s.push(*initial);
  for (int step = 0; !c.done(); ++step) {
    if (step == kMaxSteps || !s.good()) return false;
    const auto op = c.get<uint8_t>();
    uint64_t v = 0;
    if (op >= 0x30 && op < 0x50) { /* DW_OP_lit0 ... */
      s.push(op - 0x30u);
    } else if (op >= 0x50 && op < 0x50 + kRegisters) { /* DW_OP_reg0 ... */
      s.push(registers[op - 0x50]);
    } else if (op >= 0x70 && op < 0x70 + kRegisters) { /* DW_OP_breg0 ... */
      s.push(registers[op - 0x70] + static_cast<uint64_t>(c.sleb()));
    } else if (constant(op, c, v)) {
      s.push(v);
    } else if (op == 0x06) { /* DW_OP_deref */
      uint64_t bad;
      if (memory.read(&v, s.pop(), sizeof v, &bad) != 0) return false;
      s.push(v);
    } else if (op == 0x12) { /* DW_OP_dup */
      s.push(s.pick(0));
    } else if (op == 0x13) { /* DW_OP_drop */
      s.pop();
    } else if (op == 0x14) { /* DW_OP_over */
      s.push(s.pick(1));
    } else if (op == 0x15) { /* DW_OP_pick */
      s.push(s.pick(c.get<uint8_t>()));
    } else if (op == 0x1f) { /* DW_OP_neg */
      s.push(0 - s.pop());
    } else if (op == 0x20) { /* DW_OP_not */
      s.push(~s.pop());
    } else if (op == 0x23) { /* DW_OP_plus_uconst */
      s.push(s.pop() + c.uleb());
    } else if (op != 0x96) { /* DW_OP_nop */
      const uint64_t b = s.pop(), a = s.pop();
      if (!binary(op, a, b, v)) return false;
      s.push(v);
    }
  }
  result = s.pop();
  return c.good() && s.good();
}

}  // namespace hp::handler
