#include "virtio/console.hpp"

#include <fcntl.h>
#include <linux/virtio_ids.h>

#include <array>
#include <climits>

namespace hp::virtio {
namespace {

enum { kReceive = 0, kTransmit = 1 }; /* queues, as the guest sees them (5.3.2) */

}  // namespace

Result<std::unique_ptr<ConsoleDevice>> ConsoleDevice::create(ConsoleEnds ends) {
  return std::unique_ptr<ConsoleDevice>(new ConsoleDevice(HP_TRY(make_kick()), std::move(ends)));
}

uint32_t ConsoleDevice::id() const {
  return VIRTIO_ID_CONSOLE;
}

std::span<const uint16_t> ConsoleDevice::queue_sizes() const {
  static constexpr uint16_t kSizes[] = {64, 64};
  return kSizes;
}

void ConsoleDevice::read_config(uint64_t /*offset*/, std::span<uint8_t> data) noexcept {
  copy_config({}, 0, data); /* no feature makes a field of it valid */
}

void ConsoleDevice::process() noexcept {
  while (take(kTransmit, chain_)) {
    if (!transmit(chain_.readable())) return; /* being stopped */
    give(kTransmit, chain_, 0);
  }
  receive();
}

/* True: all was written or lost. */
bool ConsoleDevice::transmit(std::span<const iovec> bytes) noexcept {
  for (iovec b : bytes) {
    while (b.iov_len != 0 && ends_.output) {
      /* What polls writable takes PIPE_BUF bytes without blocking; the descriptor may be shared with programs
       * that do not expect O_NONBLOCK, so it is not set. */
      if (!ends_.loses && !wait_writable(ends_.output.get())) return false;
      const size_t part = ends_.loses ? b.iov_len : std::min<size_t>(b.iov_len, PIPE_BUF);
      const ssize_t n = ::write(ends_.output.get(), b.iov_base, part);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        lost_ += b.iov_len;
        if (errno != EAGAIN) ends_.output.reset(); /* its reader is gone, or the disk is full */
        break;
      }
      b.iov_base = static_cast<char*>(b.iov_base) + n;
      b.iov_len -= static_cast<size_t>(n);
    }
  }
  return true;
}

void ConsoleDevice::receive() noexcept {
  wants_input_ = false;
  while (ends_.input && take(kReceive, chain_)) {
    pollfd ready{ends_.input.get(), POLLIN, 0};
    if (::poll(&ready, 1, 0) <= 0) {
      queue(kReceive).put_back();
      wants_input_ = true;
      return;
    }
    if (chain_.writable().empty()) {
      queue(kReceive).fail("a buffer for input has no room");
      return;
    }
    std::array<char, 4096> bytes;
    const ssize_t n = ::read(ends_.input.get(), bytes.data(),
                             std::min<uint64_t>(bytes.size(), chain_.writable_size()));
    if (n <= 0) {
      queue(kReceive).put_back();
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        wants_input_ = true;
        return;
      }
      ends_.input.reset(); /* end of file */
      return;
    }
    ChainWriter out(chain_);
    HP_CHECK(out.write(bytes.data(), static_cast<uint64_t>(n)));
    give(kReceive, chain_, out.written());
  }
}

size_t ConsoleDevice::watch(pollfd* fds) noexcept {
  if (!wants_input_) return 0;
  fds[0] = {ends_.input.get(), POLLIN, 0};
  return 1;
}

}  // namespace hp::virtio
