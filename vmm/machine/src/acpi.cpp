#include "machine/acpi.hpp"

#include <cstring>
#include <numeric>

#include "machine/aml.hpp"
#include "transport/result.hpp"

namespace hp::machine {

namespace {

/* Fields at the offsets of the specification, so that each line can be checked against it. */
class Fields {
 public:
  explicit Fields(size_t size) : bytes_(size, '\0') {}
  Fields& text(size_t at, std::string_view s) {
    bytes_.replace(at, s.size(), s);
    return *this;
  }
  template <class T>
  Fields& put(size_t at, T value) {
    HP_CHECK(at + sizeof value <= bytes_.size());
    std::memcpy(bytes_.data() + at, &value, sizeof value);
    return *this;
  }
  /* Generic address structure (section 5.2.3.2) of an I/O port. */
  Fields& port(size_t at, uint16_t number, uint8_t bits) {
    return put<uint8_t>(at, 1)
        .put<uint8_t>(at + 1, bits)
        .put<uint8_t>(at + 3, bits > 8 ? 2 : 1)
        .put<uint64_t>(at + 4, number);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

uint8_t checksum(std::string_view s) {
  return static_cast<uint8_t>(-std::accumulate(
      s.begin(), s.end(), 0, [](int sum, char c) { return sum + static_cast<uint8_t>(c); }));
}

/* Section 5.2.6. body: what follows the 36 bytes of the header. */
std::string table(std::string_view signature, uint8_t revision, const std::string& body) {
  std::string t = Fields(36)
                      .text(0, signature)
                      .put<uint32_t>(4, static_cast<uint32_t>(36 + body.size()))
                      .put<uint8_t>(8, revision)
                      .text(10, "HYPROB")
                      .text(16, "HYPROBE ")
                      .put<uint32_t>(24, 1)
                      .text(28, "HYPR")
                      .put<uint32_t>(32, 1)
                      .bytes() +
                  body;
  t[9] = static_cast<char>(checksum(t));
  return t;
}

std::string fadt(Gpa facs, Gpa dsdt) {
  constexpr size_t size = 276;
  constexpr uint16_t pm = kPortPm;
  Fields f(size);
  f.put(36, static_cast<uint32_t>(facs.value)).put(40, static_cast<uint32_t>(dsdt.value));
  f.put<uint16_t>(46, kPinSci);
  f.put<uint32_t>(56, pm).put<uint32_t>(64, pm + 4); /* PM1a event, control; always in ACPI mode */
  f.put<uint8_t>(88, 4).put<uint8_t>(89, 2);
  f.put<uint16_t>(96, 0xffff).put<uint16_t>(98, 0xffff); /* no C2, no C3 */
  f.put<uint16_t>(109, 1 | 1 << 2 | 1 << 5);             /* legacy devices, no VGA, no RTC */
  f.put<uint32_t>(112, 1 | 1 << 2 | 1 << 5 | 1 << 6 | 1 << 10 | 1 << 12);
  /* WBINVD, C1, no sleep button, no RTC wake, reset register, headless */
  f.port(116, kPortReset, 8).put<uint8_t>(128, 6);
  f.put<uint8_t>(131, 4); /* 6.4 */
  f.put(140, dsdt.value);
  f.port(148, pm, 32).port(172, pm + 4, 16);
  return table("FACP", 6, f.bytes().substr(36));
}

/* Section 5.2.12. */
std::string madt(uint32_t cpus) {
  std::string body =
      Fields(8).put(0, static_cast<uint32_t>(kLocalApic)).put<uint32_t>(4, 1).bytes();
  for (uint32_t i = 0; i < cpus; ++i)
    body += Fields(8)
                .put<uint8_t>(1, 8)
                .put(2, static_cast<uint8_t>(i))
                .put(3, static_cast<uint8_t>(i))
                .put<uint32_t>(4, 1)
                .bytes();
  body += Fields(12)
              .put<uint8_t>(0, 1)
              .put<uint8_t>(1, 12)
              .put(4, static_cast<uint32_t>(kIoApic))
              .bytes();
  const auto override_pin = [](uint8_t irq, uint32_t pin, uint16_t flags) {
    return Fields(10)
        .put<uint8_t>(0, 2)
        .put<uint8_t>(1, 10)
        .put(3, irq)
        .put(4, pin)
        .put(8, flags)
        .bytes();
  };
  body += override_pin(0, 2, 0);              /* the PIT, as KVM wires it */
  body += override_pin(kPinSci, kPinSci, 13); /* active high, level */
  body += Fields(6)
              .put<uint8_t>(0, 4)
              .put<uint8_t>(1, 6)
              .put<uint8_t>(2, 0xff)
              .put<uint8_t>(5, 1)
              .bytes(); /* LINT1 is the NMI of every CPU */
  return table("APIC", 5, body);
}

}  // namespace

std::string acpi_dsdt(const AcpiOptions& o) {
  using namespace aml;
  std::string devices =
      device("COM1",
             name("_HID", eisa_id("PNP0501")) + name("_UID", integer(0)) +
                 name("_CRS", resources(io_ports(kPortSerial, 8) + interrupt(kPinSerial, false)))) +
      device("PEVT", name("_HID", string("QEMU0001")) + name("_STA", integer(0xb)) +
                         name("_CRS", resources(io_ports(kPortPvpanic, 1))));
  unsigned number = 0;
  for (const AcpiDevice& d : o.devices) {
    static constexpr char digits[] = "0123456789ABCDEF";
    const std::string path{'V', 'R', digits[number >> 4 & 15], digits[number & 15]};
    devices += device(
        path, name("_HID", string("LNRO0005")) + name("_UID", integer(number)) +
                  name("_CCA", integer(1)) +
                  name("_CRS", resources(memory32(static_cast<uint32_t>(d.base.value), d.size) +
                                         interrupt(d.pin, true))));
    ++number;
  }
  return table(
      "DSDT", 2,
      scope("\\_SB_", devices) +
          name("\\_S5_", package({integer(kSleepTypeOff), integer(0), integer(0), integer(0)})));
}

std::string acpi_tables(const AcpiOptions& o, Gpa at) {
  std::string out(64, '\0'); /* the RSDP comes last, when it knows where the XSDT is */
  const auto append = [&](const std::string& t) {
    out.resize((out.size() + 63) & ~size_t{63});
    const Gpa where = at + out.size();
    out += t;
    return where;
  };
  const Gpa facs =
      append(Fields(64).text(0, "FACS").put<uint32_t>(4, 64).put<uint8_t>(32, 2).bytes());
  const Gpa dsdt = append(acpi_dsdt(o));
  const Gpa entries[] = {append(fadt(facs, dsdt)), append(madt(o.cpus))};
  Fields pointers(sizeof entries);
  for (size_t i = 0; i < std::size(entries); ++i) pointers.put(8 * i, entries[i].value);
  const Gpa xsdt = append(table("XSDT", 1, pointers.bytes()));
  Fields rsdp(36); /* section 5.2.5.3 */
  rsdp.text(0, "RSD PTR ").text(9, "HYPROB").put<uint8_t>(15, 2).put<uint32_t>(20, 36);
  rsdp.put(24, xsdt.value);
  rsdp.put(8, checksum(std::string_view(rsdp.bytes()).substr(0, 20)));
  rsdp.put(32, checksum(rsdp.bytes()));
  out.replace(0, 36, rsdp.bytes());
  return out;
}

}  // namespace hp::machine
