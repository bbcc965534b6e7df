#include "handler/link.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <string>

namespace hp::handler {

namespace {

constexpr uint64_t kUnplaced = ~0ull;
constexpr size_t kStubSize = 16;
constexpr uint32_t kNoStub = ~0u;
constexpr uint32_t kNoRow = ~0u;

/* `jmp *2(%rip)`, `ud2`, then the 64-bit target, which also serves as the symbol's GOT slot. */
constexpr unsigned char kStub[8] = {0xff, 0x25, 0x02, 0x00, 0x00, 0x00, 0x0f, 0x0b};

uint64_t align_up(uint64_t n, uint64_t a) {
  return a > 1 ? (n + a - 1) & ~(a - 1) : n;
}

tl::unexpected<Error> bad(const std::string& what) {
  return fail("cannot link the D program: " + what, ENOEXEC);
}

bool is_got(uint32_t type) {
  return type == R_X86_64_GOTPCREL || type == R_X86_64_GOTPCRELX || type == R_X86_64_REX_GOTPCRELX;
}

/* Bytes that a relocation writes; 0 for types that are not supported. */
size_t width(uint32_t type) {
  switch (type) {
    case R_X86_64_64:
    case R_X86_64_PC64:
      return 8;
    case R_X86_64_32:
    case R_X86_64_32S:
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
    case R_X86_64_GOTPCREL:
    case R_X86_64_GOTPCRELX:
    case R_X86_64_REX_GOTPCRELX:
      return 4;
    default:
      return 0;
  }
}

bool fits_signed(int64_t v) {
  return v >= std::numeric_limits<int32_t>::min() && v <= std::numeric_limits<int32_t>::max();
}

class Linker {
 public:
  Linker(const Object& o, std::span<const Import> imports, std::span<const uint64_t> core = {})
      : object_(o), imports_(imports), core_(core) {}

  Result<> place() {
    offsets_.assign(object_.sections().size(), kUnplaced);
    HP_TRYV(find_core());
    HP_TRYV(place_group(SHF_EXECINSTR, SHF_EXECINSTR | SHF_WRITE));
    HP_TRYV(count_stubs());
    stubs_ = size_ = align_up(size_, kStubSize);
    size_ += nstubs_ * kStubSize;
    text_size_ = size_;
    rodata_ = size_ = align_up(size_, 4096);
    HP_TRYV(place_group(0, SHF_EXECINSTR | SHF_WRITE));
    data_ = size_ = align_up(size_, 4096);
    HP_TRYV(place_group(SHF_WRITE, SHF_EXECINSTR | SHF_WRITE));
    size_ = std::max<uint64_t>(align_up(size_, 4096), 4096); /* without clauses there is no code */
    return {};
  }

  Result<> load() {
    void* p = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return fail_errno("cannot allocate memory for a D program");
    mapping_ = Mapping(p, size_);
    for (size_t i = 0; i < offsets_.size(); i++) {
      if (offsets_[i] == kUnplaced) continue;
      std::string_view from = object_.contents(object_.sections()[i]);
      if (!from.empty()) std::memcpy(mapping_.as<char>(offsets_[i]), from.data(), from.size());
    }
    for (size_t i = 0; i < stub_of_.size(); i++) {
      if (stub_of_[i] == kNoStub) continue;
      uint64_t target = HP_TRY(address(object_.symbols()[i]));
      char* stub = mapping_.as<char>(stubs_ + stub_of_[i] * kStubSize);
      std::memcpy(stub, kStub, sizeof kStub);
      std::memcpy(stub + 8, &target, sizeof target);
    }
    for (const Elf64_Shdr& s : object_.sections())
      if (applies(s)) HP_TRYV(relocate(s));
    return {};
  }

  Result<> protect() {
    if (::mprotect(mapping_.as<>(), rodata_, PROT_READ | PROT_EXEC) != 0)
      return fail_errno("cannot make a D program's code executable");
    if (data_ > rodata_ && ::mprotect(mapping_.as<>(rodata_), data_ - rodata_, PROT_READ) != 0)
      return fail_errno("cannot protect a D program's constants");
    return {};
  }

  /* The code of the function that a clause names. */
  Result<std::string_view> function(const char* name) {
    for (const Elf64_Sym& s : object_.symbols()) {
      if (s.st_shndx == SHN_UNDEF || s.st_shndx >= SHN_LORESERVE) continue;
      if (ELF64_ST_TYPE(s.st_info) != STT_FUNC) continue;
      if (std::strcmp(object_.symbol_name(s), name) != 0) continue;
      const Elf64_Shdr& section = object_.sections()[s.st_shndx];
      if (!(section.sh_flags & SHF_EXECINSTR) || offsets_[s.st_shndx] == kUnplaced ||
          s.st_value >= section.sh_size || s.st_size > section.sh_size - s.st_value)
        break;
      return std::string_view(mapping_.as<char>(offsets_[s.st_shndx] + s.st_value), s.st_size);
    }
    return bad(std::string("the function ") + name + " of a clause is missing");
  }

  /* Names and addresses, once placed, of a program whose mapping begins at base. */
  std::vector<Import> names(uint64_t base) const {
    std::vector<Import> out;
    const std::span<const Elf64_Sym> symbols = object_.symbols();
    for (size_t i = 0; i < symbols.size(); i++) {
      const Elf64_Sym& s = symbols[i];
      const unsigned type = ELF64_ST_TYPE(s.st_info);
      const std::string_view name = object_.symbol_name(s);
      if (stub_of_[i] != kNoStub)
        out.push_back({name, base + stubs_ + stub_of_[i] * kStubSize});
      else if ((type == STT_FUNC || type == STT_OBJECT) && s.st_shndx != SHN_UNDEF &&
               s.st_shndx < SHN_LORESERVE && offsets_[s.st_shndx] != kUnplaced)
        out.push_back({name, base + offsets_[s.st_shndx] + s.st_value});
    }
    std::sort(out.begin(), out.end(),
              [](const Import& a, const Import& b) { return a.address < b.address; });
    return out;
  }

  Mapping take_mapping() { return std::move(mapping_); }
  size_t text_size() const { return text_size_; }

 private:
  bool wanted(const Elf64_Shdr& s) const {
    if (!(s.sh_flags & SHF_ALLOC) || s.sh_type == SHT_NULL || s.sh_type == SHT_X86_64_UNWIND)
      return false;
    std::string_view name = object_.section_name(s);
    return name != ".eh_frame" && !name.starts_with(".hyprobe.") && !name.starts_with(".note");
  }

  Result<> place_group(uint64_t flags, uint64_t mask) {
    for (size_t i = 0; i < offsets_.size(); i++) {
      const Elf64_Shdr& s = object_.sections()[i];
      if (!wanted(s) || (s.sh_flags & mask) != flags) {
        if (wanted(s) && (s.sh_flags & mask) == mask)
          return bad(std::string("section ") + object_.section_name(s) +
                     " is both writable and executable");
        continue;
      }
      if (s.sh_type != SHT_PROGBITS && s.sh_type != SHT_NOBITS)
        return bad(std::string("section ") + object_.section_name(s) + " of type " +
                   std::to_string(s.sh_type) + " (constructors and the like are not supported)");
      if (s.sh_flags & SHF_TLS) return bad("thread-local storage is not supported");
      offsets_[i] = align_up(size_, s.sh_addralign);
      size_ = offsets_[i] + s.sh_size;
      if (size_ > Object::kMaxBytes) return bad("it needs more than 64 MiB of memory");
    }
    return {};
  }

  /* Does this section hold relocations for a section that is loaded? */
  bool applies(const Elf64_Shdr& s) const {
    return (s.sh_type == SHT_RELA || s.sh_type == SHT_REL) && s.sh_info < offsets_.size() &&
           wanted(object_.sections()[s.sh_info]);
  }

  Result<std::span<const Elf64_Rela>> relocations(const Elf64_Shdr& s) const {
    if (s.sh_type == SHT_REL) return bad("relocations without addends are not x86-64's");
    if (s.sh_entsize != sizeof(Elf64_Rela) || s.sh_size % sizeof(Elf64_Rela) != 0 ||
        s.sh_offset % alignof(Elf64_Rela) != 0)
      return bad("relocation table");
    if (s.sh_link >= object_.sections().size() ||
        object_.sections()[s.sh_link].sh_type != SHT_SYMTAB)
      return bad("relocations without a symbol table");
    return std::span(reinterpret_cast<const Elf64_Rela*>(object_.contents(s).data()),
                     s.sh_size / sizeof(Elf64_Rela));
  }

  Result<> count_stubs() {
    stub_of_.assign(object_.symbols().size(), kNoStub);
    for (const Elf64_Shdr& s : object_.sections()) {
      if (!applies(s)) continue;
      for (const Elf64_Rela& r : HP_TRY(relocations(s))) {
        uint64_t sym = ELF64_R_SYM(r.r_info);
        if (sym >= object_.symbols().size())
          return bad("relocation by a symbol that does not exist");
        if (core_row(sym)) {
          if (ELF64_R_TYPE(r.r_info) != R_X86_64_64)
            return bad(std::string("symbol ") + object_.symbol_name(object_.symbols()[sym]) +
                       " is a number of 64 bits, not a place");
          continue;
        }
        bool undefined = object_.symbols()[sym].st_shndx == SHN_UNDEF && sym != 0;
        if ((undefined || is_got(ELF64_R_TYPE(r.r_info))) && stub_of_[sym] == kNoStub)
          stub_of_[sym] = static_cast<uint32_t>(nstubs_++);
      }
    }
    return {};
  }

  /* Which symbols are hp_core_N. */
  Result<> find_core() {
    if (!core_.empty() && core_.size() != object_.core().size())
      return bad("its relocations against the kernel were worked out for another object");
    if (object_.core().empty()) return {};
    core_of_.assign(object_.symbols().size(), kNoRow);
    for (size_t i = 0; i < core_of_.size(); i++)
      if (const Elf64_Sym& s = object_.symbols()[i]; s.st_shndx == SHN_UNDEF)
        core_of_[i] = object_.core_index(object_.symbol_name(s)).value_or(kNoRow);
    return {};
  }

  std::optional<uint32_t> core_row(uint64_t symbol) const {
    if (core_of_.empty() || core_of_[symbol] == kNoRow) return std::nullopt;
    return core_of_[symbol];
  }

  uint64_t core_value(uint32_t row) const {
    return core_.empty() ? object_.core()[row].reference : core_[row];
  }

  Result<uint64_t> address(const Elf64_Sym& s) const {
    const char* name = object_.symbol_name(s);
    if (ELF64_ST_TYPE(s.st_info) == STT_TLS || ELF64_ST_TYPE(s.st_info) == STT_GNU_IFUNC)
      return bad(std::string("symbol ") + name + " is thread-local or an indirect function");
    if (s.st_shndx == SHN_UNDEF) {
      for (const Import& i : imports_)
        if (i.name == name) return i.address;
      return bad(std::string("it imports '") + name + "', which handlers do not provide");
    }
    if (s.st_shndx >= SHN_LORESERVE)
      return bad(std::string("symbol ") + name + " is absolute or common");
    const Elf64_Shdr& section = object_.sections()[s.st_shndx];
    if (offsets_[s.st_shndx] == kUnplaced)
      return bad(std::string("symbol ") + name + " is in section " + object_.section_name(section) +
                 ", which is not loaded");
    if (s.st_value > section.sh_size)
      return bad(std::string("symbol ") + name + " lies outside its section");
    return reinterpret_cast<uint64_t>(mapping_.as<char>(offsets_[s.st_shndx])) + s.st_value;
  }

  Result<> relocate(const Elf64_Shdr& table) {
    const Elf64_Shdr& section = object_.sections()[table.sh_info];
    if (section.sh_type == SHT_NOBITS) return bad("relocation in a section without contents");
    for (const Elf64_Rela& r : HP_TRY(relocations(table))) {
      uint32_t type = ELF64_R_TYPE(r.r_info);
      if (type == R_X86_64_NONE) continue;
      size_t w = width(type);
      if (w == 0)
        return bad("relocation type " + std::to_string(type) + " in section " +
                   object_.section_name(section) + " is not supported");
      if (r.r_offset > section.sh_size || w > section.sh_size - r.r_offset)
        return bad(std::string("relocation outside section ") + object_.section_name(section));
      HP_TRYV(apply(r, type, mapping_.as<char>(offsets_[table.sh_info] + r.r_offset)));
    }
    return {};
  }

  Result<> apply(const Elf64_Rela& r, uint32_t type, char* where) {
    uint64_t index = ELF64_R_SYM(r.r_info);
    const Elf64_Sym& symbol = object_.symbols()[index];
    auto place = reinterpret_cast<uint64_t>(where);
    auto addend = static_cast<uint64_t>(r.r_addend);
    uint64_t stub = 0;
    if (stub_of_[index] != kNoStub)
      stub = reinterpret_cast<uint64_t>(mapping_.as<char>(stubs_ + stub_of_[index] * kStubSize));
    uint64_t value;
    if (const std::optional<uint32_t> row = core_row(index)) {
      value = core_value(*row) + addend; /* R_X86_64_64: count_stubs() has seen to it */
    } else if (is_got(type)) {
      value = stub + 8 + addend - place;
    } else {
      value = HP_TRY(address(symbol)) + addend;
      if (type == R_X86_64_PC32 || type == R_X86_64_PLT32 || type == R_X86_64_PC64) {
        value -= place;
        if (type != R_X86_64_PC64 && !fits_signed(static_cast<int64_t>(value)) && stub != 0)
          value = stub + addend - place;
      }
    }
    bool fits =
        width(type) == 8 ||
        (type == R_X86_64_32 ? value <= 0xffffffffu : fits_signed(static_cast<int64_t>(value)));
    if (!fits)
      return bad(std::string("a reference to ") + object_.symbol_name(symbol) +
                 " does not reach (relocation type " + std::to_string(type) +
                 "): compile position-independent code");
    std::memcpy(where, &value, width(type));
    return {};
  }

  const Object& object_;
  std::span<const Import> imports_;
  std::span<const uint64_t> core_; /* empty: the references */
  std::vector<uint32_t> core_of_;  /* row of each symbol that is hp_core_N; empty: there are none */
  std::vector<uint64_t> offsets_;  /* of each section in the mapping */
  std::vector<uint32_t> stub_of_;  /* stub number of each symbol */
  size_t nstubs_ = 0;
  uint64_t size_ = 0, stubs_ = 0, text_size_ = 0, rodata_ = 0, data_ = 0;
  Mapping mapping_;
};

}  // namespace

/* Placing depends on the object alone, so it can be done again. */
std::vector<Import> Image::names(const Object& object) const {
  Linker linker(object, {});
  if (!linker.place()) return {};
  return linker.names(reinterpret_cast<uint64_t>(mapping_.as<const char>()));
}

Result<Image> Image::link(const Object& object, std::span<const Import> imports,
                          std::span<const uint64_t> core) {
  Linker linker(object, imports, core);
  HP_TRYV(linker.place());
  HP_TRYV(linker.load());
  Image image;
  image.clauses_.reserve(object.clauses().size());
  for (const hp_obj_clause& c : object.clauses())
    image.clauses_.push_back(HP_TRY(linker.function(object.str(c.symbol))));
  HP_TRYV(linker.protect());
  image.text_size_ = linker.text_size();
  image.mapping_ = linker.take_mapping();
  return image;
}

}  // namespace hp::handler
