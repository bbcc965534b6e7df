#include "host/consumer.hpp"

#include <algorithm>
#include <cstring>

#include "handler/match.hpp"
#include "host/messages.hpp"
#include "host/text.hpp"
#include "transport/segment.h"

namespace hp::host {
namespace {

template <size_t N>
std::string bounded(const char (&s)[N]) {
  return {s, ::strnlen(s, N)};
}

std::vector<AggregationDesc> describe(const Object& object) {
  std::vector<AggregationDesc> out;
  for (const hp_obj_agg& a : object.aggs()) {
    const auto keys = object.keys_of(a);
    out.push_back({object.str(a.name), a, {keys.begin(), keys.end()}});
  }
  return out;
}

}  // namespace

Consumer::Consumer(const Object& object, Segment& segment, Sink& sink, ConsumerOptions options)
    : object_(object), segment_(segment), sink_(sink), options_(options), table_(describe(object)) {
  names_.symbols = &symbols_;
  for (const hp_obj_field& f : object.fields())
    uses_guests_ |= f.val == HP_VAL_VMNAME || f.val == HP_VAL_HOSTNAME;
  if (uses_guests_) known_guests_.resize(HP_MAX_GUESTS);
  if (options.look) look_.emplace(describe(object));
}

void Consumer::refresh_names() {
  const uint32_t n = segment_.view().nprobes();
  const hp_seg_probe* probes = segment_.view().probes();
  while (names_.probes.size() < n) {
    const hp_seg_probe& p = probes[names_.probes.size()];
    names_.probes.push_back(
        {p.id, bounded(p.prov), bounded(p.mod), bounded(p.func), bounded(p.name)});
  }
  symbols_.collect(segment_.view());
  if (!uses_guests_) return;
  const hp_seg_guest* guests = segment_.view().guests();
  for (uint32_t i = 0; i < HP_MAX_GUESTS; ++i) {
    if (__atomic_load_n(&guests[i].state, __ATOMIC_ACQUIRE) == 0) continue;
    if (std::memcmp(&guests[i], &known_guests_[i], sizeof guests[i]) == 0) continue;
    known_guests_[i] = guests[i];
    names_.guests[i] = {bounded(known_guests_[i].name), bounded(known_guests_[i].hostname)};
  }
}

bool Consumer::pressing() const {
  if (kept()) return false;
  const handler::SegmentView& view = segment_.view();
  for (uint32_t i = 0; i < view.nslots(); ++i) {
    const hp_slot* slot = view.slot(i);
    const uint32_t half = __atomic_load_n(&slot->active, __ATOMIC_RELAXED) & 1;
    if (__atomic_load_n(&slot->principal[half].used, __ATOMIC_RELAXED) > view.principal_size() / 4)
      return true;
    if (!look_ && __atomic_load_n(&slot->agg[half].used, __ATOMIC_RELAXED) > view.agg_size() / 2)
      return true;
  }
  return false;
}

/* Kept records are taken when the program has ended, and its aggregations with them, piece by piece. */
void Consumer::look_at_slots(bool last) {
  const bool take = last && kept();
  if (!taken_) look_->whole().replace({});
  if (take) take_slots(last);
  for (uint32_t i = 0; !take && i < segment_.view().nslots(); ++i) {
    segment_.look(i, older_, snapshot_);
    collect(older_);
    collect(snapshot_);
  }
  taken_ = take;
  look_->show(table_);
}

void Consumer::take_slots(bool last) {
  for (uint32_t i = 0; i < segment_.view().nslots(); ++i) {
    /* A firing in progress may have been preempted for long on a busy machine; one that was stopped
     * (SIGSTOP) is not waited for. */
    constexpr uint64_t kLastWait = 500'000'000;
    if (last && kept() && segment_.take_kept(i, older_, snapshot_, kLastWait)) {
      collect(older_);
      collect(snapshot_);
      continue;
    }
    if (!segment_.take(i, snapshot_, last ? kLastWait : Segment::kDefaultWait)) {
      if (!last) continue;
      segment_.peek(i, snapshot_);
    }
    collect(snapshot_);
  }
}

void Consumer::round(bool last) {
  const uint64_t cutoff = last ? UINT64_MAX : hp_now();
  if (look_)
    look_at_slots(last);
  else
    take_slots(last);
  std::sort(pending_.begin(), pending_.end(), [](const Pending& a, const Pending& b) {
    return a.timestamp != b.timestamp ? a.timestamp < b.timestamp : a.sequence < b.sequence;
  });
  const auto ready = std::find_if(pending_.begin(), pending_.end(),
                                  [&](const Pending& p) { return p.timestamp > cutoff; });
  for (auto it = pending_.begin(); it != ready; ++it) {
    const auto at = [](const Pending& p) -> const hp_rec& {
      return *reinterpret_cast<const hp_rec*>(p.bytes.data());
    };
    const hp_rec& r = at(*it);
    const auto next = std::find_if(it + 1, ready, [&](auto& p) { return at(p).cpu == r.cpu; });
    more_ = next != ready && at(*next).probe == r.probe && at(*next).clause > r.clause;
    record(r);
  }
  pending_.erase(pending_.begin(), ready);
}

void Consumer::collect(SlotSnapshot& snapshot) {
  refresh_names(); /* after the take: whatever a record names is in the tables by now */
  snapshot.for_each_aggregation(object_, [&](const hp_agg_entry& e, auto key, auto value) {
    AggregationTable& into = look_ ? look_->whole() : table_;
    if (!into.merge(e.agg, std::as_bytes(key), value, names_)) ++damaged_;
  });
  snapshot.for_each_record([&](const hp_rec& r) {
    Pending p{r.timestamp, sequence_++, std::vector<uint64_t>(r.size / 8)};
    std::memcpy(p.bytes.data(), &r, r.size);
    pending_.push_back(std::move(p));
  });
}

void Consumer::record(const hp_rec& r) {
  if (r.probe >= names_.probes.size() || r.clause >= object_.clauses().size()) {
    ++damaged_;
    return;
  }
  switch (r.kind) {
    case HP_REC_CLAUSE:
      return clause(r);
    case HP_REC_ERROR:
      return error(r);
    default:
      ++damaged_;
  }
}

void Consumer::clause(const hp_rec& r) {
  const RecordInfo info{r.cpu, &names_.probes[r.probe], r.vmid, r.timestamp, r.clause, more_};
  sink_.begin(info);
  const auto* base = reinterpret_cast<const std::byte*>(&r);
  for (size_t at = sizeof(hp_rec); at < r.size;) {
    hp_rec_action a;
    if (r.size - at < sizeof a) {
      ++damaged_;
      break;
    }
    std::memcpy(&a, base + at, sizeof a);
    if (a.size < sizeof a || a.size % 8 != 0 || a.size > r.size - at ||
        a.action >= object_.actions().size() ||
        !action(r, a, {base + at + sizeof a, a.size - sizeof a})) {
      ++damaged_;
      break;
    }
    at += a.size;
  }
  sink_.end(info);
}

const Format* Consumer::format(uint32_t string) {
  auto [it, added] = formats_.try_emplace(string);
  if (added)
    if (Result<Format> f = parse_format(object_.str(string))) it->second = std::move(*f);
  return it->second ? &*it->second : nullptr;
}

const Shape* Consumer::shape(uint32_t string) {
  auto [it, added] = shapes_.try_emplace(string);
  if (added)
    if (Result<Shape> s = decode_shape(object_.str(string))) it->second = std::move(*s);
  return it->second ? &*it->second : nullptr;
}

bool Consumer::action(const hp_rec& r, const hp_rec_action& recorded,
                      std::span<const std::byte> data) {
  const hp_obj_action& a = object_.actions()[recorded.action];
  const std::span<const uint32_t> aggs = object_.aggs_of(a);
  std::vector<Value> values;
  if (!decode_values(data, object_.fields_of(a), names_, values)) return false;
  for (Value& v : values)
    if (v.is_int()) { /* %a: an address in the kernel of the guest that fired */
      v.symbols = names_.symbols;
      v.whose = uint64_t{HP_SPACE_KERNEL | r.vmid} << 32;
    }
  const auto number = [&](size_t i) -> int64_t {
    return i < values.size() ? static_cast<int64_t>(values[i].number) : 0;
  };
  switch (a.kind) {
    case HP_ACT_PRINT: {
      const Shape* s = values.empty() ? nullptr : shape(object_.fields_of(a).back().type);
      if (!s) return false;
      sink_.printed(*s, values);
      return true;
    }
    case HP_ACT_TRACE:
      if (values.empty()) return false;
      sink_.traced(values[0]);
      return true;
    case HP_ACT_TRACEMEM: {
      if (values.empty()) return false;
      std::string_view bytes = values[0].text;
      if (values.size() > 1 && number(1) >= 0)
        bytes = bytes.substr(0, static_cast<size_t>(number(1)));
      sink_.memory(bytes);
      return true;
    }
    case HP_ACT_PCAP: {
      if (values.size() != 4 || number(2) < 0) return false;
      Packet p{values[0].number, static_cast<uint32_t>(number(1)), values[3].text};
      p.bytes = p.bytes.substr(0, static_cast<size_t>(number(2)));
      sink_.packet(p);
      return true;
    }
    case HP_ACT_STACK:
    case HP_ACT_USTACK:
    case HP_ACT_JSTACK:
      if (values.empty()) return false;
      sink_.stack(values[0]);
      return true;
    case HP_ACT_SYM:
    case HP_ACT_MOD:
    case HP_ACT_USYM:
    case HP_ACT_UMOD:
    case HP_ACT_UADDR:
      if (values.empty()) return false;
      sink_.symbol(values.back());
      return true;
    case HP_ACT_PRINTF: {
      const Format* f = format(a.format);
      if (!f) return false;
      sink_.formatted(*f, values);
      return true;
    }
    case HP_ACT_PRINTA: {
      const bool plain = object_.str(a.format)[0] == 0;
      const Format* f = plain ? nullptr : format(a.format);
      if ((!plain && !f) || aggs.empty()) return false;
      sink_.aggregations(table_, aggs, f);
      return true;
    }
    case HP_ACT_CLEAR:
      for (const uint32_t agg : aggs) {
        table_.clear(agg);
        if (look_) look_->forget(agg, table_);
      }
      return true;
    case HP_ACT_TRUNC:
      for (const uint32_t agg : aggs) {
        table_.trunc(agg, number(0));
        if (look_) look_->forget(agg, table_);
      }
      return true;
    case HP_ACT_NORMALIZE:
      for (const uint32_t agg : aggs)
        if (!table_.normalize(agg, number(0))) sink_.message("normalize() by 0 has no effect\n");
      return true;
    case HP_ACT_DENORMALIZE:
      for (const uint32_t agg : aggs) table_.normalize(agg, 1);
      return true;
    case HP_ACT_EXIT:
      exit_status_ = static_cast<int>(number(0));
      return true;
    case HP_ACT_FREOPEN:
    case HP_ACT_SYSTEM: {
      const Format* f = format(a.format);
      if (!f) return false;
      std::string text;
      append_printf(text, *f, values);
      check(r, a.kind == HP_ACT_SYSTEM ? sink_.run(text) : sink_.redirect(text));
      return true;
    }
    case HP_ACT_FTRUNCATE:
      sink_.truncate();
      return true;
    case HP_ACT_SETOPT:
      if (values.empty()) return false;
      check(r, sink_.setopt(values[0].text, values.size() > 1 ? values[1].text : "1"));
      return true;
    case HP_ACT_COMMIT:
    case HP_ACT_DISCARD:
    case HP_ACT_SPECULATE:
      return true; /* the runtime did what there is to do */
    default:
      return false;
  }
}

/* What an action could not do when its record was consumed: a library fault of the clause. */
void Consumer::check(const hp_rec& r, const Result<>& done) {
  if (done) return;
  const uint32_t epid = handler::enabled_probe_id(object_, segment_.view().probes(),
                                                  segment_.view().nprobes(), r.probe, r.clause);
  sink_.message(library_error(epid, names_.probes[r.probe], done.error().message));
}

void Consumer::error(const hp_rec& r) {
  if (r.size < sizeof(hp_rec) + sizeof(hp_rec_error)) {
    ++damaged_;
    return;
  }
  hp_rec_error e;
  std::memcpy(&e, &r + 1, sizeof e);
  const uint32_t epid = handler::enabled_probe_id(object_, segment_.view().probes(),
                                                  segment_.view().nprobes(), r.probe, r.clause);
  sink_.message(error_message(epid, names_.probes[r.probe], e));
}

void Consumer::report_drops() {
  drops_on_cpu_.resize(segment_.view().nslots());
  for (uint32_t cpu = 0; cpu < drops_on_cpu_.size(); ++cpu)
    for (unsigned reason : {HP_DROP_PRINCIPAL, HP_DROP_AGGREGATION}) {
      uint64_t& seen = drops_on_cpu_[cpu][reason == HP_DROP_AGGREGATION];
      const uint64_t now = segment_.drops_on_cpu(reason, cpu);
      if (now != seen) sink_.message(drop_message(reason, now - seen, options_.droptags, cpu));
      seen = now;
    }
  for (unsigned reason = 0; reason < HP_DROP_MAX; ++reason) {
    if (reason == HP_DROP_PRINCIPAL || reason == HP_DROP_AGGREGATION) continue;
    const uint64_t now = segment_.drops(reason);
    if (now == drops_[reason]) continue;
    sink_.message(drop_message(reason, now - drops_[reason], options_.droptags));
    drops_[reason] = now;
  }
  const uint64_t damaged = damaged_ + snapshot_.malformed() + older_.malformed();
  if (damaged != damaged_reported_) {
    const uint64_t n = damaged - damaged_reported_;
    std::string line;
    appendf(line, "%llu damaged record%s skipped\n", static_cast<unsigned long long>(n),
            n == 1 ? "" : "s");
    sink_.message(line);
    damaged_reported_ = damaged;
  }
}

void Consumer::finish() {
  round(true);
  report_drops();
}

std::optional<int> Consumer::exit_status() const {
  if (exit_status_) return exit_status_;
  if (segment_.exiting()) return segment_.header()->exit_status;
  return std::nullopt;
}

}  // namespace hp::host
