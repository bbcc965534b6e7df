/* Scratch memory and checked access through D pointers. */
#include "runtime.hpp"
#include "transport/object.h"

extern "C" {

void* hp_rt_alloc(hp_ctx* ctx, uint64_t size) {
  uint64_t used = ctx->scratch_used;
  uint64_t room = ctx->scratch_size - used;
  if (RT_UNLIKELY(used > ctx->scratch_size || size > room || ((size + 7) & ~7ull) > room)) {
    rt_fail(ctx, HP_FLT_NOSCRATCH, 0);
    return nullptr;
  }
  ctx->scratch_used = static_cast<uint32_t>(used + ((size + 7) & ~7ull));
  return ctx->scratch + used;
}

static uint64_t to_pointer(hp_ctx* ctx, const void* p) {
  return HP_RT_SCRATCH_TAG | static_cast<uint64_t>(static_cast<const uint8_t*>(p) - ctx->scratch);
}

uint64_t hp_rt_guest_address(uint64_t addr) {
  return rt_is_host(addr) ? addr & ~(1ull << 62) : addr;
}

uint64_t hp_rt_scratch_ptr(hp_ctx* ctx, const void* p) {
  return to_pointer(ctx, p);
}

uint64_t hp_rt_alloca(hp_ctx* ctx, uint64_t size) {
  auto* p = static_cast<uint64_t*>(hp_rt_alloc(ctx, size));
  if (!p) return 0;
  rt_zero_words(p, (size + 7) / 8);
  return to_pointer(ctx, p);
}

uint64_t hp_rt_load(hp_ctx* ctx, uint64_t addr, uint32_t size) {
  uint64_t value = 0;
  if (RT_UNLIKELY(rt_is_host(addr))) {
    const uint8_t* p = rt_host(ctx, addr, size);
    if (!p) {
      rt_fail(ctx, HP_FLT_BADADDR, addr);
      return 0;
    }
    rt_copy(&value, p, size);
    return value;
  }
  if (int fault = hp_load(ctx, &value, addr, size)) {
    rt_fail(ctx, static_cast<uint32_t>(fault), addr);
    return 0;
  }
  return value;
}

uint64_t hp_rt_core_load(hp_ctx* ctx, uint64_t addr, uint64_t descriptor, uint32_t foreign) {
  addr += descriptor & 0xffffffff;
  if (foreign) addr = hp_rt_guest_address(addr);
  uint64_t value = hp_rt_load(ctx, addr, 1u << (descriptor >> 32 & 3));
  value <<= descriptor >> 40 & 63;
  const uint64_t right = descriptor >> 48 & 63;
  if (descriptor & HP_CORE_SIGNED)
    return static_cast<uint64_t>(static_cast<int64_t>(value) >> right);
  return value >> right;
}

void hp_rt_load_bytes(hp_ctx* ctx, void* dst, uint64_t addr, uint64_t size) {
  if (rt_is_host(addr)) {
    const uint8_t* p = rt_host(ctx, addr, size);
    if (!p) return rt_fail(ctx, HP_FLT_BADADDR, addr);
    rt_copy(dst, p, size);
    return;
  }
  if (size == 0) return;
  if (int fault = hp_load(ctx, dst, addr, size))
    rt_fail(ctx, static_cast<uint32_t>(fault), ctx->fault_addr ? ctx->fault_addr : addr);
}

void hp_rt_store(hp_ctx* ctx, uint64_t addr, uint64_t value, uint32_t size) {
  uint8_t* p = rt_host(ctx, addr, size);
  if (RT_UNLIKELY(!p)) return rt_fail(ctx, HP_FLT_BADADDR, addr);
  rt_copy(p, &value, size);
}

/* What copies from the guest takes the guest's own word for an address: one that looks like a pointer
 * to the program's memory is a bad one. */
static bool is_guest_address(hp_ctx* ctx, uint64_t addr) {
  if (!rt_is_host(addr)) return true;
  rt_fail(ctx, HP_FLT_BADADDR, addr);
  return false;
}

uint64_t hp_rt_copyin(hp_ctx* ctx, uint64_t addr, uint64_t size) {
  if (!is_guest_address(ctx, addr)) return 0;
  void* p = hp_rt_alloc(ctx, size);
  if (!p) return 0;
  hp_rt_load_bytes(ctx, p, addr, size);
  return to_pointer(ctx, p);
}

void hp_rt_copyinto(hp_ctx* ctx, uint64_t addr, uint64_t size, uint64_t dst) {
  if (is_guest_address(ctx, addr)) hp_rt_bcopy(ctx, addr, dst, size);
}

/* Takes at most `limit` bytes with the NUL from a D pointer of either kind. */
static const char* take_string(hp_ctx* ctx, uint64_t addr, uint64_t limit) {
  if (limit > hp_strsize) limit = hp_strsize;
  if (limit == 0) limit = 1;
  bool host = rt_is_host(addr);
  uint64_t room = 0;
  const uint8_t* src = host ? rt_area(ctx, addr, &room) : nullptr; /* before dst extends the area */
  if (host && !src) {
    rt_fail(ctx, HP_FLT_BADADDR, addr);
    return nullptr;
  }
  uint32_t mark = ctx->scratch_used;
  auto* dst = static_cast<char*>(hp_rt_alloc(ctx, limit));
  if (!dst) return nullptr;
  uint64_t len = 0;
  if (host) {
    while (len < limit - 1 && len < room && src[len]) {
      dst[len] = static_cast<char>(src[len]);
      len++;
    }
  } else if (int fault = hp_load_str(ctx, dst, addr, limit, &len)) {
    rt_fail(ctx, static_cast<uint32_t>(fault), ctx->fault_addr ? ctx->fault_addr : addr);
    return nullptr;
  }
  if (len > limit - 1) len = limit - 1;
  dst[len] = 0;
  /* Give back what the string did not need. */
  ctx->scratch_used = mark + static_cast<uint32_t>((len + 8) & ~7ull);
  if (ctx->scratch_used > ctx->scratch_size) ctx->scratch_used = ctx->scratch_size;
  return dst;
}

const char* hp_rt_copyinstr(hp_ctx* ctx, uint64_t addr, uint64_t max) {
  if (!is_guest_address(ctx, addr)) return nullptr;
  return take_string(ctx, addr, max); /* max counts the NUL */
}

const char* hp_rt_stringof(hp_ctx* ctx, uint64_t addr) {
  return take_string(ctx, addr, hp_strsize);
}

const char* hp_rt_chars(hp_ctx* ctx, uint64_t addr, uint64_t size) {
  uint64_t n = size < hp_strsize - 1 ? size : hp_strsize - 1;
  char* dst = rt_new_string(ctx, n);
  if (!dst) return nullptr;
  hp_rt_load_bytes(ctx, dst, addr, n);
  dst[n] = 0;
  return dst;
}

uint64_t hp_rt_string_ptr(hp_ctx* ctx, const char* s) {
  if (!s) return 0;
  uint32_t n = rt_len(s);
  char* dst = rt_new_string(ctx, n);
  if (!dst) return 0;
  rt_copy(dst, s, n);
  dst[n] = 0;
  return to_pointer(ctx, dst);
}

void hp_rt_copyout(hp_ctx* ctx, uint64_t src, uint64_t dst, uint64_t size) {
  const uint8_t* p = rt_host(ctx, src, size);
  if (!p) return rt_fail(ctx, HP_FLT_BADADDR, src);
  if (rt_is_host(dst)) return rt_fail(ctx, HP_FLT_BADADDR, dst);
  if (int fault = hp_store(ctx, dst, p, size)) rt_fail(ctx, static_cast<uint32_t>(fault), dst);
}

void hp_rt_copyoutstr(hp_ctx* ctx, const char* s, uint64_t dst, uint64_t max) {
  uint64_t n = rt_len(s);
  if (n + 1 > max) n = max ? max - 1 : 0;
  if (max == 0) return;
  if (rt_is_host(dst)) return rt_fail(ctx, HP_FLT_BADADDR, dst);
  int fault = n ? hp_store(ctx, dst, s, n) : 0;
  if (!fault) fault = hp_store(ctx, dst + n, "", 1);
  if (fault) rt_fail(ctx, static_cast<uint32_t>(fault), dst);
}

void hp_rt_bcopy(hp_ctx* ctx, uint64_t src, uint64_t dst, uint64_t size) {
  uint8_t* p = rt_host(ctx, dst, size);
  if (!p) return rt_fail(ctx, HP_FLT_BADADDR, dst);
  hp_rt_load_bytes(ctx, p, src, size);
}

void hp_rt_str_store(hp_ctx* ctx, uint64_t dst, const char* s) {
  uint32_t n = s ? rt_len(s) : 0;
  uint8_t* p = rt_host(ctx, dst, n ? n + 1 : 2); /* see hp_rt_str_assign */
  if (!p) return rt_fail(ctx, HP_FLT_BADADDR, dst);
  rt_copy(p, s, n);
  p[n] = 0;
  if (n == 0) p[1] = s ? 0 : 1;
}
}
