/* The UART, driven as Linux's driver does. */
#include "machine/serial.hpp"

#include <doctest/doctest.h>

using namespace hp::machine;

namespace {

class Line final : public hp::vmm::InterruptLine {
 public:
  void set(bool l) noexcept override {
    edges += l && !level;
    level = l;
  }
  bool level = false;
  int edges = 0;
};
class Paper final : public Serial::Sink {
 public:
  void put(char c) noexcept override { text += c; }
  bool has_room() const noexcept override { return text.size() < room; }
  std::string text;
  size_t room = 1000;
};

struct Port {
  uint8_t in(unsigned r) {
    uint8_t v = 0;
    serial.read(r, &v, 1);
    return v;
  }
  void out(unsigned r, unsigned v) {
    const auto byte = static_cast<uint8_t>(v);
    serial.write(r, &byte, 1);
  }
  Line line;
  Paper paper;
  Serial serial{paper, line};
};

enum : unsigned {
  Data,
  Enable,
  Identify,
  LineControl,
  ModemControl,
  LineStatus,
  ModemStatus,
  Scratch
};

}  // namespace

TEST_CASE("what is transmitted reaches the sink, and the transmitter is empty again") {
  Port p;
  for (const char c : std::string("hello")) {
    CHECK((p.in(LineStatus) & 0x60) == 0x60);
    p.out(Data, static_cast<unsigned>(c));
  }
  CHECK(p.paper.text == "hello");
  CHECK(p.line.edges == 0);
}

TEST_CASE("Linux's tests for a 16550A find one") {
  Port p;
  p.out(Enable, 0); /* autoconfig: the interrupt enables hold four bits */
  CHECK(p.in(Enable) == 0);
  p.out(Enable, 0x0f);
  CHECK(p.in(Enable) == 0x0f);
  p.out(Enable, 0);
  p.out(Scratch, 0xa5);
  CHECK(p.in(Scratch) == 0xa5);
  p.out(ModemControl, 0x10 | 0x0a); /* loopback: OUT2 and RTS show as DCD and CTS */
  CHECK((p.in(ModemStatus) & 0xf0) == 0x90);
  p.out(ModemControl, 0);
  CHECK((p.in(ModemStatus) & 0xf0) == 0xb0);
  p.out(Identify, 1); /* FIFO on */
  CHECK((p.in(Identify) >> 6) == 3);
  p.out(Identify, 0);
  CHECK((p.in(Identify) >> 6) == 0);
}

TEST_CASE("the divisor lies behind the line control's top bit") {
  Port p;
  p.out(LineControl, 0x83);
  p.out(Data, 0x34);
  p.out(Enable, 0x12);
  CHECK(p.in(Data) == 0x34);
  CHECK(p.in(Enable) == 0x12);
  p.out(LineControl, 3);
  CHECK(p.in(Enable) == 0);
  CHECK(p.paper.text.empty());
}

TEST_CASE("in loopback what is sent comes back and goes nowhere else") {
  Port p;
  p.out(ModemControl, 0x10);
  p.out(Data, 'x');
  CHECK((p.in(LineStatus) & 1) == 1);
  CHECK(p.in(Data) == 'x');
  CHECK((p.in(LineStatus) & 1) == 0);
  CHECK(p.paper.text.empty());
}

TEST_CASE("an empty transmitter interrupts once, until the guest has looked") {
  Port p;
  p.out(Enable, 2);
  CHECK(p.line.level);
  CHECK((p.in(Identify) & 0xf) == 2);
  CHECK_FALSE(p.line.level);
  CHECK((p.in(Identify) & 0xf) == 1);
  p.out(Data, 'a');
  CHECK(p.line.level);
  CHECK(p.line.edges == 2);
}

TEST_CASE("input interrupts until it has been read, and comes first") {
  Port p;
  p.out(Enable, 3);
  CHECK(p.serial.receive("ab") == 2);
  CHECK((p.in(Identify) & 0xf) == 4);
  CHECK(p.in(Data) == 'a');
  CHECK((p.in(Identify) & 0xf) == 4);
  CHECK(p.in(Data) == 'b');
  CHECK((p.in(Identify) & 0xf) == 2);
  CHECK_FALSE(p.line.level);
  CHECK(p.in(Data) == 0);
}

TEST_CASE("input beyond the FIFO is left to the sender") {
  Port p;
  CHECK(p.serial.receive(std::string(1000, 'x')) == 256);
  CHECK(p.serial.receive("x") == 0);
  CHECK(p.in(Data) == 'x');
  CHECK(p.serial.receive("yy") == 1);
  p.out(Identify, 3); /* clears it */
  CHECK((p.in(LineStatus) & 1) == 0);
}

TEST_CASE("a sink without room keeps the guest waiting, and calls it when there is some") {
  Port p;
  p.paper.room = 2;
  p.out(Enable, 2);
  p.out(Data, 'a');
  p.out(Data, 'b');
  (void)p.in(Identify);
  CHECK((p.in(LineStatus) & 0x60) == 0);
  CHECK_FALSE(p.line.level);
  p.paper.room = 10;
  p.serial.sink_ready();
  CHECK(p.line.level);
  CHECK((p.in(LineStatus) & 0x60) == 0x60);
}

TEST_CASE("a reset leaves nothing") {
  Port p;
  p.out(Enable, 3);
  p.out(LineControl, 0x83);
  (void)p.serial.receive("old");
  p.serial.reset();
  CHECK_FALSE(p.line.level);
  CHECK(p.in(Enable) == 0);
  CHECK(p.in(LineControl) == 0);
  CHECK((p.in(LineStatus) & 1) == 0);
}
