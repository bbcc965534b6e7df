#include "machine/linux_boot.hpp"

#include <algorithm>

namespace hp::machine {

namespace {

constexpr uint64_t kGdt = 0x500, kIdt = 0x540;
constexpr uint16_t kCodeSelector = 0x10, kDataSelector = 0x18, kTaskSelector = 0x20;

void write_page_tables(uint8_t* low) {
  auto* entries = reinterpret_cast<uint64_t*>(low + kPageTables.value);
  constexpr unsigned per_page = 512, gibibytes = 4;
  entries[0] = (kPageTables.value + kPageSize) | 3;
  for (unsigned g = 0; g < gibibytes; ++g) {
    entries[per_page + g] = (kPageTables.value + (2 + g) * kPageSize) | 3;
    for (unsigned i = 0; i < per_page; ++i)
      entries[(2 + g) * per_page + i] = ((uint64_t{g} * per_page + i) * kLargePageSize) | 0x83;
  }
}

void write_gdt(uint8_t* low) {
  const uint64_t gdt[] = {0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x008f8b000000ffff};
  std::memcpy(low + kGdt, gdt, sizeof gdt);
}

void add_e820(boot_params& p, Gpa start, Gpa end, uint32_t type) {
  p.e820_table[p.e820_entries++] = {start.value, end - start, type};
}

/* As high as possible below the kernel's limit and the device hole, above the kernel. */
Result<Gpa> place_initramfs(const vmm::GuestRam& ram, const KernelImage& kernel, uint64_t size) {
  uint64_t limit = ram.regions().front().size;
  if (kernel.header().initrd_addr_max != 0)
    limit = std::min<uint64_t>(limit, uint64_t{kernel.header().initrd_addr_max} + 1);
  const Gpa lowest = kernel.end().align_up(kPageSize);
  if (size > limit || Gpa(limit - size).align_down(kPageSize) < lowest)
    return fail("kernel and initramfs do not fit into the guest's memory: they need " +
                std::to_string(((lowest.value + size) >> 20) + 1) + " MiB");
  return Gpa(limit - size).align_down(kPageSize);
}

}  // namespace

Result<> write_boot_state(const vmm::GuestRam& ram, const BootFiles& files) {
  const setup_header& header = files.kernel->header();
  uint8_t* low = ram.at(Gpa(0), KernelImage::kLowest.value);
  if (low == nullptr) return fail("the guest has no low memory");
  const size_t longest = std::min<size_t>(header.cmdline_size == 0 ? 255 : header.cmdline_size,
                                          kLowRamEnd - kCommandLine - 1);
  if (files.command_line.size() > longest)
    return fail("the kernel's command line is longer than the " + std::to_string(longest) +
                " characters that it takes");
  HP_TRYV(files.kernel->load(ram));

  boot_params p{};
  p.hdr = header;
  p.hdr.type_of_loader = 0xff;
  p.hdr.cmd_line_ptr = static_cast<uint32_t>(kCommandLine.value);
  p.acpi_rsdp_addr = kAcpiStart.value;
  add_e820(p, Gpa(0), kLowRamEnd, 1);
  add_e820(p, kLowRamEnd, KernelImage::kLowest, 2);
  for (const auto& r : ram.regions())
    add_e820(p, std::max(r.start, KernelImage::kLowest), r.start + r.size, 1);
  if (!files.initramfs.empty()) {
    const Gpa at = HP_TRY(place_initramfs(ram, *files.kernel, files.initramfs.size()));
    if (!ram.write(at, files.initramfs.data(), files.initramfs.size()))
      return fail("the initramfs does not fit into the guest's memory");
    p.hdr.ramdisk_image = static_cast<uint32_t>(at.value);
    p.hdr.ramdisk_size = static_cast<uint32_t>(files.initramfs.size());
  }
  std::memcpy(low + kBootParams.value, &p, sizeof p);
  std::memcpy(low + kCommandLine.value, files.command_line.data(), files.command_line.size());
  low[kCommandLine.value + files.command_line.size()] = 0;
  write_page_tables(low);
  write_gdt(low);
  return {};
}

void set_boot_registers(kvm_sregs& s, kvm_regs& regs, Gpa entry) {
  s.cs = {.base = 0,
          .limit = 0xffffffff,
          .selector = kCodeSelector,
          .type = 11,
          .present = 1,
          .s = 1,
          .l = 1,
          .g = 1};
  s.ds = {.base = 0,
          .limit = 0xffffffff,
          .selector = kDataSelector,
          .type = 3,
          .present = 1,
          .db = 1,
          .s = 1,
          .g = 1};
  s.es = s.fs = s.gs = s.ss = s.ds;
  s.tr = {.base = 0, .limit = 0xfffff, .selector = kTaskSelector, .type = 11, .present = 1, .g = 1};
  s.gdt = {.base = kGdt, .limit = 39};
  s.idt = {.base = kIdt, .limit = 7};
  s.cr0 |= 0x80000033;     /* PG NE ET MP PE */
  s.cr0 &= ~0x60000000ull; /* caches on */
  s.cr3 = kPageTables.value;
  s.cr4 |= 0x20;   /* PAE */
  s.efer |= 0x500; /* LMA LME */
  regs = {};
  regs.rip = entry.value;
  regs.rsi = kBootParams.value;
  regs.rsp = regs.rbp = kPageTables.value - 16;
  regs.rflags = 2;
}

}  // namespace hp::machine
