/* The block device over image files of the tests'. */
#include "virtio/block.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <sys/stat.h>

#include <cstdlib>

#include "driver.hpp"

using namespace hp;
using namespace hp::virtio;
using namespace hp::virtio::test;

namespace {

/* A file of so many sectors; the nth is filled with 'a' + n % 26. */
struct Image {
  explicit Image(unsigned sectors) {
    fd.reset(::mkstemp(path.data()));
    REQUIRE(fd);
    for (unsigned i = 0; i < sectors; i++)
      put(i, std::string(512, static_cast<char>('a' + i % 26)));
  }
  ~Image() { ::unlink(path.c_str()); }
  void put(unsigned sector, const std::string& bytes) {
    REQUIRE(::pwrite(fd.get(), bytes.data(), bytes.size(), 512 * sector) ==
            static_cast<ssize_t>(bytes.size()));
  }
  std::string get(unsigned sector, size_t n = 512) {
    std::string out(n, '?');
    REQUIRE(::pread(fd.get(), out.data(), n, 512 * sector) == static_cast<ssize_t>(n));
    return out;
  }
  std::string path = "/tmp/hyprobe-block-test-XXXXXX";
  Fd fd;
};

std::unique_ptr<VirtioDevice> disk(const Image& image, bool read_only = false) {
  auto made = BlockDevice::create({image.path, read_only, "web1-root"});
  REQUIRE(made);
  return std::move(*made);
}

virtio_blk_outhdr header(uint32_t type, uint64_t sector = 0) {
  return {type, 0, sector};
}

struct Disk : Machine {
  explicit Disk(const Image& image, bool read_only = false, uint64_t features = ~0ull)
      : Machine(disk(image, read_only)) {
    start(features);
  }
  /* Sends what was built and returns the status, its last writable byte. */
  uint8_t status(ChainBuilder& chain, unsigned status_buffer) {
    head = chain.submit();
    notify(0);
    used = queue(0).wait();
    CHECK(used.id == head);
    const std::string last = queue(0).written(head, status_buffer);
    return static_cast<uint8_t>(last.back());
  }
  ChainBuilder request(uint32_t type, uint64_t sector = 0) {
    ChainBuilder chain = queue(0).chain();
    chain.readable(header(type, sector));
    return chain;
  }
  uint16_t head = 0;
  Used used{};
};

}  // namespace

TEST_CASE("block: capacity, block size, and limits stand in the configuration") {
  Image image(20);
  Machine m(disk(image));
  virtio_blk_config config;
  std::memcpy(&config, m.config(0, sizeof config).data(), sizeof config);
  CHECK(+config.capacity == 20);
  CHECK(+config.blk_size == 512);
  CHECK(+config.seg_max == 254);
  CHECK((m.offered() >> VIRTIO_BLK_F_FLUSH & 1) == 1);
  CHECK((m.offered() >> VIRTIO_BLK_F_RO & 1) == 0);
}

TEST_CASE("block: reads what the file has, into buffers cut anywhere") {
  Image image(20);
  Disk d(image);
  SUBCASE("a sector") {
    CHECK(d.status(d.request(VIRTIO_BLK_T_IN, 3).writable(512).writable(1), 1) == VIRTIO_BLK_S_OK);
    CHECK(d.used.written == 513);
    CHECK(d.queue(0).written(d.head, 0) == std::string(512, 'd'));
  }
  SUBCASE("pieces, the status behind the data in the last") {
    CHECK(d.status(d.request(VIRTIO_BLK_T_IN, 3).writable(100).writable(900).writable(25), 2) ==
          VIRTIO_BLK_S_OK);
    CHECK(d.queue(0).written(d.head, 1) == std::string(412, 'd') + std::string(488, 'e'));
    CHECK(d.queue(0).written(d.head, 2) == std::string(24, 'e') + '\0');
  }
  SUBCASE("an indirect table, and a header in pieces") {
    const virtio_blk_outhdr h = header(VIRTIO_BLK_T_IN, 19);
    const std::string_view bytes(reinterpret_cast<const char*>(&h), sizeof h);
    ChainBuilder chain = d.queue(0).chain();
    chain.indirect()
        .readable(bytes.substr(0, 5))
        .readable(bytes.substr(5))
        .writable(512)
        .writable(1);
    CHECK(d.status(chain, 1) == VIRTIO_BLK_S_OK);
    CHECK(d.queue(0).written(d.head, 0) == std::string(512, 't'));
  }
}

TEST_CASE("block: writes, flushes, and what it wrote is in the file") {
  Image image(20);
  uint64_t features = ~0ull;
  SUBCASE("with flush") {}
  SUBCASE("without: written through") {
    features = ~(1ull << VIRTIO_BLK_F_FLUSH);
  }
  Disk d(image, false, features);
  ChainBuilder write = d.request(VIRTIO_BLK_T_OUT, 18);
  write.readable(std::string(700, 'X')).readable(std::string(324, 'Y')).writable(1);
  CHECK(d.status(write, 0) == VIRTIO_BLK_S_OK);
  CHECK(d.used.written == 1);
  CHECK(d.status(d.request(VIRTIO_BLK_T_FLUSH).writable(1), 0) == VIRTIO_BLK_S_OK);
  CHECK(image.get(18, 1024) == std::string(700, 'X') + std::string(324, 'Y'));
  CHECK(image.get(17) == std::string(512, 'r'));
}

TEST_CASE("block: beyond the disk, or not whole sectors, is an I/O error and does nothing") {
  Image image(20);
  Disk d(image);
  auto read = [&](uint64_t sector, uint32_t size) {
    return d.status(d.request(VIRTIO_BLK_T_IN, sector).writable(size).writable(1), 1);
  };
  CHECK(read(19, 512) == VIRTIO_BLK_S_OK);
  CHECK(read(19, 1024) == VIRTIO_BLK_S_IOERR);
  CHECK(read(20, 512) == VIRTIO_BLK_S_IOERR);
  CHECK(read(~0ull, 512) == VIRTIO_BLK_S_IOERR);
  CHECK(read(~0ull >> 9, 1024) == VIRTIO_BLK_S_IOERR); /* overflows in bytes */
  CHECK(read(0, 511) == VIRTIO_BLK_S_IOERR);
  ChainBuilder write = d.request(VIRTIO_BLK_T_OUT, 19);
  CHECK(d.status(write.readable(std::string(1024, 'X')).writable(1), 0) == VIRTIO_BLK_S_IOERR);
  ChainBuilder beyond = d.request(VIRTIO_BLK_T_OUT, 21);
  CHECK(d.status(beyond.readable(std::string(512, 'X')).writable(1), 0) == VIRTIO_BLK_S_IOERR);
  CHECK(image.get(19) == std::string(512, 't'));
  struct stat st;
  REQUIRE(::stat(image.path.c_str(), &st) == 0);
  CHECK(st.st_size == 20 * 512);
}

TEST_CASE("block: a file that became shorter gives I/O errors") {
  Image image(20);
  Disk d(image);
  REQUIRE(::ftruncate(image.fd.get(), 10 * 512 + 100) == 0);
  CHECK(d.status(d.request(VIRTIO_BLK_T_IN, 9).writable(512).writable(1), 1) == VIRTIO_BLK_S_OK);
  CHECK(d.status(d.request(VIRTIO_BLK_T_IN, 10).writable(512).writable(1), 1) ==
        VIRTIO_BLK_S_IOERR);
  CHECK(d.status(d.request(VIRTIO_BLK_T_IN, 15).writable(512).writable(1), 1) ==
        VIRTIO_BLK_S_IOERR);
}

TEST_CASE("block: a read-only disk reads, and refuses to be written") {
  Image image(20);
  Disk d(image, true);
  CHECK((d.offered() >> VIRTIO_BLK_F_RO & 1) == 1);
  CHECK(d.status(d.request(VIRTIO_BLK_T_IN).writable(512).writable(1), 1) == VIRTIO_BLK_S_OK);
  ChainBuilder write = d.request(VIRTIO_BLK_T_OUT);
  CHECK(d.status(write.readable(std::string(512, 'X')).writable(1), 0) == VIRTIO_BLK_S_IOERR);
  const virtio_blk_discard_write_zeroes range{0, 8, 0};
  ChainBuilder zero = d.request(VIRTIO_BLK_T_WRITE_ZEROES);
  CHECK(d.status(zero.readable(range).writable(1), 0) == VIRTIO_BLK_S_IOERR);
  CHECK(image.get(0) == std::string(512, 'a'));
}

TEST_CASE("block: zeroes are written, a discard is taken, and both are checked") {
  Image image(64);
  Disk d(image);
  auto clear = [&](uint32_t type, virtio_blk_discard_write_zeroes range) {
    return d.status(d.request(type).readable(range).writable(1), 0);
  };
  CHECK(clear(VIRTIO_BLK_T_WRITE_ZEROES, {8, 2, 0}) == VIRTIO_BLK_S_OK);
  CHECK(clear(VIRTIO_BLK_T_WRITE_ZEROES, {16, 8, VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP}) ==
        VIRTIO_BLK_S_OK);
  CHECK(image.get(7) == std::string(512, 'h'));
  CHECK(image.get(8, 1024) == std::string(1024, '\0'));
  CHECK(image.get(10) == std::string(512, 'k'));
  CHECK(image.get(16, 4096) == std::string(4096, '\0'));
  CHECK(clear(VIRTIO_BLK_T_DISCARD, {24, 8, 0}) == VIRTIO_BLK_S_OK);
  CHECK(clear(VIRTIO_BLK_T_DISCARD, {24, 8, 1}) == VIRTIO_BLK_S_UNSUPP);
  CHECK(clear(VIRTIO_BLK_T_WRITE_ZEROES, {0, 8, 2}) == VIRTIO_BLK_S_UNSUPP);
  CHECK(clear(VIRTIO_BLK_T_WRITE_ZEROES, {60, 8, 0}) == VIRTIO_BLK_S_IOERR);
  CHECK(clear(VIRTIO_BLK_T_DISCARD, {~0ull, 1, 0}) == VIRTIO_BLK_S_IOERR);
  CHECK(image.get(60) == std::string(512, static_cast<char>('a' + 60 % 26)));
}

TEST_CASE("block: the serial is its 20 bytes, and unknown requests are not supported") {
  Image image(20);
  Disk d(image);
  CHECK(d.status(d.request(VIRTIO_BLK_T_GET_ID).writable(20).writable(1), 1) == VIRTIO_BLK_S_OK);
  CHECK(d.queue(0).written(d.head, 0) == std::string("web1-root") + std::string(11, '\0'));
  CHECK(d.status(d.request(VIRTIO_BLK_T_GET_ID).writable(19).writable(1), 1) == VIRTIO_BLK_S_IOERR);
  CHECK(d.status(d.request(99).writable(1), 0) == VIRTIO_BLK_S_UNSUPP);
}

TEST_CASE("block: what is no request breaks the queue") {
  Image image(20);
  Disk d(image);
  SUBCASE("no status") {
    d.request(VIRTIO_BLK_T_FLUSH).submit();
  }
  SUBCASE("half a header") {
    d.queue(0).chain().readable("1234567").writable(1).submit();
  }
  d.notify(0);
  d.wait_status(VIRTIO_CONFIG_S_NEEDS_RESET);
  CHECK(d.queue(0).used_index() == 0);
}

TEST_CASE("block: one machine writes an image, several read one") {
  Image image(20);
  {
    auto first = BlockDevice::create({image.path, false, ""});
    REQUIRE(first);
    auto second = BlockDevice::create({image.path, false, ""});
    REQUIRE(!second);
    CHECK(second.error().code == EBUSY);
    CHECK(!BlockDevice::create({image.path, true, ""}));
  }
  auto first = BlockDevice::create({image.path, true, ""});
  CHECK(first);
  CHECK(BlockDevice::create({image.path, true, ""}));
  CHECK(!BlockDevice::create({image.path, false, ""}));
}

TEST_CASE("block: what cannot be a disk is refused with its name") {
  Image image(1);
  REQUIRE(::ftruncate(image.fd.get(), 700) == 0);
  for (const std::string& path :
       {image.path, std::string("/nonexistent"), std::string("/dev/null")}) {
    auto made = BlockDevice::create({path, true, ""});
    REQUIRE(!made);
    CHECK(made.error().message.find(path) != std::string::npos);
  }
  CHECK(!BlockDevice::create({image.path, true, "more than twenty bytes"}));
}
