#include "whole_run.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../probec/codegen/memory.hpp"
#include "handler/program.hpp"
#include "host/consumer.hpp"
#include "host/segment.hpp"
#include "host/text_sink.hpp"
#include "probec/compiler.hpp"
#include "transport/control.h"

namespace hp::fuzz {
namespace {

void check(const Result<>& r) {
  if (r) return;
  std::fprintf(stderr, "%s\n", r.error().message.c_str());
  std::abort();
}
template <class T>
T must(Result<T> r) {
  if (!r) check(tl::make_unexpected(std::move(r.error())));
  return std::move(*r);
}

constexpr uint32_t kRead = HP_PROBE_SYSCALL, kReadReturn = kRead + 1;
constexpr uint32_t kOpen = HP_PROBE_SYSCALL + 2 * 2, kOpenReturn = kOpen + 1;

void add_probes(host::Segment& segment) {
  must(segment.add_probe(HP_PROBE_BEGIN, "dtrace", "", "", "BEGIN"));
  must(segment.add_probe(HP_PROBE_END, "dtrace", "", "", "END"));
  must(segment.add_probe(HP_PROBE_ERROR, "dtrace", "", "", "ERROR"));
  must(segment.add_probe(kRead, "syscall", "vmlinux", "read", "entry"));
  must(segment.add_probe(kReadReturn, "syscall", "vmlinux", "read", "return"));
  must(segment.add_probe(kOpen, "syscall", "vmlinux", "open", "entry"));
  must(segment.add_probe(kOpenReturn, "syscall", "vmlinux", "open", "return"));
}

/* A path, a structure-like mixture of small numbers, and text without end. */
std::string guest_bytes() {
  std::string bytes("/usr/bin/cat\0text", 17);
  for (int i = 0; i < 60; i++) bytes += static_cast<char>(i * 7);
  return bytes + std::string(47, 'x');
}

/* One refused program says where and why, within its text. */
void check_refusal(const probec::Diagnostic& d, const probec::CompileInput& input, size_t size) {
  std::string shown = probec::render(d, input.sources, {.tags = true, .carets = true});
  if (d.message.empty() || shown.back() != '\n' || d.loc.offset > size) {
    std::fprintf(stderr, "a bad diagnostic: %s\n", shown.c_str());
    std::abort();
  }
}

}  // namespace

Outcome compile_and_run(const std::string& text, std::span<const uint64_t, 10> arguments) {
  probec::Options options;
  probec::CompileInput input;
  input.options = &options;
  input.arguments = {"fuzz"};
  check(options.set("defaultargs", std::nullopt));
  input.target = 77;
  input.sources = {{probec::SourceKind::Script, "fuzz.d", text}};
  auto compiled = probec::compile(input);
  if (!compiled) {
    check_refusal(compiled.error(), input, text.size());
    return Outcome::Refused;
  }
  const std::string& elf = compiled->object;
  Object object = must(Object::parse(elf));
  if (object.header().flags & HP_OBJ_DESTRUCTIVE) return Outcome::Destructive;
  auto created = host::Segment::create(object, {.bufsize = 256 << 10,
                                                .aggsize = 256 << 10,
                                                .dynvarsize = 16 << 10,
                                                .specsize = 4096,
                                                .scratchsize = 4096,
                                                .ncpus = 1});
  if (!created) return Outcome::TooLarge;
  host::Segment segment = std::move(*created);
  add_probes(segment);
  check(segment.set_guest(0, "host1", "host1"));
  check(segment.set_guest(1, "web1", "host1"));

  test::StringMemory memory(guest_bytes());
  host::Output output = must(host::Output::open("/dev/null"));
  host::TextOptions shown;
  shown.quiet = options.flag(probec::Option::quiet);
  shown.flowindent = options.flag(probec::Option::flowindent);
  shown.rawbytes = options.flag(probec::Option::rawbytes);
  host::TextSink sink(output, shown, "fuzz");
  host::Consumer consumer(object, segment, sink, {});
  auto program =
      must(handler::Program::load(must(Object::parse(elf)), segment.fd(), {"web1", "host1"}));

  hp_firing firing{};
  firing.pid = 42, firing.tid = 43, firing.ppid = 41, firing.uid = 1000, firing.vmid = 1;
  firing.host_tid = ::gettid();
  std::snprintf(firing.execname, sizeof firing.execname, "cat");
  firing.vmname = "web1";
  firing.hostname = "host1";
  firing.osversion = "6.1";
  firing.mem = static_cast<GuestAccess*>(&memory);
  std::memcpy(firing.args, arguments.data(), sizeof firing.args);
  firing.args[0] = test::StringMemory::kBase;
  firing.args[1] = test::StringMemory::kBase + firing.args[1] % 140;

  program->fire_id(HP_PROBE_BEGIN, firing);
  segment.set_state(HP_STATE_ACTIVE);
  for (int round = 0; round < 3; round++) {
    for (uint32_t id : {kOpen, kRead, kOpenReturn, kReadReturn}) {
      program->fire_id(id, firing);
      firing.args[2] += 0x1001;
    }
    firing.tid++;
    consumer.consume();
  }
  segment.set_state(HP_STATE_DRAINING);
  program->fire_id(HP_PROBE_END, firing);
  consumer.finish();
  sink.remaining(consumer.table());
  check(output.flush());
  if (consumer.damaged() != 0) {
    std::fprintf(stderr, "%llu records were damaged\n",
                 static_cast<unsigned long long>(consumer.damaged()));
    std::abort();
  }
  segment.set_state(HP_STATE_DEAD);
  return Outcome::Ran;
}

}  // namespace hp::fuzz
