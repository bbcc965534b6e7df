/* Power management, resets, pvpanic, CMOS: what a guest writes and what the machine learns. */
#include "machine/platform.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "machine/bus.hpp"

using namespace hp::machine;

namespace {

class Line final : public hp::vmm::InterruptLine {
 public:
  void set(bool l) noexcept override { level = l; }
  bool level = false;
};

struct Platform {
  std::vector<GuestEvent> seen;
  GuestEvents events = [this](GuestEvent e) { seen.push_back(e); };
  Line sci;
  PowerManagement power{sci, events};
  ResetPort keyboard{ResetPort::Keyboard, events}, control{ResetPort::Control, events};
  Pvpanic pvpanic{events};
};

void out8(hp::vmm::Device& d, uint64_t offset, uint8_t v) {
  d.write(offset, &v, 1);
}
void out16(hp::vmm::Device& d, uint64_t offset, uint16_t v) {
  d.write(offset, reinterpret_cast<const uint8_t*>(&v), 2);
}
uint16_t in16(hp::vmm::Device& d, uint64_t offset) {
  uint16_t v = 0;
  d.read(offset, reinterpret_cast<uint8_t*>(&v), 2);
  return v;
}

constexpr uint16_t kButton = 1 << 8;

}  // namespace

TEST_CASE("S5 is power-off, no other sleep state is") {
  Platform p;
  out16(p.power, 4, 3 << 10 | 1 << 13);
  out16(p.power, 4, 5 << 10); /* the type without the enable */
  CHECK(p.seen.empty());
  out16(p.power, 4, 5 << 10 | 1 << 13);
  CHECK(p.seen == std::vector{GuestEvent::PowerOff});
  CHECK((in16(p.power, 4) & 1) == 1); /* always in ACPI mode */
}

TEST_CASE("the power button raises the SCI only for who listens, and until it is acknowledged") {
  Platform p;
  CHECK_FALSE(p.power.button_heard());
  p.power.press_power_button();
  CHECK_FALSE(p.sci.level);
  out16(p.power, 2, kButton);
  CHECK(p.power.button_heard());
  CHECK(p.sci.level);
  CHECK((in16(p.power, 0) & kButton) != 0);
  out16(p.power, 0, kButton);
  CHECK_FALSE(p.sci.level);
  CHECK(in16(p.power, 0) == 0);
  p.power.press_power_button();
  CHECK(p.sci.level);
  p.power.reset();
  CHECK_FALSE(p.sci.level);
  CHECK_FALSE(p.power.button_heard());
}

TEST_CASE("bytes of a register change that byte alone") {
  Platform p;
  out16(p.power, 2, 0x0121);
  out8(p.power, 3, 0);
  CHECK(in16(p.power, 2) == 0x0021);
}

TEST_CASE("resets are asked for by the right values only") {
  Platform p;
  for (const uint8_t v : {0x00, 0xd1, 0xff}) out8(p.keyboard, 0, v);
  for (const uint8_t v : {0, 2, 4}) out8(p.control, 0, v);
  CHECK(p.seen.empty());
  out8(p.keyboard, 0, 0xfe);
  out8(p.control, 0, 6);
  out8(p.control, 0, 0x0e);
  CHECK(p.seen == std::vector{GuestEvent::Reset, GuestEvent::Reset, GuestEvent::Reset});
}

TEST_CASE("pvpanic offers and reports a panic") {
  Platform p;
  uint8_t offered = 0;
  p.pvpanic.read(0, &offered, 1);
  CHECK(offered == 1);
  out8(p.pvpanic, 0, 2);
  CHECK(p.seen.empty());
  out8(p.pvpanic, 0, 1);
  CHECK(p.seen == std::vector{GuestEvent::Panic});
}

TEST_CASE("the CMOS clock is never in the middle of an update") {
  Cmos cmos;
  out8(cmos, 0, 0x0a);
  uint8_t v = 0xff;
  cmos.read(1, &v, 1);
  CHECK(v == 0);
}

TEST_CASE("a bus gives each access to the device that claims all of it") {
  class Echo final : public hp::vmm::Device {
   public:
    std::string_view name() const override { return "echo"; }
    void read(uint64_t offset, uint8_t* data, unsigned size) noexcept override {
      std::memset(data, static_cast<int>(offset), size);
    }
    void write(uint64_t, const uint8_t*, unsigned) noexcept override { writes++; }
    int writes = 0;
  } first, second;
  Bus bus;
  REQUIRE(bus.add(second, 0x20, 4));
  REQUIRE(bus.add(first, 0x10, 8));
  CHECK_FALSE(bus.add(first, 0x17, 1));
  CHECK_FALSE(bus.add(first, 0x0f, 2));
  CHECK_FALSE(bus.add(first, 0x00, 0x100));
  const auto read = [&](uint64_t at, unsigned size) {
    uint32_t v = 0;
    bus.read(at, reinterpret_cast<uint8_t*>(&v), size);
    return v;
  };
  CHECK(read(0x13, 1) == 3);
  CHECK(read(0x22, 2) == 0x0202);
  CHECK(read(0x0f, 1) == 0xff);
  CHECK(read(0x18, 4) == 0xffffffff);
  CHECK(read(0x16, 4) == 0xffffffff); /* straddles the end */
  CHECK(read(0x22, 4) == 0xffffffff);
  CHECK(read(0x10, 3) == 0x00ffffff); /* a piece of an access that straddles pages */
  CHECK(read(~0ull, 4) == 0xffffffff);
  const uint8_t byte = 0;
  bus.write(0x16, &byte, 4);
  bus.write(0x23, &byte, 1);
  CHECK(first.writes == 0);
  CHECK(second.writes == 1);
}
