/* json(text, path): the value that a path such as "a.b[2].c" leads to. Strings without their quotes,
 * escapes as they are; objects and arrays as their text. NULL when there is no such value, or when the
 * text up to it is no JSON (RFC 8259). One pass over the text: each step of the path goes on where the
 * previous one ended. */
#include "runtime.hpp"

namespace {

struct Text {
  const char* s;
  uint32_t n;
  uint32_t at = 0;

  bool more() const { return at < n; }
  char peek() const { return at < n ? s[at] : 0; }
  void blanks() {
    while (at < n && (s[at] == ' ' || s[at] == '\t' || s[at] == '\n' || s[at] == '\r')) at++;
  }
  bool take(char c) {
    blanks();
    if (peek() != c) return false;
    at++;
    return true;
  }
  /* At an opening quote: past the closing one. */
  bool string() {
    if (!take('"')) return false;
    while (at < n && s[at] != '"') at += s[at] == '\\' ? 2 : 1;
    if (at >= n) return false;
    at++;
    return true;
  }
  /* Numbers, true, false, null. */
  bool word() {
    uint32_t begin = at;
    while (at < n) {
      char c = s[at];
      bool part = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' || c == '+' ||
                  c == '-' || c == '.';
      if (!part) break;
      at++;
    }
    return at > begin;
  }
  /* Past one value of any kind. */
  bool value() {
    blanks();
    if (peek() == '"') return string();
    if (peek() != '{' && peek() != '[') return word();
    uint32_t depth = 0;
    while (at < n) {
      char c = s[at];
      if (c == '"') {
        if (!string()) return false;
        continue;
      }
      at++;
      if (c == '{' || c == '[') depth++;
      if ((c == '}' || c == ']') && --depth == 0) return true;
    }
    return false;
  }
};

bool same(const char* a, const char* b, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    if (a[i] != b[i]) return false;
  return true;
}

/* In an object: to the value of the key. */
bool member(Text& t, const char* key, uint32_t n) {
  if (!t.take('{')) return false;
  while (true) {
    t.blanks();
    uint32_t begin = t.at + 1;
    if (!t.string()) return false;
    bool found = t.at - 1 - begin == n && same(t.s + begin, key, n);
    if (!t.take(':')) return false;
    t.blanks();
    if (found) return true;
    if (!t.value() || !t.take(',')) return false;
  }
}

/* In an array: to its element of that number. */
bool element(Text& t, const char* digits, uint32_t n) {
  uint32_t index = 0;
  if (n == 0 || n > 9) return false;
  for (uint32_t i = 0; i < n; i++) {
    if (digits[i] < '0' || digits[i] > '9') return false;
    index = index * 10 + static_cast<uint32_t>(digits[i] - '0');
  }
  if (!t.take('[')) return false;
  t.blanks();
  if (t.peek() == ']') return false;
  for (; index > 0; index--)
    if (!t.value() || !t.take(',')) return false;
  t.blanks();
  return t.more();
}

bool is_separator(char c) {
  return c == '.' || c == '[' || c == ']';
}

}  // namespace

extern "C" const char* hp_rt_json(hp_ctx* ctx, const char* text, const char* path) {
  Text t{text, rt_len(text)};
  uint32_t n = rt_len(path), i = 0;
  while (true) {
    while (i < n && is_separator(path[i])) i++;
    if (i == n) break;
    uint32_t begin = i;
    while (i < n && !is_separator(path[i])) i++;
    t.blanks();
    bool found =
        t.peek() == '[' ? element(t, path + begin, i - begin) : member(t, path + begin, i - begin);
    if (!found) return nullptr;
  }
  t.blanks();
  uint32_t begin = t.at;
  bool quoted = t.peek() == '"';
  if (!t.value()) return nullptr;
  uint32_t size = t.at - begin;
  return quoted ? hp_rt_make(ctx, text + begin + 1, size - 2) : hp_rt_make(ctx, text + begin, size);
}
