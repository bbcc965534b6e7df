/* Packets that pcap() recorded, in the file format of tcpdump(1) and Wireshark (libpcap's, with time
 * stamps in nanoseconds). Pure.
 *
 *     file    header (24 bytes), then for each packet a header (16 bytes) and what was captured of it */
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace hp {

/* link: libpcap's link type, 1 for Ethernet, 12 (DLT_RAW) or 101 for IP without a link header. */
struct Packet {
  uint64_t time = 0; /* ns since the Epoch */
  uint32_t link = 1;
  std::string_view bytes;
};

/* snap: option pcapsize, the most that is captured of a packet. */
void append_packet_file_header(std::string& out, uint32_t link, uint32_t snap);
/* The length that the packet's IP header tells, where there is one, may exceed what was captured; what
 * was captured behind the packet's end is left out. */
void append_packet(std::string& out, const Packet&);
/* What of the captured bytes belongs to the packet. */
std::string_view packet_bytes(const Packet&);

}  // namespace hp
