/* Kernel files for tests: a vmlinux around some bytes of code, a bzImage around a vmlinux. */
#pragma once
#include <asm/bootparam.h>
#include <elf.h>

#include <cstring>
#include <string>
#include <string_view>

namespace hp::test {

inline constexpr uint64_t kLoadAddress = 16 << 20;

/* One segment, entered at its first byte; bss: zero bytes after it. */
inline std::string vmlinux(std::string_view code, uint64_t bss = 0) {
  Elf64_Ehdr e{};
  std::memcpy(e.e_ident, ELFMAG, SELFMAG);
  e.e_ident[EI_CLASS] = ELFCLASS64;
  e.e_ident[EI_DATA] = ELFDATA2LSB;
  e.e_ident[EI_VERSION] = EV_CURRENT;
  e.e_type = ET_EXEC;
  e.e_machine = EM_X86_64;
  e.e_version = EV_CURRENT;
  e.e_entry = kLoadAddress;
  e.e_phoff = sizeof e;
  e.e_ehsize = sizeof e;
  e.e_phentsize = sizeof(Elf64_Phdr);
  e.e_phnum = 1;
  Elf64_Phdr p{};
  p.p_type = PT_LOAD;
  p.p_flags = PF_R | PF_X;
  p.p_offset = sizeof e + sizeof p;
  p.p_vaddr = 0xffffffff80000000 + kLoadAddress;
  p.p_paddr = kLoadAddress;
  p.p_filesz = code.size();
  p.p_memsz = code.size() + bss;
  std::string file(sizeof e + sizeof p, '\0');
  std::memcpy(file.data(), &e, sizeof e);
  std::memcpy(file.data() + sizeof e, &p, sizeof p);
  return file.append(code);
}

/* payload: a compressed vmlinux. */
inline std::string bzimage(std::string_view payload) {
  constexpr unsigned setup_sectors = 2;
  setup_header h{};
  h.setup_sects = setup_sectors;
  h.boot_flag = 0xaa55;
  h.jump = 0x6aeb; /* over the header: to 0x26c */
  h.header = 0x53726448;
  h.version = 0x020f;
  h.loadflags = LOADED_HIGH;
  h.xloadflags = XLF_KERNEL_64;
  h.cmdline_size = 2047;
  h.initrd_addr_max = 0x7fffffff;
  h.init_size = 8 << 20;
  h.payload_offset = 64;
  h.payload_length = static_cast<uint32_t>(payload.size());
  std::string file((setup_sectors + 1) * 512 + 64, '\0');
  std::memcpy(file.data() + 0x1f1, &h, sizeof h);
  return file.append(payload);
}

}  // namespace hp::test
