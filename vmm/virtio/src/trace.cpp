#include "virtio/trace.hpp"

namespace hp::virtio {

Result<std::unique_ptr<TraceDevice>> TraceDevice::create(vmm::TracePort& port) {
  return std::unique_ptr<TraceDevice>(new TraceDevice(HP_TRY(make_kick()), port));
}

std::span<const uint16_t> TraceDevice::queue_sizes() const {
  static constexpr uint16_t kSizes[] = {HP_QUEUE_SIZE, HP_QUEUE_SIZE};
  return kSizes;
}

void TraceDevice::read_config(uint64_t offset, std::span<uint8_t> data) noexcept {
  const std::lock_guard lock(mutex_);
  copy_config({reinterpret_cast<const uint8_t*>(&config_), sizeof config_}, offset, data);
}

void TraceDevice::set_vmid(uint32_t vmid) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (config_.vmid == vmid) return;
    config_.vmid = vmid;
  }
  if (transport()) transport()->config_changed();
}

bool TraceDevice::send(std::span<const uint8_t> message) noexcept {
  HP_CHECK(message.size() <= HP_MSG_MAX);
  {
    const std::lock_guard lock(mutex_);
    if (!active_ || message.size() > kMaxQueued - waiting_bytes_) return false;
    waiting_.emplace_back(message.begin(), message.end());
    waiting_bytes_ += message.size();
  }
  notify();
  return true;
}

void TraceDevice::activated() noexcept {
  const std::lock_guard lock(mutex_);
  active_ = true;
}

void TraceDevice::process() noexcept {
  deliver();
  receive();
}

void TraceDevice::receive() noexcept {
  while (take(HP_QUEUE_TO_HOST, chain_)) {
    ChainReader in(chain_);
    if (in.remaining() == 0 || in.remaining() > HP_MSG_MAX) {
      queue(HP_QUEUE_TO_HOST).fail("a message of the guest's is empty or larger than HP_MSG_MAX");
      return;
    }
    message_.resize(in.remaining());
    HP_CHECK(in.read(message_.data(), message_.size()));
    give(HP_QUEUE_TO_HOST, chain_, 0);
    port_.message(message_);
    deliver(); /* the answer; and a guest that sends without end is heard no more than it listens */
  }
}

void TraceDevice::deliver() noexcept {
  for (;;) {
    std::vector<uint8_t> next;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty() || !take(HP_QUEUE_TO_GUEST, chain_)) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
      waiting_bytes_ -= next.size();
    }
    ChainWriter out(chain_);
    if (!out.write(next.data(), next.size())) {
      queue(HP_QUEUE_TO_GUEST).fail("a buffer for messages is smaller than the message");
      return;
    }
    give(HP_QUEUE_TO_GUEST, chain_, out.written());
  }
}

void TraceDevice::stopped() noexcept {
  {
    const std::lock_guard lock(mutex_);
    active_ = false;
    waiting_.clear();
    waiting_bytes_ = 0;
  }
  port_.reset();
}

}  // namespace hp::virtio
