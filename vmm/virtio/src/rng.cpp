#include "virtio/rng.hpp"

#include <linux/virtio_ids.h>
#include <sys/random.h>

#include <array>

namespace hp::virtio {

Result<std::unique_ptr<RngDevice>> RngDevice::create() {
  return std::unique_ptr<RngDevice>(new RngDevice(HP_TRY(make_kick())));
}

uint32_t RngDevice::id() const {
  return VIRTIO_ID_RNG;
}

std::span<const uint16_t> RngDevice::queue_sizes() const {
  static constexpr uint16_t kSizes[] = {16};
  return kSizes;
}

void RngDevice::read_config(uint64_t /*offset*/, std::span<uint8_t> data) noexcept {
  copy_config({}, 0, data);
}

void RngDevice::process() noexcept {
  while (take(0, chain_)) {
    if (chain_.writable().empty()) {
      queue(0).fail("a request for entropy has no room for it");
      return;
    }
    ChainWriter out(chain_);
    std::array<uint8_t, 256> bytes; /* what getrandom(2) gives without interruption */
    while (out.remaining() != 0 && out.written() < kMost) {
      const size_t n = std::min<uint64_t>(out.remaining(), bytes.size());
      if (::getrandom(bytes.data(), n, 0) != static_cast<ssize_t>(n)) break;
      HP_CHECK(out.write(bytes.data(), n));
    }
    give(0, chain_, out.written());
  }
}

}  // namespace hp::virtio
