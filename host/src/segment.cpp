#include "host/segment.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "handler/match.hpp"
#include "handler/slot_lock.hpp"
#include "transport/control.h"

namespace hp::host {

namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kMaxPart = 1ull << 36; /* of one buffer: larger is a mistake */
/* Records count for what dtrace(1) makes of them, 8 bytes and their values; ours are larger by at most
 * this: a header of 32 bytes, and 16 for each value. */
constexpr uint64_t kSpecFactor = 16;
constexpr uint64_t kMaxSpeculations = 1ull << 40; /* of memory that is only reserved */
constexpr uint64_t kMaxScratch = 1ull << 30;      /* hp_ctx counts it in 32 bits */

uint64_t pages(uint64_t n) {
  return (n + kPage - 1) & ~(kPage - 1);
}

bool runs_at_end(const Object& object, const hp_obj_clause& clause) {
  const hp_seg_probe end{HP_PROBE_END, 0, "dtrace", "", "", "END"};
  const auto descs = object.descs_of(clause);
  return std::any_of(descs.begin(), descs.end(),
                     [&](const hp_obj_desc& d) { return handler::matches_probe(object, d, end); });
}

template <size_t N>
void assign(char (&field)[N], std::string_view text) {
  size_t n = std::min(text.size(), N - 1);
  std::memcpy(field, text.data(), n);
  std::memset(field + n, 0, N - n);
}

}  // namespace

Result<Segment> Segment::create(const Object& object, const SegmentOptions& options) {
  const hp_obj_header& o = object.header();
  hp_seg_header h{};
  h.magic = HP_SEG_MAGIC;
  h.version = HP_SEG_VERSION;
  h.strsize = o.strsize;
  h.self_pid = static_cast<uint32_t>(::getpid());
  h.target_pid = options.target_pid;
  if (::getrandom(h.ident, sizeof h.ident, 0) != sizeof h.ident)
    return fail_errno("cannot get random bytes");

  for (uint64_t size : {options.bufsize, options.aggsize, options.dynvarsize, options.specsize,
                        options.scratchsize})
    if (size > kMaxPart) return fail("buffer sizes beyond 64 GiB are not supported");
  if (options.scratchsize > kMaxScratch)
    return fail("scratch memory beyond 1 GiB is not supported");
  /* Sizes mean what they mean to dtrace(1), whose records are smaller than ours. */
  uint64_t bufsize = std::max<uint64_t>(options.bufsize, kPage), at_end = 0;
  if (options.bufsize == 0)
    return fail("could not enable tracing: Enabling exceeds size of buffer", ENOSPC);
  for (const hp_obj_clause& c : object.clauses()) {
    if (c.charge > options.bufsize)
      return fail("could not enable tracing: Enabling exceeds size of buffer", ENOSPC);
    if (runs_at_end(object, c)) at_end += c.charge;
    bufsize = std::max<uint64_t>(bufsize, c.max_record);
  }
  if (options.bufpolicy == HP_BUF_FILL && at_end > options.bufsize)
    return fail("could not enable tracing: END enablings exceed size of principal buffer", E2BIG);
  h.bufpolicy = options.bufpolicy;

  uint32_t ncpus = options.ncpus;
  if (ncpus == 0) ncpus = static_cast<uint32_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_CONF)));
  h.nslots = std::max(2 * ncpus, 4u);
  h.max_probes = std::max(options.max_probes, 1u);

  uint64_t at = pages(sizeof h);
  auto place = [&](uint64_t& offset, uint64_t size) {
    offset = at;
    at += pages(size);
    return size;
  };
  place(h.probes_off, uint64_t{h.max_probes} * sizeof(hp_seg_probe));
  place(h.guests_off, uint64_t{HP_MAX_GUESTS} * sizeof(hp_seg_guest));
  constexpr uint32_t kModules = 4096; /* between two rounds of the consumer */
  h.max_modules = o.flags & (HP_OBJ_USES_STACKS | HP_OBJ_USES_KERNEL) ? kModules : 0;
  place(h.modules_off, uint64_t{h.max_modules} * sizeof(hp_seg_module));
  h.symbols_size = place(h.symbols_off, o.flags & HP_OBJ_USES_KERNEL ? HP_SYMBOLS_SIZE : 0);
  h.globals_size = place(h.globals_off, o.globals_size);
  h.dynvars_size = place(h.dynvars_off, pages(options.dynvarsize));
  if (o.flags & HP_OBJ_SPECULATES) {
    h.nspec = options.nspec;
    h.specsize = options.specsize;
    h.spec_stride = pages(options.specsize * kSpecFactor);
    if (h.spec_stride > kMaxSpeculations / std::max(h.nspec, 1u))
      return fail("speculations beyond 1 TiB in all are not supported");
  }
  h.spec_size = place(h.spec_off, pages(h.nspec * sizeof(hp_spec)) + h.nspec * h.spec_stride);
  /* Each part of a slot begins on a page, the first one behind hp_slot. */
  h.principal_size = pages(bufsize + sizeof(hp_slot)) - sizeof(hp_slot);
  h.agg_size = pages(HP_AGG_BUCKETS * sizeof(uint32_t) + options.aggsize);
  h.principal_size &= ~uint64_t{7};
  uint64_t locals = (uint64_t{o.locals_size} + 15) & ~uint64_t{15};
  h.scratch_size =
      pages(std::max<uint64_t>(options.scratchsize, 4 * uint64_t{o.strsize}) + 2 * locals);
  h.slot_stride = pages(sizeof(hp_slot) + 2 * (h.principal_size + h.agg_size) + h.scratch_size);
  h.slots_off = at;
  h.size = at + h.nslots * h.slot_stride;

  Segment s;
  s.fd_ = HP_TRY(make_memfd("hyprobe-segment", h.size));
  /* Nobody who maps it can be made to fault by another who has the descriptor. */
  if (::fcntl(s.fd_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
    return fail_errno("cannot seal the program segment");
  {
    Mapping m = HP_TRY(Mapping::shared(s.fd_.get(), h.size));
    *m.as<hp_seg_header>() = h;
    for (uint32_t i = 0; i < h.nslots; i++)
      m.as<hp_slot>(h.slots_off + i * h.slot_stride)->index = i;
  }
  s.view_ = HP_TRY(handler::SegmentView::attach(s.fd_.get()));
  s.creator_ = true;
  return s;
}

Segment::~Segment() {
  if (creator_ && fd_) retire();
}

void Segment::retire() {
  set_state(HP_STATE_DEAD);
  for (uint32_t i = 0; i < view_.nslots(); i++)
    if (handler::lock_for(view_.slot(i), static_cast<uint32_t>(::gettid()), kDefaultWait))
      handler::unlock(view_.slot(i));
  /* Everything behind the header and the tables, fallocate(2). */
  const auto from = static_cast<off_t>(view_.data_offset());
  (void)::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from,
                    static_cast<off_t>(view_.size()) - from);
}

Result<Segment> Segment::open(Fd fd) {
  Segment s;
  s.view_ = HP_TRY(handler::SegmentView::attach(fd.get()));
  s.fd_ = std::move(fd);
  return s;
}

Result<uint32_t> Segment::add_probe(uint32_t id, std::string_view prov, std::string_view mod,
                                    std::string_view func, std::string_view name) {
  uint32_t index = view_.nprobes();
  if (index >= view_.max_probes())
    return fail("more than " + std::to_string(view_.max_probes()) + " probes match the program");
  hp_seg_probe& p = view_.probes()[index];
  p.id = id;
  assign(p.prov, prov);
  assign(p.mod, mod);
  assign(p.func, func);
  assign(p.name, name);
  __atomic_store_n(&header()->nprobes, index + 1, __ATOMIC_RELEASE);
  return index;
}

Result<> Segment::set_guest(uint32_t vmid, std::string_view name, std::string_view hostname,
                            uint32_t state) {
  if (vmid >= HP_MAX_GUESTS)
    return fail("guest number " + std::to_string(vmid) + " is beyond the limit of " +
                std::to_string(HP_MAX_GUESTS));
  hp_seg_guest& g = view_.guests()[vmid];
  g.vmid = vmid;
  assign(g.name, name);
  assign(g.hostname, hostname);
  __atomic_store_n(&g.state, state, __ATOMIC_RELEASE);
  return {};
}

void Segment::set_state(uint32_t state) {
  /* Sequentially consistent, before any look at a slot's owner: a firing takes its slot, then reads
   * the state. */
  __atomic_store_n(&header()->state, state, __ATOMIC_SEQ_CST);
}

void Segment::request_exit(int32_t status) {
  header()->exit_status = status;
  __atomic_store_n(&header()->exiting, 1, __ATOMIC_RELEASE);
}

uint64_t Segment::firings() const {
  uint64_t n = 0;
  for (uint32_t i = 0; i < view_.nslots(); i++)
    n += __atomic_load_n(&view_.slot(i)->firings, __ATOMIC_RELAXED);
  return n;
}

bool Segment::take(uint32_t index, SlotSnapshot& snapshot, uint64_t wait_ns) {
  hp_slot* slot = view_.slot(index);
  snapshot.record_bytes_ = snapshot.aggregation_bytes_ = 0;
  /* Idle slots cost a few loads. */
  uint32_t half = __atomic_load_n(&slot->active, __ATOMIC_RELAXED) & 1;
  if (__atomic_load_n(&slot->owner, __ATOMIC_SEQ_CST) == 0 &&
      __atomic_load_n(&slot->principal[half].used, __ATOMIC_ACQUIRE) == 0 &&
      __atomic_load_n(&slot->agg[half].used, __ATOMIC_ACQUIRE) == 0)
    return true;
  if (!handler::lock_for(slot, static_cast<uint32_t>(::gettid()), wait_ns)) return false;
  half = slot->active & 1;
  __atomic_store_n(&slot->active, half ^ 1, __ATOMIC_RELEASE);
  handler::unlock(slot);

  empty(slot, half, snapshot);
  return true;
}

/* Under the slot's lock, or with the half not active. */
void Segment::empty(hp_slot* slot, uint32_t half, SlotSnapshot& snapshot) {
  snapshot.copy(view_, slot, half);
  if (slot->agg[half].used != 0)
    std::memset(view_.aggregation(slot, half), 0, SlotSnapshot::kBuckets);
  slot->agg[half].used = slot->agg[half].entries = 0;
  slot->principal[half].used = 0;
}

bool Segment::take_kept(uint32_t index, SlotSnapshot& older, SlotSnapshot& newer,
                        uint64_t wait_ns) {
  hp_slot* slot = view_.slot(index);
  older.record_bytes_ = older.aggregation_bytes_ = 0;
  newer.record_bytes_ = newer.aggregation_bytes_ = 0;
  if (!handler::lock_for(slot, static_cast<uint32_t>(::gettid()), wait_ns)) return false;
  const uint32_t half = slot->active & 1;
  empty(slot, half ^ 1, older);
  empty(slot, half, newer);
  handler::unlock(slot);
  return true;
}

void Segment::look(uint32_t index, SlotSnapshot& first, SlotSnapshot& second, uint64_t wait_ns) {
  hp_slot* slot = view_.slot(index);
  const auto tid = static_cast<uint32_t>(::gettid());
  first.record_bytes_ = second.record_bytes_ = 0;
  if (header()->bufpolicy != HP_BUF_SWITCH) { /* who fires changes halves, when one is full */
    const bool locked = handler::lock_for(slot, tid, wait_ns);
    first.copy_aggregations(view_, slot, 0);
    second.copy_aggregations(view_, slot, 1);
    if (locked) handler::unlock(slot);
    return;
  }
  /* Twice the same: the half that nobody writes any more is copied, and keeps its aggregations. After the
   * second time, firings add to what the first has copied: that is the next look's. */
  for (SlotSnapshot* snapshot : {&first, &second}) {
    if (!handler::lock_for(slot, tid, wait_ns)) {
      const uint32_t active = __atomic_load_n(&slot->active, __ATOMIC_RELAXED) & 1;
      if (snapshot == &first) first.copy_aggregations(view_, slot, active ^ 1);
      second.copy_aggregations(view_, slot, active);
      return;
    }
    const uint32_t half = slot->active & 1;
    __atomic_store_n(&slot->active, half ^ 1, __ATOMIC_RELEASE);
    handler::unlock(slot);
    snapshot->copy(view_, slot, half);
    slot->principal[half].used = 0;
  }
}

void Segment::peek(uint32_t index, SlotSnapshot& snapshot) {
  hp_slot* slot = view_.slot(index);
  snapshot.copy(view_, slot, __atomic_load_n(&slot->active, __ATOMIC_RELAXED) & 1);
}

namespace {
void fill(std::vector<uint64_t>& to, const uint8_t* from, uint64_t size) {
  if (to.size() < (size + 7) / 8) to.resize((size + 7) / 8);
  if (size != 0) std::memcpy(to.data(), from, size);
}
}  // namespace

void SlotSnapshot::copy(const handler::SegmentView& view, hp_slot* slot, uint32_t half) {
  uint64_t used = __atomic_load_n(&slot->principal[half].used, __ATOMIC_ACQUIRE);
  if (used > view.principal_size()) {
    malformed_++;
    used = 0;
  }
  record_bytes_ = used;
  fill(records_, view.principal(slot, half), record_bytes_);
  copy_aggregations(view, slot, half);
}

void SlotSnapshot::copy_aggregations(const handler::SegmentView& view, hp_slot* slot,
                                     uint32_t half) {
  uint64_t used = __atomic_load_n(&slot->agg[half].used, __ATOMIC_ACQUIRE);
  if (used > view.agg_size() - kBuckets) {
    malformed_++;
    used = 0;
  }
  aggregation_bytes_ = used == 0 ? 0 : (kBuckets + used) & ~uint64_t{7};
  fill(aggregation_, view.aggregation(slot, half), aggregation_bytes_);
}

const hp_agg_entry* SlotSnapshot::entry_at(const Object& object, uint32_t word) const {
  uint64_t at = uint64_t{word} * 8;
  if (at < kBuckets || at > aggregation_bytes_ || aggregation_bytes_ - at < sizeof(hp_agg_entry))
    return nullptr;
  const auto* e = reinterpret_cast<const hp_agg_entry*>(bytes(aggregation_) + at);
  if (e->agg >= object.aggs().size() || e->keysize % 8 != 0) return nullptr;
  uint64_t need = sizeof *e + uint64_t{e->keysize} + uint64_t{object.aggs()[e->agg].words} * 8;
  return need <= aggregation_bytes_ - at ? e : nullptr;
}

}  // namespace hp::host
