#include "handler/cfi.hpp"

#include "cfi_cursor.hpp"

namespace hp::handler {

namespace {

constexpr uint32_t kMaxEntry = 1 << 20; /* bytes of one CIE or FDE: longer ones are not believed */
constexpr int kMaxInstructions = 20000;
constexpr int kMaxScanned = 100'000; /* entries of an unsorted table */
constexpr int kRemembered = 8;

/* Pointer encodings, LSB "DWARF Exception Header Encoding". */
constexpr uint8_t kFormat = 0x0f, kRelative = 0x70, kPcRelative = 0x10, kIndirect = 0x80;
constexpr uint8_t kAbsolute = 0x00, kUdata2 = 0x02, kUdata4 = 0x03, kUdata8 = 0x04, kSdata2 = 0x0a,
                  kSdata4 = 0x0b, kSdata8 = 0x0c;

bool encoded(CfiCursor& c, uint8_t encoding, uint64_t& value) {
  const uint64_t here = c.at();
  switch (encoding & kFormat) {
    case kAbsolute:
    case kUdata8:
    case kSdata8:
      value = c.get<uint64_t>();
      break;
    case kUdata4:
      value = c.get<uint32_t>();
      break;
    case kSdata4:
      value = static_cast<uint64_t>(int64_t{c.get<int32_t>()});
      break;
    case kUdata2:
      value = c.get<uint16_t>();
      break;
    case kSdata2:
      value = static_cast<uint64_t>(int64_t{c.get<int16_t>()});
      break;
    default:
      return false;
  }
  if ((encoding & kRelative) == kPcRelative)
    value += here;
  else if ((encoding & kRelative) != 0)
    return false;
  return c.good();
}

/* Address of the FDE whose range may hold pc: the last one of the sorted table that begins before. */
bool search(GuestAccess& memory, uint64_t table, uint64_t pc, uint64_t& fde) {
  struct {
    uint8_t version, frame_encoding, count_encoding, table_encoding;
    int32_t frame;
    uint32_t count;
  } head;
  uint64_t bad;
  if (memory.read(&head, table, sizeof head, &bad) != 0 || head.version != 1 ||
      head.count_encoding != kUdata4 || head.table_encoding != (0x30 | kSdata4) ||
      (head.frame_encoding & kFormat) != kSdata4 || head.count == 0)
    return false;
  struct {
    int32_t start, fde;
  } entry;
  uint32_t low = 0, high = head.count; /* entry low begins at or before pc, entry high after */
  auto read = [&](uint32_t i) {
    return memory.read(&entry, table + sizeof head + uint64_t{i} * 8, 8, &bad) == 0;
  };
  auto start = [&] { return table + static_cast<uint64_t>(int64_t{entry.start}); };
  while (high - low > 1) {
    const uint32_t middle = low + (high - low) / 2;
    if (!read(middle)) return false;
    (start() <= pc ? low : high) = middle;
  }
  if (!read(low) || start() > pc) return false;
  fde = table + static_cast<uint64_t>(int64_t{entry.fde});
  return true;
}

struct Common { /* what a CIE says */
  uint64_t code_align = 1;
  int64_t data_align = 1;
  uint8_t encoding = kAbsolute;
  bool augmented = false, signal = false;
  uint64_t start = 0, end = 0; /* its instructions */
};

bool read_common(GuestAccess& memory, uint64_t at, Common& cie) {
  CfiCursor c(memory, at, at + 4);
  const auto length = c.get<uint32_t>();
  if (!c.good() || length > kMaxEntry) return false;
  c.limit(cie.end = at + 4 + length);
  if (c.get<uint32_t>() != 0) return false;
  const auto version = c.get<uint8_t>();
  if (version != 1 && version != 3) return false;
  char augmentation[8] = {};
  for (unsigned i = 0;; ++i) {
    if (i >= sizeof augmentation) return false;
    augmentation[i] = static_cast<char>(c.get<uint8_t>());
    if (augmentation[i] == 0) break;
  }
  cie.code_align = c.uleb();
  cie.data_align = c.sleb();
  const uint64_t return_address = version == 1 ? c.get<uint8_t>() : c.uleb();
  if (return_address != kReturnAddress) return false;
  if (augmentation[0] == 'z') {
    cie.augmented = true;
    const uint64_t size = c.uleb();
    cie.start = c.at() + size;
    for (const char* a = augmentation + 1; *a; ++a) {
      uint64_t ignored;
      switch (*a) {
        case 'R':
          cie.encoding = c.get<uint8_t>();
          break;
        case 'L':
          c.get<uint8_t>();
          break;
        case 'P': {
          const auto encoding = c.get<uint8_t>();
          if (!encoded(c, encoding & static_cast<uint8_t>(~kIndirect), ignored)) return false;
          break;
        }
        case 'S':
          cie.signal = true;
          break;
        case 'B':
          break;
        default:
          a = ""; /* the rest is not known; the instructions still are */
          --a;
          break;
      }
    }
  } else if (augmentation[0] == 0) {
    cie.start = c.at();
  } else {
    return false;
  }
  return c.good() && cie.start <= cie.end;
}

class Interpreter {
 public:
  Interpreter(GuestAccess& memory, const Common& cie, CfiRow& row)
      : memory_(memory), cie_(cie), row_(row) {}

  /* Runs [start, end) until the location passes pc. */
  bool run(uint64_t start, uint64_t end, uint64_t location, uint64_t pc) {
    CfiCursor c(memory_, start, end);
    for (int n = 0; !c.done(); ++n) {
      if (n > kMaxInstructions) return false;
      const auto op = c.get<uint8_t>();
      switch (op & 0xc0) {
        case 0x40: /* DW_CFA_advance_loc */
          if ((location += (op & 0x3f) * cie_.code_align) > pc) return true;
          continue;
        case 0x80: /* DW_CFA_offset */
          set(op & 0x3f, RegisterRule::kAtOffset, static_cast<int64_t>(c.uleb()) * cie_.data_align);
          continue;
        case 0xc0: /* DW_CFA_restore */
          restore(op & 0x3f);
          continue;
        default:
          break;
      }
      uint64_t step = 0;
      switch (op) {
        case 0x00: /* DW_CFA_nop */
          continue;
        case 0x01: { /* DW_CFA_set_loc */
          uint64_t to;
          if (!encoded(c, cie_.encoding, to)) return false;
          if (to > pc) return true;
          location = to;
          continue;
        }
        case 0x02: /* DW_CFA_advance_loc1, 2, 4 */
          step = c.get<uint8_t>();
          break;
        case 0x03:
          step = c.get<uint16_t>();
          break;
        case 0x04:
          step = c.get<uint32_t>();
          break;
        default:
          if (!other(op, c)) return false;
          continue;
      }
      if ((location += step * cie_.code_align) > pc) return true;
    }
    return c.good();
  }
  void initial_done() { initial_ = row_; }

 private:
  bool other(uint8_t op, CfiCursor& c) {
    const auto offset = [&](int64_t factor) {
      return static_cast<int64_t>(static_cast<uint64_t>(factor) *
                                  static_cast<uint64_t>(cie_.data_align));
    };
    switch (op) {
      case 0x05: { /* DW_CFA_offset_extended */
        const uint64_t r = c.uleb();
        set(r, RegisterRule::kAtOffset, offset(static_cast<int64_t>(c.uleb())));
        return true;
      }
      case 0x06: /* DW_CFA_restore_extended */
        restore(c.uleb());
        return true;
      case 0x07: /* DW_CFA_undefined */
        set(c.uleb(), RegisterRule::kUndefined, 0);
        return true;
      case 0x08: /* DW_CFA_same_value */
        set(c.uleb(), RegisterRule::kSame, 0);
        return true;
      case 0x09: { /* DW_CFA_register */
        const uint64_t r = c.uleb();
        set(r, RegisterRule::kRegister, static_cast<int64_t>(c.uleb()));
        return true;
      }
      case 0x0a: /* DW_CFA_remember_state */
        if (depth_ == kRemembered) return false;
        remembered_[depth_++] = row_;
        return true;
      case 0x0b: /* DW_CFA_restore_state */
        if (depth_ == 0) return false;
        row_ = remembered_[--depth_];
        return true;
      case 0x0c: { /* DW_CFA_def_cfa */
        const uint64_t r = c.uleb();
        return define(r, static_cast<int64_t>(c.uleb()));
      }
      case 0x0d: /* DW_CFA_def_cfa_register */
        return define(c.uleb(), row_.cfa.value);
      case 0x0e: /* DW_CFA_def_cfa_offset */
        return define(row_.cfa_register, static_cast<int64_t>(c.uleb()));
      case 0x0f: /* DW_CFA_def_cfa_expression */
        row_.cfa = expression(c, RegisterRule::kIsExpression);
        return true;
      case 0x10: { /* DW_CFA_expression */
        const uint64_t r = c.uleb();
        const CfiRow::Cell cell = expression(c, RegisterRule::kAtExpression);
        if (r < kRegisters) row_.registers[r] = cell;
        return true;
      }
      case 0x11: { /* DW_CFA_offset_extended_sf */
        const uint64_t r = c.uleb();
        set(r, RegisterRule::kAtOffset, offset(c.sleb()));
        return true;
      }
      case 0x12: { /* DW_CFA_def_cfa_sf */
        const uint64_t r = c.uleb();
        return define(r, offset(c.sleb()));
      }
      case 0x13: /* DW_CFA_def_cfa_offset_sf */
        return define(row_.cfa_register, offset(c.sleb()));
      case 0x14: { /* DW_CFA_val_offset */
        const uint64_t r = c.uleb();
        set(r, RegisterRule::kIsOffset, offset(static_cast<int64_t>(c.uleb())));
        return true;
      }
      case 0x15: { /* DW_CFA_val_offset_sf */
        const uint64_t r = c.uleb();
        set(r, RegisterRule::kIsOffset, offset(c.sleb()));
        return true;
      }
      case 0x16: { /* DW_CFA_val_expression */
        const uint64_t r = c.uleb();
        const CfiRow::Cell cell = expression(c, RegisterRule::kIsExpression);
        if (r < kRegisters) row_.registers[r] = cell;
        return true;
      }
      case 0x2e: /* DW_CFA_GNU_args_size */
        c.uleb();
        return true;
      default:
        return false;
    }
  }
  void set(uint64_t r, RegisterRule rule, int64_t value) {
    if (r < kRegisters) row_.registers[r] = {rule, 0, value};
  }
  void restore(uint64_t r) {
    if (r < kRegisters) row_.registers[r] = initial_.registers[r];
  }
  bool define(uint64_t r, int64_t value) {
    if (r >= kReturnAddress) return false;
    row_.cfa_register = static_cast<uint8_t>(r);
    row_.cfa = {RegisterRule::kIsOffset, 0, value};
    return true;
  }
  CfiRow::Cell expression(CfiCursor& c, RegisterRule rule) {
    const uint64_t size = c.uleb();
    CfiRow::Cell cell{rule, static_cast<uint32_t>(size), static_cast<int64_t>(c.at())};
    c.skip(size);
    return cell;
  }

  GuestAccess& memory_;
  const Common& cie_;
  CfiRow& row_;
  CfiRow initial_, remembered_[kRemembered];
  int depth_ = 0;
};

}  // namespace

namespace {

/* The entry at `at`, if it is a description of pc. *end: behind it; 0 if it makes no sense. */
bool row_of_entry(GuestAccess& memory, uint64_t at, uint64_t pc, CfiRow& row, uint64_t* next) {
  *next = 0;
  CfiCursor c(memory, at, at + 8);
  const auto length = c.get<uint32_t>();
  const uint64_t pointer_at = c.at();
  const auto pointer = c.get<uint32_t>();
  if (!c.good() || length > kMaxEntry) return false;
  *next = length == 0 ? 0 : at + 4 + length;
  if (pointer == 0 || length == 0) return false;
  Common cie;
  if (!read_common(memory, pointer_at - pointer, cie)) return false;
  const uint64_t end = at + 4 + length;
  c.limit(end);
  uint64_t start, size;
  if (!encoded(c, cie.encoding, start) || !encoded(c, cie.encoding & kFormat, size)) return false;
  if (pc < start || pc - start >= size) return false;
  if (cie.augmented) c.skip(c.uleb());
  if (!c.good()) return false;
  row = CfiRow();
  row.signal_frame = cie.signal;
  Interpreter interpreter(memory, cie, row);
  if (!interpreter.run(cie.start, cie.end, 0, ~uint64_t{0})) return false;
  interpreter.initial_done();
  return interpreter.run(c.at(), end, start, pc);
}

}  // namespace

bool find_cfi_row(GuestAccess& memory, uint64_t table, uint64_t pc, CfiRow& row) noexcept {
  uint64_t at, next;
  return search(memory, table, pc, at) && row_of_entry(memory, at, pc, row, &next);
}

bool find_cfi_row_in(GuestAccess& memory, uint64_t frames, uint64_t size, uint64_t pc,
                     CfiRow& row) noexcept {
  uint64_t at = frames, next = 0;
  for (int n = 0; n < kMaxScanned && at < frames + size; ++n, at = next) {
    if (row_of_entry(memory, at, pc, row, &next)) return true;
    if (next <= at) return false;
  }
  return false;
}

}  // namespace hp::handler
