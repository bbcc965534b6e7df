#include "linux_guest/file_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "transport/fd.hpp"
#include "transport/trace.h"

namespace hp::linux_guest {
namespace {

namespace fs = std::filesystem;
constexpr size_t kMaxFile = 256u << 20;

const char* file_name(uint32_t kind) {
  switch (kind) {
    case HP_FILE_BTF:
      return "btf";
    case HP_FILE_SYMBOLS:
      return "symbols";
    case HP_FILE_TRACEPOINTS:
      return "tracepoints";
    default:
      return nullptr;
  }
}

/* A guest's name as one element of a path, different for different names. */
std::string element(std::string_view name) {
  static const char digits[] = "0123456789abcdef";
  std::string out;
  for (char c : name) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_' || (c == '.' && !out.empty());
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += digits[static_cast<uint8_t>(c) >> 4];
      out += digits[c & 15];
    }
  }
  return out;
}

bool is_build_id(std::string_view id) {
  return id.size() >= 8 && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::vector<fs::directory_entry> entries(const fs::path& directory) {
  std::vector<fs::directory_entry> out;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    out.push_back(*it);
  return out;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace

std::string FileCache::default_directory() {
  auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  if (std::string set = variable("HYPROBE_CACHE"); !set.empty()) return set;
  if (::geteuid() == 0) return "/var/cache/hyprobe";
  if (std::string set = variable("XDG_CACHE_HOME"); !set.empty()) return set + "/hyprobe";
  if (std::string home = variable("HOME"); !home.empty()) return home + "/.cache/hyprobe";
  return {};
}

FileCache::FileCache(std::string directory, uint64_t max_bytes) : max_bytes_(max_bytes) {
  if (directory.empty()) return;
  std::error_code error;
  const mode_t old = ::umask(077);
  fs::create_directories(directory, error);
  ::umask(old);
  struct stat st{};
  if (error || ::stat(directory.c_str(), &st) != 0)
    unusable_ = "cannot use the cache " + directory + ": " +
                (error ? error : std::error_code(errno, std::system_category())).message();
  else if (st.st_uid != ::geteuid() || (st.st_mode & 022) != 0)
    unusable_ = "the cache " + directory + " is not used: others can write there";
  else
    directory_ = std::move(directory);
}

std::string FileCache::path(std::string_view guest, std::string_view build_id,
                            uint32_t kind) const {
  const char* name = file_name(kind);
  if (directory_.empty() || !name || guest.empty() || !is_build_id(build_id)) return {};
  return directory_ + "/" + element(guest) + "/" + std::string(build_id) + "/" + name;
}

std::optional<std::string> FileCache::get(std::string_view guest, std::string_view build_id,
                                          uint32_t kind) const {
  const std::string file = path(guest, build_id, kind);
  if (file.empty()) return std::nullopt;
  auto bytes = read_file(file, kMaxFile);
  if (!bytes) return std::nullopt;
  ::utimensat(AT_FDCWD, fs::path(file).parent_path().c_str(), nullptr, 0); /* it is in use */
  return std::move(*bytes);
}

void FileCache::put(std::string_view guest, std::string_view build_id, uint32_t kind,
                    std::string_view bytes) {
  const std::string file = path(guest, build_id, kind);
  if (file.empty() || bytes.size() > max_bytes_) return;
  const fs::path directory = fs::path(file).parent_path();
  std::error_code error;
  const mode_t old = ::umask(077);
  fs::create_directories(directory, error);
  std::string fresh = file + ".XXXXXX";
  Fd fd(::mkostemp(fresh.data(), O_CLOEXEC));
  ::umask(old);
  if (!fd) return;
  if (!write_all(fd.get(), bytes) || ::rename(fresh.c_str(), file.c_str()) != 0) {
    ::unlink(fresh.c_str());
    return;
  }
  prune(directory);
}

/* Removes kernels that were not used for longest, until the rest is small enough. */
void FileCache::prune(const std::string& keep) const {
  struct Kernel {
    fs::file_time_type used;
    fs::path directory;
    uint64_t bytes;
  };
  std::vector<Kernel> kernels;
  uint64_t total = 0;
  std::error_code error;
  for (const auto& guest : entries(directory_))
    for (const auto& kernel : entries(guest.path())) {
      uint64_t bytes = 0;
      for (const auto& file : entries(kernel.path())) {
        const uint64_t size = file.file_size(error);
        bytes += error ? 0 : size;
      }
      total += bytes;
      kernels.push_back({kernel.last_write_time(error), kernel.path(), bytes});
    }
  std::sort(kernels.begin(), kernels.end(),
            [](const Kernel& a, const Kernel& b) { return a.used < b.used; });
  for (const Kernel& k : kernels) {
    if (total <= max_bytes_) return;
    if (k.directory == keep) continue;
    fs::remove_all(k.directory, error);
    fs::remove(k.directory.parent_path(), error); /* if it was the guest's last */
    total -= k.bytes;
  }
}

}  // namespace hp::linux_guest
