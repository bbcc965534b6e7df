#include "machine/decompress.hpp"

#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

namespace hp::machine {

namespace {

auto damaged(const char* format) {
  return fail(std::string("the kernel's payload is not a whole ") + format + " stream");
}
const uint8_t* bytes(std::string_view s) {
  return reinterpret_cast<const uint8_t*>(s.data());
}

/* The decompressors below write to [out, out + room) and return how much it was; all of `room` used means that there
 * may be more. */
using Size = Result<size_t>;

Size gunzip(std::string_view in, uint8_t* out, size_t room) {
  z_stream z{};
  if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) return fail("zlib cannot start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&z, inflateEnd);
  z.next_in = const_cast<Bytef*>(bytes(in));
  z.avail_in = static_cast<uInt>(std::min<size_t>(in.size(), UINT32_MAX));
  z.next_out = out;
  z.avail_out = static_cast<uInt>(std::min<size_t>(room, UINT32_MAX));
  const int rc = inflate(&z, Z_FINISH);
  if (rc != Z_STREAM_END && z.avail_out != 0) return damaged("gzip");
  return z.total_out;
}

Size unxz(std::string_view in, uint8_t* out, size_t room) {
  lzma_stream s = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&s, 1ull << 30, 0) != LZMA_OK) return fail("liblzma cannot start");
  const std::unique_ptr<lzma_stream, void (*)(lzma_stream*)> end(&s, lzma_end);
  s.next_in = bytes(in);
  s.avail_in = in.size();
  s.next_out = out;
  s.avail_out = room;
  lzma_ret rc = LZMA_OK;
  while (rc == LZMA_OK && s.avail_out != 0) rc = lzma_code(&s, LZMA_FINISH);
  if (rc != LZMA_STREAM_END && s.avail_out != 0) return damaged("xz");
  return s.total_out;
}

Size unzstd(std::string_view in, uint8_t* out, size_t room) {
  const size_t frame = ZSTD_findFrameCompressedSize(in.data(), in.size());
  if (ZSTD_isError(frame)) return damaged("zstd");
  const size_t n = ZSTD_decompress(out, room, in.data(), frame);
  if (!ZSTD_isError(n)) return n;
  if (ZSTD_getErrorCode(n) == ZSTD_error_dstSize_tooSmall) return room;
  return damaged("zstd");
}

/* The legacy frame (lz4's doc/lz4_Frame_format.md): blocks of up to 8 MiB, each after its compressed size. The
 * kernel appends the size of the whole, which looks like a block that is not there. */
Size unlz4(std::string_view in, uint8_t* out, size_t room) {
  constexpr size_t block = 8u << 20;
  size_t done = 0;
  in.remove_prefix(4);
  while (in.size() > 4) {
    uint32_t size;
    std::memcpy(&size, in.data(), 4);
    in.remove_prefix(4);
    if (size == 0 || size > in.size() || size > INT32_MAX) return damaged("lz4");
    const size_t most = std::min(block, room - done);
    const int n = LZ4_decompress_safe(in.data(), reinterpret_cast<char*>(out) + done,
                                      static_cast<int>(size), static_cast<int>(most));
    /* It does not say whether the block is damaged or the room too small. */
    if (n < 0 && most == block) return damaged("lz4");
    if (n < 0) return room;
    done += static_cast<size_t>(n);
    in.remove_prefix(size);
  }
  if (done == 0) return damaged("lz4");
  return done;
}

}  // namespace

Result<Expanded> decompress(std::string_view in, size_t limit) {
  using namespace std::literals;
  Size (*expand)(std::string_view, uint8_t*, size_t) = nullptr;
  if (in.starts_with("\x1f\x8b"sv)) expand = gunzip;
  if (in.starts_with("\xfd"
                     "7zXZ\0"sv))
    expand = unxz;
  if (in.starts_with("\x02\x21\x4c\x18"sv)) expand = unlz4;
  if (in.starts_with("\x28\xb5\x2f\xfd"sv)) expand = unzstd;
  if (expand == nullptr) {
    const char* other = in.starts_with("BZh"sv)        ? "bzip2"
                        : in.starts_with("\x5d\0\0"sv) ? "lzma"
                        : in.starts_with("\x89LZO"sv)  ? "lzo"
                                                       : "an unknown format";
    return fail(std::string("the kernel's payload is compressed with ") + other +
                ": only gzip, xz, lz4 and zstd are read");
  }
  /* Address space for the most there may be and a byte more; pages come as they are written. */
  const size_t room = limit + 1;
  void* p = ::mmap(nullptr, room, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return fail_errno("cannot reserve memory for the kernel");
  Mapping memory(p, room);
  ::madvise(p, room, MADV_HUGEPAGE);
  const size_t size = HP_TRY(expand(in, memory.as<uint8_t>(), room));
  if (size > limit)
    return fail("the kernel's payload decompresses to more than " + std::to_string(limit >> 20) +
                " MiB");
  return Expanded(std::move(memory), size);
}

}  // namespace hp::machine
