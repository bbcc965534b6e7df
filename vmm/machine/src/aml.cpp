#include "machine/aml.hpp"

#include "transport/result.hpp"

namespace hp::machine::aml {

namespace {

std::string byte(unsigned value) {
  return {static_cast<char>(value)};
}
std::string little(uint64_t value, unsigned size) {
  std::string s;
  for (; size != 0; --size, value >>= 8) s += static_cast<char>(value);
  return s;
}

/* Section 20.2.4: the length counts itself. */
std::string with_length(const std::string& body) {
  size_t n = body.size() + 1;
  if (n < 0x40) return byte(static_cast<unsigned>(n)) + body;
  unsigned more = 1;
  for (n = body.size() + 2; n >> (4 + 8 * more) != 0; ++n) ++more;
  HP_CHECK(more <= 3);
  return byte(more << 6 | (n & 15)) + little(n >> 4, more) + body;
}

std::string path_of(std::string_view path) {
  HP_CHECK(path.size() == (path.starts_with('\\') ? 5u : 4u));
  return std::string(path);
}

constexpr unsigned kExtended = 0x5b;

}  // namespace

std::string integer(uint64_t v) {
  if (v <= 1) return byte(static_cast<unsigned>(v));
  if (v <= 0xff) return byte(0x0a) + little(v, 1);
  if (v <= 0xffff) return byte(0x0b) + little(v, 2);
  if (v <= 0xffffffff) return byte(0x0c) + little(v, 4);
  return byte(0x0e) + little(v, 8);
}

std::string string(std::string_view s) {
  return byte(0x0d) + std::string(s) + byte(0);
}

/* Section 19.3.4: three letters of five bits, four hexadecimal digits, big-endian. */
std::string eisa_id(std::string_view id) {
  HP_CHECK(id.size() == 7);
  unsigned value = 0;
  for (const char c : id.substr(0, 3)) value = value << 5 | static_cast<unsigned>(c - '@');
  for (const char c : id.substr(3))
    value = value << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : c - 'A' + 10);
  return byte(0x0c) + little(__builtin_bswap32(value), 4);
}

std::string package(std::initializer_list<std::string> elements) {
  std::string body = byte(static_cast<unsigned>(elements.size()));
  for (const std::string& e : elements) body += e;
  return byte(0x12) + with_length(body);
}

std::string name(std::string_view path, const std::string& object) {
  return byte(0x08) + path_of(path) + object;
}
std::string device(std::string_view path, const std::string& terms) {
  return byte(kExtended) + byte(0x82) + with_length(path_of(path) + terms);
}
std::string scope(std::string_view path, const std::string& terms) {
  return byte(0x10) + with_length(path_of(path) + terms);
}

std::string io_ports(uint16_t base, uint8_t count) {
  return byte(0x47) + byte(1) + little(base, 2) + little(base, 2) + byte(1) + byte(count);
}
std::string memory32(uint32_t base, uint32_t size) {
  return byte(0x86) + little(9, 2) + byte(1) + little(base, 4) + little(size, 4);
}
std::string interrupt(uint32_t pin, bool level) {
  return byte(0x89) + little(6, 2) + byte(level ? 1 : 3) + byte(1) + little(pin, 4);
}
std::string resources(const std::string& descriptors) {
  const std::string bytes = descriptors + byte(0x79) + byte(0);
  return byte(0x11) + with_length(integer(bytes.size()) + bytes);
}

}  // namespace hp::machine::aml
