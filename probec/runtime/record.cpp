/* Records: reserved in the active half of the slot's principal buffer, filled by generated code,
 * and counted by `used` only once complete, so an aborted clause leaves nothing behind. */
#include "runtime.hpp"

extern "C" {

uint64_t hp_rt_timestamp(hp_ctx* ctx) {
  if (!ctx->timestamp) ctx->timestamp = hp_now();
  return ctx->timestamp;
}

uint64_t hp_rt_vtimestamp(hp_ctx* ctx) {
  if (!ctx->vtimestamp) ctx->vtimestamp = hp_vtime(ctx);
  return ctx->vtimestamp;
}

__attribute__((noinline)) uint8_t* hp_rt_rec_full(hp_ctx* ctx, uint64_t need) {
  int dropped;
  uint8_t* room = hp_principal_full(ctx->seg, ctx->slot, need, &dropped);
  if (dropped) rt_drop_on_cpu(ctx, HP_DROP_PRINCIPAL);
  return room;
}

uint8_t* hp_rt_rec_begin(hp_ctx* ctx, uint32_t max) {
  uint8_t* room = hp_principal_room(ctx->seg, ctx->slot, max);
  return RT_UNLIKELY(!room) ? hp_rt_rec_full(ctx, max) : room;
}

void hp_rt_rec_commit(hp_ctx* ctx, uint8_t* rec, uint32_t size, uint16_t kind) {
  rt_finish_record(ctx, rec, size, kind);
  hp_buf* buf = &ctx->slot->principal[ctx->slot->active & 1];
  __atomic_store_n(&buf->used, buf->used + size, __ATOMIC_RELEASE);
}

uint32_t hp_rt_put_str(uint8_t* dst, const char* s) {
  uint64_t n = rt_len(s);
  __builtin_memcpy(dst, &n, 8);
  uint64_t words = (n + 7) / 8;
  if (n) {
    uint64_t last = 0; /* the padding of the last word is zero */
    __builtin_memcpy(dst + words * 8, &last, 8);
    rt_copy(dst + 8, s, n);
    for (uint64_t i = n; i < words * 8; i++) dst[8 + i] = 0;
  }
  return static_cast<uint32_t>(8 + words * 8);
}

/* Fixed room (multiple of 8) of which size bytes are read through a D pointer. */
uint32_t hp_rt_put_bytes(hp_ctx* ctx, uint8_t* dst, uint64_t addr, uint32_t size, uint32_t room) {
  rt_zero_words(reinterpret_cast<uint64_t*>(dst), room / 8);
  if (size > room) size = room;
  hp_rt_load_bytes(ctx, dst, addr, size);
  return room;
}

/* As much of size bytes as there is: packets end before the capture size does. Reads of 16 aligned bytes
 * stay within a page. */
void hp_rt_put_packet(hp_ctx* ctx, uint8_t* dst, uint64_t addr, uint32_t size, uint32_t room) {
  rt_zero_words(reinterpret_cast<uint64_t*>(dst), 1 + room / 8);
  uint64_t got = 0, left = 0;
  if (size > room) size = room;
  if (rt_is_host(addr)) {
    const uint8_t* p = rt_area(ctx, addr, &left);
    got = p && left < size ? left : size;
    if (p) rt_copy(dst + 8, p, got);
    if (!p) rt_fail(ctx, HP_FLT_BADADDR, addr);
  } else {
    while (got < size) {
      uint64_t n = 16 - ((addr + got) & 15);
      if (n > size - got) n = size - got;
      if (hp_load(ctx, dst + 8 + got, addr + got, n)) break;
      got += n;
    }
    if (got == 0) rt_fail(ctx, HP_FLT_BADADDR, addr);
  }
  __builtin_memcpy(dst, &got, 8);
}

/* `frames` program counters, unused ones 0, then a 0 that ends them in any case, then whose they are. */
uint32_t hp_rt_put_ustack(hp_ctx* ctx, uint8_t* dst, uint32_t frames) {
  auto* words = reinterpret_cast<uint64_t*>(dst);
  rt_zero_words(words, frames + 1);
  hp_ustack(ctx, words, frames);
  words[frames + 1] = hp_space(ctx);
  return 16 + frames * 8;
}

/* The same of the kernel's stack. */
uint32_t hp_rt_put_stack(hp_ctx* ctx, uint8_t* dst, uint32_t frames) {
  auto* words = reinterpret_cast<uint64_t*>(dst);
  rt_zero_words(words, frames + 1);
  hp_kstack(ctx, words, frames);
  words[frames + 1] = hp_kspace(ctx);
  return 16 + frames * 8;
}

/* Who called the kernel's function that fires; 0 if unknown. */
uint64_t hp_rt_caller(hp_ctx* ctx) {
  uint64_t pcs[2] = {};
  hp_kstack(ctx, pcs, 2);
  return pcs[1];
}

uint64_t hp_rt_stackdepth(hp_ctx* ctx) {
  uint64_t pcs[128];
  return hp_kstack(ctx, pcs, 128);
}

/* Return address of the function that the guest is in; 0 if unknown. */
uint64_t hp_rt_ucaller(hp_ctx* ctx) {
  uint64_t pcs[2] = {};
  hp_ustack(ctx, pcs, 2);
  return pcs[1];
}

uint64_t hp_rt_ustackdepth(hp_ctx* ctx) {
  uint64_t pcs[128];
  return hp_ustack(ctx, pcs, 128);
}

void hp_rt_exit(hp_ctx* ctx, int32_t status) {
  if (__atomic_load_n(&ctx->seg->exiting, __ATOMIC_ACQUIRE)) return;
  __atomic_store_n(&ctx->seg->exit_status, status, __ATOMIC_RELAXED);
  __atomic_store_n(&ctx->seg->exiting, 1u, __ATOMIC_RELEASE);
}
}
