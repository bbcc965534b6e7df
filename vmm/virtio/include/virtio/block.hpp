/* BlockDevice: a raw image file, or a block device, as a disk (virtio 1.2, 5.2).
 *
 * Requests are served one after the other on the device's thread with preadv(2) and pwritev(2) straight from
 * and to guest RAM. VIRTIO_BLK_F_FLUSH: a flush is fdatasync(2); a driver that does not take the feature
 * gets writes that are on the disk when they complete (5.2.6.2). I/O that fails or falls short is
 * VIRTIO_BLK_S_IOERR, as is what lies beyond the disk or writes to one that is read only; a chain that is
 * no request breaks the queue.
 *
 * One machine at a time writes an image: the file is held by flock(2), shared if read only. */
#pragma once
#include <memory>
#include <string>

#include "virtio/threaded_device.hpp"

namespace hp::virtio {

struct BlockOptions {
  std::string path;
  bool read_only = false;
  std::string serial; /* at most 20 bytes; the guest's /sys/block/vda/serial */
};

class BlockDevice final : public ThreadedDevice {
 public:
  static constexpr uint64_t kSector = 512; /* bytes; the unit of all of virtio-blk */
  static constexpr uint16_t kQueueSize = 256;
  /* Refused: no such file, no access, a size that is not a multiple of kSector, an image in use. */
  static Result<std::unique_ptr<BlockDevice>> create(const BlockOptions& options);

  uint64_t sectors() const { return sectors_; }
  std::string_view name() const override { return "virtio-blk"; }
  uint32_t id() const override;
  uint64_t features() const override;
  std::span<const uint16_t> queue_sizes() const override;
  void read_config(uint64_t offset, std::span<uint8_t> data) noexcept override;

 private:
  BlockDevice(Fd kick, Fd file, uint64_t sectors, const BlockOptions& options)
      : ThreadedDevice(std::move(kick)),
        file_(std::move(file)),
        sectors_(sectors),
        read_only_(options.read_only),
        serial_(options.serial) {}
  void process() noexcept override;
  bool serve(uint32_t& written) noexcept;
  uint8_t perform(uint32_t type, uint64_t sector, ChainReader& in, std::vector<iovec> data,
                  uint64_t size) noexcept;
  uint8_t transfer(bool write, uint64_t sector, std::vector<iovec> data, uint64_t size) noexcept;
  uint8_t identify(std::span<const iovec> data, uint64_t size) const noexcept;
  uint8_t clear(uint32_t type, ChainReader& in) noexcept;
  bool clear_range(bool zeroes, bool unmap, uint64_t offset, uint64_t size) noexcept;
  bool within(uint64_t sector, uint64_t size) const;

  Fd file_;
  uint64_t sectors_;
  bool read_only_;
  std::string serial_;
  Chain chain_;
};

}  // namespace hp::virtio
