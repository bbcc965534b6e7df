/* The 64-bit boot protocol: what Linux expects in memory and registers when it starts.
 *
 * Documentation/arch/x86/boot.rst ("64-bit Boot Protocol") and zero-page.rst. Low memory:
 *
 *     0x00000500  GDT               0x00007000  boot_params (the zero page)
 *     0x00009000  page tables, the first 4 GiB one to one     0x00020000  command line
 *     0x000e0000  ACPI tables (acpi.hpp)                      0x00100000  RAM for the kernel
 *
 * The initramfs goes as high as the kernel's header allows, below the device hole. */
#pragma once
#include <linux/kvm.h>

#include <string>
#include <string_view>

#include "machine/kernel_image.hpp"

namespace hp::machine {

inline constexpr Gpa kBootParams{0x7000}, kPageTables{0x9000}, kCommandLine{0x20000};
inline constexpr Gpa kLowRamEnd{0x9fc00}, kAcpiStart{0xe0000}, kAcpiEnd{0x100000};

struct BootFiles {
  const KernelImage* kernel;
  std::string_view initramfs, command_line;
};

/* Loads kernel and initramfs and writes the zero page, command line, page tables and GDT. */
Result<> write_boot_state(const vmm::GuestRam&, const BootFiles&);
/* The boot CPU's registers: 64-bit mode, RSI at the zero page. `sregs`: as KVM gave them. */
void set_boot_registers(kvm_sregs& sregs, kvm_regs& regs, Gpa entry);

}  // namespace hp::machine
