/* The boot state, read back as a kernel would. */
#include "machine/linux_boot.hpp"

#include <doctest/doctest.h>

#include "kernel_file.hpp"
#include "ram.hpp"

using namespace hp;
using namespace hp::machine;

namespace {

KernelImage kernel(uint64_t bss = 0) {
  auto k = KernelImage::parse(test::vmlinux("code", bss));
  REQUIRE(k);
  return std::move(*k);
}
boot_params zero_page(const vmm::GuestRam& ram) {
  boot_params p;
  REQUIRE(ram.load(p, kBootParams));
  return p;
}

}  // namespace

TEST_CASE("the zero page tells kernel, command line, initramfs, memory and the ACPI tables") {
  const test::Ram ram;
  const KernelImage k = kernel();
  const std::string initramfs(5000, 'i');
  REQUIRE(write_boot_state(ram.ram, {&k, initramfs, "console=ttyS0 quiet"}));
  const boot_params p = zero_page(ram.ram);
  CHECK(p.hdr.header == 0x53726448);
  CHECK(p.hdr.type_of_loader == 0xff);
  CHECK(p.acpi_rsdp_addr == kAcpiStart.value);
  CHECK(std::string(reinterpret_cast<char*>(ram.ram.at(Gpa(p.hdr.cmd_line_ptr), 100))) ==
        "console=ttyS0 quiet");
  CHECK(p.hdr.ramdisk_size == 5000);
  CHECK(p.hdr.ramdisk_image % kPageSize == 0);
  CHECK(p.hdr.ramdisk_image + uint64_t{5000} <= ram.ram.size());
  CHECK(std::memcmp(ram.ram.at(Gpa(p.hdr.ramdisk_image), 5000), initramfs.data(), 5000) == 0);
  REQUIRE(p.e820_entries == 3);
  uint64_t usable = 0, end = 0;
  for (int i = 0; i < p.e820_entries; ++i) {
    const auto& e = p.e820_table[i];
    CHECK(e.addr >= end);
    end = e.addr + e.size;
    if (e.type == 1) usable += e.size;
    const bool covers_tables = e.addr < kAcpiEnd.value && end > kAcpiStart.value;
    if (covers_tables) CHECK(e.type == 2);
  }
  CHECK(usable == ram.ram.size() - (KernelImage::kLowest - kLowRamEnd));
}

TEST_CASE("memory above the device hole is told of, and the initramfs stays below it") {
  const test::Ram ram(5ull << 30);
  const KernelImage k = kernel();
  REQUIRE(write_boot_state(ram.ram, {&k, "initramfs", ""}));
  const boot_params p = zero_page(ram.ram);
  REQUIRE(p.e820_entries == 4);
  CHECK(p.e820_table[2].addr + p.e820_table[2].size == vmm::GuestRam::kHole);
  CHECK(p.e820_table[3].addr == 4ull << 30);
  CHECK(p.e820_table[3].size == 2ull << 30);
  CHECK(p.hdr.ramdisk_image < k.header().initrd_addr_max);
  CHECK(std::memcmp(ram.ram.at(Gpa(p.hdr.ramdisk_image), 9), "initramfs", 9) == 0);
}

TEST_CASE("the first 4 GiB are mapped one to one") {
  const test::Ram ram;
  const KernelImage k = kernel();
  REQUIRE(write_boot_state(ram.ram, {&k, "", ""}));
  const auto entry = [&](uint64_t table, uint64_t index) {
    uint64_t e = 0;
    REQUIRE(ram.ram.load(e, Gpa(table + 8 * index)));
    return e;
  };
  for (const uint64_t address : {0ull, 0x1000000ull, 0xd0000000ull, 0xffe00000ull}) {
    const uint64_t top = entry(kPageTables.value, 0);
    const uint64_t second = entry(top & ~0xfffull, address >> 30);
    const uint64_t leaf = entry(second & ~0xfffull, address >> 21 & 511);
    CHECK((top & second & leaf & 3) == 3);
    CHECK((leaf & 0x80) != 0);
    CHECK((leaf & ~0xfffull) == address);
  }
}

TEST_CASE("what does not fit is refused") {
  const test::Ram ram;
  const KernelImage k = kernel(), large = kernel(40 << 20);
  CHECK_FALSE(write_boot_state(ram.ram, {&k, "", std::string(2048, 'x')}));
  CHECK(write_boot_state(ram.ram, {&k, "", std::string(2047, 'x')}));
  const std::string initramfs(10 << 20, 'i');
  CHECK(write_boot_state(ram.ram, {&k, initramfs, ""}));
  const auto refused = write_boot_state(ram.ram, {&large, initramfs, ""});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("67 MiB") != std::string::npos);
}

TEST_CASE("the boot CPU starts in 64-bit mode with RSI at the zero page") {
  kvm_sregs s{};
  kvm_regs r{};
  set_boot_registers(s, r, Gpa(0x1000000));
  CHECK(r.rip == 0x1000000);
  CHECK(r.rsi == kBootParams.value);
  CHECK((r.rflags & 0x200) == 0);
  CHECK((s.cr0 & 0x80000001) == 0x80000001);
  CHECK((s.cr4 & 0x20) != 0);
  CHECK((s.efer & 0x500) == 0x500);
  CHECK(s.cs.l == 1);
  CHECK(s.cs.selector == 0x10);
  CHECK(s.ds.selector == 0x18);
}
