/* TextLines: the lines of a text that is not trusted, taken apart word by word: lists of symbols from guests
 * (trace.h). Views into the text. */
#pragma once
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hp {

class TextLines {
 public:
  explicit TextLines(std::string_view text) : rest_(text) {}
  /* The next line without its end; false past the last. */
  bool next(std::string_view& line) {
    if (rest_.empty()) return false;
    const size_t end = rest_.find('\n');
    line = rest_.substr(0, end);
    rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
    ++number_;
    return true;
  }
  /* Of the line that next() gave last, from 1. */
  uint64_t number() const { return number_; }

 private:
  std::string_view rest_;
  uint64_t number_ = 0;
};

/* Cuts the first word off, up to a blank or the end. */
inline std::string_view take_word(std::string_view& line) {
  const size_t end = line.find(' ');
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end == line.npos ? line.size() : end + 1);
  return word;
}

inline std::optional<uint64_t> hexadecimal(std::string_view word) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, 16);
  if (word.empty() || error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

/* A name of a symbol, module or tracepoint: printable, without blanks. */
inline bool is_name(std::string_view word) {
  constexpr size_t kMaxName = 512; /* the kernel's KSYM_NAME_LEN */
  if (word.empty() || word.size() > kMaxName) return false;
  for (const char c : word)
    if (c <= ' ' || c > '~') return false;
  return true;
}

}  // namespace hp
