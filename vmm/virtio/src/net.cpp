#include "virtio/net.hpp"

#include <linux/virtio_ids.h>
#define class class_ /* a field's name there */
#include <linux/virtio_net.h>
#undef class

#include <charconv>

namespace hp::virtio {
namespace {

enum { kReceive = 0, kTransmit = 1 }; /* queues, as the guest sees them (5.1.2) */
constexpr int kTurn = 64;             /* frames in one direction before the other has its turn */

}  // namespace

Result<MacAddress> parse_mac(std::string_view text) {
  MacAddress mac{};
  const char *at = text.data(), *const end = at + text.size();
  for (size_t i = 0; i < mac.size(); i++) {
    const auto [next, error] = std::from_chars(at, std::min(at + 2, end), mac[i], 16);
    const bool last = i + 1 == mac.size();
    if (error != std::errc() || next != at + 2 ||
        (last ? next != end : next == end || *next != ':'))
      return fail("'" + std::string(text) + "' is no MAC address, such as 52:54:00:12:34:56");
    at = next + 1;
  }
  if (mac[0] & 1) return fail("the MAC address " + std::string(text) + " is a group's");
  return mac;
}

MacAddress mac_of_name(std::string_view name) {
  uint64_t hash = 14695981039346656037ull; /* FNV-1a */
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211ull;
  MacAddress mac;
  for (size_t i = 0; i < mac.size(); i++) mac[i] = static_cast<uint8_t>(hash >> (8 * i + 8));
  mac[0] = static_cast<uint8_t>((mac[0] & 0xfc) | 2);
  return mac;
}

Result<std::unique_ptr<NetDevice>> NetDevice::create(std::unique_ptr<NetBackend> backend,
                                                     const MacAddress& mac) {
  return std::unique_ptr<NetDevice>(new NetDevice(HP_TRY(make_kick()), std::move(backend), mac));
}

uint32_t NetDevice::id() const {
  return VIRTIO_ID_NET;
}
uint64_t NetDevice::features() const {
  return 1ull << VIRTIO_NET_F_MAC;
}

std::span<const uint16_t> NetDevice::queue_sizes() const {
  static constexpr uint16_t kSizes[] = {256, 256};
  return kSizes;
}

void NetDevice::read_config(uint64_t offset, std::span<uint8_t> data) noexcept {
  virtio_net_config config{};
  std::memcpy(config.mac, mac_.data(), mac_.size());
  copy_config({reinterpret_cast<const uint8_t*>(&config), sizeof config}, offset, data);
}

void NetDevice::process() noexcept {
  backend_->flush(); /* the guest may have nothing more to send that would */
  bool more = true;
  while (more && !stopping()) {
    more = transmit();
    if (receive()) more = true;
  }
}

/* True: its turn ended, and there may be more. */
bool NetDevice::transmit() noexcept {
  for (int n = 0; n < kTurn; n++) {
    if (!take(kTransmit, chain_)) return false;
    ChainReader in(chain_);
    virtio_net_hdr_v1 header; /* without offloads there is nothing in it (5.1.6.2.1) */
    if (!in.load(header) || in.remaining() < NetBackend::kMinFrame ||
        in.remaining() > NetBackend::kMaxFrame) {
      queue(kTransmit).fail("a frame to send has no header, or is too short or too long");
      return false;
    }
    const size_t size = in.remaining();
    if (!backend_->send(in.take(size), size)) {
      queue(kTransmit).put_back();
      return false;
    }
    give(kTransmit, chain_, 0);
  }
  return true;
}

bool NetDevice::receive() noexcept {
  for (int n = 0; n < kTurn; n++) {
    if (frame_size_ == 0) frame_size_ = backend_->receive(frame_);
    if (frame_size_ == 0 || !take(kReceive, chain_)) return false;
    virtio_net_hdr_v1 header{};
    header.num_buffers = 1; /* 5.1.6.4.1: without VIRTIO_NET_F_MRG_RXBUF always */
    if (chain_.writable_size() < sizeof header + frame_size_) {
      queue(kReceive).put_back();
      dropped_++;
      frame_size_ = 0;
      continue;
    }
    ChainWriter out(chain_);
    HP_CHECK(out.write(&header, sizeof header) && out.write(frame_.data(), frame_size_));
    frame_size_ = 0;
    give(kReceive, chain_, out.written());
  }
  return true;
}

size_t NetDevice::watch(pollfd* fds) noexcept {
  fds[0] = backend_->wait(frame_size_ == 0);
  return 1;
}

}  // namespace hp::virtio
