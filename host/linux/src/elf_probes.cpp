#include "linux_guest/elf_probes.hpp"

#include <elf.h>
#include <gelf.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace hp::linux_guest {

namespace {

struct EndElf {
  void operator()(Elf* e) const { elf_end(e); }
};

std::string_view take_string(std::string_view& rest) {
  const size_t end = std::min(rest.find('\0'), rest.size());
  const std::string_view text = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return text;
}

}  // namespace

Result<ElfProbes> ElfProbes::parse(std::string_view bytes) {
  if (bytes.size() > kMaxBytes) return fail("the file is too large");
  ::elf_version(EV_CURRENT);
  /* libelf only reads, but wants memory that it might write. */
  std::string copy(bytes);
  const std::unique_ptr<Elf, EndElf> elf(elf_memory(copy.data(), copy.size()));
  GElf_Ehdr header;
  if (!elf || elf_kind(elf.get()) != ELF_K_ELF || !gelf_getehdr(elf.get(), &header) ||
      header.e_machine != EM_X86_64 || header.e_ident[EI_CLASS] != ELFCLASS64)
    return fail("it is no ELF file for x86-64");
  ElfProbes p;
  size_t count = 0;
  elf_getphdrnum(elf.get(), &count);
  for (size_t i = 0; i < count; ++i) {
    GElf_Phdr h;
    if (gelf_getphdr(elf.get(), static_cast<int>(i), &h) && h.p_type == PT_LOAD)
      p.segments_.push_back({h.p_vaddr, h.p_offset, h.p_filesz});
  }
  p.read_symbols(elf.get());
  p.read_notes(elf.get());
  return p;
}

bool ElfProbes::place(uint64_t address, uint64_t& offset) const {
  for (const Segment& s : segments_)
    if (address >= s.address && address - s.address < s.size) {
      offset = s.offset + (address - s.address);
      return true;
    }
  return false;
}

void ElfProbes::read_symbols(Elf* elf) {
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr h;
    if (!gelf_getshdr(section, &h) || (h.sh_type != SHT_SYMTAB && h.sh_type != SHT_DYNSYM) ||
        h.sh_entsize == 0)
      continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    const uint64_t count = data ? data->d_size / sizeof(Elf64_Sym) : 0;
    for (uint64_t i = 0; i < count && functions_.size() < kMaxFunctions; ++i) {
      GElf_Sym s;
      if (!gelf_getsym(data, static_cast<int>(i), &s) || GELF_ST_TYPE(s.st_info) != STT_FUNC ||
          s.st_shndx == SHN_UNDEF)
        continue;
      const char* name = elf_strptr(elf, h.sh_link, s.st_name);
      uint64_t offset;
      if (name && *name != '\0' && place(s.st_value, offset)) functions_.push_back({name, offset});
    }
  }
  std::sort(functions_.begin(), functions_.end(), [](const Function& a, const Function& b) {
    return a.name != b.name ? a.name < b.name : a.offset < b.offset;
  });
  functions_.erase(std::unique(functions_.begin(), functions_.end(),
                               [](const Function& a, const Function& b) {
                                 return a.name == b.name && a.offset == b.offset;
                               }),
                   functions_.end());
}

void ElfProbes::read_notes(Elf* elf) {
  size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0) return;
  const auto named = [&](const char* wanted) -> Elf_Scn* {
    for (Elf_Scn* s = nullptr; (s = elf_nextscn(elf, s)) != nullptr;) {
      GElf_Shdr h;
      const char* name = gelf_getshdr(s, &h) ? elf_strptr(elf, names, h.sh_name) : nullptr;
      if (name && std::strcmp(name, wanted) == 0) return s;
    }
    return nullptr;
  };
  Elf_Scn* notes = named(".note.stapsdt");
  Elf_Data* data = notes ? elf_getdata(notes, nullptr) : nullptr;
  if (!data) return;
  GElf_Shdr h;
  uint64_t base = 0; /* where the notes' addresses say it is, unless the file was prelinked */
  if (Elf_Scn* s = named(".stapsdt.base"); s && gelf_getshdr(s, &h)) base = h.sh_addr;
  GElf_Nhdr note;
  size_t name, description;
  for (size_t at = 0; statics_.size() < kMaxStatic &&
                      (at = gelf_getnote(data, at, &note, &name, &description)) > 0;) {
    constexpr uint32_t kStaticProbe = 3; /* NT_STAPSDT */
    if (note.n_type != kStaticProbe) continue;
    read_note({static_cast<const char*>(data->d_buf) + description, note.n_descsz}, base);
  }
}

/* Address, base, semaphore; provider, name, arguments. */
void ElfProbes::read_note(std::string_view description, uint64_t base) {
  uint64_t address[3];
  if (description.size() < sizeof address) return;
  std::memcpy(address, description.data(), sizeof address);
  description.remove_prefix(sizeof address);
  const uint64_t moved = base != 0 ? base - address[1] : 0;
  Static s{};
  s.provider = take_string(description);
  s.name = take_string(description);
  s.arguments = take_string(description);
  if (s.provider.empty() || s.name.empty() || !place(address[0] + moved, s.offset)) return;
  if (address[2] != 0 && !place(address[2] + moved, s.semaphore)) return;
  statics_.push_back(std::move(s));
}

}  // namespace hp::linux_guest
