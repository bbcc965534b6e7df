/* FileCache: files of guests' kernels (types, symbols, tracepoints) that were fetched once, kept on the host.
 *
 * A file is what some guest said it is, and guests lie: whoever may name a build id may not choose what
 * others with that build id are traced by. So a file is kept for the guest that it came from, by the name that
 * the host gave it, and for the kernel that this guest says it runs:
 *
 *     DIRECTORY/GUEST/BUILD-ID/{btf,symbols,tracepoints}
 *
 * Guests of one kernel do not share; the gain is that a guest that boots again is traced at once. Who gives a
 * name to another guest that is not to be trusted like the first removes DIRECTORY/GUEST.
 *
 * The directory belongs to the user that runs the VMM, others cannot write there, or it is not used. Files
 * appear whole (rename(2)); the oldest guests' go when there are more than kMaxBytes. Errors of the cache are
 * never those of the guest: what cannot be kept is fetched again. Not thread-safe; processes may share it. */
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "transport/result.hpp"

namespace hp::linux_guest {

class FileCache {
 public:
  static constexpr uint64_t kMaxBytes = 1u << 30;

  /* Keeps nothing. */
  FileCache() = default;
  /* An unusable directory gives a cache that keeps nothing, and the reason. */
  explicit FileCache(std::string directory, uint64_t max_bytes = kMaxBytes);
  /* $HYPROBE_CACHE, or /var/cache/hyprobe for root, or $XDG_CACHE_HOME/hyprobe, or ~/.cache/hyprobe. */
  static std::string default_directory();

  const std::string& unusable() const { return unusable_; } /* why, if it is */

  /* kind: HP_FILE_BTF to HP_FILE_TRACEPOINTS. build_id: hexadecimal; none is kept without. */
  std::optional<std::string> get(std::string_view guest, std::string_view build_id,
                                 uint32_t kind) const;
  void put(std::string_view guest, std::string_view build_id, uint32_t kind,
           std::string_view bytes);

 private:
  std::string path(std::string_view guest, std::string_view build_id, uint32_t kind) const;
  void prune(const std::string& keep) const;

  std::string directory_, unusable_;
  uint64_t max_bytes_ = kMaxBytes;
};

}  // namespace hp::linux_guest
