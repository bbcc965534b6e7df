/* Guests without machines, and programs for them: what tests and benchmarks of a real coordinator need.
 *
 *     SimulatedGuest guest("web1", socket);        registers, now or by dispatch(), and again after a loss
 *     SimulatedProgram program(object_path);       one of FLEET_OBJECTS, with a small segment
 *     loop: poll {guest.fd(), guest.poll_events()} for guest.timeout_ms(); guest.dispatch();
 *
 * A guest is a FleetMember, as probevm has it, over a host that loads and enables in no time. Not thread-safe. */
#pragma once
#include <fcntl.h>

#include <cstring>
#include <functional>
#include <set>
#include <stdexcept>
#include <string>

#include "host/fleet_member.hpp"
#include "host/segment.hpp"
#include "transport/control.h"

namespace hp::test {

/* The value, or an exception with the error's message: nothing that a test goes on without. */
template <class T>
T need(Result<T> result, const std::string& what) {
  if (!result) throw std::runtime_error(what + ": " + result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/* What a guest was told to run, and nothing else. */
class SimulatedHost final : public ProgramHost {
 public:
  /* Called when a program begins to fire. May be empty. */
  std::function<void(const ProgramIdent&)> on_enable;
  /* Why the guest takes no program; empty: it takes all. */
  std::string refusal;

  std::optional<Result<uint32_t>> load(const ProgramIdent& ident,
                                       const ProgramFiles& files) override {
    if (files.object < 0 || files.segment < 0) return fail("it came without its descriptors");
    if (!refusal.empty()) return fail(refusal);
    loaded_.insert(ident);
    return 1u;
  }
  bool enable(const ProgramIdent& ident) override {
    enabled_.insert(ident);
    if (on_enable) on_enable(ident);
    return true;
  }
  void unload(const ProgramIdent& ident) override {
    loaded_.erase(ident);
    enabled_.erase(ident);
  }
  const std::set<ProgramIdent>& loaded() const { return loaded_; } /* those that are enabled, too */
  const std::set<ProgramIdent>& enabled() const { return enabled_; }

 private:
  std::set<ProgramIdent> loaded_, enabled_;
};

class SimulatedGuest {
 public:
  SimulatedGuest(const std::string& name, const std::string& socket)
      : member_(GuestDescription{name, name + ".example", "Linux-6.1"}, socket) {
    joined_ = member_.register_now(std::chrono::seconds(20));
    member_.attach(host_);
  }
  /* Whether the coordinator took it at once. */
  const Result<>& joined() const { return joined_; }
  SimulatedHost& host() { return host_; }
  int fd() const { return member_.fd(); }
  short poll_events() const { return member_.poll_events(); }
  int timeout_ms() const { return member_.timeout_ms(); }
  void dispatch() { member_.dispatch(); }

 private:
  SimulatedHost host_;
  FleetMember member_;
  Result<> joined_;
};

struct SimulatedProgram {
  Fd object;
  host::Segment segment;
  ProgramIdent ident{};

  explicit SimulatedProgram(const std::string& object_path) {
    const Fd file(::open(object_path.c_str(), O_RDONLY | O_CLOEXEC));
    const Object parsed = need(Object::read(file.get()), object_path);
    object = need(make_sealed_memfd("hyprobe-object", parsed.bytes()), "an object");
    host::SegmentOptions options;
    options.bufsize = options.aggsize = 64 << 10;
    options.ncpus = 1;
    segment = need(host::Segment::create(parsed, options), "a segment");
    need(segment.add_probe(HP_PROBE_SYSCALL, "syscall", "vmlinux", "read", "entry"), "a probe");
    std::memcpy(ident.data(), segment.header()->ident, ident.size());
  }
};

}  // namespace hp::test
