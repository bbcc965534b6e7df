/* A writer of ACPI machine language, as much of it as describes devices (ACPI 6.4, chapter 20).
 *
 * Each function gives the bytes of one term, so a table reads as its source would:
 *
 *     aml::scope("\\_SB_", aml::device("COM1", aml::name("_HID", aml::eisa_id("PNP0501")) + ...))
 *
 * Names are segments of exactly four characters; a leading backslash is allowed. Pure. */
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace hp::machine::aml {

std::string integer(uint64_t);
std::string string(std::string_view);
std::string eisa_id(std::string_view id); /* "PNP0501" */
std::string package(std::initializer_list<std::string> elements);
std::string name(std::string_view path, const std::string& object);
std::string device(std::string_view path, const std::string& terms);
std::string scope(std::string_view path, const std::string& terms);

/* Resource descriptors (section 6.4), to be joined and passed to resources(). */
std::string io_ports(uint16_t base, uint8_t count);
std::string memory32(uint32_t base, uint32_t size);
std::string interrupt(uint32_t pin, bool level); /* active high, exclusive */
std::string resources(const std::string& descriptors);

}  // namespace hp::machine::aml
