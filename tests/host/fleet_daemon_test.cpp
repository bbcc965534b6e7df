/* The daemon end to end with real processes: probed, probevm and consumers. */
#include "fleet_daemon.hpp"

using namespace hp;
using namespace hp::fleet_test;

TEST_CASE("a program is enabled in all matching guests and disabled again") {
  Fleet f;
  for (const char* name : {"web1", "web2", "web3"}) f.guest(name, {"sleep", "1000"});
  f.guest("db1", {"sleep", "1000"});
  Program p;
  FleetEvent committed;
  auto client = submit(f, p, FleetEvent::Committed, &committed);
  REQUIRE(committed.guests.size() == 3);
  for (auto& g : committed.guests) {
    CHECK(g.name.substr(0, 3) == "web");
    CHECK(g.probes == 1);
    CHECK(p.guest(g.vmid).state == 1);
    CHECK(std::string(p.guest(g.vmid).name) == g.name);
  }
  CHECK(f.call("program.list").find("\"state\":\"committed\"") != std::string::npos);
  CHECK(f.list().find("\"programs\":1") != std::string::npos);
  client->kill(10s);
  CHECK_FALSE(f.has_programs());
  CHECK(f.list().find("\"programs\":1") == std::string::npos);
}

TEST_CASE("guests that come later join, and those that die are told of") {
  Fleet f;
  Program p;
  auto client = submit(f, p, FleetEvent::Committed);
  f.guest("web7", {"@fetch", "1"});
  FleetEvent joined = await_event(*client, FleetEvent::Joined);
  REQUIRE(joined.guests.size() == 1);
  CHECK(joined.guests[0].name == "web7");
  f.guest("db1", {"sleep", "1000"});
  const uint32_t vmid = joined.guests[0].vmid;
  CHECK(p.guest(vmid).state == 1);
  ::kill(f.guests[0].pid, SIGKILL);
  FleetEvent gone = await_event(*client, FleetEvent::Gone);
  CHECK(gone.guests.at(0).name == "web7");
  CHECK(wait_for([&] { return p.guest(vmid).state == 2; }));
  CHECK(std::string(p.guest(vmid).name) == "web7"); /* its data still has a name */
}

TEST_CASE("a consumer that is killed takes its program with it") {
  Fleet f;
  f.guest("web1", {"@fetch", "1"});
  int ready[2];
  REQUIRE(::pipe2(ready, O_CLOEXEC) == 0);
  pid_t consumer = ::fork();
  if (consumer == 0) {
    Program p;
    auto client = submit(f, p, FleetEvent::Committed);
    wait_for([&] { return p.fetched(); });
    ssize_t n = ::write(ready[1], "x", 1);
    (void)n;
    for (;;) ::pause();
  }
  ::close(ready[1]);
  char c;
  REQUIRE(::read(ready[0], &c, 1) == 1);
  ::close(ready[0]);
  CHECK(f.has_programs());
  ::kill(consumer, SIGKILL);
  ::waitpid(consumer, nullptr, 0);
  CHECK(wait_for([&] { return !f.has_programs(); }));
  CHECK(f.guests[0].wait() == 0);
}

TEST_CASE("a program that a guest cannot link is enabled nowhere, and the reason is told") {
  Fleet f;
  f.guest("web1", {"sleep", "1000"});
  f.guest("web2", {"sleep", "1000"});
  Program p("BAD");
  FleetEvent e;
  auto client = submit(f, p, FleetEvent::Aborted, &e);
  REQUIRE(e.guests.size() >= 1);
  CHECK(e.guests[0].reason.find("not_a_primitive") != std::string::npos);
  CHECK_FALSE(f.has_programs());
  CHECK(f.list().find("\"programs\":1") == std::string::npos);
}

TEST_CASE("while there is no coordinator, a program ends with its consumer") {
  Fleet f;
  f.guest("web1", {"@fetch", "1"});
  std::optional<Program> p;
  p.emplace();
  auto client = submit(f, *p, FleetEvent::Committed);
  CHECK(wait_for([&] { return p->fetched(); }));
  f.kill(SIGKILL);
  await_event(*client, FleetEvent::Away);
  p.reset(); /* the segment says DEAD */
  CHECK(f.guests[0].wait() == 0);
}

TEST_CASE("one coordinator a socket, unique names, and probectl kill") {
  Fleet f;
  Process second({HP_BIN_DIR "/probed", "coordinator", "--foreground"});
  CHECK(WEXITSTATUS(second.wait()) == 1);
  CHECK(second.output().find("runs already") != std::string::npos);

  f.guest("web1", {"@fetch", "1"});
  Process twin({HP_BIN_DIR "/probevm", "exec", "--name", "web1", "--", "true"});
  CHECK(WEXITSTATUS(twin.wait()) == 125);
  CHECK(twin.output().find("registered already") != std::string::npos);

  Program p;
  auto client = submit(f, p, FleetEvent::Committed);
  CHECK(wait_for([&] { return p.fetched(); }));
  Process nobody({HP_BIN_DIR "/probectl", "kill", "00000000000000"});
  CHECK(WEXITSTATUS(nobody.wait()) == 1);
  Process kill({HP_BIN_DIR "/probectl", "kill", p.ident().substr(0, 8)});
  CHECK(kill.wait() == 0);
  FleetEvent ended = await_event(*client, FleetEvent::Ended);
  CHECK(ended.reason.find("killed by pid " + std::to_string(kill.pid)) != std::string::npos);
  CHECK(f.guests[0].wait() == 0);
}

TEST_CASE("what peers send is not trusted") {
  Fleet f;
  CHECK(raw(f.socket, "nonsense\n").find("-32700") != std::string::npos);
  CHECK(raw(f.socket, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"no.such\"}\n").find("-32601") !=
        std::string::npos);
  auto call = [&](const std::string& method, const std::string& params) {
    return raw(f.socket, rpc::request("1", method, params) + "\n");
  };
  CHECK(call("guest.register", "{}").find("\\\"name\\\" must be") != std::string::npos);
  CHECK(call("guest.register", "{\"name\":\"a b\",\"hostname\":\"h\"}").find("printable ASCII") !=
        std::string::npos);
  CHECK(call("guest.register", "{\"name\":\"a\",\"hostname\":\"h\",\"vmid\":4096}")
            .find("\\\"vmid\\\" must be") != std::string::npos);
  CHECK(call("program.submit", "{}").find("two descriptors") != std::string::npos);
  CHECK(call("program.submit", "{\"fds\":2}").empty()); /* announced and not sent: closed */
  CHECK(call("program.kill", "{\"ident\":\"\"}").find("at least 4") != std::string::npos);
  CHECK(raw(f.socket, std::string(100 << 10, 'x')).empty());
  CHECK(raw(f.socket, std::string(60 << 10, '[') + "\n").find("-32700") != std::string::npos);

  /* Descriptors that are not what they should be. */
  auto client = FleetClient::connect(f.socket);
  REQUIRE(client);
  Program good;
  Fd garbage = std::move(*make_memfd("garbage", 8192));
  SUBCASE("object") {
    REQUIRE((*client)->submit(garbage.get(), good.segment.fd(), {}));
  }
  SUBCASE("segment that can be truncated") {
    hp_seg_header h = *good.segment.header();
    REQUIRE(::pwrite(garbage.get(), &h, sizeof h, 0) == sizeof h);
    REQUIRE((*client)->submit(good.object.get(), garbage.get(), {}));
  }
  SUBCASE("segment whose guest table lies outside") {
    hp_seg_header h = *good.segment.header();
    h.guests_off = 4096;
    REQUIRE(::pwrite(garbage.get(), &h, sizeof h, 0) == sizeof h);
    REQUIRE(::fcntl(garbage.get(), F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    REQUIRE((*client)->submit(good.object.get(), garbage.get(), {}));
  }
  auto e = (*client)->wait_decision(20s);
  REQUIRE(e);
  CHECK(e->kind == FleetEvent::Aborted);
  CHECK_FALSE(e->reason.empty());
  CHECK_FALSE(f.has_programs());
}

TEST_CASE("a user traces its own guests only, and trusts no other user's coordinator") {
  if (::geteuid() != 0) {
    MESSAGE("SKIPPED: needs root to be two users");
    return;
  }
  Fleet f;
  f.guest("web1", {"sleep", "1000"});
  REQUIRE(::chmod(f.dir.c_str(), 0755) == 0);
  f.configure("[access]\ntrace = ['65534']\n[socket]\ngroup = '65534'\n");
  Program p;
  int report[2];
  REQUIRE(::pipe2(report, O_CLOEXEC) == 0);
  pid_t user = ::fork();
  if (user == 0) {
    char result = 'f';
    if (::setgid(65534) == 0 && ::setuid(65534) == 0) {
      auto client = FleetClient::connect(f.socket);
      if (client && (*client)->submit(p.object.get(), p.segment.fd(), {})) {
        auto e = (*client)->wait_decision(20s);
        if (e && e->kind == FleetEvent::Committed) result = e->guests.empty() ? '0' : '+';
      }
    }
    ssize_t n = ::write(report[1], &result, 1);
    ::_exit(n == 1 ? 0 : 1);
  }
  ::close(report[1]);
  char result = 0;
  CHECK(::read(report[0], &result, 1) == 1);
  ::close(report[0]);
  ::waitpid(user, nullptr, 0);
  CHECK(result == '0');

  fs::path theirs = f.dir / "theirs";
  fs::create_directory(theirs);
  REQUIRE(::chown(theirs.c_str(), 65534, 65534) == 0);
  fs::copy_file(HP_BIN_DIR "/probed", theirs / "probed"); /* that user may not reach the build */
  Process other({"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                 theirs / "probed", "coordinator", "--foreground", "--socket", theirs / "s",
                 "--base", theirs / "base"});
  CHECK(wait_for([&] { return fs::exists(theirs / "s"); }));
  auto client = FleetClient::connect(theirs / "s");
  CHECK(wait_for([&] { /* between bind and listen a connection is refused */
                       client = FleetClient::connect(theirs / "s");
                       return client || client.error().code != ECONNREFUSED;
  }));
  REQUIRE_FALSE(client);
  CHECK(client.error().message.find("another user (uid 65534)") != std::string::npos);
}

TEST_CASE("no coordinator: the message says how to start one") {
  auto client = FleetClient::connect("/tmp/hp-no-such-dir/control.sock");
  REQUIRE_FALSE(client);
  CHECK(client.error().message.find("probed coordinator --socket /tmp/hp-no-such-dir") !=
        std::string::npos);
}
