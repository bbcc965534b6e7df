#include "machine/decompress.hpp"

#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace hp::machine {

namespace {

constexpr size_t kChunk = 1u << 20;

auto too_large(size_t limit) {
  return fail("the kernel's payload decompresses to more than " + std::to_string(limit >> 20) +
              " MiB");
}
auto damaged(const char* format) {
  return fail(std::string("the kernel's payload is not a whole ") + format + " stream");
}
const uint8_t* bytes(std::string_view s) {
  return reinterpret_cast<const uint8_t*>(s.data());
}

Result<std::string> gunzip(std::string_view in, size_t limit) {
  z_stream z{};
  if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) return fail("zlib cannot start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&z, inflateEnd);
  std::vector<uint8_t> chunk(kChunk);
  std::string out;
  z.next_in = const_cast<Bytef*>(bytes(in));
  z.avail_in = static_cast<uInt>(std::min<size_t>(in.size(), UINT32_MAX));
  for (int rc = Z_OK; rc != Z_STREAM_END;) {
    z.next_out = chunk.data();
    z.avail_out = kChunk;
    rc = inflate(&z, Z_NO_FLUSH);
    if (rc != Z_OK && rc != Z_STREAM_END) return damaged("gzip");
    const size_t n = kChunk - z.avail_out;
    if (n > limit - out.size()) return too_large(limit);
    out.append(reinterpret_cast<char*>(chunk.data()), n);
  }
  return out;
}

Result<std::string> unxz(std::string_view in, size_t limit) {
  lzma_stream s = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&s, 1ull << 30, 0) != LZMA_OK) return fail("liblzma cannot start");
  const std::unique_ptr<lzma_stream, void (*)(lzma_stream*)> end(&s, lzma_end);
  std::vector<uint8_t> chunk(kChunk);
  std::string out;
  s.next_in = bytes(in);
  s.avail_in = in.size();
  for (lzma_ret rc = LZMA_OK; rc != LZMA_STREAM_END;) {
    s.next_out = chunk.data();
    s.avail_out = kChunk;
    rc = lzma_code(&s, LZMA_RUN);
    if (rc != LZMA_OK && rc != LZMA_STREAM_END) return damaged("xz");
    const size_t n = kChunk - s.avail_out;
    if (n == 0 && s.avail_in == 0 && rc == LZMA_OK) return damaged("xz");
    if (n > limit - out.size()) return too_large(limit);
    out.append(reinterpret_cast<char*>(chunk.data()), n);
  }
  return out;
}

Result<std::string> unzstd(std::string_view in, size_t limit) {
  const std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> z(ZSTD_createDStream(),
                                                                   ZSTD_freeDStream);
  if (!z) return fail("libzstd cannot start");
  std::vector<uint8_t> chunk(kChunk);
  std::string out;
  ZSTD_inBuffer input{in.data(), in.size(), 0};
  for (size_t rc = 1; rc != 0;) {
    ZSTD_outBuffer output{chunk.data(), kChunk, 0};
    const size_t before = input.pos;
    rc = ZSTD_decompressStream(z.get(), &output, &input);
    if (ZSTD_isError(rc)) return damaged("zstd");
    if (rc != 0 && output.pos == 0 && input.pos == before) return damaged("zstd");
    if (output.pos > limit - out.size()) return too_large(limit);
    out.append(reinterpret_cast<char*>(chunk.data()), output.pos);
  }
  return out;
}

/* The legacy frame (lz4's doc/lz4_Frame_format.md): blocks of up to 8 MiB, each after its compressed size. The
 * kernel appends the size of the whole, which looks like a block that is not there. */
Result<std::string> unlz4(std::string_view in, size_t limit) {
  constexpr size_t block = 8u << 20;
  std::vector<char> chunk(block);
  std::string out;
  in.remove_prefix(4);
  while (in.size() > 4) {
    uint32_t size;
    std::memcpy(&size, in.data(), 4);
    in.remove_prefix(4);
    if (size == 0 || size > in.size() || size > INT32_MAX) return damaged("lz4");
    const int n = LZ4_decompress_safe(in.data(), chunk.data(), static_cast<int>(size), block);
    if (n < 0) return damaged("lz4");
    if (static_cast<size_t>(n) > limit - out.size()) return too_large(limit);
    out.append(chunk.data(), static_cast<size_t>(n));
    in.remove_prefix(size);
  }
  if (out.empty()) return damaged("lz4");
  return out;
}

}  // namespace

Result<std::string> decompress(std::string_view in, size_t limit) {
  using namespace std::literals;
  if (in.starts_with("\x1f\x8b"sv)) return gunzip(in, limit);
  if (in.starts_with("\xfd"
                     "7zXZ\0"sv))
    return unxz(in, limit);
  if (in.starts_with("\x02\x21\x4c\x18"sv)) return unlz4(in, limit);
  if (in.starts_with("\x28\xb5\x2f\xfd"sv)) return unzstd(in, limit);
  const char* other = in.starts_with("BZh"sv)        ? "bzip2"
                      : in.starts_with("\x5d\0\0"sv) ? "lzma"
                      : in.starts_with("\x89LZO"sv)  ? "lzo"
                                                     : "an unknown format";
  return fail(std::string("the kernel's payload is compressed with ") + other +
              ": only gzip, xz, lz4 and zstd are read");
}

}  // namespace hp::machine
