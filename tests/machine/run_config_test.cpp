/* What `probevm run` takes from a JSON file, and what it refuses by name. */
#include "run_config.hpp"

#include <doctest/doctest.h>

using namespace hp;

namespace {

std::string refusal(std::string_view json) {
  RunConfig c;
  auto done = apply_json(c, json);
  if (done) done = check_config(c);
  return done ? "" : done.error().message;
}
bool mentions(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("a JSON file says the same as the options") {
  RunConfig c;
  REQUIRE(apply_json(c, R"({"name": "web1", "kernel": "vmlinuz", "initramfs": "i", "cmdline": "a b",
    "disk": ["a.raw", "b.raw,ro"], "net": "tap=tap0", "rng": true, "memory": "512M", "cpus": 2,
    "console": "file=out", "doorbell": "out", "on-reboot": "restart", "stop-timeout": 5,
    "no-register": true})"));
  REQUIRE(check_config(c));
  CHECK(c.name == "web1");
  CHECK(c.cmdline == "a b");
  CHECK(c.disks == std::vector<std::string>{"a.raw", "b.raw,ro"});
  CHECK(c.nets == std::vector<std::string>{"tap=tap0"});
  CHECK(c.rng);
  CHECK(c.cpus == 2);
  CHECK(c.stop_timeout == 5);
  CHECK(c.no_register);
  CHECK(c.hostname.empty());
}

TEST_CASE("every key of the table can be set") {
  for (const RunField& f : run_fields()) {
    RunConfig c;
    CHECK(set_field(c, f, {"1"}));
  }
}

TEST_CASE("unknown keys and values of the wrong kind are refused by name") {
  CHECK(mentions(refusal(R"({"kernel": "k", "cpu": 2})"), "'cpu'"));
  CHECK(mentions(refusal(R"({"kernel": "k", "cpus": "two"})"), "cpus"));
  CHECK(mentions(refusal(R"({"kernel": "k", "cpus": -1})"), "cpus"));
  CHECK(mentions(refusal(R"({"kernel": "k", "cpus": 1.5})"), "cpus"));
  CHECK(mentions(refusal(R"({"kernel": true})"), "kernel"));
  CHECK(mentions(refusal(R"({"kernel": "k", "rng": "yes"})"), "rng"));
  CHECK(mentions(refusal(R"({"kernel": "k", "disk": [1]})"), "disk"));
  CHECK(mentions(refusal(R"({"kernel": "k", "disk": {}})"), "disk"));
  CHECK(mentions(refusal(R"(["kernel"])"), "object"));
  CHECK_FALSE(refusal(R"({"kernel": )").empty());
}

TEST_CASE("values that make no sense are refused by name") {
  CHECK(refusal(R"({"kernel": "k"})").empty());
  CHECK(mentions(refusal(R"({})"), "kernel"));
  CHECK(mentions(refusal(R"({"kernel": "k", "cpus": 0})"), "cpus"));
  CHECK(mentions(refusal(R"({"kernel": "k", "cpus": 255})"), "cpus"));
  CHECK(mentions(refusal(R"({"kernel": "k", "memory": "lots"})"), "memory"));
  CHECK(mentions(refusal(R"({"kernel": "k", "console": "file="})"), "console"));
  CHECK(mentions(refusal(R"({"kernel": "k", "doorbell": "bell"})"), "doorbell"));
  CHECK(mentions(refusal(R"({"kernel": "k", "on-reboot": "stop"})"), "on-reboot"));
  CHECK(mentions(refusal(R"({"kernel": "k", "disk": ",ro"})"), "disk"));
  CHECK(mentions(refusal(R"({"kernel": "k", "net": "eth0"})"), "net"));
  CHECK(mentions(refusal(R"({"kernel": "k", "no-register": true, "require-coordinator": true})"),
                 "exclude"));
}

TEST_CASE("sizes of memory") {
  CHECK(parse_memory("256M").value_or(0) == 256ull << 20);
  CHECK(parse_memory("2g").value_or(0) == 2ull << 30);
  CHECK(parse_memory("1048576K").value_or(0) == 1ull << 30);
  CHECK(parse_memory("8192").value_or(0) == 8192);
  for (const char* bad : {"", "M", "1T", "1.5G", "-1M", "0", "4097", "99999999999G", "1M "})
    CHECK_FALSE(parse_memory(bad));
}

TEST_CASE("a disk's suffix is not part of its name") {
  CHECK(parse_disk("a,b.raw").path == "a,b.raw");
  CHECK_FALSE(parse_disk("a,b.raw").read_only);
  CHECK(parse_disk("a.raw,ro").path == "a.raw");
  CHECK(parse_disk("a.raw,ro").read_only);
}

TEST_CASE("a network card is a kind, a place, and an address if one is named") {
  const auto tap = parse_net("tap=tap0");
  REQUIRE(tap);
  CHECK(tap->tap);
  CHECK(tap->where == "tap0");
  CHECK(tap->mac.empty());
  const auto socket = parse_net("socket=/run/lan,mac=52:54:00:01:02:03");
  REQUIRE(socket);
  CHECK_FALSE(socket->tap);
  CHECK(socket->where == "/run/lan");
  CHECK(socket->mac == "52:54:00:01:02:03");
  for (const char* bad :
       {"", "eth0", "tap=", "tap", "socket=", "tap=,mac=52:54:00:01:02:03", "tap=tap0,mac="})
    CHECK_FALSE(parse_net(bad));
}
