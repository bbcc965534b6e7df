/* A Linux guest without a machine: RAM, vCPUs and probe pages that tests fill, and D programs compiled by probec. */
#pragma once
#include <doctest/doctest.h>

#include <cstring>
#include <map>
#include <string>

#include "fake_machine.hpp"
#include "host/segment.hpp"
#include "linux_guest/guest_probes.hpp"
#include "probec/compiler.hpp"
#include "transport/control.h"

namespace hp::test {

template <class T>
T value(Result<T> r) {
  REQUIRE_MESSAGE(r.has_value(), (r ? std::string() : r.error().message));
  if constexpr (!std::is_void_v<T>) return std::move(*r);
}

inline std::string compile(const std::string& text) {
  probec::Options options;
  probec::CompileInput input;
  input.sources = {{probec::SourceKind::Clause, text, text}};
  input.options = &options;
  auto r = probec::compile(input);
  REQUIRE_MESSAGE(r.has_value(), (r ? std::string() : text + ": " + r.error().message));
  return std::move(r->object);
}

/* A program in a segment of its own, as probec makes it. */
struct TestProgram {
  explicit TestProgram(const std::string& text, uint8_t number = 1, uint32_t max_probes = 1 << 16)
      : elf(compile(text)) {
    ident[0] = number;
    host::SegmentOptions options;
    options.max_probes = max_probes;
    segment = value(host::Segment::create(object(), options));
    value(segment.add_probe(HP_PROBE_BEGIN, "dtrace", "", "", "BEGIN"));
    value(segment.add_probe(HP_PROBE_END, "dtrace", "", "", "END"));
    value(segment.add_probe(HP_PROBE_ERROR, "dtrace", "", "", "ERROR"));
    segment.set_state(HP_STATE_ACTIVE);
  }
  Object object() const { return value(Object::parse(elf)); }
  /* Names in the probe table, "prov:mod:func:name", beyond the three that are always there. */
  std::vector<std::string> entered() const {
    std::vector<std::string> names;
    for (uint32_t i = 3; i < segment.view().nprobes(); ++i) {
      const hp_seg_probe& p = segment.view().probes()[i];
      names.push_back(std::string(p.prov) + ":" + p.mod + ":" + p.func + ":" + p.name);
    }
    return names;
  }
  /* Sums of the program's aggregations since the last time, by their keys' first word; 0 without a key. */
  std::map<uint64_t, uint64_t> counts() {
    std::map<uint64_t, uint64_t> out;
    const Object o = object();
    host::SlotSnapshot snapshot;
    for (uint32_t i = 0; i < segment.view().nslots(); ++i)
      if (segment.take(i, snapshot))
        snapshot.for_each_aggregation(o, [&](const hp_agg_entry&, auto key, auto words) {
          uint64_t first = 0;
          std::memcpy(&first, key.data(), std::min<size_t>(key.size(), sizeof first));
          out[first] += words[0];
        });
    return out;
  }

  ProgramIdent ident{};
  std::string elf;
  host::Segment segment;
};

inline linux_guest::KernelFiles kernel_files() {
  linux_guest::KernelFiles f;
  f.build_id = "b1d0";
  f.release = "6.1.0-test";
  f.text_start = 0xffffffff81000000;
  f.symbols =
      "0 T _text\n"
      "0 T _stext\n"
      "100 T vfs_read\n"
      "200 T vfs_write\n"
      "300 t vfs_read.cold\n"
      "310 T __pfx_vfs_read\n"
      "400 t finish_task_switch.isra.0\n"
      "500 T __noinstr_text_start\n"
      "510 T exc_page_fault\n"
      "520 T do_silly\n"
      "600 T __noinstr_text_end\n"
      "700 t helper\n"
      "800 t helper\n"
      "900 T _etext\n"
      "880 T never_this\n"
      "a00 d jiffies\n"
      "a80 d _kbl_addr_never_this\n"
      "b00 T after_text\n";
  f.tracepoints =
      "sched sched_switch\n"
      "sched sched_process_exit\n"
      "task task_newtask\n"
      "- odd_one\n";
  f.modules =
      "ext4 ffffffffc0000000 1000\n"
      "\tffffffffc0000010 t ext4_readdir\n"
      "\tffffffffc0000020 T init_module\n"
      "hyprobe ffffffffc0010000 1000\n"
      "\tffffffffc0010010 t hyprobe_fire\n";
  return f;
}

struct TestGuest {
  static constexpr uint64_t kPage = 2 << 20; /* of vCPU n: one page on for each */
  TestGuest() : probes(machine.ram(), "web1", "web1.example", "Linux-6.1") {
    probes.set_vmid(5);
    probes.set_kernel(value(linux_guest::GuestKernel::make(kernel_files())));
  }
  hp_probe_page* page(uint32_t vcpu = 0) {
    return reinterpret_cast<hp_probe_page*>(machine.host(kPage + vcpu * kPageSize));
  }
  /* What the module would have written. */
  hp_probe_page& fill(uint32_t probe, uint32_t vcpu = 0) {
    hp_probe_page& p = *page(vcpu);
    p = {};
    p.magic = HP_PROBE_MAGIC;
    p.version = HP_ABI_VERSION;
    p.probe = probe;
    p.pid = 100;
    p.tid = 101;
    p.ppid = 1;
    p.start = 12345;
    std::strcpy(p.comm, "cat");
    return p;
  }
  linux_guest::Preparation prepare(TestProgram& p) {
    return value(probes.prepare(p.ident, p.object(), p.segment.fd()));
  }
  linux_guest::Preparation enable(TestProgram& p) {
    auto done = prepare(p);
    probes.commit(p.ident);
    return done;
  }
  int64_t fire(uint32_t probe, uint32_t vcpu = 0) {
    fill(probe, vcpu);
    return ring(vcpu);
  }
  int64_t ring(uint32_t vcpu = 0) {
    FakeVcpu v(vcpu, machine.paging());
    return probes.fire(v, page(vcpu));
  }

  FakeMachine machine;
  linux_guest::GuestProbes probes;
};

/* The id of the one attachment of this kind, number or text. */
inline uint32_t id_of(const linux_guest::Preparation& p, uint32_t kind, uint32_t number,
                      std::string_view text = {}) {
  for (const auto& a : p.attach)
    if (a.head.kind == kind && a.head.number == number && a.text == text) return a.head.probe;
  FAIL("no such attachment");
  return 0;
}

}  // namespace hp::test
