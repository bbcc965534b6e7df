#include "handler/program.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <vector>

#include "handler/slot_lock.hpp"
#include "transport/control.h"
#include "transport/guest_access.hpp"
#include "transport/principal.h"

namespace hp::handler {

struct Program::Frame {
  hp_ctx ctx;
  const hp_firing& firing;
  uint8_t* locals; /* of the probe, then as many bytes for the ERROR probe's */
};

Result<std::unique_ptr<Program>> Program::load(Object object, int segment_fd, const Target& target,
                                               const CoreTypes* core) {
  std::unique_ptr<Program> p(new Program);
  p->object_ = std::move(object);
  const hp_obj_header& h = p->object_.header();
  p->segment_ = HP_TRY(SegmentView::attach(segment_fd));
  if (p->segment_.globals_size() < h.globals_size || p->segment_.strsize() != h.strsize)
    return fail("the program segment was made for another D program");
  p->locals_ = (uint64_t{h.locals_size} + 15) & ~uint64_t{15};
  if (p->segment_.scratch_size() < 2 * p->locals_)
    return fail("the program segment has no room for the program's clause-local variables");
  p->uses_ancestors_ = (h.flags & HP_OBJ_USES_ANCESTORS) != 0;
  p->uses_ppid_ = p->uses_ancestors_ || (h.flags & HP_OBJ_USES_PPID) != 0;
  if (h.flags & HP_OBJ_USES_STACKS) p->user_space_ = std::make_unique<UserSpace>();
  std::vector<uint64_t> values;
  if (core && !p->object_.core().empty()) values = HP_TRY(core->values(p->object_));
  p->image_ = HP_TRY(Image::link(p->object_, primitives(), values));

  auto descs = p->object_.descs();
  auto clauses = p->object_.clauses();
  p->enablings_.reserve(descs.size());
  for (uint32_t c = 0; c < clauses.size(); c++)
    for (uint32_t i = 0; i < clauses[c].descs.count; i++) {
      uint32_t d = clauses[c].descs.first + i;
      if (matches_target(p->object_, descs[d], target)) p->enablings_.push_back({d, c});
    }
  p->words_ = static_cast<uint32_t>(p->enablings_.size() / 64 + 1);
  /* One mapping: pages of probes that never fire are never touched. */
  static_assert(sizeof(std::atomic<uint64_t>) == 8 && sizeof(std::atomic<uint32_t>) == 4);
  size_t bits = size_t{p->segment_.max_probes()} * p->words_ * sizeof(uint64_t);
  size_t size = bits + kFastIds * sizeof(uint32_t);
  void* tables = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (tables == MAP_FAILED) return fail_errno("cannot allocate memory for a D program");
  p->tables_ = Mapping(tables, size);
  p->bits_ = p->tables_.as<std::atomic<uint64_t>>();
  p->index_ = p->tables_.as<std::atomic<uint32_t>>(bits);
  return p;
}

uint32_t Program::index_of(uint32_t id) noexcept {
  static_assert(kFastIds >= HP_PROBE_DYNAMIC);
  if (id < kFastIds) {
    uint32_t at = index_[id].load(std::memory_order_relaxed);
    if (at != 0) return at - 1;
  }
  /* Racing threads index the same entries alike. */
  const uint32_t n = segment_.nprobes();
  const hp_seg_probe* probes = segment_.probes();
  uint32_t from = indexed_.load(std::memory_order_relaxed);
  if (id >= kFastIds) {
    for (uint32_t i = 0; i < n; i++)
      if (probes[i].id == id) return i;
    return kNoProbe;
  }
  if (from >= n) return kNoProbe;
  for (uint32_t i = from; i < n; i++) {
    uint32_t entry = __atomic_load_n(&probes[i].id, __ATOMIC_RELAXED);
    if (entry < kFastIds && index_[entry].load(std::memory_order_relaxed) == 0)
      index_[entry].store(i + 1, std::memory_order_relaxed);
  }
  indexed_.store(n, std::memory_order_relaxed);
  uint32_t at = index_[id].load(std::memory_order_relaxed);
  return at != 0 ? at - 1 : kNoProbe;
}

const std::atomic<uint64_t>* Program::enabled(uint32_t probe) noexcept {
  std::atomic<uint64_t>* bits = &bits_[size_t{probe} * words_];
  if (bits[0].load(std::memory_order_acquire) != 0) return bits;
  if (probe >= segment_.nprobes()) return bits; /* not there yet: nothing is remembered */
  hp_seg_probe entry = segment_.probes()[probe];
  uint64_t first = 1;
  for (uint32_t w = 0, i = 0; w < words_; w++) {
    uint64_t word = 0;
    for (uint32_t b = w == 0 ? 1 : 0; b < 64 && i < enablings_.size(); b++, i++)
      if (matches_probe(object_, object_.descs()[enablings_[i].desc], entry))
        word |= uint64_t{1} << b;
    if (w == 0)
      first |= word;
    else
      bits[w].store(word, std::memory_order_relaxed);
  }
  bits[0].store(first, std::memory_order_release);
  return bits;
}

uint32_t Program::count_enabled() const {
  uint32_t count = 0;
  for (uint32_t i = 0, n = segment_.nprobes(); i < n; i++)
    for (const Enabling& e : enablings_)
      count += matches_probe(object_, object_.descs()[e.desc], segment_.probes()[i]);
  return count;
}

bool Program::may_run(uint32_t probe_id) const noexcept {
  switch (probe_id) {
    case HP_PROBE_END:
    case HP_PROBE_ERROR:
      return true;
    case HP_PROBE_BEGIN:
      return !segment_.exiting() && segment_.state() <= HP_STATE_ACTIVE;
    default:
      return !segment_.exiting() && segment_.state() == HP_STATE_ACTIVE;
  }
}

bool Program::fire(uint32_t probe, const hp_firing& firing) noexcept {
  if (probe >= segment_.max_probes()) return false;
  const std::atomic<uint64_t>* bits = enabled(probe);
  uint64_t any = bits[0].load(std::memory_order_relaxed) & ~uint64_t{1};
  for (uint32_t w = 1; w < words_; w++) any |= bits[w].load(std::memory_order_relaxed);
  if (any == 0 || !may_run(segment_.probes()[probe].id)) return false;

  auto tid = static_cast<uint32_t>(firing.host_tid);
  HP_CHECK(tid != 0);
  hp_slot* slot = segment_.slot(firing.cpu % segment_.nslots());
  if (!try_lock(slot, tid)) [[unlikely]] {
    slot = lock_any(segment_, firing.cpu % segment_.nslots(), tid);
    if (!slot) {
      segment_.count_drop(HP_DROP_SLOTBUSY);
      return false;
    }
  }

  Frame frame{.ctx = {}, .firing = firing, .locals = segment_.scratch(slot)};
  frame.ctx.seg = segment_.header();
  frame.ctx.slot = slot;
  frame.ctx.firing = &firing;
  frame.ctx.program = this;
  frame.ctx.scratch = frame.locals + 2 * locals_;
  frame.ctx.scratch_size = static_cast<uint32_t>(segment_.scratch_size() - 2 * locals_);
  frame.ctx.locals = frame.locals;
  run(frame, probe, bits);
  unlock(slot);
  if (frame.ctx.signals != 0) [[unlikely]]
    send_signals(firing, frame.ctx.signals);
  return true;
}

/* raise() and stop(), to the guest's thread; to this process, when it is this process that fired. */
void Program::send_signals(const hp_firing& firing, uint64_t signals) noexcept {
  for (; signals != 0; signals &= signals - 1) {
    const int number = std::countr_zero(signals) + 1;
    if (auto* guest = static_cast<GuestAccess*>(firing.mem))
      guest->raise(firing, number);
    else
      ::kill(::getpid(), number);
  }
}

void Program::run(Frame& frame, uint32_t probe, const std::atomic<uint64_t>* bits) noexcept {
  hp_ctx& ctx = frame.ctx;
  const uint32_t id = segment_.probes()[probe].id;
  ctx.probe = probe;
  if (locals_ != 0) std::memset(ctx.locals, 0, locals_);
  for (uint32_t w = 0; w < words_; w++) {
    uint64_t word = bits[w].load(std::memory_order_relaxed);
    if (w == 0) word &= ~uint64_t{1};
    for (; word != 0; word &= word - 1) {
      /* Asked again now that the slot is held: a consumer that has left ACTIVE waits for slots in use
       * and misses nothing. And exit() in an earlier clause ends the firing. */
      if (!may_run(id)) return;
      ctx.clause = enablings_[w * 64 + static_cast<uint32_t>(std::countr_zero(word)) - 1].clause;
      ctx.action = 0;
      ctx.fault = 0;
      ctx.scratch_used = 0;
      ctx.speculation = 0;
      ctx.rec = nullptr;
      ctx.slot->firings++;
      int fault = image_.clause(ctx.clause)(&ctx);
      if (fault != 0) [[unlikely]]
        handle_fault(frame, fault);
    }
  }
}

void Program::handle_fault(Frame& frame, int fault) noexcept {
  hp_ctx& ctx = frame.ctx;
  ctx.rec = nullptr;
  if (ctx.is_error) { /* an error within an ERROR clause has no handler */
    segment_.count_drop(HP_DROP_DBLERROR);
    return;
  }
  ctx.fault = static_cast<uint32_t>(fault);
  __atomic_fetch_add(&segment_.header()->errors, 1, __ATOMIC_RELAXED);
  record_error(ctx);

  uint32_t probe = index_of(HP_PROBE_ERROR);
  if (probe == kNoProbe) return;
  const std::atomic<uint64_t>* bits = enabled(probe);
  uint64_t any = bits[0].load(std::memory_order_relaxed) & ~uint64_t{1};
  for (uint32_t w = 1; w < words_; w++) any |= bits[w].load(std::memory_order_relaxed);
  if (any == 0) return;
  Frame inner{.ctx = ctx, .firing = frame.firing, .locals = frame.locals};
  inner.ctx.locals = frame.locals + locals_;
  inner.ctx.is_error = 1;
  inner.ctx.error_args[0] = 0;
  inner.ctx.error_args[1] =
      enabled_probe_id(object_, segment_.probes(), segment_.nprobes(), ctx.probe, ctx.clause);
  inner.ctx.error_args[2] = ctx.action;
  inner.ctx.error_args[3] = ctx.fault_offset;
  inner.ctx.error_args[4] = ctx.fault;
  inner.ctx.error_args[5] = ctx.fault_addr;
  run(inner, probe, bits);
  ctx.signals |= inner.ctx.signals;
}

void Program::record_error(hp_ctx& ctx) noexcept {
  struct {
    hp_rec head;
    hp_rec_error error;
  } record{};
  hp_slot* slot = ctx.slot;
  uint8_t* to = hp_principal_room(segment_.header(), slot, sizeof record);
  if (!to) {
    int dropped;
    to = hp_principal_full(segment_.header(), slot, sizeof record, &dropped);
    if (dropped) segment_.count_drop(HP_DROP_PRINCIPAL, ctx.firing->cpu);
  }
  if (!to) return;
  record.head.size = sizeof record;
  record.head.kind = HP_REC_ERROR;
  record.head.cpu = static_cast<uint16_t>(ctx.firing->cpu);
  record.head.clause = ctx.clause;
  record.head.probe = ctx.probe;
  record.head.timestamp = ctx.timestamp != 0 ? ctx.timestamp : hp_now();
  record.head.vmid = ctx.firing->vmid;
  record.error.fault = ctx.fault;
  record.error.action = ctx.action;
  record.error.addr = ctx.fault_addr;
  record.error.offset = ctx.fault_offset;
  std::memcpy(to, &record, sizeof record);
  hp_buf& buffer = slot->principal[slot->active & 1];
  __atomic_store_n(&buffer.used, buffer.used + sizeof record, __ATOMIC_RELEASE);
}

}  // namespace hp::handler
