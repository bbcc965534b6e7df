/* Who may do what: rights by uid and groups, the peer's credentials, the configuration file. */
#include "host/fleet_access.hpp"

#include <doctest/doctest.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/fleet_config.hpp"
#include "temporary_directory.hpp"
#include "transport/fd.hpp"

using namespace hp;

namespace {

PeerCredentials peer(uint32_t uid, std::vector<uint32_t> groups = {}) {
  return {uid, 1, std::move(groups)};
}

/* The names of the rights that somebody has. */
std::string held(const FleetAccess& access, const PeerCredentials& who) {
  std::string out;
  for (size_t i = 0; i < kRights; i++) {
    const auto right = static_cast<Right>(i);
    const bool has = access.rights(who).has(right);
    CHECK(access.check(who, right).has_value() == has);
    if (has) out += (out.empty() ? "" : " ") + std::string(to_text(right));
  }
  return out;
}

constexpr const char* kOwn = "list register trace destructive log";
constexpr const char* kAll = "list register trace trace_others destructive kill_others log";

/* alice 1000, bob 1001; groups hyprobe 50, ops 51. */
Accounts accounts() {
  return {[](const std::string& n) {
            return n == "root"    ? std::optional<uint32_t>(0)
                   : n == "alice" ? std::optional<uint32_t>(1000)
                   : n == "bob"   ? std::optional<uint32_t>(1001)
                                  : std::nullopt;
          },
          [](const std::string& n) {
            return n == "hyprobe" ? std::optional<uint32_t>(50)
                   : n == "ops"   ? std::optional<uint32_t>(51)
                                  : std::nullopt;
          }};
}

Result<FleetConfig> parse(const std::string& text) {
  return FleetConfig::parse(text, "h.toml", accounts());
}
std::string error(const std::string& text) {
  auto config = parse(text);
  return config ? "accepted" : config.error().message;
}

}  // namespace

TEST_CASE("rights by default: root all, the group and the own user what is theirs, others none") {
  const FleetAccess a = FleetAccess::defaults(1000, 50);
  CHECK(held(a, peer(0)) == kAll);
  CHECK(held(a, peer(1000)) == kOwn);
  CHECK(held(a, peer(7, {3, 50})) == kOwn);
  CHECK(held(a, peer(7, {3, 51})).empty());
  CHECK(held(FleetAccess::defaults(1000, std::nullopt), peer(7, {50})).empty());
}

TEST_CASE("a refusal names the user, the right and where it is given") {
  FleetAccess a = FleetAccess::defaults(0, 50);
  CHECK(a.check(peer(7), Right::Destructive).error().message ==
        "uid 7 may not run programs with destructive actions here; that is given by "
        "\"destructive\" in "
        "[access] of the coordinator's configuration, /etc/hyprobe/hyprobe.toml");
  a.set_origin("/x.toml");
  CHECK(a.check(peer(7), Right::Trace).error().message.find("[access] of /x.toml") !=
        std::string::npos);
}

TEST_CASE("the configuration gives rights to users, groups and everyone") {
  auto c = parse(
      "[access]\ntrace = ['alice', '@ops']\ntrace_others = ['bob']\nlog = ['*']\nlist = []\n");
  REQUIRE(c);
  CHECK(held(c->access, peer(0)) == kAll);
  CHECK(held(c->access, peer(1000)) == "trace log");
  CHECK(held(c->access, peer(1001)) == "trace_others log");
  CHECK(held(c->access, peer(9, {51})) == "trace log");
  CHECK(held(c->access, peer(9, {50})) == "register destructive log"); /* as by default */
  CHECK(held(c->access, peer(9)) == "log");
}

TEST_CASE("the configuration sets limits and the socket") {
  auto c = parse(
      "[socket]\ngroup = 'ops'\nmode = '0666'\n[limits]\nguests = 3\nobject_bytes = '2M'\n"
      "[limits.root]\nguests = 5\n");
  REQUIRE(c);
  CHECK(c->socket_group == 51u);
  CHECK(c->socket_mode == 0666);
  CHECK(c->users[Limit::Guests] == 3);
  CHECK(c->users[Limit::ObjectBytes] == 2u << 20);
  CHECK(c->root[Limit::Guests] == 5);
  CHECK(c->root[Limit::ObjectBytes] == LimitValues::of_root()[Limit::ObjectBytes]);
  CHECK_FALSE(parse("[socket]\ngroup = ''\n")->socket_group.has_value());
  CHECK(parse("")->socket_group == 50u);
}

TEST_CASE("a wrong configuration says where, what, and what to write") {
  CHECK(error("[acess]\n") ==
        "h.toml:1: there is no \"acess\" here; write [socket], [access] or [limits]");
  CHECK(error("\n[access]\ntrase = []\n") ==
        "h.toml:3: there is no \"trase\" in [access]; write list, register, trace, trace_others, "
        "destructive, kill_others or log");
  CHECK(error("[access]\ntrace = 'alice'\n") ==
        "h.toml:2: \"trace\" is a list: write trace = [\"alice\", \"@hyprobe\"]");
  CHECK(error("[access]\nlist = [\n 'alice',\n 1000]\n").find("h.toml:4: \"list\" lists texts") ==
        0);
  CHECK(error("[access]\nlist = ['carol']\n") ==
        "h.toml:2: there is no user \"carol\"; a group is written \"@NAME\"");
  CHECK(error("[access]\nlist = ['@carol']\n") == "h.toml:2: there is no group \"carol\"");
  CHECK(error("[access]\nlist = ['@']\n") == "h.toml:2: there is no group \"\"");
  CHECK(error("[access]\nlist = ['a\\u0000b']\n").find("h.toml:2: ") == 0);
  CHECK(error("access = 3\n") == "h.toml:1: \"access\" is a table: write [access]");
  CHECK(error("[limits]\nguests = 0\n").find("h.toml:2: \"guests\" is a number from 1") == 0);
  for (const char* bad :
       {"-1", "1.5", "true", "'4X'", "'K'", "''", "'4 K'", "'9999999999999T'", "[1]"})
    CHECK(error("[limits]\nguests = " + std::string(bad) + "\n").find("h.toml:2: \"guests\" is") ==
          0);
  CHECK(error("[limits.root.root]\n").find("in [limits.root]; write connections") !=
        std::string::npos);
  CHECK(error("[limits]\nguest = 1\n").find("malformed or [limits.root]") != std::string::npos);
  CHECK(error("[socket]\ngroup = 'carol'\n").find("groupadd") != std::string::npos);
  CHECK(error("[socket]\nmode = 432\n") == "h.toml:2: \"mode\" is \"0600\", \"0660\" or \"0666\"");
  CHECK(error("[access\n").find("h.toml:1: this is not TOML: ") == 0);
  CHECK(parse("# \xd0\x95, \xff\n[access]\nlist = ['*']\n"));
  CHECK(error("nea = \xd0\x95").find("h.toml:1: this is not TOML: ") == 0);
  CHECK(error("[ `").find("h.toml:1: this is not TOML: ") == 0);
  CHECK(error("[access]\nlog = []\nlog = []\n").find("h.toml:3: this is not TOML: ") == 0);
  CHECK(error(std::string(FleetConfig::kMaxBytes + 1, '#')).find("larger than 65536 bytes") !=
        std::string::npos);
}

TEST_CASE("the example that is installed says the defaults") {
  auto text = read_file(HP_SOURCE_DIR "/packaging/hyprobe.toml");
  REQUIRE(text);
  auto commented = parse(*text);
  REQUIRE(commented);
  std::string active;
  size_t keys = 0;
  for (size_t at = 0; at < text->size();) {
    const size_t end = std::min(text->find('\n', at), text->size());
    std::string line = text->substr(at, end - at);
    const bool is_key = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    keys += is_key;
    active += (is_key ? line.substr(1) : line) + "\n";
    at = end + 1;
  }
  CHECK(keys == 2 + kRights + 2 * kLimits);
  auto c = parse(active);
  INFO((c ? std::string() : c.error().message));
  REQUIRE(c);
  for (const FleetConfig* f : {&*commented, &*c}) {
    CHECK(f->users.values == LimitValues::of_users().values);
    CHECK(f->root.values == LimitValues::of_root().values);
    CHECK(f->socket_group == 50u);
    CHECK(f->socket_mode == 0660);
    CHECK(held(f->access, peer(7, {50})) == kOwn);
    CHECK(held(f->access, peer(7)).empty());
  }
}

TEST_CASE("a configuration file is nobody else's, and must be there when it is named") {
  const test::TemporaryDirectory dir;
  const std::string path = dir.path() + "/h.toml";
  CHECK(FleetConfig::load(path).error().message.find("No such file") != std::string::npos);
  CHECK(FleetConfig::load_default(path)->origin.empty());
  dir.write("h.toml", "[limits]\nguests = 7\n");
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  auto c = FleetConfig::load_default(path);
  REQUIRE(c);
  CHECK(c->users[Limit::Guests] == 7);
  CHECK(c->origin == path);
  for (const mode_t mode : {0664, 0646}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    CHECK(FleetConfig::load(path).error().message.find("may be written by others") !=
          std::string::npos);
    CHECK_FALSE(FleetConfig::load_default(path));
  }
  CHECK(FleetConfig::load(dir.path()).error().message.find("is not a file") != std::string::npos);
  REQUIRE(::mkfifo((dir.path() + "/fifo").c_str(), 0600) == 0);
  CHECK(FleetConfig::load(dir.path() + "/fifo").error().message.find("is not a file") !=
        std::string::npos);
  if (::geteuid() != 0) return;
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  REQUIRE(::chown(path.c_str(), 65534, 0) == 0);
  CHECK(FleetConfig::load(path).error().message.find("owner uid 65534") != std::string::npos);
}

TEST_CASE("names of the system's database") {
  const Accounts system = Accounts::of_system();
  CHECK(system.user("root") == 0u);
  CHECK(system.group("root") == 0u);
  CHECK(system.user("4711") == 4711u);
  CHECK(system.group("4711") == 4711u);
  CHECK_FALSE(system.user("4294967295").has_value());
  CHECK_FALSE(system.user("-1").has_value());
  CHECK_FALSE(system.user("no such user").has_value());
}

TEST_CASE("credentials of a peer with groups of its own") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  auto self = PeerCredentials::of(ends[0]);
  REQUIRE(self);
  CHECK(self->uid == ::geteuid());
  CHECK(self->pid == ::getpid());
  CHECK(self->is_in(::getegid()));
  ::close(ends[0]);
  ::close(ends[1]);
  CHECK_FALSE(PeerCredentials::of(0x7fff0000));
  if (::geteuid() != 0) {
    MESSAGE("SKIPPED: needs root to be another user");
    return;
  }
  /* A pair belongs to who makes it: it is made by the other user and sent to us. */
  int report[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, report) == 0);
  std::vector<gid_t> groups;
  for (gid_t g = 61000; g < 61100; g++) groups.push_back(g);
  const pid_t child = ::fork();
  if (child == 0) {
    int pair[2];
    const bool made =
        ::setgroups(groups.size(), groups.data()) == 0 && ::setresgid(60124, 60124, 60124) == 0 &&
        ::setresuid(60123, 60123, 60123) == 0 && ::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
    if (made) (void)send_with_fds(report[1], "x", 1, pair, 1);
    ::_exit(0);
  }
  ::close(report[1]);
  Fd end;
  char c;
  size_t n = 0;
  REQUIRE(recv_with_fds(report[0], &c, 1, &end, 1, &n));
  REQUIRE(n == 1);
  ::waitpid(child, nullptr, 0);
  ::close(report[0]);
  auto other = PeerCredentials::of(end.get()); /* who is dead by now */
  REQUIRE(other);
  CHECK(other->uid == 60123);
  CHECK(other->pid == child);
  CHECK(other->groups.size() == 101);
  CHECK(other->is_in(60124));
  CHECK(other->is_in(61099));
  CHECK_FALSE(other->is_in(0));
}
