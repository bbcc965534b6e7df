#include "machine/kernel_image.hpp"

#include <elf.h>

#include <algorithm>
#include <cstddef>

namespace hp::machine {

namespace {

constexpr size_t kHeader = offsetof(boot_params, hdr); /* 0x1f1, in the file and in the zero page */
constexpr uint64_t kMaxGpa = 1ull << 46;

template <class T>
bool read_at(std::string_view file, uint64_t offset, T& to) {
  if (offset > file.size() || sizeof to > file.size() - offset) return false;
  std::memcpy(&to, file.data() + offset, sizeof to);
  return true;
}

/* The compressed kernel within a bzImage. */
Result<std::string_view> payload(std::string_view file, const setup_header& h) {
  if (h.version < 0x0208)
    return fail("the kernel is too old: its boot protocol is older than 2.08");
  if (h.version >= 0x020c && (h.xloadflags & XLF_KERNEL_64) == 0)
    return fail("the kernel is not a 64-bit kernel");
  const uint64_t setup = (h.setup_sects == 0 ? 4u : h.setup_sects) + 1u;
  const uint64_t start = setup * 512 + h.payload_offset;
  if (h.payload_length == 0 || start > file.size() || h.payload_length > file.size() - start)
    return fail("the kernel file is cut short: its payload lies outside of it");
  return file.substr(start, h.payload_length);
}

}  // namespace

Result<KernelImage> KernelImage::parse(std::string file, size_t limit) {
  KernelImage k;
  if (file.starts_with(ELFMAG)) {
    k.file_ = std::move(file);
    k.header_.boot_flag = 0xaa55;
    k.header_.header = 0x53726448; /* "HdrS" */
    k.header_.version = 0x020c;
    k.header_.loadflags = LOADED_HIGH;
    k.header_.kernel_alignment = 0x1000000;
    k.header_.cmdline_size = 2047; /* COMMAND_LINE_SIZE of x86 */
    k.header_.initrd_addr_max = 0x7fffffff;
  } else {
    setup_header h{};
    if (!read_at(file, kHeader, h) || h.boot_flag != 0xaa55 || h.header != 0x53726448)
      return fail("not a kernel: neither a bzImage nor an ELF file");
    /* The header's length is in the jump over it (boot.rst); later kernels' fields stay out. */
    const size_t length = 0x202 + static_cast<uint8_t>(file[0x201]) - kHeader;
    if (length < sizeof h) std::memset(reinterpret_cast<char*>(&h) + length, 0, sizeof h - length);
    k.expanded_ = HP_TRY(decompress(HP_TRY(payload(file, h)), limit));
    k.header_ = h;
  }
  HP_TRYV(k.read_elf());
  return k;
}

Result<> KernelImage::read_elf() {
  const std::string_view elf = this->elf();
  Elf64_Ehdr e;
  if (!read_at(elf, 0, e) || std::memcmp(e.e_ident, ELFMAG, SELFMAG) != 0)
    return fail("the kernel's payload is not an ELF file");
  if (e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_ident[EI_DATA] != ELFDATA2LSB ||
      e.e_machine != EM_X86_64)
    return fail("the kernel is not an x86-64 ELF file");
  if (e.e_phentsize != sizeof(Elf64_Phdr) || e.e_phnum == 0 || e.e_phnum > 64)
    return fail("the kernel's ELF program headers are damaged");
  bool entered = false;
  for (unsigned i = 0; i < e.e_phnum; ++i) {
    Elf64_Phdr p;
    if (e.e_phoff > elf.size() || !read_at(elf, e.e_phoff + i * sizeof p, p))
      return fail("the kernel's ELF program headers lie outside of the file");
    if (p.p_type != PT_LOAD || p.p_memsz == 0) continue;
    if (p.p_offset > elf.size() || p.p_filesz > elf.size() - p.p_offset)
      return fail("a segment of the kernel lies outside of the file");
    if (p.p_filesz > p.p_memsz || p.p_memsz > kMaxGpa || p.p_paddr > kMaxGpa ||
        Gpa(p.p_paddr) < kLowest)
      return fail("a segment of the kernel has an impossible address or size");
    segments_.push_back({Gpa(p.p_paddr), p.p_offset, p.p_filesz, p.p_memsz});
    /* x86-64 kernels give the entry's physical address; tolerate a virtual one. */
    for (const uint64_t base : {p.p_paddr, p.p_vaddr})
      if (!entered && e.e_entry - base < p.p_filesz) {
        entry_ = Gpa(p.p_paddr + (e.e_entry - base));
        entered = true;
      }
  }
  if (segments_.empty()) return fail("the kernel's ELF file has nothing to load");
  if (!entered) return fail("the kernel's entry lies in none of its segments");
  return {};
}

Gpa KernelImage::end() const {
  Gpa last;
  for (const Segment& s : segments_) last = std::max(last, s.at + s.memory_size);
  /* init_size: what the kernel needs from where it is loaded, before it knows its memory. */
  if (header_.init_size != 0) {
    Gpa first = segments_.front().at;
    for (const Segment& s : segments_) first = std::min(first, s.at);
    last = std::max(last, first + header_.init_size);
  }
  return last;
}

Result<> KernelImage::load(const vmm::GuestRam& ram) const {
  for (const Segment& s : segments_) {
    if (ram.at(s.at, s.memory_size) == nullptr ||
        !ram.write(s.at, elf().data() + s.file_offset, s.file_size))
      return fail("the kernel does not fit into the guest's memory: it needs " +
                  std::to_string((end().value >> 20) + 1) + " MiB");
  }
  return {};
}

}  // namespace hp::machine
