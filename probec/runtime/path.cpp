/* basename, dirname and cleanpath: pure text, no file system is asked. */
#include "runtime.hpp"

extern "C" {

const char* hp_rt_basename(hp_ctx* ctx, const char* s) {
  uint32_t end = rt_len(s);
  if (end == 0) return hp_rt_make(ctx, ".", 1);
  while (end > 1 && s[end - 1] == '/') end--;
  uint32_t begin = end;
  while (begin > 0 && s[begin - 1] != '/') begin--;
  if (begin == end) return hp_rt_make(ctx, "/", 1);
  return hp_rt_make(ctx, s + begin, end - begin);
}

const char* hp_rt_dirname(hp_ctx* ctx, const char* s) {
  uint32_t n = rt_len(s);
  while (n > 0 && s[n - 1] == '/') n--;
  if (n == 0) return rt_len(s) ? hp_rt_make(ctx, "/", 1) : hp_rt_make(ctx, ".", 1);
  while (n > 0 && s[n - 1] != '/') n--;
  if (n == 0) return hp_rt_make(ctx, ".", 1);
  while (n > 1 && s[n - 1] == '/') n--;
  return hp_rt_make(ctx, s, n);
}

/* Removes "//", "/." and "/x/.." as far as text alone allows. */
const char* hp_rt_cleanpath(hp_ctx* ctx, const char* s) {
  uint32_t n = rt_len(s), out = 0;
  char* d = rt_new_string(ctx, n);
  if (!d) return nullptr;
  bool rooted = n > 0 && s[0] == '/';
  uint32_t floor = 0; /* what ".." may not remove: leading ".." of a relative path */
  for (uint32_t i = 0; i < n;) {
    while (i < n && s[i] == '/') i++;
    uint32_t begin = i;
    while (i < n && s[i] != '/') i++;
    uint32_t len = i - begin;
    if (len == 0 || (len == 1 && s[begin] == '.')) continue;
    if (len == 2 && s[begin] == '.' && s[begin + 1] == '.') {
      if (out > floor) {
        while (out > floor && d[out - 1] != '/') out--;
        if (out > 0) out--;
        continue;
      }
      if (rooted) continue;
      if (out) d[out++] = '/';
      d[out++] = '.';
      d[out++] = '.';
      floor = out;
      continue;
    }
    if (rooted || out) d[out++] = '/';
    rt_copy(d + out, s + begin, len);
    out += len;
  }
  if (out == 0 && rooted) d[out++] = '/';
  d[out] = 0;
  return d;
}
}
