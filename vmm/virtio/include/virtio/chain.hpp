/* Chain: one descriptor chain as its driver made it available, checked by Queue::pop(): every buffer lies in
 * guest RAM, those that the device reads come before those that it writes (virtio 1.2, 2.7.4.2).
 *
 *     ChainReader in(chain);
 *     virtio_blk_outhdr header;
 *     if (!in.load(header)) ...
 *
 * A driver may cut a message into buffers as it likes (2.6.4), so devices look at bytes, not at
 * buffers. The guest may change the bytes at any time: what is checked is copied out first. A chain's
 * buffers stay valid until the device is reset. */
#pragma once
#include <sys/uio.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

namespace hp::virtio {

class Chain {
 public:
  uint16_t head() const {
    return head_;
  } /* index of its first descriptor: its name in the used ring */
  std::span<const iovec> readable() const { return {buffers_.data(), readable_}; }
  std::span<const iovec> writable() const { return std::span(buffers_).subspan(readable_); }
  uint64_t readable_size() const { return readable_size_; }
  uint64_t writable_size() const { return writable_size_; }

 private:
  friend class Queue;
  void clear(uint16_t head);
  void add(void* data, size_t size, bool writable);

  std::vector<iovec> buffers_; /* the readable ones first; none is empty */
  size_t readable_ = 0;
  uint64_t readable_size_ = 0, writable_size_ = 0; /* bytes, together less than 2^32 */
  uint16_t head_ = 0;
};

/* A place in the bytes of some buffers. */
class ChainCursor {
 public:
  ChainCursor(std::span<const iovec> buffers, uint64_t size)
      : buffers_(buffers), remaining_(size) {}
  uint64_t remaining() const { return remaining_; } /* bytes */
  /* The next min(size, remaining()) bytes where they lie, for readv(2) and its like. */
  std::vector<iovec> take(uint64_t size);

 protected:
  /* Calls f(bytes, n) for each run of the next `size` bytes, size <= remaining(). */
  template <class F>
  void each(uint64_t size, F f) {
    remaining_ -= size;
    while (size != 0) {
      const iovec& b = buffers_.front();
      const size_t n = std::min<uint64_t>(size, b.iov_len - offset_);
      f(static_cast<uint8_t*>(b.iov_base) + offset_, n);
      size -= n;
      offset_ += n;
      if (offset_ != b.iov_len) continue;
      buffers_ = buffers_.subspan(1);
      offset_ = 0;
    }
  }

 private:
  std::span<const iovec> buffers_;
  size_t offset_ = 0; /* in the first buffer, less than its size */
  uint64_t remaining_;
};

/* What the driver wrote for the device. */
class ChainReader : public ChainCursor {
 public:
  explicit ChainReader(const Chain& c) : ChainCursor(c.readable(), c.readable_size()) {}
  /* False, and nothing is read: there are fewer bytes. */
  [[nodiscard]] bool read(void* to, uint64_t size);
  template <class T>
  [[nodiscard]] bool load(T& to) {
    static_assert(std::is_trivially_copyable_v<T>);
    return read(&to, sizeof to);
  }
};

/* What the device writes for the driver. */
class ChainWriter : public ChainCursor {
 public:
  explicit ChainWriter(const Chain& c)
      : ChainCursor(c.writable(), c.writable_size()), size_(c.writable_size()) {}
  /* False, and nothing is written: there is less room. */
  [[nodiscard]] bool write(const void* from, uint64_t size);
  /* Bytes so far, taken ones too: what the used ring is told. */
  uint32_t written() const { return static_cast<uint32_t>(size_ - remaining()); }

 private:
  uint64_t size_;
};

}  // namespace hp::virtio
