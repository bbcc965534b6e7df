#include "fault_address.hpp"

#include <capstone/capstone.h>
#include <doctest/doctest.h>

#include <cstring>
#include <vector>

using namespace hp::guest;
using hp::vmm::Registers;

namespace {

Registers sample() {
  Registers r{};
  uint64_t* all[] = {&r.rax, &r.rbx, &r.rcx, &r.rdx, &r.rsi, &r.rdi, &r.rsp, &r.rbp,
                     &r.r8,  &r.r9,  &r.r10, &r.r11, &r.r12, &r.r13, &r.r14, &r.r15};
  uint64_t value = 0x1'0000'0000;
  for (auto* p : all) *p = value += 0x1111'1000;
  r.rip = 0x40'1000;
  return r;
}

uint64_t capstone_register(const Registers& r, x86_reg reg) {
  switch (reg) {
    case X86_REG_INVALID:
      return 0;
    case X86_REG_RAX:
      return r.rax;
    case X86_REG_RBX:
      return r.rbx;
    case X86_REG_RCX:
      return r.rcx;
    case X86_REG_RDX:
      return r.rdx;
    case X86_REG_RSI:
      return r.rsi;
    case X86_REG_RDI:
      return r.rdi;
    case X86_REG_RSP:
      return r.rsp;
    case X86_REG_RBP:
      return r.rbp;
    case X86_REG_R8:
      return r.r8;
    case X86_REG_R9:
      return r.r9;
    case X86_REG_R10:
      return r.r10;
    case X86_REG_R11:
      return r.r11;
    case X86_REG_R12:
      return r.r12;
    case X86_REG_R13:
      return r.r13;
    case X86_REG_R14:
      return r.r14;
    case X86_REG_R15:
      return r.r15;
    case X86_REG_FS:
      return 0x7000'0000'0000;
    case X86_REG_GS:
      return 0x6000'0000'0000;
    case X86_REG_EAX:
      return r.rax & 0xffffffff;
    case X86_REG_EBX:
      return r.rbx & 0xffffffff;
    default:
      FAIL("register not expected here");
      return 0;
  }
}

uint64_t ours(std::vector<uint8_t> code, bool& memory) {
  Registers r = sample();
  uint64_t address = 0;
  memory = effective_address({r, 0x7000'0000'0000, 0x6000'0000'0000}, code.data(), code.size(),
                             &address);
  return address;
}

}  // namespace

TEST_CASE("effective addresses agree with Capstone's reading of the same bytes") {
  const std::vector<std::vector<uint8_t>> instructions = {
      {0x48, 0x8b, 0x03},                                     /* mov rax,[rbx] */
      {0x8b, 0x44, 0x8b, 0x10},                               /* mov eax,[rbx+rcx*4+16] */
      {0x42, 0x8b, 0x84, 0xeb, 0x00, 0x01, 0x00, 0x00},       /* [rbx+r13*8+256] */
      {0x41, 0x8b, 0x45, 0xf8},                               /* [r13-8] */
      {0x41, 0x8b, 0x04, 0x24},                               /* [r12] */
      {0x8b, 0x04, 0x25, 0x78, 0x56, 0x34, 0x12},             /* [0x12345678] */
      {0x8b, 0x05, 0x10, 0x00, 0x00, 0x00},                   /* [rip+16] */
      {0xc7, 0x05, 0x10, 0x00, 0x00, 0x00, 1, 2, 3, 4},       /* mov [rip+16],imm32 */
      {0x66, 0xc7, 0x05, 0x10, 0x00, 0x00, 0x00, 1, 2},       /* mov word [rip+16],imm16 */
      {0x83, 0x3d, 0x10, 0x00, 0x00, 0x00, 7},                /* cmp [rip+16],imm8 */
      {0xf6, 0x05, 0x10, 0x00, 0x00, 0x00, 7},                /* test byte [rip+16],imm8 */
      {0xf7, 0x1d, 0x10, 0x00, 0x00, 0x00},                   /* neg [rip+16] */
      {0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0x00, 0x00, 0x00}, /* fs:[0x28] */
      {0x65, 0x8b, 0x03},                                     /* gs:[rbx] */
      {0x67, 0x8b, 0x03},                                     /* [ebx] */
      {0xf0, 0x48, 0x0f, 0xb1, 0x0b},                         /* lock cmpxchg [rbx],rcx */
      {0x0f, 0xb6, 0x4e, 0x7f},                               /* movzx ecx,byte [rsi+127] */
      {0xf3, 0x0f, 0x6f, 0x06},                               /* movdqu xmm0,[rsi] */
      {0x66, 0x0f, 0x3a, 0x0f, 0x46, 0x08, 4},                /* palignr xmm0,[rsi+8],4 */
      {0x66, 0x0f, 0x3a, 0x0f, 0x05, 0x10, 0, 0, 0, 4},       /* palignr xmm0,[rip+16],4 */
      {0xc5, 0xfe, 0x6f, 0x46, 0x20},                         /* vmovdqu ymm0,[rsi+32] */
      {0xc4, 0xc1, 0x7e, 0x6f, 0x47, 0x20},                   /* vmovdqu ymm0,[r15+32] */
      {0x62, 0xf1, 0xfe, 0x48, 0x6f, 0x46, 0x01},             /* vmovdqu64 zmm0,[rsi+64] */
      {0x62, 0xf1, 0xfe, 0x28, 0x7f, 0x46, 0x02},             /* vmovdqu64 [rsi+64],ymm0 */
      {0xff, 0x54, 0x24, 0x08},                               /* call [rsp+8] */
      {0x48, 0x89, 0x45, 0x00},                               /* mov [rbp],rax */
  };
  csh handle;
  REQUIRE(cs_open(CS_ARCH_X86, CS_MODE_64, &handle) == CS_ERR_OK);
  cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
  Registers r = sample();
  for (const auto& code : instructions) {
    cs_insn* insn = nullptr;
    REQUIRE(cs_disasm(handle, code.data(), code.size(), r.rip, 1, &insn) == 1);
    CAPTURE(insn->mnemonic);
    CAPTURE(insn->op_str);
    uint64_t expected = 0;
    bool found = false;
    for (int i = 0; i < insn->detail->x86.op_count; ++i) {
      const cs_x86_op& op = insn->detail->x86.operands[i];
      if (op.type != X86_OP_MEM) continue;
      uint64_t base =
          op.mem.base == X86_REG_RIP ? r.rip + insn->size : capstone_register(r, op.mem.base);
      expected = base + capstone_register(r, op.mem.index) * static_cast<uint64_t>(op.mem.scale) +
                 static_cast<uint64_t>(op.mem.disp);
      if (insn->detail->x86.addr_size == 4) expected &= 0xffffffff;
      expected += capstone_register(r, op.mem.segment);
      found = true;
    }
    REQUIRE(found);
    bool memory = false;
    CHECK(ours(code, memory) == expected);
    CHECK(memory);
    cs_free(insn, 1);
  }
  cs_close(&handle);
}

TEST_CASE("instructions without a memory operand have none") {
  for (const std::vector<uint8_t>& code : {std::vector<uint8_t>{0x48, 0x89, 0xd8}, /* mov rax,rbx */
                                           {0x90},
                                           {0x50},                      /* push rax */
                                           {0xe8, 0, 0, 0, 0},          /* call */
                                           {0x0f, 0x05},                /* syscall */
                                           {0x0f, 0x84, 0, 0, 0, 0}}) { /* jz */
    bool memory = true;
    ours(code, memory);
    CHECK_FALSE(memory);
  }
}

TEST_CASE("bytes that end early decode to nothing") {
  std::vector<uint8_t> code = {0x42, 0x8b, 0x84, 0xeb, 0x00, 0x01, 0x00, 0x00};
  for (size_t n = 0; n < code.size(); ++n) {
    bool memory = true;
    ours({code.begin(), code.begin() + static_cast<long>(n)}, memory);
    CHECK_FALSE(memory);
  }
}

TEST_CASE("of the candidates the one in the faulting page is it") {
  Registers r = sample();
  AddressRegisters a{r, 0, 0};
  const uint8_t load[] = {0x48, 0x8b, 0x43, 0x08}; /* mov rax,[rbx+8] */
  CHECK(fault_address(a, load, sizeof load, r.rbx & ~4095ull) == r.rbx + 8);
  const uint8_t push[] = {0x50};
  CHECK(fault_address(a, push, sizeof push, (r.rsp - 8) & ~4095ull) == r.rsp - 8);
  const uint8_t rep_movs[] = {0xf3, 0xa4};
  CHECK(fault_address(a, rep_movs, sizeof rep_movs, r.rdi & ~4095ull) == r.rdi);
  CHECK(fault_address(a, rep_movs, sizeof rep_movs, r.rsi & ~4095ull) == r.rsi);
  /* An operand that begins in the page before: the fault is at the boundary. */
  r.rbx = 0x5ffc - 8;
  CHECK(fault_address(a, load, sizeof load, 0x6000) == 0x6000);
}
