/* Speculations: hp_spec in transport/segment.h.
 *
 * A clause that speculates builds its record where others do, behind what the slot's principal buffer
 * holds, and at its end the record is copied to the speculation instead of being counted. So nothing
 * is held while a clause runs, a clause that faults leaves nothing behind, and a firing that dies in
 * the middle of a copy has lost its own record only: `used` grows once the record is complete.
 *
 * Every wait is bounded: a lock whose holder does not run (it was stopped in the middle of a copy) is
 * given up on and counted as HP_DROP_SPECBUSY. */
#include "runtime.hpp"

namespace {

constexpr uint32_t kSpins = 64, kRounds = 256; /* each round gives the CPU away once */

RT_INLINE hp_spec* spec_at(const hp_ctx* ctx, uint32_t index) {
  return reinterpret_cast<hp_spec*>(reinterpret_cast<uint8_t*>(ctx->seg) + ctx->seg->spec_off) +
         index;
}

RT_INLINE uint8_t* buffer_of(const hp_ctx* ctx, uint32_t index) {
  const uint64_t table = (ctx->seg->nspec * sizeof(hp_spec) + 4095) & ~4095ull;
  return reinterpret_cast<uint8_t*>(ctx->seg) + ctx->seg->spec_off + table +
         index * ctx->seg->spec_stride;
}

RT_INLINE uint32_t me(const hp_ctx* ctx) {
  auto tid = static_cast<uint32_t>(ctx->firing->host_tid);
  return tid ? tid : 1;
}

bool lock(hp_spec* s, uint32_t self) {
  for (uint32_t round = 0, spin = 0; round < kRounds;) {
    uint32_t owner = __atomic_load_n(&s->lock, __ATOMIC_RELAXED);
    if (owner) {
      if (++spin < kSpins) {
        __builtin_ia32_pause();
        continue;
      }
      spin = 0;
      round++;
      if (!hp_owner_dead(owner)) continue;
    }
    if (__atomic_compare_exchange_n(&s->lock, &owner, self, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED))
      return true;
  }
  return false;
}

RT_INLINE void unlock(hp_spec* s) {
  __atomic_store_n(&s->lock, 0u, __ATOMIC_RELEASE);
}

RT_INLINE uint32_t state_of(const hp_spec* s) {
  return __atomic_load_n(&s->state, __ATOMIC_RELAXED);
}

/* Under the lock. */
RT_INLINE void set(hp_spec* s, uint32_t state, uint32_t creator) {
  s->used = s->charged = 0;
  __atomic_store_n(&s->creator, creator, __ATOMIC_RELAXED);
  __atomic_store_n(&s->state, state, __ATOMIC_RELAXED);
}

/* The records of a speculation, behind those of the committing slot and at its time: they come out
 * where they were committed. All of them or, for want of room, none. */
void move_to_principal(hp_ctx* ctx, hp_spec* s, const uint8_t* from) {
  uint64_t n = s->used;
  if (n == 0 || n > ctx->seg->spec_stride) return;
  uint8_t* to = hp_principal_room(ctx->seg, ctx->slot, n);
  if (!to) to = hp_rt_rec_full(ctx, n);
  if (!to) return;
  rt_copy(to, from, n);
  const uint64_t now = hp_rt_timestamp(ctx);
  for (uint64_t at = 0; at < n;) {
    auto* r = reinterpret_cast<hp_rec*>(to + at);
    const uint32_t length = r->size;
    if (n - at < sizeof *r || length < sizeof *r || length % 8 != 0 || length > n - at) {
      n = at; /* somebody else wrote this */
      break;
    }
    r->timestamp = now;
    at += length;
  }
  hp_buf* buf = &ctx->slot->principal[ctx->slot->active & 1];
  __atomic_store_n(&buf->used, buf->used + n, __ATOMIC_RELEASE);
}

/* commit() and discard(): nothing happens for 0 and for what is not active (any more). */
void finish(hp_ctx* ctx, int32_t id, bool commit) {
  const auto number = static_cast<uint32_t>(id);
  if (number == 0) return;
  if (number > ctx->seg->nspec) {
    rt_fail(ctx, HP_FLT_ILLOP, number);
    return;
  }
  hp_spec* s = spec_at(ctx, number - 1);
  if (state_of(s) != HP_SPEC_ACTIVE) return;
  if (!lock(s, me(ctx))) {
    rt_drop(ctx, HP_DROP_SPECBUSY);
    return;
  }
  if (state_of(s) == HP_SPEC_ACTIVE) {
    if (commit) move_to_principal(ctx, s, buffer_of(ctx, number - 1));
    set(s, HP_SPEC_INACTIVE, 0);
  }
  unlock(s);
}

}  // namespace

extern "C" {

int32_t hp_rt_speculation(hp_ctx* ctx) {
  const uint32_t n = ctx->seg->nspec, self = me(ctx);
  uint32_t reason = HP_DROP_SPECUNAVAIL;
  for (uint32_t i = 0; i < n; i++) {
    hp_spec* s = spec_at(ctx, i);
    if (state_of(s) != HP_SPEC_INACTIVE) continue;
    if (!lock(s, self)) {
      reason = HP_DROP_SPECBUSY;
      continue;
    }
    const bool mine = state_of(s) == HP_SPEC_INACTIVE;
    if (mine) set(s, HP_SPEC_ACTIVE, self);
    unlock(s);
    if (mine) return static_cast<int32_t>(i + 1);
  }
  /* A thread that ended with a speculation open would keep it for good: one is looked at each time. */
  if (n != 0) {
    const uint32_t i = __atomic_fetch_add(&ctx->seg->spec_next, 1u, __ATOMIC_RELAXED) % n;
    hp_spec* s = spec_at(ctx, i);
    const uint32_t creator = __atomic_load_n(&s->creator, __ATOMIC_RELAXED);
    if (creator != 0 && creator != self && hp_owner_dead(creator) && lock(s, self)) {
      const bool mine = state_of(s) == HP_SPEC_ACTIVE && s->creator == creator;
      if (mine) set(s, HP_SPEC_ACTIVE, self);
      unlock(s);
      if (mine) return static_cast<int32_t>(i + 1);
    }
  }
  rt_drop(ctx, reason);
  return 0;
}

/* 1: the clause's record goes to this speculation. 0: the clause ends here. */
int32_t hp_rt_speculate(hp_ctx* ctx, int32_t id) {
  const auto number = static_cast<uint32_t>(id);
  if (number == 0 || number > ctx->seg->nspec ||
      state_of(spec_at(ctx, number - 1)) != HP_SPEC_ACTIVE)
    return 0;
  ctx->speculation = number;
  return 1;
}

/* The clause's record, if it is speculative; what comes after it in the clause no longer is. */
void hp_rt_rec_speculate(hp_ctx* ctx, uint8_t* rec, uint32_t size, uint32_t charge) {
  const uint32_t number = ctx->speculation;
  if (number == 0 || number > ctx->seg->nspec) return;
  ctx->speculation = 0;
  rt_finish_record(ctx, rec, size, HP_REC_CLAUSE);
  hp_spec* s = spec_at(ctx, number - 1);
  if (!lock(s, me(ctx))) {
    rt_drop(ctx, HP_DROP_SPECBUSY);
    return;
  }
  if (state_of(s) == HP_SPEC_ACTIVE) { /* else somebody ended it meanwhile */
    const uint64_t room = ctx->seg->spec_stride, used = s->used;
    if (used > room || size > room - used || s->charged + charge > ctx->seg->specsize) {
      rt_drop(ctx, HP_DROP_SPEC);
    } else {
      rt_copy(buffer_of(ctx, number - 1) + used, rec, size);
      s->charged += charge;
      s->used = used + size;
    }
  }
  unlock(s);
}

void hp_rt_commit(hp_ctx* ctx, int32_t id) {
  finish(ctx, id, true);
}
void hp_rt_discard(hp_ctx* ctx, int32_t id) {
  finish(ctx, id, false);
}
}
