/* What the host adds to a Linux guest's firing, without the exit: from the probe page to the end of the clauses; what
 * reading the guest's memory costs; and matching programs against a whole kernel.
 *
 *     build/bench/guest_bench [--benchmark_filter=REGEX] [--benchmark_repetitions=N]
 *
 * One vCPU, memory in cache: the floor. */
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../support/fake_machine.hpp"
#include "host/segment.hpp"
#include "linux_guest/guest_probes.hpp"
#include "probec/compiler.hpp"

using namespace hp;

namespace {

constexpr uint64_t kDirect = 0xffff888000000000; /* where Linux maps all memory */

[[noreturn]] void die(const std::string& message) {
  std::fprintf(stderr, "guest_bench: %s\n", message.c_str());
  std::exit(1);
}
template <class T>
T must(Result<T> r) {
  if (!r) die(r.error().message);
  return std::move(*r);
}

std::string compile(const char* text) {
  probec::Options options;
  probec::CompileInput input;
  input.sources = {{probec::SourceKind::Clause, text, text}};
  input.options = &options;
  auto r = probec::compile(input);
  if (!r) die(std::string(text) + ": " + r.error().message);
  return std::move(r->object);
}

/* A kernel of as many functions as Debian's have. */
linux_guest::KernelFiles kernel(int functions) {
  linux_guest::KernelFiles f;
  f.text_start = 0xffffffff81000000;
  char line[64];
  for (int i = 0; i < functions; ++i) {
    std::snprintf(line, sizeof line, "%x t %s_function_%d\n", i * 256,
                  i % 64 == 0 ? "vfs" : "subsystem", i);
    f.symbols += line;
  }
  return f;
}

struct World {
  explicit World(const char* text, int functions = 100)
      : probes(machine.ram(), "web1", "web1", "Linux-6.1"), elf(compile(text)) {
    probes.set_vmid(1);
    probes.set_kernel(must(linux_guest::GuestKernel::make(kernel(functions))));
    Object object = must(Object::parse(elf));
    host::SegmentOptions options;
    options.max_probes = HP_TRACE_PROBES;
    segment = must(host::Segment::create(object, options));
    segment.set_state(HP_STATE_ACTIVE);
    for (uint64_t at : {kDirect, kDirect + kLargePageSize})
      if (!machine.map(at, 2 << 20, vmm::kWritable, kLargePageSize)) die("no room for tables");
    if (!machine.map(0x401000, 3 << 20)) die("no room for tables");
    std::strcpy(reinterpret_cast<char*>(machine.host(3 << 20)), "/usr/include/linux/kvm.h");
  }
  linux_guest::Preparation prepare() {
    return must(probes.prepare({}, must(Object::parse(elf)), segment.fd()));
  }
  test::FakeMachine machine;
  linux_guest::GuestProbes probes;
  std::string elf;
  host::Segment segment;
};

void fire(benchmark::State& state, const char* text) {
  World w(text);
  const auto prepared = w.prepare();
  w.probes.commit({});
  if (prepared.attach.empty()) die("nothing matches");
  hp_probe_page page{};
  page.magic = HP_PROBE_MAGIC;
  page.version = HP_ABI_VERSION;
  page.probe = prepared.attach[0].head.probe;
  page.pid = page.tid = 100;
  page.start = 1;
  page.flags = HP_PROBE_STACK;
  page.nstack = 12;
  for (uint64_t i = 0; i < page.nstack; ++i) page.stack[i] = 0xffffffff81000000 + 256 * i;
  std::strcpy(page.comm, "guest_bench");
  page.args[0] = kDirect + 64;
  page.args[1] = 0x401000;
  test::FakeVcpu vcpu(0, w.machine.paging());
  for (auto _ : state)
    if (w.probes.fire(vcpu, &page) != HP_RC_OK) state.SkipWithError("the page was refused");
  if (w.segment.errors() != 0 || w.segment.drops(HP_DROP_AGGREGATION) != 0 ||
      w.segment.firings() < static_cast<uint64_t>(state.iterations()))
    state.SkipWithError("errors, drops or clauses that did not run");
}

/* PREPARE of a program, less the guest's part. */
void prepare(benchmark::State& state, const char* text) {
  World w(text, 40000);
  uint32_t probes = 0;
  for (auto _ : state) {
    probes = w.prepare().probes;
    w.probes.remove({});
  }
  state.counters["probes"] = probes;
}

}  // namespace

BENCHMARK_CAPTURE(fire, count, "fbt::vfs_function_0:entry { @ = count(); }");
BENCHMARK_CAPTURE(fire, count_by_execname, "fbt::vfs_function_0:entry { @[execname] = count(); }");
BENCHMARK_CAPTURE(fire, kernel_memory, "fbt::vfs_function_0:entry { @[*(int*)arg0] = count(); }");
BENCHMARK_CAPTURE(fire, copyinstr, "fbt::vfs_function_0:entry { @[copyinstr(arg1)] = count(); }");
BENCHMARK_CAPTURE(fire, stack, "fbt::vfs_function_0:entry { @[stack()] = count(); }");
BENCHMARK_CAPTURE(fire, self_variable, "fbt::vfs_function_0:entry { self->n++; }");
BENCHMARK_CAPTURE(prepare, one_function, "fbt::vfs_function_0:entry { @ = count(); }")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(prepare, glob, "fbt::vfs_*:entry { @ = count(); }")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(prepare, all_functions, "fbt:::entry { @ = count(); }")
    ->Unit(benchmark::kMillisecond);

BENCHMARK_MAIN();
