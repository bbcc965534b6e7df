#include "transport/frames.hpp"

namespace hp {

Result<std::optional<std::string_view>> LineReader::next() {
  if (start_ > 0 && start_ >= buffer_.size() / 2) {
    buffer_.erase(0, start_);
    scanned_ -= start_;
    start_ = 0;
  }
  size_t end = buffer_.find('\n', scanned_);
  size_t length = (end == std::string::npos ? buffer_.size() : end) - start_;
  if (length > limit_) return fail("a message exceeds " + std::to_string(limit_) + " bytes");
  if (end == std::string::npos) {
    scanned_ = buffer_.size();
    return std::nullopt;
  }
  std::string_view line(buffer_.data() + start_, length);
  start_ = scanned_ = end + 1;
  return line;
}

}  // namespace hp
