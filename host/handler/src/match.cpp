#include "handler/match.hpp"

#include <algorithm>
#include <cstring>

namespace hp::handler {

namespace {

/* One [..] set at p (after the '['). Sets *end behind its ']'. An unterminated set matches a literal
 * '['; *end is then p. */
bool match_set(std::string_view pattern, size_t p, unsigned char c, size_t* end) {
  size_t i = p;
  bool negate = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negate) i++;
  bool hit = false;
  for (bool first = true; i < pattern.size() && (first || pattern[i] != ']'); first = false) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) i++;
    unsigned char low = static_cast<unsigned char>(pattern[i++]), high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      i++;
      if (pattern[i] == '\\' && i + 1 < pattern.size()) i++;
      high = static_cast<unsigned char>(pattern[i++]);
    }
    if (low <= c && c <= high) hit = true;
  }
  if (i >= pattern.size()) {
    *end = p;
    return c == '[';
  }
  *end = i + 1;
  return hit != negate;
}

/* Is the word one of those that commas part? */
bool lists(std::string_view words, std::string_view word) {
  for (size_t at = 0; at <= words.size();) {
    const size_t end = std::min(words.find(',', at), words.size());
    if (words.substr(at, end - at) == word) return true;
    at = end + 1;
  }
  return false;
}

std::string_view bounded(const char* s, size_t max) {
  return {s, strnlen(s, max)};
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return true;
  /* On a mismatch the last star takes one more character: no other star needs revisiting. */
  size_t p = 0, t = 0, star = std::string_view::npos, star_text = 0;
  while (t < text.size()) {
    bool ok = false;
    size_t next = p + 1;
    if (p < pattern.size()) {
      char c = pattern[p];
      if (c == '*') {
        star = p++;
        star_text = t;
        continue;
      }
      if (c == '?') {
        ok = true;
      } else if (c == '[') {
        ok = match_set(pattern, p + 1, static_cast<unsigned char>(text[t]), &next);
      } else {
        if (c == '\\' && p + 1 < pattern.size()) {
          c = pattern[p + 1];
          next = p + 2;
        }
        ok = c == text[t];
      }
    }
    if (ok) {
      p = next;
      t++;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') p++;
  return p == pattern.size();
}

bool matches_probe(const Object& o, const hp_obj_desc& d, const hp_seg_probe& probe) {
  if (d.id != 0) return d.id == probe.id;
  /* The name tells most probes apart, then the provider. */
  return glob_match(o.str(d.name), bounded(probe.name, sizeof probe.name)) &&
         glob_match(o.str(d.prov), bounded(probe.prov, sizeof probe.prov)) &&
         glob_match(o.str(d.func), bounded(probe.func, sizeof probe.func)) &&
         glob_match(o.str(d.mod), bounded(probe.mod, sizeof probe.mod));
}

bool matches_target(const Object& o, const hp_obj_desc& d, const Target& target) {
  const std::string_view pattern = o.str(d.target);
  if (pattern.empty() || glob_match(pattern, target.name)) return true;
  const char* option = o.option("resolvers");
  const std::string_view resolvers = option ? option : "hostname";
  return (lists(resolvers, "hostname") && glob_match(pattern, target.hostname)) ||
         (lists(resolvers, "version") && glob_match(pattern, target.osversion));
}

uint32_t enabled_probe_id(const Object& o, const hp_seg_probe* probes, uint32_t nprobes,
                          uint32_t probe, uint32_t clause) {
  if (probe >= nprobes) return 0;
  uint32_t id = 0;
  for (uint32_t c = 0; c < o.clauses().size(); c++) {
    for (const hp_obj_desc& d : o.descs_of(o.clauses()[c])) {
      if (c == clause && matches_probe(o, d, probes[probe])) {
        for (uint32_t i = 0; i <= probe; i++) id += matches_probe(o, d, probes[i]);
        return id;
      }
      for (uint32_t i = 0; i < nprobes; i++) id += matches_probe(o, d, probes[i]);
    }
  }
  return 0;
}

}  // namespace hp::handler
