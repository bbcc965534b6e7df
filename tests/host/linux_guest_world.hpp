/* A Linux guest without one: LinuxGuest and the agent's own conversation joined by a link, over a module and probes
 * that are not there. GuestProbes and GuestKernel are linux_guest_world.cpp's: they only note what they are asked. */
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/conversation.hpp"
#include "fake_module.hpp"
#include "linux_guest/linux_guest.hpp"
#include "temporary_directory.hpp"

namespace hp::test {

using namespace hp::linux_guest;
using namespace std::chrono_literals;

/* What GuestProbes was asked, and what it answers. */
struct AskedOfProbes {
  uint32_t count = 2;      /* probes that match any program, in the guest */
  uint32_t of_the_vmm = 0; /* ... and outside of it */
  std::string failure;
  std::vector<std::string> wants; /* files of the guest's, one after the other */
  GuestFiles files_given;
  std::map<ProgramIdent, bool> programs; /* committed */
  std::shared_ptr<const GuestKernel> kernel;
  KernelFiles files; /* that it was made of */
  uint32_t vmid = 0;
  std::string hostname;
};
extern AskedOfProbes probes;

inline const ProgramIdent kIdent = {7}, kOther = {8};

/* The trace device: what the VMM sends waits until the guest reads it. */
struct Link final : vmm::TraceLink {
  std::deque<trace::Bytes> to_guest;
  bool full = false;
  uint64_t last_transaction = 0;
  std::map<uint32_t, size_t> said; /* by type */
  bool send(std::span<const uint8_t> bytes) noexcept override {
    if (full) return false;
    const auto m = trace::decode(bytes);
    REQUIRE(m);
    said[m->type]++;
    last_transaction = std::max(last_transaction, m->about.transaction);
    to_guest.emplace_back(bytes.begin(), bytes.end());
    return true;
  }
};

struct Listener final : GuestListener {
  std::vector<std::string> heard;
  GuestDescription guest;
  void up(const GuestDescription& g) override {
    guest = g;
    heard.push_back("up");
  }
  void down(const std::string& reason) override { heard.push_back("down: " + reason); }
  void loaded(const ProgramIdent& i, Result<uint32_t> n) override {
    heard.push_back("loaded " + std::to_string(i[0]) + ": " +
                    (n ? std::to_string(*n) : n.error().message));
  }
  void enabled(const ProgramIdent& i) override {
    heard.push_back("enabled " + std::to_string(i[0]));
  }
  std::string next() {
    if (heard.empty()) return "nothing";
    std::string first = heard.front();
    heard.erase(heard.begin());
    return first;
  }
};

struct LinuxWorld {
  TemporaryDirectory root; /* the guest's */
  TemporaryDirectory cache;
  FakeModule module;
  std::unique_ptr<agent::Conversation> agent;
  Link link;
  Listener listener;
  std::vector<std::string> log;
  Time now = 1000s;
  vmm::GuestRam ram;
  std::unique_ptr<LinuxGuest> guest;
  Fd object;

  explicit LinuxWorld() {
    probes = {};
    root.write("proc/kallsyms", "ffffffff81000000 T _text\n");
    root.write("proc/modules", "");
    root.write("sys/kernel/tracing/available_events", "sched:sched_switch\n");
    root.write("sys/kernel/btf/vmlinux", "types");
    root.write("sys/kernel/notes", std::string("\4\0\0\0\4\0\0\0\3\0\0\0GNU\0\xab\1\2\3", 20));
    root.write("proc/sys/kernel/random/boot_id", "b-1\n");
    object = read_object();
    make_guest();
  }
  /* variant: of fleet_program.c. */
  static Fd read_object(const std::string& variant = "GOOD") {
    auto bytes = read_file(FLEET_OBJECTS "/fleet_" + variant + ".o");
    REQUIRE(bytes);
    auto fd = make_sealed_memfd("object", *bytes);
    REQUIRE(fd);
    return std::move(*fd);
  }
  void make_guest(const std::string& hostname = {}) {
    LinuxGuest::Options o;
    o.name = "web1";
    o.hostname = hostname;
    o.cache = FileCache(cache.path());
    o.log = [this](const std::string& line) { log.push_back(line); };
    o.clock = [this] { return now; };
    guest = std::make_unique<LinuxGuest>(std::move(o), ram);
    guest->connect(link);
    guest->listen(listener);
  }
  /* The agent's process starts. versions: that it speaks. */
  void start_agent(const trace::Versions& versions = trace::kVersions) {
    agent = std::make_unique<agent::Conversation>(
        module, [this](const std::string& line) { log.push_back("in the guest: " + line); },
        root.path(), versions);
    REQUIRE(agent->begin());
  }
  /* Moves what there is, until nothing moves. */
  void settle() {
    for (bool moved = true; moved;) {
      moved = false;
      guest->dispatch();
      while (agent && !link.to_guest.empty()) {
        REQUIRE(agent->received(link.to_guest.front()));
        link.to_guest.pop_front();
        moved = true;
      }
      while (agent && agent->busy()) REQUIRE(agent->work());
      while (!module.sent.empty()) {
        guest->message(module.sent.front());
        module.sent.pop_front();
        moved = true;
      }
    }
  }
  void come_up(const trace::Versions& versions = trace::kVersions) {
    start_agent(versions);
    settle();
    REQUIRE(guest->is_up());
    REQUIRE(listener.next() == "up");
  }
  std::optional<Result<uint32_t>> load(const ProgramIdent& i) {
    return guest->load(i, {object.get(), object.get()});
  }
  void run(const ProgramIdent& i) {
    REQUIRE_FALSE(load(i));
    settle();
    REQUIRE(listener.next() == "loaded " + std::to_string(i[0]) + ": 2");
    REQUIRE_FALSE(guest->enable(i));
    settle();
    REQUIRE(listener.next() == "enabled " + std::to_string(i[0]));
  }
  bool logged(const std::string& what) const {
    return std::any_of(log.begin(), log.end(),
                       [&](auto& line) { return line.find(what) != line.npos; });
  }
};

}  // namespace hp::test
