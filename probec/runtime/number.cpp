/* Numbers and their text. */
#include "runtime.hpp"

/* Digits of value in base, most significant first, ending at end; returns the first. */
static char* digits(char* end, uint64_t value, uint64_t base) {
  do {
    uint64_t d = value % base;
    *--end = static_cast<char>(d < 10 ? '0' + d : 'a' + d - 10);
    value /= base;
  } while (value);
  return end;
}

static const char* keep(hp_ctx* ctx, const char* s, uint64_t n) {
  return hp_rt_make(ctx, s, n < hp_strsize - 1 ? n : hp_strsize - 1);
}

extern "C" {

/* Base 10 is signed; others are unsigned, with the prefix 0 for octal and 0x for hexadecimal. */
const char* hp_rt_lltostr(hp_ctx* ctx, int64_t value, int64_t base) {
  char text[72];
  char* end = text + sizeof text;
  if (base < 2 || base > 36) {
    rt_fail(ctx, HP_FLT_ILLOP, static_cast<uint64_t>(base));
    return nullptr;
  }
  uint64_t magnitude = static_cast<uint64_t>(value);
  bool negative = base == 10 && value < 0;
  if (negative) magnitude = 0 - magnitude;
  char* p = digits(end, magnitude, static_cast<uint64_t>(base));
  if (negative) *--p = '-';
  if (base == 8 && magnitude) *--p = '0';
  if (base == 16) {
    *--p = 'x';
    *--p = '0';
  }
  return keep(ctx, p, static_cast<uint64_t>(end - p));
}

/* Leading blanks, sign, 0x for base 16, digits; 0 when there is no digit. */
int64_t hp_rt_strtoll(const char* s, int64_t base) {
  if (base < 2 || base > 36) return 0;
  uint32_t n = rt_len(s), i = 0;
  while (i < n && (s[i] == ' ' || (s[i] >= '\t' && s[i] <= '\r'))) i++;
  bool negative = false;
  if (i < n && (s[i] == '-' || s[i] == '+')) negative = s[i++] == '-';
  if (base == 16 && i + 1 < n && s[i] == '0' && (s[i + 1] | 32) == 'x') i += 2;
  uint64_t value = 0;
  for (; i < n; i++) {
    int c = s[i] >= '0' && s[i] <= '9'                 ? s[i] - '0'
            : (s[i] | 32) >= 'a' && (s[i] | 32) <= 'z' ? (s[i] | 32) - 'a' + 10
                                                       : 99;
    if (c >= base) break;
    value = value * static_cast<uint64_t>(base) + static_cast<uint64_t>(c);
  }
  return static_cast<int64_t>(negative ? 0 - value : value);
}

/* addr: D pointer to an IPv4 address in network order. */
const char* hp_rt_inet_ntoa(hp_ctx* ctx, uint64_t addr) {
  uint64_t raw = hp_rt_load(ctx, addr, 4);
  if (ctx->fault) return nullptr;
  char text[20];
  char* end = text + sizeof text;
  char* p = end;
  for (int i = 3; i >= 0; i--) {
    p = digits(p, (raw >> (8 * i)) & 255, 10);
    if (i) *--p = '.';
  }
  return keep(ctx, p, static_cast<uint64_t>(end - p));
}

/* chill(): busy for at most half of any second, by slot; more is an illegal operation. */
void hp_rt_chill(hp_ctx* ctx, uint64_t ns) {
  constexpr uint64_t kInterval = 1000000000, kMost = 500000000;
  hp_slot* slot = ctx->slot;
  const uint64_t begin = hp_now();
  if (begin - slot->chill_mark > kInterval) {
    slot->chill_mark = begin;
    slot->chilled = 0;
  }
  if (ns > kMost || slot->chilled > kMost - ns) {
    rt_fail(ctx, HP_FLT_ILLOP, ns);
    return;
  }
  while (hp_now() - begin < ns) __builtin_ia32_pause();
  slot->chilled += ns;
  ctx->timestamp = 0; /* timestamp goes on */
}

uint64_t hp_rt_rand(hp_ctx* ctx) {
  uint64_t x = __builtin_ia32_rdtsc() ^ (static_cast<uint64_t>(ctx->firing->tid) << 32);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}
}
