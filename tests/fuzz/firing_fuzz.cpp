/* libFuzzer: any bytes as a guest's probe page, its control registers, and its memory with the page tables in it. A
 * program that asks for everything a firing has runs over them, and must stay within the guest. */
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../support/fake_machine.hpp"
#include "host/segment.hpp"
#include "linux_guest/guest_probes.hpp"
#include "probec/compiler.hpp"

namespace {

using namespace hp;

constexpr char kProgram[] =
    "fbt::f:entry { @[execname, *(uint64_t*)arg0] = count(); self->x = copyinstr(arg1); trace(cwd);"
    " trace(root); trace(execargs); trace(uregs[R_RIP]); @s[stack(), ustack(), sym(caller)] = "
    "count();"
    " @i[uid, gid, pgid, sid, euid, egid, vtimestamp, progenyof(1)] = count(); trace(stackdepth);"
    " @t[copyin(arg2, 64)] = quantize(arg3); }";
constexpr uint64_t kRam = 256 << 10;

template <class T>
T must(Result<T> r) {
  if (!r) {
    std::fprintf(stderr, "%s\n", r.error().message.c_str());
    std::abort();
  }
  return std::move(*r);
}

struct World {
  World() : machine(kRam), probes(machine.ram(), "web1", "web1", "Linux") {
    probec::Options options;
    probec::CompileInput input;
    input.sources = {{probec::SourceKind::Clause, "firing_fuzz", kProgram}};
    input.options = &options;
    auto compiled = probec::compile(input);
    if (!compiled) std::abort();
    Object object = must(Object::parse(compiled->object));
    segment = must(host::Segment::create(
        object, {.bufsize = 64 << 10, .aggsize = 64 << 10, .dynvarsize = 16 << 10, .ncpus = 1}));
    segment.set_state(HP_STATE_ACTIVE);
    linux_guest::KernelFiles files;
    files.symbols = "0 T f\n";
    probes.set_kernel(must(linux_guest::GuestKernel::make(std::move(files))));
    id = must(probes.prepare({}, std::move(object), segment.fd())).attach.at(0).head.probe;
    probes.commit({});
    for (uint64_t page = 0; page < 16; ++page)
      if (!machine.map(page * kPageSize, kRam - (page + 1) * kPageSize)) std::abort();
    ram.assign(machine.host(0), machine.host(kRam));
  }
  test::FakeMachine machine;
  linux_guest::GuestProbes probes;
  host::Segment segment;
  std::vector<uint8_t> ram; /* with tables that map 16 pages; the input is what differs from that */
  uint32_t id = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static World w;
  alignas(8) hp_probe_page page{};
  vmm::VcpuView::Paging paging = w.machine.paging();
  const auto take = [&](void* to, size_t n) {
    n = std::min(n, size);
    std::memcpy(to, data, n);
    data += n;
    size -= n;
  };
  uint8_t bits = 0;
  take(&bits, 1);
  if (bits & 1) paging.cr4 |= test::kLa57;
  if (bits & 2) paging.cr0 = 1;
  if (bits & 4) take(&paging, sizeof paging);
  take(reinterpret_cast<uint8_t*>(&page) + 12, 400 - 12);
  page.magic = HP_PROBE_MAGIC;
  page.version = HP_ABI_VERSION;
  page.probe = w.id;
  if (!(bits & 8)) std::fill(std::begin(page.stack), std::end(page.stack), page.args[9]);
  std::copy(w.ram.begin(), w.ram.end(), w.machine.host(0));
  uint8_t* tables = w.machine.host(test::FakeMachine::kRoot);
  for (size_t i = 0; i < std::min<size_t>(size, kRam - test::FakeMachine::kRoot); ++i)
    tables[i] ^= data[i];
  test::FakeVcpu vcpu(bits >> 4, paging);
  if (w.probes.fire(vcpu, &page) != HP_RC_OK) __builtin_trap();
  host::SlotSnapshot snapshot;
  for (uint32_t i = 0; i < w.segment.view().nslots(); ++i) w.segment.take(i, snapshot);
  if (snapshot.malformed() != 0) __builtin_trap();
  return 0;
}
