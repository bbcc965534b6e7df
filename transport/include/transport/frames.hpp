/* Frames of the control socket: one JSON text per line (newline-delimited, RFC 8259 texts have no raw
 * newlines inside strings), in either direction, at most a stated number of bytes.
 *
 * Descriptors travel as SCM_RIGHTS with the first byte of the message that announces them
 * ("params": {"fds": 2, ...}); the receiver keeps them in order of arrival and hands each message
 * as many as it announces. */
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "transport/result.hpp"

namespace hp {

/* Cuts a byte stream into lines. A line without its newline that exceeds the limit is an error, after
 * which the stream is useless. */
class LineReader {
 public:
  explicit LineReader(size_t limit) : limit_(limit) {}
  void append(std::string_view bytes) { buffer_.append(bytes); }
  /* The next complete line without its newline, valid until the next call; nullopt: none yet. */
  Result<std::optional<std::string_view>> next();
  size_t pending() const { return buffer_.size() - start_; }

 private:
  size_t limit_;
  std::string buffer_;
  size_t start_ = 0;   /* of the next line */
  size_t scanned_ = 0; /* no newline before this */
};

}  // namespace hp
