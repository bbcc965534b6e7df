#include "host/output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace hp::host {
namespace {

constexpr size_t kFull = 64 << 10;

Result<Fd> open_for_append(const std::string& path) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
  if (!fd) return fail_errno("failed to open output file '" + path + "'");
  return fd;
}

}  // namespace

Result<Output> Output::open(const std::string& path) {
  Output out;
  out.file_ = HP_TRY(open_for_append(path));
  out.base_name_ = out.name_ = path;
  return out;
}

void Output::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kFull) (void)flush();
}

Result<> Output::flush() {
  size_t at = 0;
  while (at < buffer_.size() && !error_) {
    const ssize_t n = ::write(fd(), buffer_.data() + at, buffer_.size() - at);
    if (n >= 0)
      at += static_cast<size_t>(n);
    else if (errno != EINTR)
      error_ = Error::from_errno("failed to write to " + name_);
  }
  buffer_.clear();
  if (error_) return tl::make_unexpected(*error_);
  return {};
}

Result<> Output::reopen(const std::string& path) {
  HP_TRYV(flush());
  if (path.empty()) {
    redirected_.reset();
    name_ = base_name_;
    return {};
  }
  Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
  if (!fd) return fail(std::strerror(errno), errno);
  redirected_ = std::move(fd);
  name_ = path;
  return {};
}

void Output::truncate() {
  (void)flush();
  if (::ftruncate(fd(), 0) == 0) (void)::lseek(fd(), 0, SEEK_SET);
}

}  // namespace hp::host
