/* Programs of protocol 1 at today's coordinator, and today's at coordinators of other releases: one side of each
 * conversation is played by the test, message by message as the release before hello said them. */
#include <doctest/doctest.h>
#include <poll.h>

#include <atomic>
#include <thread>

#include "fleet_daemon.hpp"
#include "host/fleet_member.hpp"

using namespace hp;
using namespace hp::fleet_test;

namespace {

/* A connection of protocol 1. */
struct Old {
  std::unique_ptr<FleetChannel> channel;

  explicit Old(const std::string& socket) {
    auto connected = FleetChannel::connect(socket, FleetChannel::kMaxAnswer);
    REQUIRE(connected);
    channel = std::move(*connected);
  }
  void say(const std::string& line, const std::vector<int>& fds = {}) {
    std::vector<FleetChannel::SharedFd> shared;
    for (int fd : fds) shared.push_back(std::make_shared<Fd>(::fcntl(fd, F_DUPFD_CLOEXEC, 0)));
    REQUIRE(channel->send(line, std::move(shared)));
  }
  void notify(const std::string& method, const std::string& ident, const std::string& more = {}) {
    say(R"({"jsonrpc":"2.0","method":")" + method + R"(","params":{"ident":")" + ident + "\"" +
        more + "}}");
  }
  /* Registers as a guest that runs these programs: "\"IDENT\",...". */
  void enlist(const std::string& name, const std::string& programs = {}) {
    say(R"({"jsonrpc":"2.0","id":1,"method":"guest.register","params":{"name":")" + name +
        R"(","hostname":"host","osversion":"Linux-6.1","kind":"process","build_id":"","doorbell":"","vmid":0,)" +
        R"("programs":[)" + programs + "]}}");
    CHECK(hear("").message.body.number("vmid", 1, HP_MAX_GUESTS - 1));
  }
  void submit(const Program& p, const std::string& onfail = "abort") {
    say(R"({"jsonrpc":"2.0","id":1,"method":"program.submit","params":{"fds":2,"onfail":")" +
            onfail + R"(","timeout_ms":5000}})",
        {p.object.get(), p.segment.fd()});
  }
  /* The next message of this method, or the next answer. */
  FleetChannel::Incoming hear(const std::string& method) {
    std::optional<FleetChannel::Incoming> found;
    CHECK(wait_for([&] {
      REQUIRE(channel->receive());
      for (;;) {
        auto in = channel->next();
        REQUIRE(in);
        if (!*in) return false;
        if ((*in)->message.method != method) continue;
        found = std::move(**in);
        return true;
      }
    }));
    REQUIRE(found);
    return std::move(*found);
  }
  std::string hear_ident(const std::string& method) {
    return hear(method).message.body.text("ident", 32).value_or("none");
  }
};

/* A coordinator of another release, which answers requests as it is told to: an empty reply is none. */
class Scripted {
 public:
  using Answer = std::function<std::string(const rpc::Message&)>;
  explicit Scripted(Answer answer) : answer_(std::move(answer)) {
    char name[] = "/tmp/hp-versions-XXXXXX";
    REQUIRE(::mkdtemp(name));
    dir_ = name;
    socket = dir_ / "s";
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::strcpy(a.sun_path, socket.c_str());
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
    REQUIRE(::listen(listener_.get(), 5) == 0);
    thread_ = std::thread([this] { run(); });
  }
  ~Scripted() {
    ending_ = true;
    thread_.join();
    fs::remove_all(dir_);
  }
  std::string socket;
  std::atomic<unsigned> connections = 0;

 private:
  void run() {
    std::vector<std::unique_ptr<FleetChannel>> peers;
    while (!ending_) {
      std::vector<pollfd> fds{{listener_.get(), POLLIN, 0}};
      for (auto& p : peers) fds.push_back({p->fd(), POLLIN, 0});
      ::poll(fds.data(), fds.size(), 10);
      for (auto& p : peers)
        if (!serve(*p)) p->close();
      std::erase_if(peers, [](auto& p) { return p->closed(); });
      if (!(fds[0].revents & POLLIN)) continue;
      connections++;
      peers.push_back(std::make_unique<FleetChannel>(
          Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)),
          FleetChannel::kMaxRequest));
    }
  }
  bool serve(FleetChannel& p) {
    const auto more = p.receive();
    for (;;) {
      auto in = p.next();
      if (!in) return false;
      if (!*in) break;
      if (std::string reply = answer_((*in)->message); !reply.empty()) (void)p.send(reply);
    }
    return more && *more;
  }

  Answer answer_;
  fs::path dir_;
  Fd listener_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

std::string no_method(const rpc::Message& m) {
  return rpc::failure(m.id, rpc::kMethodNotFound, "there is no method '" + m.method + "'");
}

/* Loads what it is given. */
struct Host final : ProgramHost {
  std::optional<Result<uint32_t>> load(const ProgramIdent&, const ProgramFiles&) override {
    return Result<uint32_t>(1);
  }
  bool enable(const ProgramIdent&) override { return true; }
  void unload(const ProgramIdent&) override {}
};

}  // namespace

TEST_CASE("guests and consumers of protocol 1 are served") {
  Fleet f;
  Old guest(f.socket), consumer(f.socket);
  guest.enlist("web-old");
  Program p;
  SUBCASE("a program is committed and killed") {
    consumer.submit(p);
    CHECK(guest.hear_ident("program.prepare") == p.ident());
    guest.notify("program.prepared", p.ident(), R"(,"probes":3)");
    CHECK(guest.hear_ident("program.commit") == p.ident());
    guest.notify("program.committed", p.ident());
    const auto answer = consumer.hear("");
    CHECK(answer.message.kind == rpc::Message::Answer);
    CHECK(answer.message.body.text("ident", 32).value_or("") == p.ident());
    auto guests = answer.message.body.objects("guests", 10);
    REQUIRE(guests);
    REQUIRE(guests->size() == 1);
    CHECK((*guests)[0].number("probes", 0, 10).value_or(0) == 3);
    consumer.say(R"({"jsonrpc":"2.0","id":2,"method":"program.kill","params":{"ident":")" +
                 p.ident() + R"("}})");
    CHECK(guest.hear_ident("program.kill") == p.ident());
    guest.notify("program.killed", p.ident());
    CHECK(consumer.hear("").message.kind == rpc::Message::Answer);
  }
  SUBCASE("a refusal aborts it") {
    consumer.submit(p);
    guest.hear("program.prepare");
    guest.notify("program.refused", p.ident(), R"(,"reason":"no room")");
    const auto answer = consumer.hear("");
    CHECK(answer.message.code == rpc::kAborted);
    CHECK(answer.message.error.find("no room") != std::string::npos);
  }
  SUBCASE("a consumer that goes ends its program") {
    consumer.submit(p);
    guest.hear("program.prepare");
    guest.notify("program.prepared", p.ident(), R"(,"probes":3)");
    guest.hear("program.commit");
    guest.notify("program.committed", p.ident());
    consumer.hear("");
    consumer.channel->close();
    CHECK(guest.hear_ident("program.kill") == p.ident());
  }
  SUBCASE("a guest that comes back says what it runs, and keeps what was given to it") {
    consumer.submit(p);
    guest.hear("program.prepare");
    guest.notify("program.prepared", p.ident(), R"(,"probes":3)");
    guest.hear("program.commit");
    guest.notify("program.committed", p.ident());
    consumer.hear("");
    guest.channel->close();
    CHECK(consumer.hear("guest.gone").message.body.text("name", 10).value_or("") == "web-old");
    Old again(f.socket);
    const std::string stranger = "00112233445566778899aabbccddeeff";
    again.enlist("web-old", "\"" + p.ident() + "\",\"" + stranger + "\"");
    std::string committed, killed;
    CHECK(wait_for([&] {
      REQUIRE(again.channel->receive());
      for (;;) {
        auto in = again.channel->next();
        REQUIRE(in);
        if (!*in) break;
        const rpc::Message& m = (*in)->message;
        const std::string ident = m.body.text("ident", 32).value_or("none");
        if (m.method == "program.prepare")
          again.notify("program.prepared", ident, R"(,"probes":3)");
        if (m.method == "program.commit")
          committed = ident, again.notify("program.committed", ident);
        if (m.method == "program.kill") killed = ident, again.notify("program.killed", ident);
      }
      return !committed.empty() && !killed.empty();
    }));
    CHECK(committed == p.ident());
    CHECK(killed == stranger);
    CHECK(consumer.hear("guest.joined").message.body.text("name", 10).value_or("") == "web-old");
  }
}

TEST_CASE("a client whose protocol is no longer spoken is refused everything, with a sentence") {
  Fleet f;
  Old client(f.socket);
  client.say(
      R"({"jsonrpc":"2.0","id":"a","method":"hello","params":{"protocol":0,"program":"probec"}})");
  CHECK(client.hear("").message.kind == rpc::Message::Failure);
  client.say(R"({"jsonrpc":"2.0","id":"b","method":"guest.list","params":{}})");
  const auto answer = client.hear("");
  CHECK(answer.message.id == "\"b\"");
  CHECK(answer.message.code == rpc::kVersions);
}

TEST_CASE("today's guest at a coordinator that does not know hello") {
  std::atomic<bool> registered = false;
  Scripted old([&](const rpc::Message& m) -> std::string {
    if (m.kind != rpc::Message::Request) return {};
    if (m.method != "guest.register") return no_method(m);
    registered = m.body.idents("programs", 10).has_value() && m.body.has("programs");
    return rpc::answer(m.id, R"({"vmid":3,"pending":0})");
  });
  FleetMember member(GuestDescription{"web1"}, old.socket);
  Host host;
  member.attach(host);
  REQUIRE(member.register_now(10s));
  CHECK(member.vmid() == 3);
  CHECK(registered);
  CHECK(member.settled());
}

TEST_CASE("today's consumer at a coordinator that does not know hello") {
  Program p;
  Scripted old([&](const rpc::Message& m) -> std::string {
    if (m.kind != rpc::Message::Request) return {};
    if (m.method == "program.submit")
      return rpc::answer(m.id, R"({"ident":")" + p.ident() + R"(","guests":[]})");
    if (m.method == "program.kill") return rpc::answer(m.id, R"({"ident":")" + p.ident() + "\"}");
    return no_method(m);
  });
  auto client = FleetClient::connect(old.socket);
  REQUIRE(client);
  REQUIRE((*client)->submit(p.object.get(), p.segment.fd(), {}));
  auto decision = (*client)->wait_decision(10s);
  REQUIRE(decision);
  CHECK(decision->kind == FleetEvent::Committed);
  CHECK((*client)->agreed().protocol == 1);
  (*client)->kill(10s);
  CHECK_FALSE((*client)->refused());
}

TEST_CASE("a coordinator that no longer speaks today's protocol") {
  const std::string why =
      "probec speaks protocol 2, this coordinator 8 to 9: run probec of the same release";
  Scripted fresh([&](const rpc::Message& m) -> std::string {
    return m.kind == rpc::Message::Request ? rpc::failure(m.id, rpc::kVersions, why) : "";
  });
  SUBCASE("a guest says so, and comes again later") {
    FleetMember member(GuestDescription{"web1"}, fresh.socket);
    auto refused = member.register_now(10s);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == why);
    CHECK(member.timeout_ms() >= 0);
  }
  SUBCASE("a consumer says so, and does not come again") {
    Program p;
    auto client = FleetClient::connect(fresh.socket);
    REQUIRE(client);
    REQUIRE((*client)->submit(p.object.get(), p.segment.fd(), {}));
    auto decision = (*client)->wait_decision(10s);
    REQUIRE(decision);
    CHECK(decision->reason.find(why) != std::string::npos);
    CHECK((*client)->refused());
    CHECK(fresh.connections == 1);
  }
  SUBCASE("a question is answered by it") {
    auto client = FleetClient::connect(fresh.socket);
    REQUIRE(client);
    auto answer = (*client)->call("guest.list", "{}", 10s);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().message.find(why) != std::string::npos);
  }
}
