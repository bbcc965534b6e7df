/* decompress(): the payload of a bzImage, whichever of the kernel's compressors made it.
 *
 * The format is told by the first bytes: gzip (zlib), xz (liblzma), lz4 in its legacy frame (liblz4) and zstd
 * (libzstd). What follows the compressed stream (the kernel appends its size) is ignored. The output is
 * bounded: a file that would grow past `limit` bytes is an error, and memory is used only for what has
 * really come out, never for what a header promises. Thread-safe. */
#pragma once
#include <string_view>

#include "transport/fd.hpp"

namespace hp::machine {

/* Bytes in pages of their own. */
class Expanded {
 public:
  Expanded() = default;
  Expanded(Mapping memory, size_t size) : memory_(std::move(memory)), size_(size) {}
  std::string_view view() const { return {memory_.as<char>(), size_}; }

 private:
  Mapping memory_;
  size_t size_ = 0;
};

Result<Expanded> decompress(std::string_view compressed, size_t limit);

}  // namespace hp::machine
