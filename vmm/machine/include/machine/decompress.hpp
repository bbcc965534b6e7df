/* decompress(): the payload of a bzImage, whichever of the kernel's compressors made it.
 *
 * The format is told by the first bytes: gzip (zlib), xz (liblzma), lz4 in its legacy frame (liblz4) and zstd
 * (libzstd). What follows the compressed stream (the kernel appends its size) is ignored. The output is
 * bounded: a file that would grow past `limit` bytes is an error, and memory grows with what has
 * really come out, never with what a header promises. Pure, thread-safe. */
#pragma once
#include <string>
#include <string_view>

#include "transport/result.hpp"

namespace hp::machine {

Result<std::string> decompress(std::string_view compressed, size_t limit);

}  // namespace hp::machine
