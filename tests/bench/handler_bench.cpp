/* What a handler costs, alone: from the firing of a probe to its return, for D programs as probec
 * compiles them; loading one, as every process that execs pays it; and draining a slot.
 *
 *     build/bench/handler_bench [--benchmark_filter=REGEX] [--benchmark_repetitions=N]
 *
 * Firings alternate between two probes of one thread, on memory that is in cache: the floor. */
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

#include "guest/interposer.hpp"
#include "handler/program.hpp"
#include "handler/program_table.hpp"
#include "host/segment.hpp"
#include "instructions.hpp"
#include "probec/compiler.hpp"
#include "transport/control.h"
#include "transport/guest_access.hpp"
#include "transport/syscalls.hpp"

using namespace hp;

namespace {

constexpr uint32_t kRead = HP_PROBE_SYSCALL, kReadReturn = kRead + 1, kOpen = HP_PROBE_SYSCALL + 4;

[[noreturn]] void die(const std::string& message) {
  std::fprintf(stderr, "handler_bench: %s\n", message.c_str());
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

/* The benchmark's own memory stands for the guest's. */
struct OwnMemory final : GuestAccess {
  int read(void* dst, uint64_t gva, size_t size, uint64_t*) noexcept override {
    std::memcpy(dst, reinterpret_cast<const void*>(gva), size);
    return 0;
  }
  int read_string(char* dst, uint64_t gva, size_t max, uint64_t* len, uint64_t*) noexcept override {
    *len = strnlen(reinterpret_cast<const char*>(gva), max - 1);
    std::memcpy(dst, reinterpret_cast<const void*>(gva), *len);
    dst[*len] = '\0';
    return 0;
  }
  int write(uint64_t, const void*, size_t, uint64_t*) noexcept override { return HP_FLT_BADADDR; }
};

struct World {
  explicit World(const char* text) : elf(compile(text)) {
    Object object = must(Object::parse(elf));
    segment = must(host::Segment::create(object, {}));
    /* The whole universe that `syscall:::entry` and `syscall:::return` match. */
    for (uint32_t nr = 0; nr < HP_CTL_SYSCALLS; nr++)
      if (const SyscallInfo* call = syscall_info(nr))
        for (uint32_t is_return : {0u, 1u})
          must(segment.add_probe(HP_PROBE_SYSCALL + 2 * nr + is_return, "syscall", "vmlinux",
                                 call->name, is_return ? "return" : "entry"));
    program = must(handler::Program::load(std::move(object), segment.fd(), {"web1", "host1"}));
    segment.set_state(HP_STATE_ACTIVE);
    firing.pid = firing.tid = ::getpid();
    firing.thread = 1;
    firing.host_tid = ::gettid();
    firing.vmid = 1;
    std::strcpy(firing.execname, "handler_bench");
    firing.vmname = firing.hostname = "web1";
    firing.osversion = "";
    firing.args[0] = reinterpret_cast<uint64_t>("/usr/include/linux/kvm.h");
    firing.args[1] = firing.args[0];
    firing.args[2] = 4096;
    firing.mem = static_cast<GuestAccess*>(&memory);
  }
  void drain() {
    for (uint32_t i = 0; i < segment.view().nslots(); i++) segment.take(i, snapshot);
  }
  std::string elf;
  host::Segment segment;
  std::unique_ptr<handler::Program> program;
  OwnMemory memory;
  hp_firing firing{};
  host::SlotSnapshot snapshot;
};

/* Beside the time: instructions of all clauses as linked, and, where the machine counts them, those
 * retired by one iteration: a run of its own, so that reading the counter costs the timing nothing. */
template <class F>
void count_instructions(benchmark::State& state, const World& w, F iteration) {
  uint64_t linked = 0;
  for (size_t i = 0; i < w.program->object().clauses().size(); i++)
    linked += bench::count_instructions(w.program->image().clause_code(i));
  state.counters["instructions"] = static_cast<double>(linked);
  state.counters["text"] =
      static_cast<double>(bench::count_instructions(w.program->image().text()));
  constexpr int kTimes = 1000;
  bench::RetiredInstructions retired;
  auto before = retired.read();
  for (int i = 0; i < kTimes; i++) iteration();
  auto after = retired.read();
  if (before && after) state.counters["retired"] = static_cast<double>(*after - *before) / kTimes;
}

/* Entry of read and of open in turn. */
void fire(benchmark::State& state, const char* text) {
  World w(text);
  uint64_t n = 0;
  for (auto _ : state) {
    w.program->fire_id(n & 1 ? kOpen : kRead, w.firing);
    if ((++n & 0xfff) == 0) { /* as a consumer would, before buffers fill */
      state.PauseTiming();
      w.drain();
      state.ResumeTiming();
    }
  }
  if (w.segment.errors() != 0 || w.segment.drops(HP_DROP_PRINCIPAL) != 0 ||
      w.segment.drops(HP_DROP_AGGREGATION) != 0 || w.segment.firings() < n)
    state.SkipWithError("errors, drops or clauses that did not run");
  w.drain();
  count_instructions(state, w, [&] { w.program->fire_id(n++ & 1 ? kOpen : kRead, w.firing); });
}

/* Entry and return of one call; the figure is for the pair. */
void fire_pair(benchmark::State& state, const char* text) {
  World w(text);
  for (auto _ : state) {
    w.program->fire_id(kRead, w.firing);
    w.program->fire_id(kReadReturn, w.firing);
  }
  if (w.segment.errors() != 0 || w.segment.drops(HP_DROP_DYNAMIC) != 0)
    state.SkipWithError("errors or drops");
  count_instructions(state, w, [&] {
    w.program->fire_id(kRead, w.firing);
    w.program->fire_id(kReadReturn, w.firing);
  });
}

/* Keyed by a user stack of that many functions above this one, unwound by call frame information; the
 * benchmark's own, as a monitor unwinds a guest's. */
[[gnu::noinline]] void fire_below(benchmark::State& state, World& w, int64_t depth) {
  if (depth > 0) {
    fire_below(state, w, depth - 1);
    asm volatile(""); /* no tail call */
    return;
  }
  hp_uregs here{};
  asm volatile(
      "leaq 0f(%%rip), %%rcx\n0: movq %%rcx, 128(%0)\n movq %%rbx, 8(%0)\n"
      "movq %%rsp, 48(%0)\n movq %%rbp, 56(%0)\n movq %%r12, 96(%0)\n"
      "movq %%r13, 104(%0)\n movq %%r14, 112(%0)\n movq %%r15, 120(%0)\n"
      :
      : "a"(&here)
      : "rcx", "memory");
  w.firing.uregs = &here;
  w.firing.pc = here.rip;
  w.firing.stack = here.rsp;
  w.firing.frame = here.rbp;
  for (auto _ : state) w.program->fire_id(kRead, w.firing);
  uint64_t pcs[100];
  state.counters["frames"] = w.program->user_space()->walk(w.firing, pcs, 20);
}

void fire_stack(benchmark::State& state) {
  World w("syscall:::entry { @[ustack()] = count(); }");
  ModuleMap modules;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long start, end, offset;
    char perms[5], path[512] = "";
    if (std::sscanf(line.c_str(), "%lx-%lx %4s %lx %*s %*s %511s", &start, &end, perms, &offset,
                    path) < 5 ||
        perms[2] != 'x')
      continue;
    const Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
    if (fd) modules.add(module_of_file(fd.get(), start, end, offset));
  }
  w.firing.modules = &modules;
  fire_below(state, w, state.range(0));
  if (w.segment.errors() != 0 || w.segment.drops(HP_DROP_AGGREGATION) != 0)
    state.SkipWithError("errors or drops");
}

/* What a monitor does for a system call with its entry enabled, below the interposer: identity and
 * arguments, the table of programs, the clause. */
void dispatch(benchmark::State& state) {
  World w("syscall:::entry { @[probefunc] = count(); }");
  hp_ctl control{};
  control.program[0].generation = 1;
  control.program[0].state = HP_PROG_COMMITTED;
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) die("socketpair");
  Fd monitor(pair[0]), supervisor(pair[1]);
  std::thread answer(
      [&] { /* the one request of a monitor that meets the program */
            hp_ctl_request q{};
            Fd reply_to, object = must(make_memfd("object", w.elf.size()));
            if (::pwrite(object.get(), w.elf.data(), w.elf.size(), 0) < 0) die("pwrite");
            must(recv_with_fds(supervisor.get(), &q, sizeof q, &reply_to, 1, nullptr));
            hp_ctl_reply reply{0, q.generation};
            int fds[2] = {object.get(), w.segment.fd()};
            must(send_with_fds(reply_to.get(), &reply, sizeof reply, fds, 2));
      });
  handler::ProgramTable table(&control, monitor.get());
  auto* me = table.add_thread();
  guest::ThreadView view;
  view.identity = {.pid = w.firing.pid, .tid = w.firing.tid, .comm = "handler_bench"};
  view.host_tid = w.firing.host_tid;
  guest::Syscall call{0, {1, 2, 3, 4, 5, 6}};
  for (auto _ : state) {
    hp_firing f;
    guest::fill_entry(f, view, call);
    f.vmid = 1;
    f.vmname = f.hostname = f.osversion = "";
    f.mem = nullptr;
    table.fire(*me, 1, kRead, f);
  }
  answer.join();
  if (w.segment.firings() < static_cast<uint64_t>(state.iterations()))
    state.SkipWithError("clauses that did not run");
}

void load(benchmark::State& state) {
  World w("syscall:::entry { @[probefunc] = count(); }");
  for (auto _ : state) {
    auto p = handler::Program::load(must(Object::parse(w.elf)), w.segment.fd(), {"web1", ""});
    if (!p) die(p.error().message);
    (*p)->fire_id(kRead, w.firing);
  }
}

void take(benchmark::State& state) {
  World w("syscall:::entry { @[arg3] = count(); }");
  for (auto _ : state) {
    state.PauseTiming();
    for (int64_t i = 0; i < state.range(0); i++) {
      w.firing.args[3] = static_cast<uint64_t>(i);
      w.program->fire_id(kRead, w.firing);
    }
    state.ResumeTiming();
    uint64_t sum = 0;
    for (uint32_t i = 0; i < w.segment.view().nslots(); i++)
      if (w.segment.take(i, w.snapshot))
        w.snapshot.for_each_aggregation(
            w.program->object(), [&](const hp_agg_entry&, auto, auto words) { sum += words[0]; });
    if (sum != static_cast<uint64_t>(state.range(0))) state.SkipWithError("counts were lost");
  }
}

}  // namespace

BENCHMARK_CAPTURE(fire, empty_predicate, "syscall:::entry /arg0 == 0/ { @ = count(); }");
BENCHMARK_CAPTURE(fire, count, "syscall:::entry { @ = count(); }");
BENCHMARK_CAPTURE(fire, count_by_probefunc, "syscall:::entry { @[probefunc] = count(); }");
BENCHMARK_CAPTURE(fire, count_by_execname_probefunc,
                  "syscall:::entry { @[execname, probefunc] = count(); }");
BENCHMARK_CAPTURE(fire, count_by_vmname_execname,
                  "syscall:::entry { @[vmname, execname] = count(); }");
BENCHMARK_CAPTURE(fire, quantize_arg2, "syscall:::entry { @[probefunc] = quantize(arg2); }");
BENCHMARK_CAPTURE(fire, count_by_copyinstr, "syscall:::entry { @[copyinstr(arg0)] = count(); }");
BENCHMARK_CAPTURE(fire, array_by_execname, "syscall:::entry { a[execname]++; }");
BENCHMARK_CAPTURE(fire, count_by_strjoin,
                  "syscall:::entry { @[strjoin(execname, probefunc)] = count(); }");
BENCHMARK_CAPTURE(fire, self_string, "syscall:::entry { self->path = copyinstr(arg0); }");
BENCHMARK_CAPTURE(fire, count_by_basename,
                  "syscall:::entry { @[basename(copyinstr(arg0))] = count(); }");
BENCHMARK_CAPTURE(fire, count_by_epid, "syscall:::entry { @[epid] = count(); }");
BENCHMARK_CAPTURE(fire, trace, "syscall:::entry { trace(arg2); }");
BENCHMARK_CAPTURE(fire, printf, "syscall:::entry { printf(\"%s %d\\n\", execname, arg2); }");
BENCHMARK_CAPTURE(fire, two_clauses,
                  "syscall:::entry { this->n = arg2; } syscall:::entry { @ = sum(this->n); }");
BENCHMARK_CAPTURE(fire_pair, latency_quantize,
                  "syscall:::entry { self->t = timestamp; } syscall:::return /self->t/ { "
                  "@[probefunc] = quantize(timestamp - self->t); self->t = 0; }");
BENCHMARK(dispatch);
BENCHMARK(fire_stack)->Arg(0)->Arg(4)->Arg(12);
BENCHMARK(load)->Unit(benchmark::kMicrosecond);
BENCHMARK(take)->Arg(1)->Arg(100)->Arg(10000)->Unit(benchmark::kMicrosecond);

BENCHMARK_MAIN();
