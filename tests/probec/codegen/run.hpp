/* Run: one D program, compiled, linked into this process and joined to a segment of its own, with a
 * firing to play with and everything it wrote. */
#pragma once
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "handler/program.hpp"
#include "host/segment.hpp"
#include "probec/codegen.hpp"
#include "transport/control.h"

namespace hp::test {

template <class T, class E>
T must(tl::expected<T, E> r) {
  if (!r) FAIL(r.error().message);
  return std::move(*r);
}

struct Field {
  uint64_t number = 0;
  std::string text;
};
struct RecordedAction {
  uint32_t kind = 0;
  std::vector<Field> fields;
};
struct Record {
  hp_rec header{};
  hp_rec_error error{};
  std::vector<RecordedAction> actions;
};

inline constexpr uint32_t kOpen = HP_PROBE_SYSCALL + 2 * 2; /* syscall:vmlinux:open:entry */
inline constexpr uint32_t kOpenReturn = HP_PROBE_SYSCALL + 2 * 2 + 1;
inline constexpr uint32_t kRead = HP_PROBE_SYSCALL; /* syscall:vmlinux:read:entry */

struct Run {
  std::string elf;
  host::Segment segment;
  std::unique_ptr<handler::Program> program;
  hp_firing firing{};
  std::vector<Record> records;
  std::map<std::string, std::vector<uint64_t>> aggregated; /* "name[key,key]" -> words */

  explicit Run(std::string object, host::SegmentOptions options = {.ncpus = 1},
               const handler::CoreTypes* core = nullptr)
      : elf(std::move(object)) {
    Object parsed = must(Object::parse(elf));
    segment = must(host::Segment::create(parsed, options));
    must(segment.add_probe(HP_PROBE_BEGIN, "dtrace", "", "", "BEGIN"));
    must(segment.add_probe(HP_PROBE_END, "dtrace", "", "", "END"));
    must(segment.add_probe(HP_PROBE_ERROR, "dtrace", "", "", "ERROR"));
    must(segment.add_probe(kOpen, "syscall", "vmlinux", "open", "entry"));
    must(segment.add_probe(kOpenReturn, "syscall", "vmlinux", "open", "return"));
    must(segment.add_probe(kRead, "syscall", "vmlinux", "read", "entry"));
    program =
        must(handler::Program::load(std::move(parsed), segment.fd(), {"web1", "host1"}, core));
    segment.set_state(HP_STATE_ACTIVE);
    firing.pid = 42;
    firing.tid = 43;
    firing.ppid = 41;
    firing.uid = 1000;
    firing.gid = 100;
    firing.vmid = 1;
    firing.host_tid = ::gettid();
    std::snprintf(firing.execname, sizeof firing.execname, "cat");
    firing.vmname = "web1";
    firing.hostname = "host1";
    firing.osversion = "6.1";
  }

  bool fire(uint32_t id) { return program->fire_id(id, firing); }

  /* Takes what was written since the last time. */
  void drain() {
    records.clear();
    host::SlotSnapshot snapshot;
    for (uint32_t i = 0; i < segment.view().nslots(); i++) {
      REQUIRE(segment.take(i, snapshot));
      snapshot.for_each_record([&](const hp_rec& r) { records.push_back(decode(r)); });
      snapshot.for_each_aggregation(program->object(), [&](const hp_agg_entry& e, auto key,
                                                           auto value) { merge(e, key, value); });
    }
    CHECK(snapshot.malformed() == 0);
  }

  /* The only record's only action's fields. */
  const std::vector<Field>& only() {
    drain();
    REQUIRE(records.size() == 1);
    REQUIRE(records[0].actions.size() == 1);
    return records[0].actions[0].fields;
  }

  void merge(const hp_agg_entry& e, std::span<const uint8_t> key, std::span<const uint64_t> value) {
    const hp_obj_agg& agg = program->object().aggs()[e.agg];
    std::string name = program->object().str(agg.name);
    name += "[";
    const uint8_t* at = key.data();
    bool first = true;
    for (const hp_obj_field& f : program->object().keys_of(agg)) {
      if (!first) name += ",";
      first = false;
      Field field = decode(f, at);
      name += f.val == HP_VAL_INT ? std::to_string(static_cast<int64_t>(field.number)) : field.text;
    }
    CHECK(at == key.data() + key.size());
    auto& words = aggregated[name + "]"];
    words.resize(value.size());
    bool extreme = agg.func == HP_AGG_MIN || agg.func == HP_AGG_MAX;
    for (size_t i = 0; i < value.size(); i++) words[i] = extreme ? value[i] : words[i] + value[i];
  }

  Record decode(const hp_rec& r) {
    Record out{.header = r};
    auto* at = reinterpret_cast<const uint8_t*>(&r + 1);
    auto* end = reinterpret_cast<const uint8_t*>(&r) + r.size;
    if (r.kind == HP_REC_ERROR) {
      out.error = *reinterpret_cast<const hp_rec_error*>(at);
      return out;
    }
    while (at < end) {
      auto* a = reinterpret_cast<const hp_rec_action*>(at);
      REQUIRE(a->action < program->object().actions().size());
      const hp_obj_action& action = program->object().actions()[a->action];
      RecordedAction decoded{.kind = action.kind};
      const uint8_t* field = at + sizeof *a;
      for (const hp_obj_field& f : program->object().fields_of(action))
        decoded.fields.push_back(decode(f, field));
      REQUIRE(field == at + a->size);
      at = field;
      out.actions.push_back(std::move(decoded));
    }
    REQUIRE(at == end);
    return out;
  }

  Field decode(const hp_obj_field& f, const uint8_t*& at) {
    Field out;
    std::memcpy(&out.number, at, 8);
    const hp_seg_probe& probe = segment.view().probes()[out.number % 6];
    switch (f.val) {
      case HP_VAL_STR:
        out.text.assign(reinterpret_cast<const char*>(at + 8), out.number);
        at += 8 + (out.number + 7) / 8 * 8;
        return out;
      case HP_VAL_BYTES:
        out.text.assign(reinterpret_cast<const char*>(at), f.size);
        at += (f.size + 7) / 8 * 8;
        return out;
      case HP_VAL_USYM: /* whose it is, then the address */
        std::memcpy(&out.number, at + 8, 8);
        at += 16;
        return out;
      case HP_VAL_COMM:
        out.text.assign(reinterpret_cast<const char*>(at),
                        ::strnlen(reinterpret_cast<const char*>(at), 16));
        at += 16;
        return out;
      case HP_VAL_PROBEPROV:
        out.text = probe.prov;
        break;
      case HP_VAL_PROBEMOD:
        out.text = probe.mod;
        break;
      case HP_VAL_PROBEFUNC:
        out.text = probe.func;
        break;
      case HP_VAL_PROBENAME:
        out.text = probe.name;
        break;
      case HP_VAL_VMNAME:
        out.text = "vm" + std::to_string(out.number);
        break;
      default:
        break;
    }
    at += 8;
    return out;
  }
};

}  // namespace hp::test
