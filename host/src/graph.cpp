#include "host/graph.hpp"

#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <vector>

#include "host/text.hpp"
#include "transport/buckets.h"

namespace hp {
namespace {

constexpr int kBar = 40;

size_t bar_length(const GraphScale& scale, int64_t value, int bar) {
  if (scale.total == 0) return 0;
  const auto f = static_cast<float>(fabsl(static_cast<long double>(value)) * bar / scale.total);
  return static_cast<size_t>(static_cast<double>(f) + 0.5); /* dtrace(1)'s precision */
}

void append_label(std::string& out, const std::string& label) {
  appendf(out, "%16s ", label.c_str());
}

void append_title(std::string& out) {
  appendf(out, "\n%16s %41s %-9s\n", "value", "------------- Distribution -------------", "count");
}

}  // namespace

GraphScale::GraphScale(std::span<const int64_t> shown, int64_t n, bool zoom)
    : normal(n == 0 ? 1 : n) {
  for (const int64_t v : shown) {
    positive |= v > 0;
    negative |= v < 0;
    const long double size = fabsl(static_cast<long double>(v));
    total = zoom ? std::max(total, size / 0.95L) : total + size;
  }
}

void append_bar(std::string& out, const GraphScale& scale, int64_t value) {
  const int64_t shown = normalized(value, scale.normal);
  const auto count = [&] { appendf(out, " %-9" PRId64 "\n", shown); };
  if (!scale.negative) {
    const size_t n = bar_length(scale, value, kBar);
    out += '|';
    out.append(n, '@');
    out.append(kBar - n, ' ');
    return count();
  }
  if (!scale.positive) {
    const size_t n = bar_length(scale, value, kBar);
    out.append(kBar - n, ' ');
    out.append(n, '@');
    out += '|';
    return count();
  }
  constexpr int half = kBar / 2;
  const size_t n = bar_length(scale, value, half);
  if (value <= 0) {
    out.append(half - n, ' ');
    out.append(n, '@');
    out += '|';
    out.append(half, ' ');
  } else {
    out.append(half, ' ');
    out += '|';
    out.append(n, '@');
    out.append(half - n, ' ');
  }
  count();
}

void append_quantize(std::string& out, std::span<const int64_t> buckets, int64_t normal,
                     bool zoom) {
  const int n = static_cast<int>(buckets.size());
  int first = 0, last = n - 1;
  while (first < n && buckets[first] == 0) ++first;
  if (first == n) { /* nothing but, perhaps, cancelled increments: show the buckets around 0 */
    first = HP_QUANTIZE_ZERO - 1;
    last = HP_QUANTIZE_ZERO + 1;
  } else {
    if (first > 0) --first;
    while (last > 0 && buckets[last] == 0) --last;
    if (last < n - 1) ++last;
  }
  const GraphScale scale(buckets.subspan(first, last - first + 1), normal, zoom);
  append_title(out);
  for (int i = first; i <= last; ++i) {
    append_label(out, std::to_string(hp_quantize_label(static_cast<uint32_t>(i))));
    append_bar(out, scale, buckets[i]);
  }
}

void append_lquantize(std::string& out, std::span<const int64_t> buckets, const int64_t* param,
                      int64_t normal, bool zoom) {
  const int64_t base = param[0], step = param[2];
  const int n = static_cast<int>(buckets.size());
  if (n < 3) return;
  int first = 0, last = n - 1;
  while (first < n && buckets[first] == 0) ++first;
  if (first == n) {
    first = 0;
    last = 2;
  } else {
    if (first > 0) --first;
    while (last > 0 && buckets[last] == 0) --last;
    if (last < n - 1) ++last;
  }
  const GraphScale scale(buckets.subspan(first, last - first + 1), normal, zoom);
  /* dtrace(1) divides this label, and only this one, by what counts are divided by. */
  const auto divisor = static_cast<uint32_t>(scale.normal);
  const auto underflow =
      static_cast<int32_t>(static_cast<uint32_t>(base) / (divisor == 0 ? 1 : divisor));
  append_title(out);
  for (int i = first; i <= last; ++i) {
    if (i == 0)
      append_label(out, "< " + std::to_string(underflow));
    else if (i == n - 1)
      append_label(out, ">= " + std::to_string(base + (n - 2) * step));
    else
      append_label(out, std::to_string(base + (i - 1) * step));
    append_bar(out, scale, buckets[i]);
  }
}

uint64_t llquantize_buckets(const int64_t* param) {
  const int64_t factor = param[0], low = param[1], high = param[2], steps = param[3];
  if (factor < 2 || low < 0 || high < low || high > 64 || steps < 1 || steps > 65535) return 0;
  return hp_llquantize_words(factor, low, high, steps);
}

namespace {

/* The label of each bucket of an llquantize(); "" where the layout has a bucket no value falls in
 * (with more steps than the factor, ranges near 1 have fewer distinct integers than buckets). */
struct LlLabels {
  std::vector<uint64_t>
      value; /* absolute lowest value of the positive bucket, by distance from 0 */
  std::vector<bool> used;
  uint64_t low_scale = 1, overflow = 0;

  explicit LlLabels(const int64_t* param) {
    const auto power = [&](int64_t n) {
      return static_cast<uint64_t>(powl(static_cast<long double>(param[0]), n));
    };
    const int64_t factor = param[0], low = param[1], high = param[2], steps = param[3];
    const int64_t first_step = steps / factor;
    const size_t half = static_cast<size_t>((high - low + 1) * (steps - first_step));
    value.assign(half + 2, 0);
    used.assign(half + 2, false);
    const auto set = [&](size_t i, uint64_t v) {
      if (i < value.size()) {
        value[i] = v;
        used[i] = true;
      }
    };
    low_scale = power(low);
    overflow = power(high + 1);
    set(1, low_scale);
    size_t i = 1;
    int64_t magnitude = low;
    if (low == 0 && steps > factor) {
      for (int64_t step = 2; step <= factor; ++step) {
        i += static_cast<size_t>(first_step);
        set(i, static_cast<uint64_t>(step));
      }
      ++magnitude;
    }
    uint64_t scale = power(magnitude + 1) / static_cast<uint64_t>(steps);
    for (; magnitude <= high; ++magnitude) {
      for (int64_t step = first_step + 1; step <= steps; ++step)
        set(++i, static_cast<uint64_t>(step) * scale);
      scale *= static_cast<uint64_t>(factor);
    }
    set(half + 1, overflow);
  }
};

}  // namespace

long double llquantize_value(const int64_t* param, uint64_t bucket) {
  const uint64_t n = llquantize_buckets(param);
  if (n == 0 || bucket >= n) return 0;
  const LlLabels labels(param);
  const uint64_t zero = n / 2;
  if (bucket == zero) return 0;
  const bool negative = bucket < zero;
  uint64_t distance = negative ? zero - bucket : bucket - zero;
  while (distance > 0 && !labels.used[distance]) --distance;
  const auto v = static_cast<long double>(labels.value[distance]);
  return negative ? -v : v;
}

void append_llquantize(std::string& out, std::span<const int64_t> buckets, const int64_t* param,
                       int64_t normal, bool zoom) {
  const int n = static_cast<int>(llquantize_buckets(param));
  if (n == 0 || static_cast<size_t>(n) != buckets.size()) return;
  const int zero = n / 2;
  int first = 0, last = n - 1;
  while (first <= last && buckets[first] == 0) ++first;
  if (first > last) {
    first = last = zero + 1;
  } else {
    while (buckets[last] == 0) --last;
  }
  const GraphScale scale(buckets.subspan(first, last - first + 1), normal, zoom);
  if (first > 0) --first;
  if (last < n - 1) ++last;

  const LlLabels labels(param);
  const auto label = [&](int bucket) -> std::string {
    if (bucket == zero) {
      if (labels.low_scale == 1) return "0";
      return (first >= zero ? "< " : "abs() < ") + std::to_string(labels.low_scale);
    }
    const auto distance = static_cast<size_t>(bucket < zero ? zero - bucket : bucket - zero);
    if (!labels.used[distance]) return "";
    const std::string number = std::to_string(labels.value[distance]);
    if (bucket == 0) return "<= -" + number;
    if (bucket == n - 1) return ">= " + number;
    return bucket < zero ? "-" + number : number;
  };
  append_title(out);
  /* The widened ends may be buckets that nothing can fall in: use the next label outwards. */
  const int reach = static_cast<int>(param[3] / param[0]);
  const auto outward = [&](int bucket, int direction) {
    for (int i = 0; i < reach && bucket + i * direction >= 0 && bucket + i * direction < n; ++i)
      if (std::string s = label(bucket + i * direction); !s.empty()) return s;
    return label(bucket);
  };
  for (int i = first; i <= last; ++i) {
    std::string s = label(i);
    if (s.empty() && i == first) s = outward(i, -1);
    if (s.empty() && i == last) s = outward(i, +1);
    if (s.empty()) continue;
    append_label(out, s);
    append_bar(out, scale, buckets[i]);
  }
}

}  // namespace hp
