#include "probec_disassembly.hpp"

#include <capstone/capstone.h>
#include <cxxabi.h>

#include <algorithm>
#include <cinttypes>
#include <cstdlib>

#include "handler/link.hpp"
#include "host/enabling.hpp"
#include "host/probe_table.hpp"
#include "host/text.hpp"

namespace hp {

namespace {

/* The runtime is C++, some of it not extern "C". */
std::string plain(std::string_view symbol) {
  std::string out(symbol);
  char* name = abi::__cxa_demangle(out.c_str(), nullptr, nullptr, nullptr);
  if (name) out = name;
  std::free(name);
  return out;
}

class Disassembler {
 public:
  Disassembler(const Object& object, const handler::Image& image) : names_(image.names(object)) {}
  ~Disassembler() {
    if (open_) cs_close(&capstone_);
  }
  Disassembler(const Disassembler&) = delete;
  Disassembler& operator=(const Disassembler&) = delete;

  Result<> start() {
    const cs_err error = cs_open(CS_ARCH_X86, CS_MODE_64, &capstone_);
    if (error != CS_ERR_OK) return fail(std::string("cannot disassemble: ") + cs_strerror(error));
    open_ = true;
    cs_option(capstone_, CS_OPT_DETAIL, CS_OPT_ON);
    return {};
  }

  void code(std::string_view bytes, std::string& out) const {
    const auto start = reinterpret_cast<uint64_t>(bytes.data());
    const uint8_t* at = reinterpret_cast<const uint8_t*>(bytes.data());
    size_t left = bytes.size();
    uint64_t address = start;
    cs_insn* insn = cs_malloc(capstone_);
    while (left > 0) {
      if (!cs_disasm_iter(capstone_, &at, &left, &address, insn)) {
        appendf(out, "%4" PRIx64 "  %02x  (not an instruction)\n", address - start, *at);
        ++at, ++address, --left; /* cannot be: what was linked is what LLVM wrote */
        continue;
      }
      std::string hex;
      for (uint16_t i = 0; i < insn->size; ++i) appendf(hex, "%02x ", insn->bytes[i]);
      std::string operands = insn->op_str, note;
      describe(*insn, start, bytes.size(), operands, note);
      appendf(out, "%4" PRIx64 "  %-30s %s", insn->address - start, hex.c_str(), insn->mnemonic);
      if (!operands.empty()) appendf(out, "%*s %s", pad(insn->mnemonic), "", operands.c_str());
      out += note + "\n";
    }
    cs_free(insn, 1);
  }

  const std::vector<handler::Import>& names() const { return names_; }

 private:
  static int pad(const char* mnemonic) {
    return std::max(0, 8 - static_cast<int>(std::string_view(mnemonic).size()));
  }

  /* "name" or "name+0x10"; empty outside of everything that has one. */
  std::string name(uint64_t address) const {
    auto after =
        std::upper_bound(names_.begin(), names_.end(), address,
                         [](uint64_t a, const handler::Import& i) { return a < i.address; });
    if (after == names_.begin()) return {};
    const handler::Import& found = *std::prev(after);
    if (address - found.address >= 0x10000) return {};
    std::string out = plain(found.name);
    if (address != found.address) appendf(out, "+0x%" PRIx64, address - found.address);
    return out;
  }

  void describe(const cs_insn& insn, uint64_t start, size_t size, std::string& operands,
                std::string& note) const {
    const cs_x86& x86 = insn.detail->x86;
    for (uint8_t i = 0; i < x86.op_count; ++i) {
      const cs_x86_op& op = x86.operands[i];
      if (op.type == X86_OP_IMM && (cs_insn_group(capstone_, &insn, CS_GRP_JUMP) ||
                                    cs_insn_group(capstone_, &insn, CS_GRP_CALL))) {
        const auto to = static_cast<uint64_t>(op.imm);
        operands.clear();
        if (to >= start && to < start + size)
          appendf(operands, "0x%" PRIx64, to - start);
        else
          operands = name(to);
        if (operands.empty()) appendf(operands, "0x%" PRIx64, to);
      } else if (op.type == X86_OP_MEM && op.mem.base == X86_REG_RIP) {
        const uint64_t to = insn.address + insn.size + static_cast<uint64_t>(op.mem.disp);
        const std::string what = name(to);
        if (!what.empty()) note = "  ; " + what;
      } else if (op.type == X86_OP_IMM && op.size == 8) {
        for (const handler::Import& import : handler::primitives())
          if (import.address == static_cast<uint64_t>(op.imm))
            note = "  ; " + std::string(import.name);
      }
    }
  }

  std::vector<handler::Import> names_;
  csh capstone_ = 0;
  bool open_ = false;
};

}  // namespace

Result<std::string> disassemble(const Object& object, unsigned parts) {
  const handler::Image image = HP_TRY(handler::Image::link(object, handler::primitives()));
  Disassembler disassembler(object, image);
  HP_TRYV(disassembler.start());
  std::string out;
  if (parts & kDisassembleClauses)
    for (size_t i = 0; i < object.clauses().size(); ++i) {
      const hp_obj_clause& c = object.clauses()[i];
      std::string descs;
      for (const hp_obj_desc& d : object.descs_of(c))
        descs += (descs.empty() ? "" : ", ") + host::describe(host::pattern_of(object, d));
      const std::string_view code = image.clause_code(i);
      appendf(out, "\nDisassembly of clause %zu: %s (%s, %zu bytes)\n\n", i + 1, descs.c_str(),
              object.str(c.symbol), code.size());
      disassembler.code(code, out);
    }
  if (!(parts & kDisassembleRuntime)) return out;
  const std::string_view text = image.text();
  const auto begin = reinterpret_cast<uint64_t>(text.data());
  const std::vector<handler::Import>& names = disassembler.names();
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].address < begin || names[i].address >= begin + text.size()) continue;
    if (names[i].name.starts_with("hp_clause_")) continue;
    uint64_t end = begin + text.size();
    if (i + 1 < names.size()) end = std::min(end, names[i + 1].address);
    const std::string_view code(reinterpret_cast<const char*>(names[i].address),
                                end - names[i].address);
    out += "\nDisassembly of " + plain(names[i].name) + "\n\n";
    disassembler.code(code, out);
  }
  return out;
}

}  // namespace hp
