/* libFuzzer: the input steers Generator::anything(); the program is compiled, linked and fired with
 * the input's last bytes as arguments. Whatever it does, it must stay within its segment: every
 * record and aggregation entry it leaves must be well formed. */
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../probec/codegen/generate.hpp"
#include "../probec/codegen/memory.hpp"
#include "handler/program.hpp"
#include "host/segment.hpp"
#include "probec/codegen.hpp"
#include "transport/control.h"

namespace {

template <class T, class E>
T must(tl::expected<T, E> r) {
  if (!r) {
    std::fprintf(stderr, "%s\n", r.error().message.c_str());
    std::abort();
  }
  return std::move(*r);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hp;
  test::StringMemory memory(std::string("/usr/bin/cat\0text", 17) + std::string(47, 'x'));
  Object object =
      must(Object::parse(must(probec::emit_object(test::Generator({data, size}).anything(), {}))));
  auto segment = must(host::Segment::create(object, {.bufsize = 64 << 10,
                                                     .aggsize = 64 << 10,
                                                     .dynvarsize = 16 << 10,
                                                     .scratchsize = 4096,
                                                     .ncpus = 1}));
  must(segment.add_probe(HP_PROBE_SYSCALL, "syscall", "vmlinux", "read", "entry"));
  auto program = must(handler::Program::load(std::move(object), segment.fd(), {"web1", "host1"}));
  segment.set_state(HP_STATE_ACTIVE);
  hp_firing firing{};
  firing.mem = static_cast<GuestAccess*>(&memory);
  firing.host_tid = ::gettid();
  firing.vmname = firing.hostname = firing.osversion = "";
  size_t tail = size < sizeof firing.args ? size : sizeof firing.args;
  std::memcpy(firing.args, data + size - tail, tail);
  firing.args[1] = test::StringMemory::kBase + firing.args[1] % 80;
  for (int i = 0; i < 10; i++) program->fire_id(HP_PROBE_SYSCALL, firing);

  host::SlotSnapshot snapshot;
  const Object& loaded = program->object();
  for (uint32_t i = 0; i < segment.view().nslots(); i++) {
    if (!segment.take(i, snapshot)) std::abort();
    snapshot.for_each_record([&](const hp_rec& r) {
      if (r.kind == HP_REC_ERROR) return;
      uint32_t at = sizeof r;
      while (at < r.size) { /* actions tile the record */
        hp_rec_action a;
        std::memcpy(&a, reinterpret_cast<const char*>(&r) + at, sizeof a);
        if (a.action >= loaded.actions().size() || a.size < sizeof a || a.size > r.size - at)
          std::abort();
        at += a.size;
      }
    });
    snapshot.for_each_aggregation(loaded, [](const hp_agg_entry&, auto, auto) {});
  }
  if (snapshot.malformed()) std::abort();
  return 0;
}
