/* A Linux guest in the fleet: coordinator, member, LinuxGuest and agent in one process, over a real control socket;
 * only the kernel and the probes are not there. */
#include <poll.h>

#include <functional>
#include <thread>

#include "host/fleet_client.hpp"
#include "host/fleet_member.hpp"
#include "host/fleet_program.hpp"
#include "host/fleet_server.hpp"
#include "host/segment.hpp"
#include "linux_guest_world.hpp"

using namespace hp;
using namespace hp::test;

namespace {

struct Coordinating {
  TemporaryDirectory directory;
  std::string socket = directory.path() + "/control.sock";
  asio::io_context io;
  std::unique_ptr<FleetServer> server;
  std::thread thread;

  FleetServerOptions options() const {
    FleetServerOptions o;
    o.socket = socket;
    o.base = directory.path() + "/base";
    return o;
  }
  Coordinating() {
    auto opened = FleetServer::open(io, options());
    REQUIRE(opened);
    server = std::move(*opened);
    thread = std::thread([this] { io.run(); });
  }
  ~Coordinating() {
    asio::post(io, [this] { server->shut_down(); });
    thread.join();
  }
};

struct Program {
  Fd object;
  host::Segment segment;

  explicit Program(const std::string& variant = "GOOD") : object(LinuxWorld::read_object(variant)) {
    auto parsed = Object::read(object.get());
    REQUIRE(parsed);
    host::SegmentOptions o;
    o.bufsize = o.aggsize = 64 << 10;
    o.ncpus = 1;
    auto s = host::Segment::create(*parsed, o);
    REQUIRE(s);
    segment = std::move(*s);
  }
};

struct Fleet {
  Coordinating coordinator;
  LinuxWorld w;
  FleetMember member{GuestDescription{"web1"}, coordinator.socket};
  std::unique_ptr<FleetClient> consumer;
  std::vector<FleetEvent> events;

  Fleet() {
    member.attach(*w.guest);
    w.guest->listen(member);
  }
  /* Everybody does what there is to do. */
  void turn() {
    w.settle();
    member.dispatch();
    if (consumer)
      for (FleetEvent& e : consumer->dispatch()) events.push_back(std::move(e));
    pollfd fds[] = {{member.fd(), POLLIN, 0}, {consumer ? consumer->fd() : -1, POLLIN, 0}};
    ::poll(fds, 2, 5);
  }
  bool until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      turn();
    }
    return true;
  }
  void come_up() {
    w.start_agent();
    REQUIRE(until([&] { return member.settled() && member.vmid() != 0 && member.reachable(); }));
  }
  void submit(const Program& p, SubmitOptions options = {}) {
    consumer = std::move(*FleetClient::connect(coordinator.socket));
    REQUIRE(consumer->submit(p.object.get(), p.segment.fd(), options));
  }
  FleetEvent await(FleetEvent::Kind kind) {
    FleetEvent found{kind, {}, "never came"};
    CHECK(until([&] {
      auto it = std::find_if(events.begin(), events.end(), [&](auto& e) { return e.kind == kind; });
      if (it == events.end()) return false;
      found = std::move(*it);
      events.erase(it);
      return true;
    }));
    return found;
  }
  std::string list() {
    auto client = FleetClient::connect(coordinator.socket);
    REQUIRE(client);
    return (*client)->call("guest.list", "{}", 10s).value();
  }
};

}  // namespace

TEST_CASE("who takes part: by kind, and by version where the program says so") {
  auto accepted = [](const Program& p) {
    auto f = FleetProgram::accept(p.object, Fd(::dup(p.segment.fd())));
    REQUIRE(f);
    return std::move(*f);
  };
  auto guest = [](const char* name, GuestKind kind, const char* osversion) {
    Guest g;
    g.name = name;
    g.hostname = "host";
    g.kind = kind;
    g.osversion = osversion;
    return g;
  };
  Program by_version("VERSION"), by_name;
  const FleetProgram fbt = accepted(by_version), syscall = accepted(by_name);
  CHECK(fbt.matches(guest("a", GuestKind::Linux, "Linux-6.1.0-56-cloud-amd64")));
  CHECK_FALSE(fbt.matches(guest("a", GuestKind::Linux, "Linux-6.12.117"))); /* BEGIN is not its */
  CHECK(fbt.matches(guest("Linux-6.1.x", GuestKind::Linux, "")));
  CHECK_FALSE(fbt.matches(guest("a", GuestKind::Process, "Linux-6.1.0"))); /* it has no functions */
  for (GuestKind kind : {GuestKind::Process, GuestKind::Linux}) {
    CHECK(syscall.matches(guest("web1", kind, "")));
    CHECK_FALSE(syscall.matches(guest("db1", kind, "web1"))); /* versions are no names */
  }
}

TEST_CASE("a Linux guest is registered when its agent has spoken, with what it says of itself") {
  Fleet f;
  for (int i = 0; i < 3; i++) f.turn();
  CHECK(f.list() == "{\"guests\":[]}");
  f.come_up();
  CHECK(probes.vmid == f.member.vmid());
  const std::string list = f.list();
  for (const char* field : {R"("name":"web1")", R"("kind":"linux")", R"("build_id":"ab010203")",
                            R"("doorbell":"vmcall")"})
    CHECK(list.find(field) != std::string::npos);
}

TEST_CASE("a program is enabled in it, follows it through a reboot, and ends with its consumer") {
  Fleet f;
  f.come_up();
  Program p;
  f.submit(p);
  FleetEvent committed = f.await(FleetEvent::Committed);
  REQUIRE(committed.guests.size() == 1);
  CHECK(committed.guests[0].name == "web1");
  CHECK(committed.guests[0].probes == 2);
  REQUIRE(f.w.module.programs.size() == 1);
  CHECK(f.w.module.programs.begin()->second.committed);
  CHECK(probes.programs.begin()->second);
  const uint32_t vmid = f.member.vmid();

  f.w.guest->reset(); /* it reboots */
  f.w.module.programs.clear();
  CHECK(f.await(FleetEvent::Gone).guests.at(0).vmid == vmid);
  CHECK(f.list() == "{\"guests\":[]}");
  CHECK(probes.programs.empty());
  f.w.root.write("proc/sys/kernel/random/boot_id", "b-2\n");
  f.w.start_agent();
  CHECK(f.await(FleetEvent::Joined).guests.at(0).probes == 2);
  CHECK(f.w.module.programs.begin()->second.committed);

  f.consumer.reset();
  CHECK(f.until([&] { return f.w.module.programs.empty() && probes.programs.empty(); }));
}

TEST_CASE("what the guest cannot attach aborts the program, with its reason") {
  Fleet f;
  f.come_up();
  f.w.module.refuses = {"function1"};
  Program p;
  f.submit(p);
  FleetEvent aborted = f.await(FleetEvent::Aborted);
  REQUIRE(aborted.guests.size() == 1);
  CHECK(aborted.guests[0].reason ==
        "cannot attach to the entry of function1: No such file or directory");
  CHECK(f.w.module.programs.empty());
  CHECK(probes.programs.empty());
}

TEST_CASE(
    "an agent that does not answer: the program is given up in time, and taken back when it does") {
  Fleet f;
  f.come_up();
  auto agent = std::move(f.w.agent);
  Program p;
  f.submit(p, {.timeout = 200ms});
  CHECK(f.await(FleetEvent::Aborted).guests.at(0).reason == "did not answer in time");
  CHECK(probes.programs.empty());
  f.w.agent = std::move(agent);
  f.w.settle();
  CHECK(f.w.module.programs.empty());
  Program again;
  f.submit(again);
  CHECK(f.await(FleetEvent::Committed).guests.size() == 1);
}

TEST_CASE("an agent that starts anew while a program runs changes nothing for its consumer") {
  Fleet f;
  f.come_up();
  Program p;
  f.submit(p);
  f.await(FleetEvent::Committed);
  f.w.start_agent();
  for (int i = 0; i < 5; i++) f.turn();
  CHECK(f.events.empty());
  CHECK(f.w.module.programs.begin()->second.committed);
  CHECK(probes.programs.begin()->second);
}
