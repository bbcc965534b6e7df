#include "fault_address.hpp"

#include <cstring>

namespace hp::guest {

namespace {

uint64_t reg(const vmm::Registers& r, unsigned n) {
  const uint64_t* order[16] = {&r.rax, &r.rcx, &r.rdx, &r.rbx, &r.rsp, &r.rbp, &r.rsi, &r.rdi,
                               &r.r8,  &r.r9,  &r.r10, &r.r11, &r.r12, &r.r13, &r.r14, &r.r15};
  return *order[n & 15];
}

/* Bytes of an immediate after ModRM that a RIP-relative displacement must skip. */
unsigned immediate_bytes(unsigned map, uint8_t op, uint8_t modrm, bool operand16) {
  unsigned z = operand16 ? 2 : 4;
  if (map == 0) {
    if (op == 0x80 || op == 0x83 || op == 0xc0 || op == 0xc1 || op == 0xc6 || op == 0x6b) return 1;
    if (op == 0x81 || op == 0xc7 || op == 0x69) return z;
    if (op == 0xf6 && (modrm >> 3 & 7) < 2) return 1;
    if (op == 0xf7 && (modrm >> 3 & 7) < 2) return z;
    return 0;
  }
  if (map == 1)
    return op == 0x70 || op == 0x71 || op == 0x72 || op == 0x73 || op == 0xa4 || op == 0xac ||
                   op == 0xba || op == 0xc2 || op == 0xc4 || op == 0xc5 || op == 0xc6
               ? 1
               : 0;
  return map == 3 ? 1 : 0;
}

bool has_modrm(unsigned map, uint8_t op) {
  if (map == 1) return !(op == 0x05 || op == 0x0b || (op & 0xf0) == 0x80 || op == 0xa2);
  if (map > 1) return true;
  if (op < 0x40) return (op & 7) < 4;
  return op == 0x62 || op == 0x63 || op == 0x69 || op == 0x6b || (op >= 0x80 && op <= 0x8f) ||
         op == 0xc0 || op == 0xc1 || op == 0xc6 || op == 0xc7 || (op >= 0xd0 && op <= 0xd3) ||
         (op >= 0xd8 && op <= 0xdf) || op == 0xf6 || op == 0xf7 || op == 0xfe || op == 0xff;
}

}  // namespace

bool effective_address(const AddressRegisters& a, const uint8_t* code, size_t size,
                       uint64_t* address) {
  size_t i = 0;
  uint64_t segment = 0;
  bool operand16 = false, address32 = false;
  for (; i < size; ++i) {
    uint8_t b = code[i];
    if (b == 0x64)
      segment = a.fs_base;
    else if (b == 0x65)
      segment = a.gs_base;
    else if (b == 0x66)
      operand16 = true;
    else if (b == 0x67)
      address32 = true;
    else if (b != 0xf0 && b != 0xf2 && b != 0xf3 && b != 0x2e && b != 0x36 && b != 0x3e &&
             b != 0x26)
      break;
  }
  auto need = [&](size_t n) { return i + n <= size; };
  if (!need(1)) return false;
  unsigned map = 0, rex_x = 0, rex_b = 0, scale8 = 1;
  bool vsib = false;
  if ((code[i] & 0xf0) == 0x40) {
    rex_x = code[i] >> 1 & 1;
    rex_b = code[i] & 1;
    ++i;
  } else if (code[i] == 0xc5 && need(2)) {
    map = 1;
    i += 2;
  } else if (code[i] == 0xc4 && need(3)) {
    rex_x = !(code[i + 1] >> 6 & 1);
    rex_b = !(code[i + 1] >> 5 & 1);
    map = code[i + 1] & 31;
    i += 3;
  } else if (code[i] == 0x62 && need(4)) {
    rex_x = !(code[i + 1] >> 6 & 1);
    rex_b = !(code[i + 1] >> 5 & 1);
    map = code[i + 1] & 7;
    scale8 = 16u << (code[i + 3] >> 5 & 3); /* full-vector displacement compression */
    i += 4;
  }
  bool vector_encoded = map != 0;
  if (!need(1)) return false;
  uint8_t op = code[i++];
  if (!vector_encoded && op == 0x0f) {
    if (!need(1)) return false;
    map = 1;
    op = code[i++];
    if (op == 0x38 || op == 0x3a) {
      map = op == 0x38 ? 2 : 3;
      if (!need(1)) return false;
      op = code[i++];
    }
  }
  if (vector_encoded && map == 2 && (op & 0xfc) == 0x90) vsib = true; /* gathers: base only */
  if (!vector_encoded && !has_modrm(map, op)) return false;
  if (!need(1)) return false;
  uint8_t modrm = code[i++];
  unsigned mod = modrm >> 6, rm = modrm & 7;
  if (mod == 3) return false;
  uint64_t ea = 0;
  bool rip_relative = false;
  if (rm == 4) {
    if (!need(1)) return false;
    uint8_t sib = code[i++];
    unsigned index = (sib >> 3 & 7) | rex_x << 3, base = sib & 7;
    if (index != 4 && !vsib) ea += reg(a.regs, index) << (sib >> 6);
    if (base == 5 && mod == 0) {
      if (!need(4)) return false;
      int32_t d;
      std::memcpy(&d, code + i, 4);
      ea += static_cast<uint64_t>(int64_t{d});
      i += 4;
    } else {
      ea += reg(a.regs, base | rex_b << 3);
    }
  } else if (rm == 5 && mod == 0) {
    rip_relative = true;
    if (!need(4)) return false;
    int32_t d;
    std::memcpy(&d, code + i, 4);
    ea = static_cast<uint64_t>(int64_t{d});
    i += 4;
  } else {
    ea = reg(a.regs, rm | rex_b << 3);
  }
  if (mod == 1) {
    if (!need(1)) return false;
    ea += static_cast<uint64_t>(int64_t{static_cast<int8_t>(code[i])} * scale8);
    i += 1;
  } else if (mod == 2) {
    if (!need(4)) return false;
    int32_t d;
    std::memcpy(&d, code + i, 4);
    ea += static_cast<uint64_t>(int64_t{d});
    i += 4;
  }
  if (rip_relative) ea += a.regs.rip + i + immediate_bytes(map, op, modrm, operand16);
  if (address32) ea &= 0xffffffff;
  *address = ea + segment;
  return true;
}

uint64_t fault_address(const AddressRegisters& a, const uint8_t* code, size_t size, uint64_t page) {
  constexpr uint64_t kWidest = 64;
  uint64_t candidates[6];
  size_t n = 0;
  uint64_t ea;
  if (effective_address(a, code, size, &ea)) candidates[n++] = ea;
  candidates[n++] = a.regs.rdi;
  candidates[n++] = a.regs.rsi;
  candidates[n++] = a.regs.rsp - 8;
  candidates[n++] = a.regs.rsp;
  candidates[n++] = a.regs.rip;
  for (size_t i = 0; i < n; ++i)
    if ((candidates[i] & ~4095ull) == page) return candidates[i];
  for (size_t i = 0; i < n; ++i) /* an operand that crosses into the page */
    if (candidates[i] < page && page - candidates[i] < kWidest) return page;
  return page;
}

size_t operand_addresses(const AddressRegisters& a, const uint8_t* code, size_t size,
                         uint64_t addresses[kMaxOperands]) {
  size_t n = 0, i = 0;
  uint64_t address;
  if (effective_address(a, code, size, &address)) addresses[n++] = address;
  while (i < size &&
         (code[i] == 0x66 || code[i] == 0x67 || code[i] == 0xf0 || code[i] == 0xf2 ||
          code[i] == 0xf3 || (code[i] & 0xf0) == 0x40 || code[i] == 0x64 || code[i] == 0x65))
    ++i;
  if (i >= size) return n;
  uint8_t op = code[i], modrm = i + 1 < size ? code[i + 1] : 0;
  unsigned group = modrm >> 3 & 7;
  const vmm::Registers& r = a.regs;
  bool to_rdi = op == 0xa4 || op == 0xa5 || op == 0xa6 || op == 0xa7 || op == 0xaa || op == 0xab ||
                op == 0xae || op == 0xaf || op == 0x6c || op == 0x6d;
  bool from_rsi =
      (op >= 0xa4 && op <= 0xa7) || op == 0xac || op == 0xad || op == 0x6e || op == 0x6f;
  if (from_rsi) addresses[n++] = r.rsi;
  if (to_rdi) addresses[n++] = r.rdi;
  bool pushes = (op >= 0x50 && op <= 0x57) || op == 0x68 || op == 0x6a || op == 0xe8 ||
                op == 0x9c || op == 0xc8 || (op == 0xff && (group == 2 || group == 6));
  bool pops = (op >= 0x58 && op <= 0x5f) || op == 0x8f || op == 0xc3 || op == 0xc2 || op == 0x9d ||
              op == 0xcf;
  if (pushes) addresses[n++] = r.rsp - 8;
  if (pops) addresses[n++] = r.rsp;
  if (op == 0xc9) addresses[n++] = r.rbp;                  /* leave */
  if (op == 0xd7) addresses[n++] = r.rbx + (r.rax & 0xff); /* xlat */
  if (op >= 0xa0 && op <= 0xa3 && i + 9 <= size) {         /* mov with a 64-bit address */
    std::memcpy(&address, code + i + 1, 8);
    addresses[n++] = address;
  }
  return n;
}

}  // namespace hp::guest
