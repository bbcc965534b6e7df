#include "handler/prelink.hpp"

#include <elf.h>

#include <cstring>

namespace hp::handler {
namespace {

tl::unexpected<Error> bad(const std::string& what) {
  return fail("cannot link the D program for a kernel: " + what, ENOEXEC);
}

template <class T>
void put(std::string& bytes, uint64_t at, const T& value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

class Prelinker {
 public:
  Prelinker(const Object& object, std::span<const uint64_t> values)
      : object_(object), values_(values), out_(object.bytes()) {
    std::memcpy(&header_, out_.data(), sizeof header_);
  }

  Result<> relocations() {
    for (const Elf64_Shdr& s : object_.sections())
      if (s.sh_type == SHT_RELA) HP_TRYV(apply(s));
    return {};
  }

  void symbols() {
    for (const Elf64_Shdr& s : object_.sections()) {
      if (s.sh_type != SHT_SYMTAB) continue;
      for (size_t i = 0; i < object_.symbols().size(); i++) {
        Elf64_Sym symbol = object_.symbols()[i];
        const std::optional<uint32_t> row = row_of(symbol);
        if (!row) continue;
        symbol.st_shndx = SHN_ABS;
        symbol.st_value = values_[*row];
        put(out_, s.sh_offset + i * sizeof symbol, symbol);
      }
    }
  }

  /* .hyprobe.core anew, behind everything else. */
  void core(const Kernel& kernel) {
    const std::string strings = '\0' + kernel.name + '\0';
    hp_core_header h{};
    h.magic = HP_CORE_MAGIC;
    h.version = HP_CORE_VERSION;
    h.linked = sizeof h;
    h.strings = {sizeof h + sizeof(hp_core_kernel), static_cast<uint32_t>(strings.size())};
    h.size = h.strings.offset + h.strings.count;
    const hp_core_kernel k{kernel.btf_size, kernel.btf_hash, 1, 0};
    out_.resize((out_.size() + 7) & ~size_t{7});
    const uint64_t at = out_.size();
    out_.append(reinterpret_cast<const char*>(&h), sizeof h);
    out_.append(reinterpret_cast<const char*>(&k), sizeof k);
    out_ += strings;
    for (size_t i = 0; i < object_.sections().size(); i++) {
      Elf64_Shdr section = object_.sections()[i];
      if (std::string_view(object_.section_name(section)) != HP_OBJ_SECTION_CORE) continue;
      section.sh_offset = at;
      section.sh_size = h.size;
      put(out_, header_.e_shoff + i * sizeof section, section);
    }
  }

  std::string take() { return std::move(out_); }

 private:
  std::optional<uint32_t> row_of(const Elf64_Sym& symbol) const {
    if (symbol.st_shndx != SHN_UNDEF) return std::nullopt;
    return object_.core_index(object_.symbol_name(symbol));
  }

  Result<> apply(const Elf64_Shdr& table) {
    if (table.sh_entsize != sizeof(Elf64_Rela) || table.sh_size % sizeof(Elf64_Rela) != 0 ||
        table.sh_offset % alignof(Elf64_Rela) != 0 || table.sh_info >= object_.sections().size())
      return bad("relocation table");
    const Elf64_Shdr& section = object_.sections()[table.sh_info];
    const std::span rows(reinterpret_cast<const Elf64_Rela*>(object_.contents(table).data()),
                         table.sh_size / sizeof(Elf64_Rela));
    for (size_t i = 0; i < rows.size(); i++) {
      const uint64_t symbol = ELF64_R_SYM(rows[i].r_info);
      if (symbol >= object_.symbols().size())
        return bad("relocation by a symbol that does not exist");
      const std::optional<uint32_t> row = row_of(object_.symbols()[symbol]);
      if (!row) continue;
      const uint64_t where = rows[i].r_offset;
      if (ELF64_R_TYPE(rows[i].r_info) != R_X86_64_64 || section.sh_type == SHT_NOBITS ||
          where > section.sh_size || section.sh_size - where < sizeof(uint64_t))
        return bad(std::string("relocation by ") + object_.symbol_name(object_.symbols()[symbol]) +
                   " in section " + object_.section_name(section));
      put(out_, section.sh_offset + where, values_[*row] + static_cast<uint64_t>(rows[i].r_addend));
      Elf64_Rela none = rows[i];
      none.r_info = ELF64_R_INFO(0, R_X86_64_NONE);
      none.r_addend = 0;
      put(out_, table.sh_offset + i * sizeof none, none);
    }
    return {};
  }

  const Object& object_;
  std::span<const uint64_t> values_;
  std::string out_;
  Elf64_Ehdr header_{};
};

}  // namespace

Kernel kernel_of_btf(std::string_view btf, std::string name) {
  Kernel k{btf.size(), 0xcbf29ce484222325, std::move(name)};
  for (const char c : btf) k.btf_hash = (k.btf_hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return k;
}

Result<std::string> prelink(const Object& object, std::span<const uint64_t> values,
                            const Kernel& kernel) {
  if (object.linked_for())
    return bad(std::string("it is linked for ") + object.core_str(object.linked_for()->name) +
               " already");
  if (values.size() != object.core().size()) return bad("values of another program");
  if (object.core().empty()) return std::string(object.bytes());
  Prelinker linker(object, values);
  HP_TRYV(linker.relocations());
  linker.symbols();
  linker.core(kernel);
  std::string out = linker.take();
  /* Sections may overlap in a file that probec did not write. */
  if (const Result<Object> sound = Object::parse(out); !sound) return bad(sound.error().message);
  return out;
}

Result<> check_kernel(const Object& object, const Kernel& kernel) {
  const hp_core_kernel* k = object.linked_for();
  if (!k || (k->btf_size == kernel.btf_size && k->btf_hash == kernel.btf_hash)) return {};
  return fail(std::string("the program was linked for ") + object.core_str(k->name) +
                  " (probec -y), and " + kernel.name +
                  " has other types; run the object that it was linked from",
              ENOEXEC);
}

}  // namespace hp::handler
