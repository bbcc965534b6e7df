#include "host/fleet_journal_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cstring>
#include <span>
#include <string_view>

#include "transport/fd.hpp"

namespace hp {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr size_t kLogHeader = 32, kFrameHeader = 24;
constexpr uint32_t kLogMagic = 0x377f0682; /* the lowest bit: checksums are of big-endian words */

uint32_t big_endian(Bytes b, size_t at) {
  return uint32_t{b[at]} << 24 | uint32_t{b[at + 1]} << 16 | uint32_t{b[at + 2]} << 8 | b[at + 3];
}

uint32_t little_endian(Bytes b, size_t at) {
  return uint32_t{b[at + 3]} << 24 | uint32_t{b[at + 2]} << 16 | uint32_t{b[at + 1]} << 8 | b[at];
}

/* Section 4.2. */
bool header_is_sound(Bytes h) {
  const uint32_t magic = big_endian(h, 0);
  if ((magic & ~1u) != kLogMagic) return false;
  auto word = [&](size_t at) { return magic & 1 ? big_endian(h, at) : little_endian(h, at); };
  uint32_t s0 = 0, s1 = 0;
  for (size_t at = 0; at < 24; at += 8) {
    s0 += word(at) + s1;
    s1 += word(at + 4) + s0;
  }
  return s0 == big_endian(h, 24) && s1 == big_endian(h, 28);
}

/* An existing file; no descriptor: there is none. */
Result<Fd> open_file(const std::string& path, struct stat& st) {
  st = {};
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd && errno == ENOENT) return Fd();
  if (!fd) return fail_errno("cannot open " + path);
  if (::fstat(fd.get(), &st) != 0) return fail_errno("cannot look at " + path);
  if (!S_ISREG(st.st_mode)) return fail(path + " is not a regular file", EBADMSG);
  if (st.st_uid != ::geteuid())
    return fail(path + " belongs to another user (uid " + std::to_string(st.st_uid) + ")", EPERM);
  return fd;
}

Result<> inspect_log(const std::string& path, JournalFiles& files) {
  struct stat st{};
  const Fd fd = HP_TRY(open_file(path, st));
  if (!fd || st.st_size == 0) return {};
  std::array<uint8_t, kLogHeader> header{};
  const ssize_t got = ::pread(fd.get(), header.data(), header.size(), 0);
  if (got < 0) return fail_errno("cannot read " + path);
  /* It was about to be made. A power failure may leave a file whose length is on the disk and
   * nothing else. */
  if (static_cast<size_t>(got) < kLogHeader || header == decltype(header){}) return {};
  if (!header_is_sound(header))
    return fail(path + " is damaged (its header's checksum is wrong)", EBADMSG);
  files.has_log = true;
  const uint64_t frame_size = kFrameHeader + uint64_t{big_endian(header, 8)};
  std::array<uint8_t, kFrameHeader> frame{};
  for (uint64_t at = kLogHeader; at < static_cast<uint64_t>(st.st_size); at += frame_size) {
    const ssize_t n = ::pread(fd.get(), frame.data(), frame.size(), static_cast<off_t>(at));
    if (n < 0) return fail_errno("cannot read " + path);
    const bool whole = static_cast<size_t>(n) == frame.size();
    files.log_frames += whole && std::memcmp(frame.data() + 8, header.data() + 16, 8) == 0;
  }
  return {};
}

}  // namespace

Result<JournalFiles> JournalFiles::inspect(const std::string& path, uint64_t max_bytes) {
  JournalFiles files;
  HP_TRYV(inspect_log(path + "-wal", files));
  struct stat st{};
  const Fd fd = HP_TRY(open_file(path, st));
  if (!fd) {
    const Fd made(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!made) return fail_errno("cannot create " + path);
  }
  if (st.st_size == 0) {
    if (files.has_log)
      return fail(path + " is missing or empty though its log " + path + "-wal is there", EBADMSG);
    files.fresh = true;
    return files;
  }
  if (static_cast<uint64_t>(st.st_size) > max_bytes)
    return fail(path + " has more than " + std::to_string(max_bytes) + " bytes", EBADMSG);
  constexpr std::string_view magic("SQLite format 3\0", 16);
  std::array<char, magic.size()> start{};
  if (::pread(fd.get(), start.data(), start.size(), 0) != static_cast<ssize_t>(start.size()) ||
      std::string_view(start.data(), start.size()) != magic)
    return fail(path + " is not a database", EBADMSG);
  return files;
}

}  // namespace hp
