/* D's string subroutines. Results live in scratch, take only the bytes they need, and are cut at
 * hp_strsize - 1 bytes. */
#include "runtime.hpp"

static bool matches_at(const char* s, const char* sub, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    if (s[i] != sub[i]) return false;
  return true;
}

static bool contains(const char* set, uint32_t n, char c) {
  for (uint32_t i = 0; i < n; i++)
    if (set[i] == c) return true;
  return false;
}

extern "C" {

const char* hp_rt_make(hp_ctx* ctx, const char* s, uint64_t n) {
  char* d = rt_new_string(ctx, n);
  if (!d) return nullptr;
  rt_copy(d, s, n);
  d[n] = 0;
  return d;
}

uint64_t hp_rt_strlen(const char* s) {
  return rt_len(s);
}

uint64_t hp_rt_char_at(hp_ctx*, const char* s, int64_t index) {
  return index >= 0 && index < rt_len(s) ? static_cast<uint64_t>(s[index]) : 0;
}

int64_t hp_rt_strcmp(const char* a, const char* b) {
  uint32_t na = rt_len(a), nb = rt_len(b), n = na < nb ? na : nb;
  for (uint32_t i = 0; i < n; i++) {
    auto x = static_cast<uint8_t>(a[i]), y = static_cast<uint8_t>(b[i]);
    if (x != y) return x < y ? -1 : 1;
  }
  return na == nb ? 0 : na < nb ? -1 : 1;
}

/* NULL is an empty string with a mark behind its end: strings have room for two bytes at least. */
void hp_rt_str_assign(char* dst, const char* s) {
  uint32_t n = rt_len(s);
  if (n == 0) {
    dst[0] = 0;
    dst[1] = s ? 0 : 1;
    return;
  }
  if (dst == s) return;
  for (uint32_t i = 0; i < n; i++) dst[i] = s[i];
  dst[n] = 0;
}

const char* hp_rt_str_value(const char* stored) {
  return stored[0] == 0 && stored[1] == 1 ? nullptr : stored;
}

/* A variable in the segment may change under our eyes: copy it once, bounded. */
const char* hp_rt_str_read(hp_ctx* ctx, const char* shared) {
  if (!hp_rt_str_value(shared)) return nullptr;
  return hp_rt_make(ctx, shared, rt_len(shared));
}

const char* hp_rt_comm(hp_ctx* ctx, const char* comm16) {
  uint32_t n = 0;
  while (n < HP_COMM_LEN && n < hp_strsize - 1 && comm16[n]) n++;
  return hp_rt_make(ctx, comm16, n);
}

/* Entries of the probe table never change, so the string can be used where it is. */
const char* hp_rt_probe_str(hp_ctx* ctx, uint32_t offset) {
  return reinterpret_cast<const char*>(ctx->seg) + ctx->seg->probes_off +
         static_cast<uint64_t>(ctx->probe) * sizeof(hp_seg_probe) + offset;
}

const char* hp_rt_strjoin(hp_ctx* ctx, const char* a, const char* b) {
  uint32_t na = rt_len(a), nb = rt_len(b);
  if (nb > hp_strsize - 1 - na) nb = hp_strsize - 1 - na;
  char* d = rt_new_string(ctx, na + nb);
  if (!d) return nullptr;
  rt_copy(d, a, na);
  rt_copy(d + na, b, nb);
  d[na + nb] = 0;
  return d;
}

/* As the guide says: a negative index counts from the end; a negative length stops before the end. */
const char* hp_rt_substr(hp_ctx* ctx, const char* s, int64_t index, int64_t length) {
  int64_t n = rt_len(s), begin = index;
  const int64_t far = 1ll << 40;
  begin = begin > far ? far : begin < -far ? -far : begin;
  length = length > far ? far : length < -far ? -far : length;
  if (begin < 0) {
    begin += n;
    if (begin < 0 && begin + length > 0) {
      length += begin;
      begin = 0;
    }
  }
  if (begin < 0 || begin >= n) return hp_rt_make(ctx, s, 0);
  if (length < 0) length += n - begin;
  if (length < 0) length = 0;
  if (length > n - begin) length = n - begin;
  return hp_rt_make(ctx, s + begin, static_cast<uint64_t>(length));
}

const char* hp_rt_strchr(hp_ctx* ctx, const char* s, uint64_t c) {
  uint32_t n = rt_len(s);
  for (uint32_t i = 0; i < n; i++)
    if (s[i] == static_cast<char>(c)) return hp_rt_make(ctx, s + i, n - i);
  return nullptr;
}

const char* hp_rt_strrchr(hp_ctx* ctx, const char* s, uint64_t c) {
  uint32_t n = rt_len(s);
  for (uint32_t i = n; i-- > 0;)
    if (s[i] == static_cast<char>(c)) return hp_rt_make(ctx, s + i, n - i);
  return nullptr;
}

int64_t hp_rt_index(const char* s, const char* sub, int64_t start) {
  int64_t n = rt_len(s), m = rt_len(sub);
  if (start < 0) start = 0;
  if (start > n) return m == 0 ? n : -1;
  for (int64_t i = start; i + m <= n; i++)
    if (matches_at(s + i, sub, static_cast<uint32_t>(m))) return i;
  return -1;
}

int64_t hp_rt_rindex(const char* s, const char* sub, int64_t start) {
  int64_t n = rt_len(s), m = rt_len(sub);
  if (start < 0) return m == 0 ? 0 : -1;
  int64_t i = n - m < start ? n - m : start;
  for (; i >= 0; i--)
    if (matches_at(s + i, sub, static_cast<uint32_t>(m))) return i;
  return -1;
}

const char* hp_rt_strstr(hp_ctx* ctx, const char* s, const char* sub) {
  int64_t at = hp_rt_index(s, sub, 0);
  if (at < 0) return nullptr;
  return hp_rt_make(ctx, s + at, rt_len(s) - static_cast<uint64_t>(at));
}

/* State lives in the ctx; the rest of the string is in scratch, so it outlives the call. */
const char* hp_rt_strtok(hp_ctx* ctx, const char* s, const char* delims) {
  if (s) {
    s = hp_rt_make(ctx, s, rt_len(s));
    if (!s) return nullptr;
  } else {
    s = ctx->strtok;
    if (!s) { /* nothing to go on with */
      rt_fail(ctx, HP_FLT_BADADDR, 0);
      return nullptr;
    }
  }
  uint32_t n = rt_len(s), m = rt_len(delims), i = 0;
  while (i < n && contains(delims, m, s[i])) i++;
  if (i == n) {
    ctx->strtok = "";
    return nullptr;
  }
  uint32_t j = i;
  while (j < n && !contains(delims, m, s[j])) j++;
  ctx->strtok = j < n ? s + j + 1 : "";
  return hp_rt_make(ctx, s + i, j - i);
}

const char* hp_rt_tolower(hp_ctx* ctx, const char* s) {
  uint32_t n = rt_len(s);
  char* d = rt_new_string(ctx, n);
  if (!d) return nullptr;
  for (uint32_t i = 0; i < n; i++)
    d[i] = s[i] >= 'A' && s[i] <= 'Z' ? static_cast<char>(s[i] + 32) : s[i];
  d[n] = 0;
  return d;
}

const char* hp_rt_toupper(hp_ctx* ctx, const char* s) {
  uint32_t n = rt_len(s);
  char* d = rt_new_string(ctx, n);
  if (!d) return nullptr;
  for (uint32_t i = 0; i < n; i++)
    d[i] = s[i] >= 'a' && s[i] <= 'z' ? static_cast<char>(s[i] - 32) : s[i];
  d[n] = 0;
  return d;
}
}
