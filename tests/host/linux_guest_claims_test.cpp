/* What a Linux guest claims, and what of that its host believes. */
#include "linux_guest_world.hpp"

using namespace hp;
using namespace hp::test;

TEST_CASE("answers to what the guest was not asked change nothing") {
  LinuxWorld w;
  w.come_up();
  CHECK_FALSE(w.load(kIdent));
  const uint64_t n = w.link.last_transaction;
  auto says = [&](const trace::Bytes& m) { w.guest->message(m), w.guest->dispatch(); };
  SUBCASE("of no transaction, a former and a future one, of another program") {
    for (const trace::Subject& about : {trace::Subject{kIdent, 0},
                                        {kIdent, n - 1},
                                        {kIdent, n + 1},
                                        {kIdent, ~0ull},
                                        {kOther, n}}) {
      says(trace::encode_prepared(about, 2));
      says(trace::encode_text(HP_MSG_REFUSED, "no", about));
      says(trace::encode_plain(HP_MSG_COMMITTED, about));
      says(trace::encode_plain(HP_MSG_KILLED, about));
    }
    CHECK(w.logged("an answer to what it was not told"));
  }
  SUBCASE("that it is committed, before it is told so") {
    says(trace::encode_plain(HP_MSG_COMMITTED, {kIdent, n}));
    CHECK(w.listener.next() == "nothing");
    CHECK_FALSE(probes.programs.at(kIdent));
  }
  SUBCASE("that it is no more") {
    says(trace::encode_plain(HP_MSG_KILLED, {kIdent, n}));
  }
  CHECK(w.listener.next() == "nothing");
  w.settle();
  CHECK(w.listener.next() == "loaded 7: 2");
  CHECK_FALSE(w.guest->enable(kIdent));
  w.settle();
  CHECK(w.listener.next() == "enabled 7");
}

TEST_CASE("a guest that attached another number of probes than it was given is refused") {
  LinuxWorld w;
  w.come_up();
  CHECK_FALSE(w.load(kIdent));
  w.guest->message(trace::encode_prepared({kIdent, w.link.last_transaction}, 3));
  w.guest->dispatch();
  CHECK(w.listener.next() == "loaded 7: it attached 3 of 2 probes");
  CHECK(probes.programs.empty());
}

TEST_CASE(
    "programs that a guest has not from here are dropped, and a held one must be what it was") {
  LinuxWorld w;
  w.module.programs[{1}] = {true, {{9, "left"}}};
  w.module.programs[{2}] = {false, {}};
  w.come_up();
  CHECK(w.module.programs.empty());
  CHECK(w.logged("holds 2 programs"));
  w.run(kIdent);
  w.module.programs[kIdent].probes.erase(1);
  w.start_agent();
  w.settle();
  CHECK(w.listener.next() == "down: its module lost what it held");
  CHECK(w.listener.next() == "up");
  CHECK(probes.programs.empty());
  CHECK(w.module.programs.empty());
}

TEST_CASE("the host's name for a guest stands, whatever that calls itself") {
  LinuxWorld w;
  w.make_guest("db.example");
  w.come_up();
  CHECK(w.listener.guest.hostname == "db.example");
  CHECK(probes.hostname == "db.example");
  CHECK(w.logged("it is known as db.example"));
}

TEST_CASE(
    "a guest that comes again and again, or talks without end, is heard so often and no more") {
  LinuxWorld w;
  w.come_up();
  trace::Hello h;
  h.abi = HP_ABI_VERSION;
  for (int i = 0; i < 1000; i++) {
    h.boot_id = "b-" + std::to_string(i);
    h.versions = i % 3 == 0 ? trace::Versions{9, 9} : trace::kVersions;
    w.guest->message(trace::encode_hello(h));
    for (uint32_t kind = HP_FILE_BTF; kind <= HP_FILE_MODULES; kind++)
      w.guest->message(trace::encode_file({kind, 0, 0, 0, {}}));
    w.guest->message(trace::encode_text(HP_MSG_LOG, "hm"));
    w.guest->dispatch();
  }
  const auto& heard = w.listener.heard;
  CHECK(std::count(heard.begin(), heard.end(), "up") >= 2);
  CHECK(std::count(heard.begin(), heard.end(), "up") <= 5);
  CHECK(w.log.size() <= 21); /* one is the first agent's own */
  w.link.to_guest.clear();
  w.start_agent();
  w.settle();
  CHECK_FALSE(w.guest->is_up());
  CHECK(w.guest->timeout_ms() > 0);
  w.now += std::chrono::milliseconds(w.guest->timeout_ms());
  w.settle();
  CHECK(w.guest->is_up());
  CHECK(w.logged("lines more"));
  w.listener.heard.clear();
  w.run(kIdent);
}
