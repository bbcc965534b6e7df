/* Requests as in virtio 1.2, 5.2.6: header, data, and the last writable byte is the status. */
#include "virtio/block.hpp"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <array>

namespace hp::virtio {
namespace {

constexpr uint32_t kDiscardSectors = 1u << 22; /* 2 GiB: a hole costs nothing */
constexpr uint32_t kZeroSectors = 1u << 15;    /* 16 MiB: zeroes may have to be written */
constexpr uint32_t kRanges = 16;               /* in one request */

Result<uint64_t> size_of(const Fd& file, const std::string& path) {
  struct stat st;
  if (::fstat(file.get(), &st) != 0) return fail_errno("cannot look at " + path);
  uint64_t size = static_cast<uint64_t>(st.st_size);
  if (S_ISBLK(st.st_mode)) {
    if (::ioctl(file.get(), BLKGETSIZE64, &size) != 0)
      return fail_errno("cannot ask for the size of " + path);
  } else if (!S_ISREG(st.st_mode)) {
    return fail(path + " is neither a file nor a block device");
  }
  if (size == 0 || size % BlockDevice::kSector != 0)
    return fail(path + ": " + std::to_string(size) +
                " bytes are no disk: its size must be a multiple of " +
                std::to_string(BlockDevice::kSector) + " (truncate -s %" +
                std::to_string(BlockDevice::kSector) + " rounds it up)");
  return size;
}

/* Drops the first n bytes. */
void advance(std::span<iovec>& buffers, uint64_t n) {
  while (n != 0) {
    iovec& b = buffers.front();
    const size_t part = std::min<uint64_t>(n, b.iov_len);
    b.iov_base = static_cast<uint8_t*>(b.iov_base) + part;
    b.iov_len -= part;
    n -= part;
    if (b.iov_len == 0) buffers = buffers.subspan(1);
  }
}

}  // namespace

Result<std::unique_ptr<BlockDevice>> BlockDevice::create(const BlockOptions& options) {
  if (options.serial.size() > VIRTIO_BLK_ID_BYTES)
    return fail("a disk's serial has at most 20 bytes: " + options.serial);
  /* O_NONBLOCK: a FIFO is refused, not waited for; files and disks do not mind. */
  const int mode = options.read_only ? O_RDONLY : O_RDWR;
  Fd file(::open(options.path.c_str(), mode | O_CLOEXEC | O_NONBLOCK));
  if (!file) return fail_errno("cannot open the disk " + options.path);
  if (::flock(file.get(), (options.read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail_errno("cannot lock the disk " + options.path);
    return fail("the disk " + options.path + " is in use by another machine", EBUSY);
  }
  const uint64_t size = HP_TRY(size_of(file, options.path));
  return std::unique_ptr<BlockDevice>(
      new BlockDevice(HP_TRY(make_kick()), std::move(file), size / kSector, options));
}

uint32_t BlockDevice::id() const {
  return VIRTIO_ID_BLOCK;
}

uint64_t BlockDevice::features() const {
  const uint64_t always =
      1ull << VIRTIO_BLK_F_SEG_MAX | 1ull << VIRTIO_BLK_F_BLK_SIZE | 1ull << VIRTIO_BLK_F_FLUSH;
  if (read_only_) return always | 1ull << VIRTIO_BLK_F_RO;
  return always | 1ull << VIRTIO_BLK_F_DISCARD | 1ull << VIRTIO_BLK_F_WRITE_ZEROES;
}

std::span<const uint16_t> BlockDevice::queue_sizes() const {
  static constexpr uint16_t kSizes[] = {kQueueSize};
  return kSizes;
}

void BlockDevice::read_config(uint64_t offset, std::span<uint8_t> data) noexcept {
  virtio_blk_config config{};
  config.capacity = sectors_;
  config.seg_max = kQueueSize - 2; /* beside header and status */
  config.blk_size = kSector;
  config.max_discard_sectors = kDiscardSectors;
  config.max_discard_seg = config.max_write_zeroes_seg = kRanges;
  config.discard_sector_alignment = 8; /* a hint: pages of the file's cache */
  config.max_write_zeroes_sectors = kZeroSectors;
  config.write_zeroes_may_unmap = 1;
  copy_config({reinterpret_cast<const uint8_t*>(&config), sizeof config}, offset, data);
}

void BlockDevice::process() noexcept {
  while (take(0, chain_)) {
    uint32_t written = 0;
    if (!serve(written)) {
      queue(0).fail("a request has no header, or no room for its status");
      return;
    }
    give(0, chain_, written);
  }
}

bool BlockDevice::serve(uint32_t& written) noexcept {
  ChainReader in(chain_);
  ChainWriter out(chain_);
  virtio_blk_outhdr header;
  if (!in.load(header) || out.remaining() == 0) return false;
  const uint64_t size = out.remaining() - 1;
  const uint8_t status = perform(header.type, header.sector, in, out.take(size), size);
  HP_CHECK(out.write(&status, 1));
  written = status == VIRTIO_BLK_S_OK ? out.written() : 0;
  return true;
}

uint8_t BlockDevice::perform(uint32_t type, uint64_t sector, ChainReader& in,
                             std::vector<iovec> data, uint64_t size) noexcept {
  if (read_only_ && type != VIRTIO_BLK_T_IN && type != VIRTIO_BLK_T_FLUSH &&
      type != VIRTIO_BLK_T_GET_ID)
    return VIRTIO_BLK_S_IOERR;
  switch (type) {
    case VIRTIO_BLK_T_IN:
      return transfer(false, sector, std::move(data), size);
    case VIRTIO_BLK_T_OUT: {
      const uint64_t out_size = in.remaining();
      return transfer(true, sector, in.take(out_size), out_size);
    }
    case VIRTIO_BLK_T_FLUSH:
      return ::fdatasync(file_.get()) == 0 ? VIRTIO_BLK_S_OK : VIRTIO_BLK_S_IOERR;
    case VIRTIO_BLK_T_GET_ID:
      return identify(data, size);
    case VIRTIO_BLK_T_DISCARD:
    case VIRTIO_BLK_T_WRITE_ZEROES:
      return clear(type, in);
    default:
      return VIRTIO_BLK_S_UNSUPP;
  }
}

bool BlockDevice::within(uint64_t sector, uint64_t size) const {
  return size % kSector == 0 && sector <= sectors_ && size / kSector <= sectors_ - sector;
}

uint8_t BlockDevice::transfer(bool write, uint64_t sector, std::vector<iovec> data,
                              uint64_t size) noexcept {
  if (!within(sector, size)) return VIRTIO_BLK_S_IOERR;
  /* Without VIRTIO_BLK_F_FLUSH a driver takes completion for durability. */
  const int flags = write && !negotiated(VIRTIO_BLK_F_FLUSH) ? RWF_DSYNC : 0;
  std::span<iovec> rest(data);
  auto offset = static_cast<off_t>(sector * kSector);
  while (!rest.empty()) {
    const int count = static_cast<int>(rest.size()); /* at most kQueueSize, less than IOV_MAX */
    const ssize_t n = write ? ::pwritev2(file_.get(), rest.data(), count, offset, flags)
                            : ::preadv(file_.get(), rest.data(), count, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return VIRTIO_BLK_S_IOERR; /* 0: somebody cut the file */
    offset += n;
    advance(rest, static_cast<uint64_t>(n));
  }
  return VIRTIO_BLK_S_OK;
}

uint8_t BlockDevice::identify(std::span<const iovec> data, uint64_t size) const noexcept {
  if (size != VIRTIO_BLK_ID_BYTES) return VIRTIO_BLK_S_IOERR;
  size_t at = 0;
  for (const iovec& b : data)
    for (size_t i = 0; i < b.iov_len; i++, at++)
      static_cast<char*>(b.iov_base)[i] = at < serial_.size() ? serial_[at] : '\0';
  return VIRTIO_BLK_S_OK;
}

/* VIRTIO_BLK_T_DISCARD: the driver does not care what it will read there. VIRTIO_BLK_T_WRITE_ZEROES: zeroes. */
uint8_t BlockDevice::clear(uint32_t type, ChainReader& in) noexcept {
  const bool zeroes = type == VIRTIO_BLK_T_WRITE_ZEROES;
  const uint64_t ranges = in.remaining() / sizeof(virtio_blk_discard_write_zeroes);
  if (ranges > kRanges || in.remaining() % sizeof(virtio_blk_discard_write_zeroes) != 0)
    return VIRTIO_BLK_S_IOERR;
  for (virtio_blk_discard_write_zeroes r; in.load(r);) {
    if (r.flags & ~(zeroes ? VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP : 0u)) return VIRTIO_BLK_S_UNSUPP;
    if (r.num_sectors > (zeroes ? kZeroSectors : kDiscardSectors)) return VIRTIO_BLK_S_IOERR;
    const uint64_t size = r.num_sectors * kSector;
    if (!within(r.sector, size)) return VIRTIO_BLK_S_IOERR;
    if (size != 0 && !clear_range(zeroes, r.flags != 0, r.sector * kSector, size))
      return VIRTIO_BLK_S_IOERR;
  }
  if (!negotiated(VIRTIO_BLK_F_FLUSH) && ::fdatasync(file_.get()) != 0) return VIRTIO_BLK_S_IOERR;
  return VIRTIO_BLK_S_OK;
}

bool BlockDevice::clear_range(bool zeroes, bool unmap, uint64_t offset, uint64_t size) noexcept {
  const int mode = !zeroes || unmap ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE;
  int r;
  do
    r = ::fallocate(file_.get(), mode | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                    static_cast<off_t>(size));
  while (r != 0 && errno == EINTR);
  if (r == 0) return true;
  if (errno != EOPNOTSUPP) return false;
  if (!zeroes) return true; /* the file system has no holes; nobody was promised any */
  static constexpr std::array<char, 65536> kZeroes{};
  while (size != 0) {
    const ssize_t n =
        ::pwrite(file_.get(), kZeroes.data(), std::min<uint64_t>(size, kZeroes.size()),
                 static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    offset += static_cast<uint64_t>(n);
    size -= static_cast<uint64_t>(n);
  }
  return true;
}

}  // namespace hp::virtio
