/* What outlives the coordinator: programs that are committed, with the guests that run them and the consumers that come
 * back. With real processes. */
#include "fleet_daemon.hpp"

using namespace hp;
using namespace hp::fleet_test;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string show(Fleet& f, const std::string& ident) {
  return f.call("program.show", rpc::Object().text("ident", ident).json());
}

bool runs_in(Fleet& f, const Program& p, const std::string& guest) {
  const std::string list = f.call("program.list");
  const size_t at = list.find("\"name\":\"" + guest + "\"");
  return has(list, p.ident()) && at != list.npos &&
         list.find("\"state\":\"enabled\"", at) < list.find('}', at);
}

bool has_ended(const Process& p) {
  return p.status || ::kill(p.pid, 0) != 0 || ::waitpid(p.pid, nullptr, WNOHANG) != 0;
}

struct stat file_of(int fd) {
  struct stat st{};
  REQUIRE(::fstat(fd, &st) == 0);
  return st;
}

/* The service manager's end of sd_notify(3). */
struct Manager {
  std::string path;
  Fd socket;
  Fd stored; /* by FDSTORE */

  explicit Manager(const std::string& where) : path(where) {
    socket.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::strcpy(a.sun_path, path.c_str());
    REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
  }
  bool hears(const std::string& what) {
    return wait_for([&] {
      char text[4096];
      Fd fd;
      size_t fds = 0;
      auto n = recv_with_fds(socket.get(), text, sizeof text, &fd, 1, &fds);
      if (fds == 1) stored = std::move(fd);
      return n && has({text, *n}, what);
    });
  }
};

}  // namespace

TEST_CASE(
    "a coordinator that is killed loses nothing: guests go on, and the consumer has its program "
    "back") {
  Fleet f;
  f.guest("web1", {"@fetch", "1"});
  Program p;
  std::optional<Consumer> consumer(f.socket);
  REQUIRE(consumer->submit(p).message.kind == rpc::Message::Answer);
  CHECK(wait_for([&] { return p.fetched(); }));
  CHECK(fs::exists(f.dir / "base" / (p.ident() + ".elf")));

  f.kill(SIGKILL);
  consumer.reset();
  f.start();
  CHECK(has(f.call("status"), "\"recovered\":1"));
  CHECK(has(f.call("status"), "\"epoch\":2"));
  CHECK(wait_for([&] { return runs_in(f, p, "web1"); }));
  CHECK(has(show(f, p.ident()), "\"transaction\":" + std::to_string((1ull << 32) + 1)));
  CHECK_FALSE(has_ended(f.guests[0]));

  Consumer again(f.socket);
  const auto adopted = again.submit(p);
  REQUIRE(adopted.message.kind == rpc::Message::Answer);
  CHECK(has(adopted.message.body.json(), "\"adopted\":true"));
  CHECK(has(adopted.message.body.json(), "\"web1\""));
  CHECK_FALSE(has_ended(f.guests[0]));
  f.guest("web2", {"sleep", "1000"}); /* who comes later joins, as before */
  CHECK(again.hears("guest.joined"));
  again.ask("program.kill", rpc::Object().text("ident", p.ident()).json());
  CHECK(f.guests[0].wait() == 0);
  CHECK(wait_for([&] { return !fs::exists(f.dir / "base" / (p.ident() + ".elf")); }));
}

TEST_CASE("a clean end leaves programs as they are: the next coordinator has them") {
  Fleet f;
  f.guest("web1", {"@fetch", "1"});
  Program p;
  Consumer consumer(f.socket);
  REQUIRE(consumer.submit(p).message.kind == rpc::Message::Answer);
  CHECK(wait_for([&] { return p.fetched(); }));
  f.kill(SIGTERM);
  CHECK(*f.daemon->status == 0);
  CHECK(fs::is_empty(f.dir / "run"));
  CHECK_FALSE(has_ended(f.guests[0]));
  f.start();
  CHECK(wait_for([&] { return runs_in(f, p, "web1"); }));
  Consumer again(f.socket);
  CHECK(has(again.submit(p).message.body.json(), "\"adopted\":true"));
}

TEST_CASE("a consumer that does not come back: its program ends when the grace is over") {
  Fleet f;
  f.guest("web1", {"@fetch", "1"});
  Program p;
  std::optional<Consumer> consumer(f.socket);
  REQUIRE(consumer->submit(p).message.kind == rpc::Message::Answer);
  CHECK(wait_for([&] { return p.fetched(); }));
  f.kill(SIGKILL);
  consumer.reset();
  f.start({"--resume-grace", "0.2"});
  CHECK(f.guests[0].wait() == 0);
  CHECK(wait_for([&] { return !f.has_programs(); }));
  CHECK(has(f.call("log"), "its consumer did not come back"));
  f.kill(SIGKILL);
  f.start();
  CHECK_FALSE(f.has_programs()); /* and stays so */
}

TEST_CASE("another user's, another program or another segment is not adopted") {
  Fleet f;
  Program p;
  std::optional<Consumer> consumer(f.socket);
  REQUIRE(consumer->submit(p).message.kind == rpc::Message::Answer);
  f.kill(SIGKILL);
  consumer.reset();
  f.start();
  Program other;
  std::memcpy(other.segment.header()->ident, p.segment.header()->ident, 16);
  const auto refused = Consumer(f.socket).submit(other);
  REQUIRE(refused.message.kind == rpc::Message::Failure);
  CHECK(has(refused.message.error, "another segment"));
  Program bad("BAD");
  std::memcpy(bad.segment.header()->ident, p.segment.header()->ident, 16);
  CHECK(has(Consumer(f.socket).submit(bad).message.error, "another program"));
  CHECK(Consumer(f.socket).submit(p).message.kind == rpc::Message::Answer);
}

TEST_CASE(
    "a detached program outlives its consumer and its coordinator: guests bring its segment back") {
  Fleet f;
  f.guest("web1", {"@fetch", "1"});
  Program p;
  p.segment.header()->self_pid = 0; /* as probec does before it leaves */
  std::optional<Consumer> consumer(f.socket);
  REQUIRE(consumer->submit(p, true).message.kind == rpc::Message::Answer);
  CHECK(wait_for([&] { return p.fetched(); }));
  consumer.reset();
  CHECK(wait_for([&] { return has(show(f, p.ident()), "\"attached\":0"); }));
  f.kill(SIGKILL);
  f.start();
  CHECK(wait_for([&] { return has(show(f, p.ident()), "\"has_segment\":true"); }));
  CHECK(runs_in(f, p, "web1"));
  CHECK_FALSE(has_ended(f.guests[0]));

  Consumer first(f.socket);
  const auto params = rpc::Object().text("ident", p.ident().substr(0, 6)).json();
  auto attached = first.ask("program.attach", params);
  REQUIRE(attached.message.kind == rpc::Message::Answer);
  REQUIRE(attached.fds.size() == 2);
  CHECK(file_of(attached.fds[1].get()).st_ino == file_of(p.segment.fd()).st_ino);
  CHECK(has(attached.message.body.json(), "\"web1\""));
  const auto second = Consumer(f.socket).ask("program.attach", params);
  CHECK(has(second.message.error, "is attached to pid " + std::to_string(::getpid())));
  f.guest("web2", {"sleep", "1000"});
  CHECK(first.hears("guest.joined"));

  f.call("program.kill", rpc::Object().text("ident", p.ident()).json());
  CHECK(first.hears("program.ended"));
  CHECK(f.guests[0].wait() == 0);
}

TEST_CASE("a detached program that no guest has any more is made anew from its copy") {
  Fleet f;
  Program p;
  CHECK(Consumer(f.socket).submit(p, true).message.kind == rpc::Message::Answer);
  CHECK(fs::exists(f.dir / "base" / (p.ident() + ".segment")));
  f.kill(SIGKILL);
  f.start({"--resume-grace", "0.2"});
  CHECK(wait_for([&] { return has(show(f, p.ident()), "\"data_lost\":true"); }));
  CHECK(has(f.call("log"), "\"remade\""));
  f.guest("web1", {"@fetch", "1"});
  CHECK(wait_for([&] { return runs_in(f, p, "web1"); }));
  auto attached =
      Consumer(f.socket).ask("program.attach", rpc::Object().text("ident", p.ident()).json());
  REQUIRE(attached.fds.size() == 2);
  auto segment = host::Segment::open(std::move(attached.fds[1]));
  REQUIRE(segment);
  CHECK(segment->header()->state == HP_STATE_ACTIVE);
  CHECK(segment->header()->self_pid == 0);
  CHECK(std::memcmp(segment->header()->ident, p.segment.header()->ident, 16) == 0);
  f.kill(SIGKILL); /* the new one is known as its segment from here on */
  f.start();
  CHECK(wait_for([&] { return has(show(f, p.ident()), "\"has_segment\":true"); }));
  CHECK(has(show(f, p.ident()), "\"data_lost\":false"));
}

TEST_CASE("systemd: it is told, gives the socket, and keeps detached programs' segments") {
  Fleet f;
  f.kill(SIGTERM);
  Manager systemd(f.dir / "notify");
  auto in_child = [&] { ::setenv("NOTIFY_SOCKET", systemd.path.c_str(), 1); };
  f.start({}, in_child);
  CHECK(systemd.hears("READY=1"));
  Program p;
  CHECK(Consumer(f.socket).submit(p, true).message.kind == rpc::Message::Answer);
  CHECK(systemd.hears("FDSTORE=1\nFDNAME=" + p.ident()));
  REQUIRE(systemd.stored);
  f.kill(SIGKILL);

  Fd listening(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  std::strcpy(a.sun_path, f.socket.c_str());
  ::unlink(a.sun_path);
  REQUIRE(::bind(listening.get(), reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
  REQUIRE(::listen(listening.get(), 8) == 0);
  f.start({"--socket", "/nowhere/of/importance"}, [&] {
    in_child();
    const int high[] = {::fcntl(systemd.stored.get(), F_DUPFD, 20),
                        ::fcntl(listening.get(), F_DUPFD, 20)};
    ::dup2(high[0], 3);
    ::dup2(high[1], 4);
    ::close(high[0]);
    ::close(high[1]);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", "2", 1);
    ::setenv("LISTEN_FDNAMES", (p.ident() + ":hyprobe.socket").c_str(), 1);
  });
  CHECK(has(show(f, p.ident()), "\"has_segment\":true")); /* at once, and no guest has it */
  auto attached =
      Consumer(f.socket).ask("program.attach", rpc::Object().text("ident", p.ident()).json());
  REQUIRE(attached.fds.size() == 2);
  CHECK(file_of(attached.fds[1].get()).st_ino == file_of(p.segment.fd()).st_ino);
  f.call("program.kill", rpc::Object().text("ident", p.ident()).json());
  CHECK(systemd.hears("FDSTOREREMOVE=1\nFDNAME=" + p.ident()));
  f.kill(SIGTERM);
  CHECK(systemd.hears("STOPPING=1"));
  CHECK(fs::exists(f.socket)); /* it is systemd's */
}

TEST_CASE("a guest keeps its number over restarts, and no other gets it") {
  Fleet f;
  f.guest("web1", {"sleep", "1000"});
  f.guest("web2", {"sleep", "1000"});
  CHECK(has(f.list(), R"("vmid":2,"name":"web2")"));
  f.guests.clear();
  f.kill(SIGKILL);
  f.start();
  f.guest("web3", {"sleep", "1000"});
  f.guest("web2", {"sleep", "1000"});
  CHECK(has(f.list(), R"("vmid":2,"name":"web2")"));
  CHECK(has(f.list(), R"("vmid":3,"name":"web3")"));
}

TEST_CASE("one coordinator a base folder") {
  Fleet f;
  Process second(
      {HP_BIN_DIR "/probed", "coordinator", "--foreground", "--socket", f.dir / "other"});
  CHECK(WEXITSTATUS(second.wait()) == 1);
  CHECK(has(second.output(), std::to_string(f.daemon->pid)));
}

TEST_CASE("the disk is full: nothing new is run, and what is killed ends and stays ended") {
  Fleet f;
  f.guest("web1", {"@fetch", "1"});
  Program p;
  Consumer consumer(f.socket);
  REQUIRE(consumer.submit(p).message.kind == rpc::Message::Answer);
  CHECK(wait_for([&] { return p.fetched(); }));
  /* No file can become larger than the journal's log is now; what is smaller is written. */
  const rlimit full{fs::file_size(f.dir / "base/journal.sqlite-wal"), RLIM_INFINITY};
  REQUIRE(::prlimit(f.daemon->pid, RLIMIT_FSIZE, &full, nullptr) == 0);
  Program more;
  const auto refused = Consumer(f.socket).submit(more);
  REQUIRE(refused.message.kind == rpc::Message::Failure);
  INFO(refused.message.error);
  CHECK(has(refused.message.error, "cannot keep the program"));
  CHECK(consumer.ask("program.kill", rpc::Object().text("ident", p.ident()).json()).message.kind ==
        rpc::Message::Answer);
  CHECK(f.guests[0].wait() == 0);
  f.kill(SIGKILL);
  f.start();
  CHECK_FALSE(f.has_programs());
}

TEST_CASE("who follows the log is told what happens") {
  Fleet f;
  Consumer follower(f.socket);
  const auto begin = follower.ask("log", R"({"limit":5,"follow":true})");
  CHECK(has(begin.message.body.json(), "\"kind\":\"started\""));
  f.guest("web1", {"sleep", "1000"});
  CHECK(follower.hears("log.event"));
  CHECK(has(follower.heard.back().message.body.json(), R"("guest":"web1")"));
}
