#include "handler/unwind.hpp"

#include <sys/mman.h>

#include <cstring>
#include <limits>

namespace hp::handler {

namespace {

constexpr int16_t kKept =
    std::numeric_limits<int16_t>::max(); /* the register is the caller's still */
constexpr uint8_t kSaved[] = {kRbx, kRbp, 12, 13, 14, 15, kReturnAddress};
constexpr size_t kNumSaved = sizeof kSaved;
constexpr uint32_t kCallerSees = 1u << kRbx | 1u << kRbp | 1u << kRsp | 0xfu << 12;

}  // namespace

/* CFA = register + cfa; each saved register at CFA + where, or kept. */
struct Unwinder::Rule {
  enum Kind : uint8_t { kNone, kSimple, kComplex, kOutermost } kind = kNone;
  uint8_t cfa_register = kRsp;
  int16_t where[kNumSaved] = {};
  int32_t cfa = 0;
};

struct Unwinder::Cached {
  std::atomic<uint32_t> sequence; /* odd: being written */
  uint32_t generation;
  uint64_t pc;
  Rule rule;
};

/* Words of the stack, most of them from one copy of its innermost part. */
class Unwinder::Memory {
 public:
  Memory(GuestAccess& access, uint64_t sp) : access_(access), base_(sp) {
    uint64_t bad;
    if (access_.read(bytes_, base_, sizeof bytes_, &bad) == 0) size_ = sizeof bytes_;
  }
  bool word(uint64_t at, uint64_t& value) {
    if (at >= base_ && at - base_ + 8 <= size_) {
      std::memcpy(&value, bytes_ + (at - base_), 8);
      return true;
    }
    uint64_t bad;
    return access_.read(&value, at, 8, &bad) == 0;
  }

 private:
  GuestAccess& access_;
  uint64_t base_;
  size_t size_ = 0;
  uint8_t bytes_[512];
};

Unwinder::Unwinder() {
  constexpr size_t size = kCached * sizeof(Cached);
  void* p = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return; /* everything is worked out each time */
  memory_ = Mapping(p, size);
  cache_ = memory_.as<Cached>();
}

namespace {
size_t place_of(uint64_t pc) {
  return (pc * 0x9e3779b97f4a7c15ull >> 40) % Unwinder::kCached;
}
}  // namespace

bool Unwinder::cached(uint64_t pc, uint32_t generation, Rule& rule) const noexcept {
  if (!cache_) return false;
  const Cached& c = cache_[place_of(pc)];
  const uint32_t before = c.sequence.load(std::memory_order_acquire);
  if ((before & 1) || c.pc != pc || c.generation != generation) return false;
  std::memcpy(static_cast<void*>(&rule), &c.rule, sizeof rule);
  std::atomic_thread_fence(std::memory_order_acquire);
  return c.sequence.load(std::memory_order_relaxed) == before;
}

void Unwinder::keep(uint64_t pc, uint32_t generation, const Rule& rule) noexcept {
  if (!cache_) return;
  Cached& c = cache_[place_of(pc)];
  uint32_t before = c.sequence.load(std::memory_order_relaxed);
  if ((before & 1) || !c.sequence.compare_exchange_strong(before, before + 1)) return;
  std::atomic_thread_fence(std::memory_order_release);
  c.pc = pc;
  c.generation = generation;
  std::memcpy(static_cast<void*>(&c.rule), &rule, sizeof rule);
  c.sequence.store(before + 2, std::memory_order_release);
}

namespace {
bool row_in(GuestAccess& access, const Module& m, uint64_t pc, CfiRow& row) {
  if (m.unwind != 0) return find_cfi_row(access, m.unwind, pc, row);
  return m.frames != 0 && find_cfi_row_in(access, m.frames, m.frames_size, pc, row);
}
}  // namespace

/* The rule for pc; row holds the whole of a complex one. False: neither tables nor a module. */
bool Unwinder::rule_for(GuestAccess& access, const ModuleMap* modules, uint64_t pc, Rule& rule,
                        CfiRow& row) noexcept {
  const uint32_t generation = modules ? modules->generation() : 0;
  if (cached(pc, generation, rule) && rule.kind != Rule::kComplex) return true;
  misses_.fetch_add(1, std::memory_order_relaxed);
  rule = Rule();
  Module module;
  if (modules && modules->find(pc, module) && row_in(access, module, pc, row)) {
    bool simple = row.cfa.rule == RegisterRule::kIsOffset && !row.signal_frame &&
                  row.cfa.value == static_cast<int32_t>(row.cfa.value);
    for (size_t i = 0; i < kNumSaved; ++i) {
      const CfiRow::Cell& cell = row.registers[kSaved[i]];
      if (cell.rule == RegisterRule::kSame)
        rule.where[i] = kKept;
      else if (cell.rule == RegisterRule::kAtOffset && cell.value > -kKept && cell.value < kKept)
        rule.where[i] = static_cast<int16_t>(cell.value);
      else
        simple = false;
    }
    rule.kind = simple ? Rule::kSimple : Rule::kComplex;
    if (row.registers[kReturnAddress].rule == RegisterRule::kUndefined)
      rule.kind = Rule::kOutermost;
    rule.cfa_register = row.cfa_register;
    rule.cfa = simple ? static_cast<int32_t>(row.cfa.value) : 0;
  }
  keep(pc, generation, rule);
  return true;
}

namespace {

/* One step by a whole row. */
template <class Word>
bool step_by_row(GuestAccess& access, const CfiRow& row, UnwindState& s, Word word) {
  const UnwindState old = s;
  uint64_t cfa;
  if (row.cfa.rule == RegisterRule::kIsExpression) {
    if (!evaluate_expression(access, static_cast<uint64_t>(row.cfa.value), row.cfa.size,
                             old.registers, nullptr, cfa))
      return false;
  } else {
    if (!(old.known >> row.cfa_register & 1)) return false;
    cfa = old.registers[row.cfa_register] + static_cast<uint64_t>(row.cfa.value);
  }
  s.known = 0;
  for (unsigned r = 0; r < kRegisters; ++r) {
    const CfiRow::Cell& cell = row.registers[r];
    const auto value = static_cast<uint64_t>(cell.value);
    uint64_t at = 0;
    bool known = false;
    switch (cell.rule) {
      case RegisterRule::kSame:
        known = old.known >> r & 1;
        if (!row.signal_frame) known = known && (kCallerSees >> r & 1);
        break;
      case RegisterRule::kUndefined:
        break;
      case RegisterRule::kAtOffset:
        known = word(cfa + value, s.registers[r]);
        break;
      case RegisterRule::kIsOffset:
        s.registers[r] = cfa + value;
        known = true;
        break;
      case RegisterRule::kRegister:
        if (value >= kRegisters) return false;
        s.registers[r] = old.registers[value];
        known = old.known >> value & 1;
        break;
      case RegisterRule::kAtExpression:
        known = evaluate_expression(access, value, cell.size, old.registers, &cfa, at) &&
                word(at, s.registers[r]);
        break;
      case RegisterRule::kIsExpression:
        known = evaluate_expression(access, value, cell.size, old.registers, &cfa, s.registers[r]);
        break;
    }
    if (known) s.known |= 1u << r;
  }
  if (row.registers[kRsp].rule == RegisterRule::kSame) {
    s.registers[kRsp] = cfa;
    s.known |= 1u << kRsp;
  }
  return s.known >> kReturnAddress & 1;
}

/* One step by the frame pointer: it points at the caller's, the return address follows. */
template <class Word>
bool step_by_frame(UnwindState& s, Word word) {
  const uint64_t frame = s.registers[kRbp], sp = s.registers[kRsp];
  if (!(s.known >> kRbp & 1) || frame < sp || frame % 8 != 0) return false;
  uint64_t next, pc;
  if (!word(frame, next) || !word(frame + 8, pc)) return false;
  s.registers[kRbp] = next;
  s.registers[kReturnAddress] = pc;
  s.registers[kRsp] = frame + 16;
  s.known = 1u << kRbp | 1u << kRsp | 1u << kReturnAddress;
  return true;
}

}  // namespace

uint32_t Unwinder::walk(GuestAccess& access, const ModuleMap* modules, UnwindState s, uint64_t* pcs,
                        uint32_t max) noexcept {
  if (max == 0 || !(s.known >> kReturnAddress & 1)) return 0;
  uint32_t n = 0;
  pcs[n++] = s.registers[kReturnAddress];
  if (n == max) return n;
  Memory memory(access, s.registers[kRsp]);
  const auto word = [&](uint64_t at, uint64_t& value) { return memory.word(at, value); };
  bool exact = true; /* the program counter is an instruction's own, not the one after a call */
  while (n < max) {
    const uint64_t sp = s.registers[kRsp];
    Rule rule;
    CfiRow row;
    rule_for(access, modules, s.registers[kReturnAddress] - (exact ? 0 : 1), rule, row);
    exact = false;
    if (rule.kind == Rule::kOutermost) break;
    if (rule.kind == Rule::kSimple) {
      if (!(s.known >> rule.cfa_register & 1)) break;
      const uint64_t cfa =
          s.registers[rule.cfa_register] + static_cast<uint64_t>(int64_t{rule.cfa});
      bool good = true;
      for (size_t i = 0; i < kNumSaved; ++i) {
        if (rule.where[i] == kKept) continue;
        const uint64_t at = cfa + static_cast<uint64_t>(int64_t{rule.where[i]});
        good = good && word(at, s.registers[kSaved[i]]);
        s.known |= 1u << kSaved[i];
      }
      if (!good || rule.where[kNumSaved - 1] == kKept) break;
      s.registers[kRsp] = cfa;
      s.known &= kCallerSees | 1u << kReturnAddress;
    } else if (rule.kind == Rule::kComplex) {
      if (!step_by_row(access, row, s, word)) break;
      exact = row.signal_frame;
    } else if (!step_by_frame(s, word)) {
      break;
    }
    /* Stacks grow down; a signal may have been handled on one of its own. */
    if (s.registers[kReturnAddress] == 0 || (!exact && s.registers[kRsp] <= sp)) break;
    pcs[n++] = s.registers[kReturnAddress];
  }
  return n;
}

}  // namespace hp::handler
