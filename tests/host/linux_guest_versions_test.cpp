/* Agents and modules of other releases than their VMM. */
#include "linux_guest_world.hpp"

using namespace hp;
using namespace hp::test;

TEST_CASE("an agent of version 1 is spoken to in version 1, and traced as any other") {
  LinuxWorld w;
  w.come_up({1, 1});
  w.run(kIdent);
  CHECK(probes.programs.at(kIdent));
  SUBCASE("its answers are told apart by their order") {
    CHECK_FALSE(w.load(kOther));
    w.guest->unload(kOther);
    CHECK_FALSE(w.load(kOther)); /* PREPARE, KILL, PREPARE are on their way */
    for (int i = 0; i < 2; i++) {
      REQUIRE(w.agent->received(w.link.to_guest.front()));
      w.link.to_guest.pop_front();
    }
    while (!w.module.sent.empty()) {
      CHECK(trace::decode(w.module.sent.front())->version == 1);
      w.guest->message(w.module.sent.front()); /* PREPARED, of the first, and KILLED */
      w.module.sent.pop_front();
    }
    w.guest->dispatch();
    CHECK(w.listener.next() == "nothing");
    w.settle();
    CHECK(w.listener.next() == "loaded 8: 2");
    CHECK_FALSE(w.guest->enable(kOther));
    w.settle();
    CHECK(w.listener.next() == "enabled 8");
  }
  SUBCASE(
      "what was said to an agent before it is answered by this one, and is no answer to anything") {
    CHECK_FALSE(w.load(kOther));
    w.start_agent({1, 1}); /* reads that PREPARE after its HELLO */
    w.settle();
    CHECK(w.listener.next() == "loaded 8: the guest's agent started anew");
    CHECK(w.module.programs.count(kOther) == 0);
    w.run(kOther);
  }
  SUBCASE("it is replaced by one of version 2 while programs run, and back again") {
    w.start_agent();
    w.settle();
    CHECK(w.listener.next() == "nothing");
    w.run(kOther);
    w.start_agent({1, 1});
    w.settle();
    CHECK(w.listener.next() == "nothing");
    CHECK(w.module.programs.size() == 2);
    w.guest->unload(kOther);
    w.settle();
    CHECK(w.module.programs.size() == 1);
  }
  CHECK_FALSE(w.logged("nonsense"));
  CHECK_FALSE(w.logged("no sense"));
  CHECK(probes.programs.at(kIdent));
}

TEST_CASE("an agent without a common version is there to be seen, and refuses with the reason") {
  LinuxWorld w;
  w.come_up({9, 9});
  const std::string why =
      "its agent speaks version 9, this host 1 to 2: install hyprobe-agent of this host's release";
  CHECK(w.load(kIdent)->error().message == why);
  CHECK(w.listener.guest.osversion.starts_with("Linux-"));
  CHECK(w.logged("the guest cannot be traced: " + why));
  CHECK(w.logged("in the guest: the VMM does not talk with this agent: " + why));
  w.guest->set_vmid(3);
  w.start_agent({9, 9}); /* still the same */
  w.settle();
  CHECK(w.listener.next() == "nothing");
  CHECK(w.link.to_guest.empty());
  SUBCASE("another is installed") {
    w.start_agent();
    w.settle();
    CHECK(w.listener.next() == "down: its agent or module was replaced");
    CHECK(w.listener.next() == "up");
    w.run(kIdent);
    w.start_agent({9, 9}); /* and taken away again */
    w.settle();
    CHECK(w.listener.next() == "down: it is replaced by what this host cannot talk with");
    CHECK(w.listener.next() == "up");
    CHECK(probes.programs.empty());
    CHECK(w.load(kIdent)->error().message == why);
  }
  SUBCASE("its device is reset") {
    w.guest->reset();
    w.settle();
    CHECK(w.listener.next() == "down: its trace device was reset");
    CHECK(w.load(kIdent)->error().message == "the guest is not up");
  }
}

TEST_CASE("a module of another ABI is refused in the same way") {
  LinuxWorld w;
  trace::Hello h;
  h.abi = HP_ABI_VERSION + 1;
  h.hostname = "web1";
  w.guest->message(trace::encode_hello(h));
  w.settle();
  CHECK(w.listener.next() == "up");
  CHECK(w.load(kIdent)->error().message.starts_with("its module has ABI"));
}
