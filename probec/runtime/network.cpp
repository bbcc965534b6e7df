/* Addresses as text: inet_ntoa6(), inet_ntop(), link_ntop(). Addresses are read through D pointers and
 * are in network byte order. */
#include "runtime.hpp"

static char* hex(char* p, uint32_t value, uint32_t least) {
  uint32_t digits = 1;
  while (digits < 8 && value >> (4 * digits)) digits++;
  if (digits < least) digits = least;
  while (digits-- > 0) *p++ = "0123456789abcdef"[(value >> (4 * digits)) & 15];
  return p;
}

static char* decimal(char* p, uint32_t byte) {
  if (byte >= 100) *p++ = static_cast<char>('0' + byte / 100);
  if (byte >= 10) *p++ = static_cast<char>('0' + byte / 10 % 10);
  *p++ = static_cast<char>('0' + byte % 10);
  return p;
}

static char* dotted(char* p, const uint8_t* address) {
  for (int i = 0; i < 4; i++) {
    if (i) *p++ = '.';
    p = decimal(p, address[i]);
  }
  return p;
}

/* RFC 5952: lower case, the longest run of at least two zero groups as "::"; the last 32 bits of
 * IPv4-mapped and IPv4-compatible addresses in dotted form. */
static char* groups(char* p, const uint8_t* address) {
  uint32_t group[8];
  for (int i = 0; i < 8; i++)
    group[i] = (static_cast<uint32_t>(address[2 * i]) << 8) | address[2 * i + 1];
  int start = -1, length = 1;
  for (int i = 0; i < 8; i++) {
    int j = i;
    while (j < 8 && group[j] == 0) j++;
    if (j - i > length) {
      start = i;
      length = j - i;
    }
    if (j > i) i = j;
  }
  bool compatible = start == 0 && length == 6 && group[6] != 0;
  bool mapped = start == 0 && length == 5 && group[5] == 0xffff;
  int end = compatible || mapped ? 6 : 8;
  for (int i = 0; i < end; i++) {
    if (i == start) {
      *p++ = ':';
      *p++ = ':';
      i += length - 1;
      continue;
    }
    if (i && i != start + length) *p++ = ':';
    if (i && i == start + length && p[-1] != ':') *p++ = ':';
    p = hex(p, group[i], 1);
  }
  if (end == 6) {
    if (p[-1] != ':') *p++ = ':';
    p = dotted(p, address + 12);
  }
  return p;
}

static const char* keep(hp_ctx* ctx, const char* text, const char* end) {
  uint64_t n = static_cast<uint64_t>(end - text), most = hp_strsize - 1;
  return hp_rt_make(ctx, text, n < most ? n : most);
}

static const char* bad_family(hp_ctx* ctx, int64_t family) {
  rt_fail(ctx, HP_FLT_ILLOP, static_cast<uint64_t>(family));
  return nullptr;
}

extern "C" {

const char* hp_rt_inet_ntoa6(hp_ctx* ctx, uint64_t addr) {
  uint8_t raw[16];
  hp_rt_load_bytes(ctx, raw, addr, sizeof raw);
  if (ctx->fault) return nullptr;
  char text[48];
  return keep(ctx, text, groups(text, raw));
}

/* family: AF_INET (2) or AF_INET6 (10). */
const char* hp_rt_inet_ntop(hp_ctx* ctx, int64_t family, uint64_t addr) {
  if (family == 10) return hp_rt_inet_ntoa6(ctx, addr);
  if (family != 2) return bad_family(ctx, family);
  uint8_t raw[4];
  hp_rt_load_bytes(ctx, raw, addr, sizeof raw);
  if (ctx->fault) return nullptr;
  char text[16];
  return keep(ctx, text, dotted(text, raw));
}

/* type: ARPHRD_ETHER (1) or ARPHRD_INFINIBAND (32). */
const char* hp_rt_link_ntop(hp_ctx* ctx, int64_t type, uint64_t addr) {
  if (type != 1 && type != 32) return bad_family(ctx, type);
  uint8_t raw[20];
  uint32_t n = type == 1 ? 6 : sizeof raw;
  hp_rt_load_bytes(ctx, raw, addr, n);
  if (ctx->fault) return nullptr;
  char text[60];
  char* p = text;
  for (uint32_t i = 0; i < n; i++) {
    if (i) *p++ = ':';
    p = hex(p, raw[i], 2);
  }
  return keep(ctx, text, p);
}
}
