/* Writes the DSDT and the FADT and MADT of a machine with some devices into a directory: for acpi_iasl. */
#include <cstring>
#include <fstream>
#include <iostream>

#include "machine/acpi.hpp"
#include "machine/linux_boot.hpp"

int main(int argc, char** argv) {
  using namespace hp;
  if (argc != 2) return 2;
  const std::string directory = argv[1];
  machine::AcpiOptions o{.cpus = 4, .devices = {}};
  for (uint32_t i = 0; i < 14; ++i)
    o.devices.push_back({Gpa(0xd0000000 + i * 0x1000), 0x1000, 5 + i});
  const std::string all = machine::acpi_tables(o, machine::kAcpiStart);
  for (const char* name : {"FACP", "APIC", "DSDT", "XSDT", "FACS"}) {
    const size_t at = all.find(name);
    uint32_t length = 0;
    std::memcpy(&length, all.data() + at + 4, sizeof length);
    std::ofstream(directory + "/" + name + ".aml") << all.substr(at, length);
  }
}
