/* Result<T>: a value or an Error that becomes a message saying what to do.
 *
 * Errors of the environment (a file that is missing, a kernel that refuses) travel as Error;
 * broken invariants abort through HP_CHECK; errors in a user's D script are diagnostics (probec). */
#pragma once
#include <cerrno>
#include <string>
#include <system_error>
#include <tl/expected.hpp>

namespace hp {

struct [[nodiscard]] Error {
  std::string message; /* complete sentence for the user, without trailing newline */
  int code = 0;        /* errno value, 0 if none */

  /* "WHAT: strerror(err)" */
  static Error from_errno(std::string what, int err = errno) {
    return {what + ": " + std::system_category().message(err), err};
  }
};

template <class T = void>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::string message, int code = 0) {
  return tl::make_unexpected(Error{std::move(message), code});
}
inline tl::unexpected<Error> fail_errno(std::string what, int err = errno) {
  return tl::make_unexpected(Error::from_errno(std::move(what), err));
}

[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace hp

/* Evaluates to the value of a Result, or returns its error from the enclosing function. */
#define HP_TRY(expr)                                                       \
  ({                                                                       \
    auto&& hp_try_result = (expr);                                         \
    if (!hp_try_result) return tl::make_unexpected(hp_try_result.error()); \
    std::move(*hp_try_result);                                             \
  })
#define HP_TRYV(expr)                                                      \
  do {                                                                     \
    auto&& hp_try_result = (expr);                                         \
    if (!hp_try_result) return tl::make_unexpected(hp_try_result.error()); \
  } while (0)
/* An invariant; kept in release builds. */
#define HP_CHECK(cond) ((cond) ? void() : ::hp::check_failed(#cond, __FILE__, __LINE__))
