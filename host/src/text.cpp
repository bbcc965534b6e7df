#include "host/text.hpp"

#include <algorithm>
#include <cctype>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace hp {

void appendf(std::string& out, const char* format, ...) {
  va_list ap;
  va_start(ap, format);
  char local[256];
  va_list again;
  va_copy(again, ap);
  const int n = std::vsnprintf(local, sizeof local, format, ap);
  va_end(ap);
  if (n >= 0 && static_cast<size_t>(n) < sizeof local) {
    out.append(local, static_cast<size_t>(n));
  } else if (n >= 0) {
    const size_t at = out.size();
    out.resize(at + static_cast<size_t>(n) + 1);
    std::vsnprintf(out.data() + at, static_cast<size_t>(n) + 1, format, again);
    out.resize(at + static_cast<size_t>(n));
  }
  va_end(again);
}

void append_header(std::string& out) {
  appendf(out, "%3s %6s %32s\n", "CPU", "ID", "FUNCTION:NAME");
}

void append_row(std::string& out, int cpu, const ProbeName& probe) {
  const std::string where = probe.func + ":" + probe.name;
  appendf(out, "%3d %6u %32s ", cpu, probe.id, where.c_str());
}

namespace {

/* Text of any length and content, padded like printf's %-*s. */
void append_padded(std::string& out, std::string_view s, size_t width) {
  out += s;
  if (s.size() < width) out.append(width - s.size(), ' ');
}

/* A string ends at its first NUL. */
std::string_view c_string(std::string_view s) {
  return s.substr(0, s.find('\0'));
}

}  // namespace

void append_traced(std::string& out, const Value& v, bool quiet, bool rawbytes) {
  if (rawbytes && v.is_int()) {
    const uint64_t n = v.number; /* x86-64 and every guest we serve: little-endian */
    append_dump(out, {reinterpret_cast<const char*>(&n), std::min<size_t>(v.size, 8)});
    return;
  }
  if (rawbytes) return append_dump(out, v.text);
  if (v.is_int()) {
    const bool is_signed = v.flags & HP_FIELD_SIGNED;
    int width = 0; /* the type's longest decimal, as signed or unsigned */
    switch (v.size) {
      case 1:
        width = 3;
        break;
      case 2:
        width = 5;
        break;
      case 4:
        width = 10;
        break;
      default:
        width = is_signed ? 19 : 20;
        break;
    }
    if (!quiet) out += ' ';
    if (quiet) width = 0;
    if (is_signed)
      appendf(out, "%*" PRId64, width, v.as_signed());
    else
      appendf(out, "%*" PRIu64, width, v.bits());
    return;
  }
  if (v.is_bytes()) {
    if (v.flags & (HP_FIELD_STACK | HP_FIELD_USTACK)) return append_stack(out, v, 14);
    return append_bytes(out, v.text, 33, quiet);
  }
  if (quiet) {
    out += c_string(v.text);
  } else {
    out += "  ";
    append_padded(out, c_string(v.text), 33);
  }
}

void append_dump(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  appendf(out, "\n%11s", "");
  for (const char digit : std::string_view("0123456789abcdef")) {
    out += "  ";
    out += digit;
  }
  out += "  0123456789abcdef\n";
  for (size_t line = 0; line < bytes.size(); line += 16) {
    appendf(out, "%5s%5zx:", "", line);
    const std::string_view part = bytes.substr(line, 16);
    for (const char c : part) appendf(out, " %02x", static_cast<unsigned char>(c));
    out.append(3 * (16 - part.size()), ' ');
    out += "  ";
    for (const char c : part) out += c < ' ' || c > '~' ? '.' : c;
    out += '\n';
  }
}

void append_bytes(std::string& out, std::string_view bytes, int width, bool quiet) {
  if (bytes.empty()) return;
  const auto printable = [](unsigned char c) {
    return std::isprint(c) || std::isspace(c) || c == '\b' || c == '\a';
  };
  const size_t end = std::min(bytes.find('\0'), bytes.size());
  const bool text = end > 0 && std::all_of(bytes.begin(), bytes.begin() + end, printable) &&
                    std::all_of(bytes.begin() + end, bytes.end(), [](char c) { return c == 0; });
  if (!text) return append_dump(out, bytes);
  if (quiet && end < bytes.size()) {
    out += bytes.substr(0, end);
  } else {
    out += "  ";
    append_padded(out, bytes.substr(0, end), static_cast<size_t>(width));
  }
}

void append_key(std::string& out, const Value& v) {
  if (!v.is_int()) {
    if (!v.is_bytes()) {
      out += "  ";
      append_padded(out, c_string(v.text), 50);
    } else if (v.flags & (HP_FIELD_STACK | HP_FIELD_USTACK)) {
      append_stack(out, v, 14);
    } else {
      append_bytes(out, v.text, 50, false);
    }
    return;
  }
  switch (v.size) { /* 8 and 16 bit keys print as unsigned, wider ones as signed */
    case 1:
      appendf(out, " %3" PRIu64, v.bits());
      break;
    case 2:
      appendf(out, " %5" PRIu64, v.bits());
      break;
    case 4:
      appendf(out, " %8" PRId32, static_cast<int32_t>(v.bits()));
      break;
    default:
      appendf(out, " %16" PRId64, static_cast<int64_t>(v.number));
      break;
  }
}

std::vector<uint64_t> stack_frames(const Value& v) {
  std::vector<uint64_t> pcs(v.text.size() / 8);
  std::memcpy(pcs.data(), v.text.data(), pcs.size() * 8);
  return pcs;
}

void append_stack(std::string& out, const Value& v, int indent) {
  const std::vector<uint64_t> words = stack_frames(v);
  const bool names = v.symbols && !words.empty();
  out += '\n';
  for (const uint64_t pc : words) {
    if (pc == 0) break;
    out.append(static_cast<size_t>(std::max(indent, 0)), ' ');
    if (names)
      out += v.symbols->address_text(words.back(), pc);
    else
      appendf(out, "0x%" PRIx64, pc);
    out += '\n';
  }
}

std::string escape_text(std::string_view s) {
  std::string out;
  for (const char c : s) {
    const auto u = static_cast<unsigned char>(c);
    switch (c) {
      case '\0':
        out += "\\0";
        break;
      case '\a':
        out += "\\a";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\v':
        out += "\\v";
        break;
      case '"':
      case '\\':
        out += '\\';
        out += c;
        break;
      default:
        if (u >= ' ' && u <= '~')
          out += c;
        else
          appendf(out, "\\%03o", u);
    }
  }
  return out;
}

namespace {

std::string local_time(uint64_t ns, const char* format) {
  const auto seconds = static_cast<time_t>(ns / 1000000000u);
  struct tm tm{};
  ::localtime_r(&seconds, &tm);
  char buf[64];
  return {buf, std::strftime(buf, sizeof buf, format, &tm)};
}

}  // namespace

std::string time_text(uint64_t ns) {
  return local_time(ns, "%Y %b %e %T");
}
std::string time822_text(uint64_t ns) {
  return local_time(ns, "%a, %d %b %G %T %Z");
}

}  // namespace hp
