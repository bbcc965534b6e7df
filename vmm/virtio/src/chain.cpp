#include "virtio/chain.hpp"

namespace hp::virtio {

void Chain::clear(uint16_t head) {
  buffers_.clear();
  readable_ = 0;
  readable_size_ = writable_size_ = 0;
  head_ = head;
}

void Chain::add(void* data, size_t size, bool writable) {
  buffers_.push_back({data, size});
  if (!writable) readable_++;
  (writable ? writable_size_ : readable_size_) += size;
}

std::vector<iovec> ChainCursor::take(uint64_t size) {
  std::vector<iovec> out;
  each(std::min(size, remaining_), [&](uint8_t* p, size_t n) { out.push_back({p, n}); });
  return out;
}

bool ChainReader::read(void* to, uint64_t size) {
  if (size > remaining()) return false;
  auto* out = static_cast<uint8_t*>(to);
  each(size, [&](const uint8_t* p, size_t n) {
    std::memcpy(out, p, n);
    out += n;
  });
  return true;
}

bool ChainWriter::write(const void* from, uint64_t size) {
  if (size > remaining()) return false;
  const auto* in = static_cast<const uint8_t*>(from);
  each(size, [&](uint8_t* p, size_t n) {
    std::memcpy(p, in, n);
    in += n;
  });
  return true;
}

}  // namespace hp::virtio
