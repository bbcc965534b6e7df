/* The ACPI tables of a machine (ACPI 6.4): RSDP, XSDT, FADT, FACS, MADT, DSDT.
 *
 * They say what a kernel cannot find by probing: CPUs, the interrupt controllers, the power-management
 * registers (power-off is S5, the power button is the fixed one), the reset port, the serial port, pvpanic
 * and every virtio-mmio window (LNRO0005). Not hardware-reduced: the PIC and PIT are there, and stock
 * kernels calibrate by them. */
#pragma once
#include <string>
#include <vector>

#include "transport/address.hpp"

namespace hp::machine {

struct AcpiDevice { /* a virtio-mmio window */
  Gpa base;
  uint32_t size;
  uint32_t pin; /* of the IOAPIC */
};

struct AcpiOptions {
  uint32_t cpus = 1;
  std::vector<AcpiDevice> devices;
};

/* Ports and pins that the tables name. */
inline constexpr uint16_t kPortSerial = 0x3f8, kPortPvpanic = 0x505, kPortPm = 0x600;
inline constexpr uint16_t kPortReset = 0xcf9;
inline constexpr uint32_t kPinSerial = 4, kPinSci = 9;
inline constexpr uint64_t kIoApic = 0xfec00000, kLocalApic = 0xfee00000;
inline constexpr uint8_t kSleepTypeOff = 5; /* SLP_TYP of S5 */

/* The tables as they lie in memory from `at` (16-byte aligned, below 4 GiB), the RSDP first. */
std::string acpi_tables(const AcpiOptions&, Gpa at);
/* The DSDT alone, header included. */
std::string acpi_dsdt(const AcpiOptions&);

}  // namespace hp::machine
