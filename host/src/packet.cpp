#include "host/packet.hpp"

#include <algorithm>

namespace hp {
namespace {

constexpr uint32_t kEthernet = 1, kRaw = 12, kLinkTypeRaw = 101;

void put16(std::string& out, uint32_t n) {
  out += static_cast<char>(n);
  out += static_cast<char>(n >> 8);
}

void put32(std::string& out, uint32_t n) {
  put16(out, n & 0xffff);
  put16(out, n >> 16);
}

uint32_t byte(std::string_view s, size_t i) {
  return static_cast<unsigned char>(s[i]);
}

uint32_t network16(std::string_view s, size_t i) {
  return byte(s, i) << 8 | byte(s, i + 1);
}

/* Length of an IP packet by its header; 0 if it is none. */
size_t ip_length(std::string_view s) {
  if (s.size() >= 20 && byte(s, 0) >> 4 == 4) return network16(s, 2);
  if (s.size() >= 40 && byte(s, 0) >> 4 == 6) return 40 + network16(s, 4);
  return 0;
}

size_t packet_length(const Packet& p) {
  constexpr size_t kHeader = 14, kType = 12;
  if (p.link != kEthernet) {
    const size_t n = ip_length(p.bytes);
    return n != 0 ? n : p.bytes.size();
  }
  if (p.bytes.size() < kHeader) return p.bytes.size();
  const uint32_t type = network16(p.bytes, kType);
  const size_t n = type == 0x0800 || type == 0x86dd ? ip_length(p.bytes.substr(kHeader)) : 0;
  return n != 0 ? kHeader + n : p.bytes.size();
}

}  // namespace

void append_packet_file_header(std::string& out, uint32_t link, uint32_t snap) {
  put32(out, 0xa1b23c4d); /* nanoseconds */
  put16(out, 2);
  put16(out, 4);
  put32(out, 0);
  put32(out, 0);
  put32(out, snap);
  put32(out, link == kRaw ? kLinkTypeRaw : link);
}

std::string_view packet_bytes(const Packet& p) {
  return p.bytes.substr(0, packet_length(p));
}

void append_packet(std::string& out, const Packet& p) {
  const std::string_view captured = packet_bytes(p);
  put32(out, static_cast<uint32_t>(p.time / 1000000000));
  put32(out, static_cast<uint32_t>(p.time % 1000000000));
  put32(out, static_cast<uint32_t>(captured.size()));
  put32(out, static_cast<uint32_t>(packet_length(p)));
  out += captured;
}

}  // namespace hp
