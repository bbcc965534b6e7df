/* Peers of other uids at a real coordinator: what they may do, how much, and what they cannot pretend to be. Each peer is
 * a process of its own that has changed its uid and groups; it says one or more lines and gives back the answers. */
#include <grp.h>

#include "fleet_daemon.hpp"
#include "transport/object.hpp"

using namespace hp;
using namespace hp::fleet_test;

namespace {

constexpr uint32_t kAlice = 61001, kBob = 61002, kGroup = 61100;

bool is_root() {
  if (::geteuid() == 0) return true;
  MESSAGE("SKIPPED: needs root to be other users");
  return false;
}

/* A connection made by another user, and used by us: the kernel remembers who made it. */
Fd connect_as(const std::string& socket, uint32_t uid, const std::vector<gid_t>& groups = {}) {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  Fd ours(pair[0]), theirs(pair[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::strcpy(a.sun_path, socket.c_str());
    const int s = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (::setgroups(groups.size(), groups.data()) == 0 && ::setresgid(uid, uid, uid) == 0 &&
        ::setresuid(uid, uid, uid) == 0 &&
        ::connect(s, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0)
      (void)send_with_fds(theirs.get(), "x", 1, &s, 1);
    ::_exit(0);
  }
  theirs.reset();
  char c;
  Fd connection;
  size_t n = 0;
  (void)recv_with_fds(ours.get(), &c, 1, &connection, 1, &n);
  ::waitpid(child, nullptr, 0);
  return connection;
}

struct OtherUser {
  Fd socket;
  OtherUser(Fleet& f, uint32_t uid, const std::vector<gid_t>& groups = {})
      : socket(connect_as(f.socket, uid, groups)) {}

  void send(const std::string& line, const std::vector<int>& fds = {}) {
    const std::string bytes = line + "\n";
    (void)send_with_fds(socket.get(), bytes.data(), bytes.size(), fds.data(), fds.size(),
                        MSG_NOSIGNAL);
  }
  /* The next line; empty: the connection was closed. */
  std::string line() {
    std::string text;
    pollfd p{socket.get(), POLLIN, 0};
    for (char c; ::poll(&p, 1, 20000) == 1 && ::read(socket.get(), &c, 1) == 1 && c != '\n';)
      text += c;
    return text;
  }
  std::string ask(const std::string& method, const std::string& params = "{}",
                  const std::vector<int>& fds = {}) {
    send(rpc::request("1", method, params), fds);
    return line();
  }
  std::string enter(const std::string& name, const std::string& more = "") {
    return ask("guest.register", "{\"name\":\"" + name + "\",\"hostname\":\"h\"" + more + "}");
  }
  void say(const std::string& method, const Program& p, const std::string& more = "") {
    send(rpc::notification(method, "{\"ident\":\"" + p.ident() + "\"" + more + "}"));
  }
  std::string submit(const Program& p) {
    return ask("program.submit", "{\"fds\":2}", {p.object.get(), p.segment.fd()});
  }
};

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

/* A fleet whose socket everybody reaches. */
struct OpenFleet : Fleet {
  explicit OpenFleet(const std::string& rules) {
    REQUIRE(::chmod(dir.c_str(), 0755) == 0);
    configure("[socket]\ngroup = '61100'\nmode = '0666'\n" + rules);
  }
  std::string log() { return call("log", "{\"limit\":10000}"); }
};

/* The object's header says that it is destructive. */
Fd destructive(const Program& p) {
  auto object = Object::read(p.object.get());
  REQUIRE(object);
  std::string bytes(object->bytes());
  const auto at = static_cast<size_t>(reinterpret_cast<const char*>(&object->header()) -
                                      object->bytes().data()) +
                  offsetof(hp_obj_header, flags);
  bytes[at] = static_cast<char>(bytes[at] | HP_OBJ_DESTRUCTIVE);
  return std::move(*make_sealed_memfd("destructive", bytes));
}

constexpr const char* kUsers =
    "[access]\nregister = ['61001', '61002']\ntrace = ['61001', '61002']\nlist = []\nlog = []\n";

}  // namespace

TEST_CASE("the socket of root has the group and mode that the configuration names") {
  if (!is_root()) return;
  Fleet f;
  struct stat st{};
  f.configure("[socket]\ngroup = ''\n");
  REQUIRE(::stat(f.socket.c_str(), &st) == 0);
  CHECK((st.st_mode & 0777) == 0600);
  f.configure("[socket]\ngroup = '61100'\n");
  REQUIRE(::stat(f.socket.c_str(), &st) == 0);
  CHECK((st.st_mode & 0777) == 0660);
  CHECK(st.st_gid == kGroup);
  REQUIRE(::chmod(f.dir.c_str(), 0755) == 0);
  CHECK_FALSE(connect_as(f.socket, kAlice));
  CHECK(connect_as(f.socket, kAlice, {kGroup}));
}

TEST_CASE("rights are those of the peer's uid and groups, at once after SIGHUP") {
  if (!is_root()) return;
  OpenFleet f("");
  Program p;
  OtherUser alice(f, kAlice), member(f, kBob, {kGroup});
  CHECK(has(alice.enter("a"), "may not register guests here"));
  CHECK(has(alice.submit(p), "may not run programs here"));
  CHECK(has(alice.ask("log"), "may not read the log here"));
  f.configure(
      std::string("[socket]\ngroup = '61100'\nmode = '0666'\n[access]\nregister = "
                  "['@61100']\ntrace = ['61001']\n"));
  CHECK(has(alice.enter("a"), "given by \\\"register\\\" in [access] of " + f.config));
  CHECK(has(member.enter("m"), "\"vmid\""));
  CHECK(has(alice.submit(p), "\"guests\":[]"));
}

TEST_CASE("who may not list sees what is its own") {
  if (!is_root()) return;
  OpenFleet f(kUsers);
  f.guest("web1", {"sleep", "1000"});
  OtherUser alice(f, kAlice), bob(f, kBob);
  CHECK(has(alice.enter("a1"), "\"vmid\""));
  Program p;
  OtherUser consumer(f, kBob);
  CHECK(has(consumer.submit(p), "\"guests\":[]")); /* web1 is root's */
  std::string guests = alice.ask("guest.list");
  if (has(guests, "guest.prepare")) guests = alice.line();
  CHECK(has(guests, "\"a1\""));
  CHECK_FALSE(has(guests, "\"web1\""));
  CHECK_FALSE(has(bob.ask("guest.list"), "\"name\""));
  CHECK(has(bob.ask("program.list"), p.ident()));
  const std::string ident = "{\"ident\":\"" + p.ident() + "\"}";
  OtherUser other(f, kAlice);
  CHECK_FALSE(has(other.ask("program.list"), p.ident()));
  CHECK(has(other.ask("program.show", ident), "no program's ident begins"));
  CHECK(has(other.ask("program.kill", ident), "no program's ident begins"));
  f.configure(std::string(
      "[socket]\ngroup = '61100'\nmode = '0666'\n[access]\nlist = ['*']\ntrace = ['61001']\n"));
  CHECK(has(other.ask("program.list"), p.ident()));
  CHECK(has(other.ask("program.kill", ident),
            "belongs to uid 61002: uid 61001 may not end programs of other users"));
  CHECK(has(other.ask("program.attach", ident), "may not trace guests of other users"));
  CHECK(has(bob.ask("program.kill", ident), "\"ident\""));
}

TEST_CASE("destructive programs need their right, and trace_others reaches guests of others") {
  if (!is_root()) return;
  OpenFleet f(std::string(kUsers) + "destructive = ['61002']\n");
  f.guest("web1", {"sleep", "1000"});
  Program p;
  p.object = destructive(p);
  CHECK(has(OtherUser(f, kAlice).submit(p), "may not run programs with destructive actions here"));
  CHECK_FALSE(f.has_programs());
  CHECK(has(OtherUser(f, kBob).submit(p), "\"guests\":[]"));
  CHECK(wait_for([&] { return !f.has_programs(); })); /* it has gone with its consumer */
  f.configure(
      std::string("[socket]\ngroup = '61100'\nmode = '0666'\n[access]\ntrace = "
                  "['61001']\ntrace_others = ['61001']\n"));
  Program others;
  OtherUser alice(f, kAlice);
  CHECK(has(alice.submit(others), "\"web1\""));
}

TEST_CASE("limits are refusals that say which, and floods are not heard any more") {
  if (!is_root()) return;
  OpenFleet f(std::string(kUsers) +
              "[limits]\nguests = 1\nprograms = 1\nconnections = 4\nburst = "
              "12\nrequests_per_second = 1\nmalformed = 3\n");
  OtherUser a(f, kAlice), b(f, kAlice), c(f, kAlice), d(f, kAlice);
  CHECK(
      has(OtherUser(f, kAlice).line(), "\\\"connections\\\" of 4, which [limits] of " + f.config));
  CHECK(has(a.enter("a1"), "\"vmid\""));
  CHECK(has(b.enter("a2"), "\\\"guests\\\" of 1"));
  Program p, q;
  CHECK(has(c.submit(p), "\"guests\""));
  CHECK(has(d.submit(q), "\\\"programs\\\" of 1"));
  std::string last;
  for (int i = 0; i < 40 && !has(last, "requests_per_second"); i++) last = d.ask("status");
  CHECK(has(last, "\\\"requests_per_second\\\" of 1"));
  for (int i = 0; i < 10 && !last.empty(); i++) last = d.ask("status");
  CHECK(last.empty());    /* closed */
  OtherUser bob(f, kBob); /* is served meanwhile */
  CHECK(has(bob.ask("status"), "\"connections\""));
  for (int i = 0; i < 4; i++) bob.send("nonsense");
  for (int i = 0; i < 4; i++) CHECK(has(bob.line(), "-32700"));
  CHECK(bob.line().empty());
  CHECK(has(f.call("status"), "\"connections\"")); /* root has limits of its own */
}

TEST_CASE("a client says why it was sent away") {
  Fleet f;
  f.configure("[limits]\nconnections = 2\n[limits.root]\nconnections = 2\n");
  auto a = FleetClient::connect(f.socket), b = FleetClient::connect(f.socket);
  REQUIRE(a);
  REQUIRE(b);
  CHECK((*a)->call("status", "{}", 10s));
  CHECK((*b)->call("status", "{}", 10s));
  auto c = FleetClient::connect(f.socket);
  REQUIRE(c);
  CHECK(wait_for([&] { return !(*c)->dispatch().empty() || (*c)->fd() == -1; }));
  auto answer = (*c)->call("status", "{}", 10s);
  REQUIRE_FALSE(answer);
  Program p;
  auto d = FleetClient::connect(f.socket);
  REQUIRE(d);
  if ((*d)->submit(p.object.get(), p.segment.fd(), {})) {
    auto decision = (*d)->wait_decision(10s);
    REQUIRE(decision);
    CHECK(decision->kind == FleetEvent::Aborted);
    CHECK(has(decision->reason, "\"connections\" of 2, which [limits"));
  }
}

TEST_CASE("a guest's name belongs to its uid while programs know it, over a restart too") {
  if (!is_root()) return;
  OpenFleet f(kUsers);
  std::optional<OtherUser> alice(std::in_place, f, kAlice);
  CHECK(has(alice->enter("web1"), "\"vmid\":1"));
  CHECK(has(OtherUser(f, kBob).enter("web1"), "the name 'web1' belongs to a guest of uid 61001"));
  Program p; /* root's, which matches web* */
  OtherUser root(f, 0);
  root.send(rpc::request("1", "program.submit", "{\"fds\":2,\"detach\":true}"),
            {p.object.get(), p.segment.fd()});
  CHECK(has(alice->line(), "program.prepare"));
  alice->say("program.prepared", p, ",\"probes\":1");
  CHECK(has(alice->line(), "program.commit"));
  alice->say("program.committed", p);
  CHECK(has(root.line(), "\"web1\""));
  alice.reset();
  CHECK(wait_for([&] { return !has(f.list(), "web1"); }));
  CHECK(has(OtherUser(f, kBob).enter("web1"), "which programs that run have seen"));
  CHECK(has(OtherUser(f, kBob).enter("mine", ",\"vmid\":1"), "\"vmid\":2")); /* not 1 */
  CHECK(has(f.log(), "says that it had number 1, which is that of guest web1 of uid 61001"));
  f.kill(SIGKILL);
  f.start();
  CHECK(has(OtherUser(f, kBob).enter("web1"), "which programs that run have seen"));
  CHECK(has(f.log(), "(uid 61002) takes the name of a guest of uid 61001"));
  alice.emplace(f, kAlice);
  CHECK(has(alice->enter("web1"), "\"vmid\":1"));
  Process kill({HP_BIN_DIR "/probectl", "kill", p.ident()});
  alice.reset();
  CHECK(kill.wait() == 0);
  CHECK(has(OtherUser(f, kBob).enter("web1"), "\"vmid\"")); /* nobody knows the name any more */
}

TEST_CASE("a guest that runs what it was never given is told to drop it, and that is logged") {
  if (!is_root()) return;
  OpenFleet f(kUsers);
  Program p;
  OtherUser alice(f, kAlice);
  CHECK(has(alice.submit(p), "\"guests\":[]"));
  OtherUser bob(f, kBob);
  CHECK(has(bob.enter("b1", ",\"running\":[{\"ident\":\"" + p.ident() +
                                "\",\"transaction\":1,\"probes\":1}]"),
            "\"vmid\""));
  const std::string kill = bob.line();
  CHECK(has(kill, "program.kill"));
  CHECK(has(kill, p.ident()));
  const std::string log = f.log();
  CHECK(has(log, "\"spoofing\",\"program\":\"" + p.ident() + "\",\"guest\":\"b1\""));
  CHECK(has(log, "(uid 61002) says that it runs what it was never given"));
  CHECK_FALSE(has(alice.ask("program.list"), "\"b1\"")); /* not a guest of the program */
}

TEST_CASE("a bad configuration: refused at the start, and after SIGHUP what held before goes on") {
  Fleet f;
  std::ofstream(f.config) << "[limits]\nguests = 'many'\n";
  ::kill(f.daemon->pid, SIGHUP);
  CHECK_FALSE(has(f.call("log", "{\"limit\":10000}"), "configured"));
  f.kill(SIGTERM);
  CHECK(has(f.daemon->output(), f.config + ":2: \"guests\" is a number"));
  Process again({HP_BIN_DIR "/probed", "coordinator", "--foreground"});
  CHECK(WEXITSTATUS(again.wait()) == 1);
  CHECK(has(again.output(), f.config + ":2: \"guests\" is a number"));
  Process missing(
      {HP_BIN_DIR "/probed", "coordinator", "--foreground", "--config", f.dir / "none"});
  CHECK(WEXITSTATUS(missing.wait()) == 1);
  CHECK(has(missing.output(), "cannot read the configuration"));
}
