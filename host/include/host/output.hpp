/* Output: where the consumer's text goes: standard output, -o FILE, or what freopen() names.
 *
 * Buffers in memory and writes with write(2), so that an error (disk full, reader gone) is noticed,
 * kept, and stops the session instead of losing data in silence. Not thread-safe. */
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "transport/fd.hpp"
#include "transport/result.hpp"

namespace hp::host {

class Output {
 public:
  /* Standard output; the descriptor stays the caller's. */
  Output() = default;
  /* Appends to a file, created if need be. */
  static Result<Output> open(const std::string& path);
  Output(Output&&) = default;
  Output& operator=(Output&&) = default;
  ~Output() = default; /* the owner flushes: an error must not get lost */

  void write(std::string_view text);
  /* Writes out what is buffered. Fails with the first error there ever was. */
  Result<> flush();
  const std::optional<Error>& error() const { return error_; }

  /* freopen(): appends to path from here on; "" goes back to where it went first. A path that
   * cannot be opened changes nothing. */
  Result<> reopen(const std::string& path);
  /* A file that freopen() named receives the output. */
  bool redirected() const { return static_cast<bool>(redirected_); }
  /* ftruncate(): empties the file; no effect on what is not a regular file. */
  void truncate();

 private:
  int fd() const { return redirected_ ? redirected_.get() : base(); }
  int base() const { return file_ ? file_.get() : 1; }

  Fd file_, redirected_;
  std::string base_name_ = "<stdout>", name_ = "<stdout>";
  std::string buffer_;
  std::optional<Error> error_;
};

}  // namespace hp::host
