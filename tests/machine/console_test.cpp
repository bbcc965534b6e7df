/* Consoles: what the serial port writes comes out, what is typed comes in, at each kind of end. */
#include "machine/console.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

using namespace hp;
using namespace hp::machine;

namespace {

class Line final : public vmm::InterruptLine {
 public:
  void set(bool) noexcept override {}
};

void write_text(Serial& serial, std::string_view text) {
  for (const char c : text) {
    uint8_t status = 0;
    do serial.read(5, &status, 1);
    while ((status & 0x20) == 0);
    serial.write(0, reinterpret_cast<const uint8_t*>(&c), 1);
  }
}
std::string read_text(Serial& serial, size_t size) {
  std::string text;
  while (text.size() < size) {
    uint8_t status = 0, c = 0;
    serial.read(5, &status, 1);
    if ((status & 1) == 0) continue;
    serial.read(0, &c, 1);
    text += static_cast<char>(c);
  }
  return text;
}

}  // namespace

TEST_CASE("a file gets everything, however much at once") {
  char name[] = "/tmp/hyprobe-console-XXXXXX";
  REQUIRE(::mkdtemp(name));
  const std::string path = std::string(name) + "/out";
  std::string all;
  for (int i = 0; i < 20000; ++i) all += "line " + std::to_string(i) + "\n";
  {
    auto console = Console::open("file=" + path);
    REQUIRE(console);
    Line line;
    Serial serial(**console, line);
    (*console)->start(serial);
    write_text(serial, all);
    (*console)->stop();
  }
  auto got = read_file(path);
  REQUIRE(got);
  CHECK(*got == all);
  std::filesystem::remove_all(name);
}

TEST_CASE("a pseudo-terminal is raw and leads both ways") {
  auto console = Console::open("pty");
  REQUIRE(console);
  REQUIRE((*console)->place().starts_with("/dev/"));
  Line line;
  Serial serial(**console, line);
  (*console)->start(serial);
  const Fd user(::open((*console)->place().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(user);
  termios t;
  REQUIRE(::tcgetattr(user.get(), &t) == 0);
  CHECK((t.c_lflag & (ECHO | ICANON | ISIG)) == 0);
  write_text(serial, "login: ");
  std::string got;
  while (got.size() < 7) {
    char buffer[16];
    const ssize_t n = ::read(user.get(), buffer, sizeof buffer);
    REQUIRE(n > 0);
    got.append(buffer, static_cast<size_t>(n));
  }
  CHECK(got == "login: ");
  /* More than the FIFO holds at once. */
  const std::string typed(1000, 'k');
  REQUIRE(::write(user.get(), typed.data(), typed.size()) == 1000);
  CHECK(read_text(serial, 1000) == typed);
  (*console)->stop();
}

TEST_CASE("a pseudo-terminal that nobody reads does not stop the guest") {
  auto console = Console::open("pty");
  REQUIRE(console);
  Line line;
  Serial serial(**console, line);
  (*console)->start(serial);
  write_text(serial, std::string(1 << 20, 'x'));
  (*console)->stop();
}

TEST_CASE("kinds of console that there are not are refused") {
  for (const char* kind : {"", "tty", "file=", "stdio=x"}) CHECK_FALSE(Console::open(kind));
  auto nowhere = Console::open("file=/nonexistent/console");
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().message.find("/nonexistent/console") != std::string::npos);
  CHECK(Console::open("none"));
}
