/* A Linux guest as the fleet sees it: how it comes and goes, and what becomes of programs in it. */
#include "linux_guest_world.hpp"

using namespace hp;
using namespace hp::test;

TEST_CASE("a guest is up once its agent has spoken and its files are here") {
  LinuxWorld w;
  CHECK(w.load(kIdent)->error().message == "the guest is not up");
  w.start_agent();
  w.guest->message(w.module.sent.front()); /* HELLO, and no more yet */
  w.module.sent.pop_front();
  w.guest->dispatch();
  CHECK_FALSE(w.guest->is_up());
  w.settle();
  CHECK(w.guest->is_up());
  CHECK(w.listener.next() == "up");
  CHECK(w.listener.guest.name == "web1");
  CHECK(w.listener.guest.kind == GuestKind::Linux);
  CHECK(w.listener.guest.osversion.starts_with("Linux-"));
  CHECK(w.listener.guest.build_id == "ab010203");
  CHECK(w.listener.guest.doorbell == "vmcall");
  REQUIRE(probes.kernel);
  CHECK(probes.files.btf == "types");
  CHECK(probes.files.text_start == 0xffffffff81000000);
}

TEST_CASE("a program is attached silently, rings at COMMIT, and its clauses fire after that") {
  LinuxWorld w;
  w.come_up();
  CHECK_FALSE(w.load(kIdent)); /* the answer comes later */
  CHECK(w.module.programs.empty());
  w.settle();
  CHECK(w.listener.next() == "loaded 7: 2");
  CHECK(w.module.programs.at(kIdent).probes.at(2) == "function1");
  CHECK_FALSE(w.module.programs.at(kIdent).committed);
  CHECK_FALSE(w.guest->enable(kIdent));
  CHECK_FALSE(probes.programs.at(kIdent)); /* not before the guest has said so */
  w.settle();
  CHECK(w.module.programs.at(kIdent).committed);
  CHECK(probes.programs.at(kIdent));
  CHECK(w.listener.next() == "enabled 7");
  w.guest->unload(kIdent);
  CHECK(probes.programs.empty()); /* at once, whatever the guest does */
  CHECK(w.module.programs.size() == 1);
  w.settle();
  CHECK(w.module.programs.empty());
  CHECK(w.listener.next() == "nothing");
}

TEST_CASE("what the guest cannot attach is refused with its reason, and nothing is left of it") {
  LinuxWorld w;
  w.come_up();
  w.module.refuses = {"function1"};
  CHECK_FALSE(w.load(kIdent));
  w.settle();
  CHECK(w.listener.next() ==
        "loaded 7: cannot attach to the entry of function1: No such file or directory");
  CHECK(probes.programs.empty());
  CHECK(w.module.programs.empty());
  probes.failure = "it does not link";
  CHECK(w.load(kIdent)->error().message == "it does not link");
}

TEST_CASE("a program that matches nothing asks nothing of the guest") {
  LinuxWorld w;
  w.come_up();
  probes.count = 0;
  auto loaded = w.load(kIdent);
  REQUIRE(loaded);
  CHECK(loaded->value() == 0);
  CHECK(w.guest->enable(kIdent));
  w.settle();
  CHECK(w.module.programs.empty());
  w.guest->unload(kIdent);
  w.settle();
}

TEST_CASE("a program with probes of the VMM alone outlives a new agent") {
  LinuxWorld w;
  w.come_up();
  probes.count = 0;
  probes.of_the_vmm = 1;
  CHECK(w.load(kIdent)->value() == 1);
  CHECK(w.guest->enable(kIdent));
  CHECK(probes.programs.at(kIdent));
  w.start_agent();
  w.settle();
  CHECK(w.listener.next() == "nothing");
  CHECK(probes.programs.at(kIdent));
}

TEST_CASE("killed before it was prepared: the late answer is nobody's, and it can come again") {
  LinuxWorld w;
  w.come_up();
  CHECK_FALSE(w.load(kIdent));
  w.guest->unload(kIdent);
  CHECK_FALSE(w.load(kIdent)); /* PREPARE, KILL, PREPARE are on their way */
  REQUIRE(w.agent->received(w.link.to_guest.front()));
  w.link.to_guest.pop_front();
  w.guest->message(w.module.sent.front()); /* PREPARED, of the first */
  w.module.sent.pop_front();
  w.guest->dispatch();
  CHECK(w.listener.next() == "nothing");
  w.settle();
  CHECK(w.listener.next() == "loaded 7: 2");
  CHECK(w.listener.next() == "nothing");
  CHECK_FALSE(w.guest->enable(kIdent));
  w.settle();
  CHECK(w.listener.next() == "enabled 7");
}

TEST_CASE("an agent that comes anew takes up what its module holds") {
  LinuxWorld w;
  w.come_up();
  w.run(kIdent);
  w.module.programs[kOther] = {true, {{9, "left"}}}; /* of another time */
  SUBCASE("while nothing happens") {
    w.start_agent();
    w.settle();
    CHECK(w.module.programs.count(kOther) == 0);
    CHECK(w.module.programs.at(kIdent).committed);
  }
  SUBCASE("while a program is being attached") {
    CHECK_FALSE(w.load({9}));
    w.link.to_guest.clear(); /* the agent died with the message in hand */
    w.start_agent();
    w.settle();
    CHECK(w.listener.next() == "loaded 9: the guest's agent started anew");
    CHECK(probes.programs.count({9}) == 0);
  }
  SUBCASE("while a program is being committed") {
    CHECK_FALSE(w.load({9}));
    w.settle();
    CHECK(w.listener.next() == "loaded 9: 2");
    CHECK_FALSE(w.guest->enable({9}));
    w.link.to_guest.clear();
    w.start_agent();
    w.settle();
    CHECK(w.listener.next() == "enabled 9");
    CHECK(w.module.programs.at({9}).committed);
  }
  CHECK(w.listener.next() == "nothing");
  CHECK(probes.programs.at(kIdent));
}

TEST_CASE(
    "a module that lost its programs, a reset and another boot are the guest's end and beginning") {
  LinuxWorld w;
  w.come_up();
  w.run(kIdent);
  w.module.programs.clear();
  std::string reason;
  SUBCASE("the module was loaded anew, unnoticed") {
    reason = "its module lost what it held";
  }
  SUBCASE("another boot") {
    w.root.write("proc/sys/kernel/random/boot_id", "b-2\n");
    reason = "it boots anew";
  }
  SUBCASE("its device was reset") {
    w.guest->reset();
    w.settle();
    CHECK_FALSE(w.guest->is_up());
    CHECK(probes.programs.empty());
    CHECK_FALSE(probes.kernel);
    reason = "its trace device was reset";
  }
  w.start_agent();
  w.settle();
  CHECK(w.listener.next() == "down: " + reason);
  CHECK(w.listener.next() == "up");
  CHECK(probes.programs.empty());
  CHECK(w.guest->is_up());
}

TEST_CASE("a silent agent: programs stay, new ones are refused until it speaks") {
  LinuxWorld w;
  w.come_up();
  w.run(kIdent);
  auto agent = std::move(w.agent); /* stopped */
  w.now += AgentLink::kSilence;
  w.settle();
  CHECK(w.link.to_guest.size() == 1); /* asked for something */
  CHECK(w.guest->timeout_ms() == 5000);
  w.now += AgentLink::kPatience;
  w.settle();
  CHECK(w.logged("does not answer"));
  CHECK(w.load(kOther)->error().message == "the guest's agent does not answer");
  CHECK(probes.programs.at(kIdent));
  CHECK(w.listener.next() == "nothing");
  CHECK(w.guest->timeout_ms() == -1);
  w.agent = std::move(agent);
  w.settle();
  CHECK(w.logged("answers again"));
  CHECK_FALSE(w.load(kOther));
  w.settle();
  CHECK(w.listener.next() == "loaded 8: 2");
}

TEST_CASE("an agent that is asked in silence and answers is not silent") {
  LinuxWorld w;
  w.come_up();
  for (int i = 0; i < 5; i++) {
    w.now += AgentLink::kSilence;
    w.settle();
  }
  CHECK_FALSE(w.logged("does not answer"));
}

TEST_CASE(
    "what a guest's kernel is made of is fetched once for that guest, and its modules each time") {
  LinuxWorld w;
  w.come_up();
  w.root.write("sys/kernel/btf/vmlinux", "other types");
  w.root.write("proc/modules", "ext4 4096 0 - Live 0xffffffffc0001000\n");
  w.make_guest(); /* the same guest under another VMM */
  w.start_agent();
  w.settle();
  REQUIRE(probes.kernel);
  CHECK(probes.files.btf == "types");
  SUBCASE("what the cache has may be bad") {
    FileCache(w.cache.path()).put("web1", "ab010203", HP_FILE_BTF, "nonsense");
    w.make_guest();
    w.start_agent();
    w.settle();
    REQUIRE(w.guest->is_up());
    CHECK(probes.files.btf == "other types");
  }
  SUBCASE("what the guest says may be") {
    w.root.write("sys/kernel/btf/vmlinux", "nonsense");
    w.root.write("sys/kernel/notes", std::string("\4\0\0\0\4\0\0\0\3\0\0\0GNU\0\xff\1\2\3", 20));
    w.make_guest();
    w.start_agent();
    w.settle();
    CHECK_FALSE(w.guest->is_up());
    CHECK(w.logged("makes no sense: these are no types"));
  }
}

TEST_CASE(
    "an agent that goes while its files are fetched leaves the guest down, until it comes again") {
  LinuxWorld w;
  w.start_agent();
  w.guest->message(w.module.sent.front());
  w.module.sent.clear();
  auto agent = std::move(w.agent);
  w.settle();
  for (int i = 0; i < 10; i++) {
    w.now += AgentLink::kPatience;
    w.settle();
  }
  CHECK_FALSE(w.guest->is_up());
  CHECK(w.logged("does not send what is to be known"));
  CHECK(w.listener.next() == "nothing");
  SUBCASE("another agent") {
    w.link.to_guest.clear();
    w.come_up();
  }
  SUBCASE("the same, which was stopped") {
    w.agent = std::move(agent);
    w.settle();
    CHECK(w.guest->is_up());
  }
}

TEST_CASE("a guest that takes long for its files is waited for as long as they come") {
  LinuxWorld w;
  w.root.write("sys/kernel/btf/vmlinux", std::string(40 * trace::kMaxText, 't'));
  w.start_agent();
  w.guest->message(w.module.sent.front());
  w.module.sent.clear();
  w.guest->dispatch();
  REQUIRE(w.agent->received(w.link.to_guest.front()));
  w.link.to_guest.pop_front();
  while (w.agent->busy()) {
    w.now += 8s;
    REQUIRE(w.agent->work());
    while (!w.module.sent.empty()) {
      w.guest->message(w.module.sent.front());
      w.module.sent.pop_front();
    }
    w.guest->dispatch();
    while (!w.link.to_guest.empty()) w.link.to_guest.pop_front();
  }
  CHECK(w.guest->is_up());
}

TEST_CASE("a flood of messages is cut, and nonsense is dropped") {
  LinuxWorld w;
  w.come_up();
  const trace::Bytes large = trace::encode_file({HP_FILE_PATH, 0, 77, 0, std::string(60000, 'x')});
  for (int i = 0; i < 2000; i++) w.guest->message(large);
  w.settle();
  CHECK(w.logged("lost "));
  for (int i = 0; i < 1000; i++) w.guest->message(trace::Bytes(40, 0xff));
  w.settle();
  CHECK(w.logged("nonsense"));
  CHECK(w.log.size() < 30);
  CHECK(w.guest->is_up());
  w.run(kIdent);
}

TEST_CASE("a guest that takes no messages") {
  LinuxWorld w;
  w.come_up();
  w.link.full = true;
  CHECK(w.load(kIdent)->error().message == "the guest takes no messages");
  CHECK(probes.programs.empty());
  w.link.full = false;
  w.run(kIdent);
  w.link.full = true;
  w.guest->unload(kIdent);
  CHECK(probes.programs.empty());
  CHECK(w.module.programs.size() == 1);
  w.link.full = false;
  w.start_agent();
  w.settle();
  CHECK(w.module.programs.empty());
}

TEST_CASE("programs that a description names are fetched before it is matched") {
  LinuxWorld w;
  w.come_up();
  w.root.write("bin/true", "ELF");
  probes.wants = {"/proc/7/maps", "/bin/true"};
  CHECK_FALSE(w.load(kIdent));
  CHECK(probes.programs.empty());
  SUBCASE("what is not there is given as nothing") {
    w.settle();
    CHECK(w.listener.next() == "loaded 7: 2");
    CHECK(probes.files_given == GuestFiles{{"/proc/7/maps", ""}, {"/bin/true", "ELF"}});
  }
  SUBCASE("the program is dropped meanwhile, and comes again") {
    w.guest->unload(kIdent);
    CHECK_FALSE(w.load(kIdent));
    w.settle();
    CHECK(w.listener.next() == "loaded 7: 2");
  }
  SUBCASE("the agent starts anew") {
    w.link.to_guest.clear();
    w.start_agent();
    w.settle();
    CHECK(w.listener.next() == "loaded 7: the guest's agent does not answer");
    CHECK_FALSE(w.load(kIdent));
    w.settle();
    CHECK(w.listener.next() == "loaded 7: 2");
  }
  SUBCASE("it answers no more") {
    auto agent = std::move(w.agent);
    w.now += AgentLink::kFilePatience;
    w.settle();
    CHECK(w.listener.next() == "loaded 7: the guest's agent does not answer");
    CHECK(probes.programs.empty());
  }
  CHECK(w.listener.next() == "nothing");
}

TEST_CASE("any file of the guest, to whoever asks on the host") {
  LinuxWorld w;
  w.come_up();
  w.root.write("bin/true", "ELF");
  std::vector<std::string> got;
  auto keep = [&](Result<std::string> r) { got.push_back(r ? *r : r.error().message); };
  w.guest->fetch("/bin/true", 100, keep);
  w.guest->fetch("/bin/false", 100, keep);
  w.guest->fetch("/bin/true", 2, keep);
  w.settle();
  REQUIRE(got.size() == 3);
  CHECK(std::count(got.begin(), got.end(), "ELF") == 1);
  CHECK(std::count(got.begin(), got.end(), "it is larger than 2 bytes") == 1);
  CHECK(std::count(got.begin(), got.end(), "the guest cannot read it: No such file or directory") ==
        1);
}
