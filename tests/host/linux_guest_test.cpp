/* A Linux guest as the fleet sees it: LinuxGuest and the agent's own conversation joined by a link of this test,
 * over a module and probes that are not there. GuestProbes and GuestKernel are this file's: they only note
 * what they are asked. */
#include "linux_guest/linux_guest.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "agent/conversation.hpp"
#include "fake_module.hpp"
#include "temporary_directory.hpp"

using namespace hp;
using namespace hp::linux_guest;
using namespace hp::test;
using namespace std::chrono_literals;

namespace {

/* What GuestProbes below was asked, and what it answers. */
struct Probes {
  uint32_t count = 2; /* probes that match any program */
  std::string failure;
  std::map<ProgramIdent, bool> programs; /* committed */
  std::shared_ptr<const GuestKernel> kernel;
  uint32_t vmid = 0;
  std::string hostname;
} probes;

}  // namespace

namespace hp::linux_guest {

Result<std::shared_ptr<const GuestKernel>> GuestKernel::make(KernelFiles files) {
  if (files.btf == "nonsense") return fail("these are no types");
  std::shared_ptr<GuestKernel> kernel(new GuestKernel);
  kernel->files_ = std::move(files);
  return kernel;
}

struct GuestProbes::State {};
GuestProbes::GuestProbes(const vmm::GuestRam&, std::string, std::string, std::string) {}
GuestProbes::~GuestProbes() = default;
void GuestProbes::set_vmid(uint32_t vmid) {
  probes.vmid = vmid;
}
void GuestProbes::set_hostname(std::string hostname) {
  probes.hostname = std::move(hostname);
}
void GuestProbes::set_kernel(std::shared_ptr<const GuestKernel> kernel) {
  probes.kernel = std::move(kernel);
}
Result<std::vector<Attachment>> GuestProbes::prepare(const ProgramIdent& ident, Object, int) {
  if (!probes.failure.empty()) return fail(probes.failure);
  std::vector<Attachment> out(probes.count);
  for (uint32_t i = 0; i < out.size(); i++) {
    out[i].head.probe = i + 1;
    out[i].head.kind = HP_KIND_FUNCTION_ENTRY;
    out[i].text = "function" + std::to_string(i);
  }
  probes.programs[ident] = false;
  return out;
}
void GuestProbes::commit(const ProgramIdent& ident) {
  probes.programs.at(ident) = true;
}
void GuestProbes::remove(const ProgramIdent& ident) {
  probes.programs.erase(ident);
}
int64_t GuestProbes::fire(vmm::VcpuView&, const hp_probe_page*) noexcept {
  return HP_RC_OK;
}
bool GuestProbes::wants_exits() const noexcept {
  return false;
}
void GuestProbes::exit(vmm::VcpuView&, uint32_t, std::string_view) noexcept {}

}  // namespace hp::linux_guest

namespace {

const ProgramIdent kIdent = {7}, kOther = {8};

/* The trace device: what the VMM sends waits until the guest reads it. */
struct Link final : vmm::TraceLink {
  std::deque<trace::Bytes> to_guest;
  bool full = false;
  bool send(std::span<const uint8_t> m) noexcept override {
    if (!full) to_guest.emplace_back(m.begin(), m.end());
    return !full;
  }
};

struct Listener final : GuestListener {
  std::vector<std::string> heard;
  GuestDescription guest;
  void up(const GuestDescription& g) override {
    guest = g;
    heard.push_back("up");
  }
  void down(const std::string& reason) override { heard.push_back("down: " + reason); }
  void loaded(const ProgramIdent& i, Result<uint32_t> n) override {
    heard.push_back("loaded " + std::to_string(i[0]) + ": " +
                    (n ? std::to_string(*n) : n.error().message));
  }
  void enabled(const ProgramIdent& i) override {
    heard.push_back("enabled " + std::to_string(i[0]));
  }
  std::string next() {
    if (heard.empty()) return "nothing";
    std::string first = heard.front();
    heard.erase(heard.begin());
    return first;
  }
};

struct World {
  TemporaryDirectory root; /* the guest's */
  TemporaryDirectory cache;
  FakeModule module;
  std::unique_ptr<agent::Conversation> agent;
  Link link;
  Listener listener;
  std::vector<std::string> log;
  Time now = 1000s;
  vmm::GuestRam ram;
  std::unique_ptr<LinuxGuest> guest;
  Fd object;

  explicit World() {
    probes = {};
    root.write("proc/kallsyms", "ffffffff81000000 T _text\n");
    root.write("proc/modules", "");
    root.write("sys/kernel/tracing/available_events", "sched:sched_switch\n");
    root.write("sys/kernel/btf/vmlinux", "types");
    root.write("sys/kernel/notes", std::string("\4\0\0\0\4\0\0\0\3\0\0\0GNU\0\xab\1\2\3", 20));
    root.write("proc/sys/kernel/random/boot_id", "b-1\n");
    object = read_object();
    make_guest();
  }
  static Fd read_object() {
    auto bytes = read_file(HP_TEST_OBJECT);
    REQUIRE(bytes);
    auto fd = make_sealed_memfd("object", *bytes);
    REQUIRE(fd);
    return std::move(*fd);
  }
  void make_guest() {
    LinuxGuest::Options o;
    o.name = "web1";
    o.cache = FileCache(cache.path());
    o.log = [this](const std::string& line) { log.push_back(line); };
    o.clock = [this] { return now; };
    guest = std::make_unique<LinuxGuest>(std::move(o), ram);
    guest->connect(link);
    guest->listen(listener);
  }
  /* The agent's process starts. */
  void start_agent() {
    agent = std::make_unique<agent::Conversation>(
        module, [this](const std::string& line) { log.push_back("in the guest: " + line); },
        root.path());
    REQUIRE(agent->begin());
  }
  /* Moves what there is, until nothing moves. */
  void settle() {
    for (bool moved = true; moved;) {
      moved = false;
      guest->dispatch();
      while (agent && !link.to_guest.empty()) {
        REQUIRE(agent->received(link.to_guest.front()));
        link.to_guest.pop_front();
        moved = true;
      }
      while (agent && agent->busy()) REQUIRE(agent->work());
      while (!module.sent.empty()) {
        guest->message(module.sent.front());
        module.sent.pop_front();
        moved = true;
      }
    }
  }
  void come_up() {
    start_agent();
    settle();
    REQUIRE(guest->is_up());
    REQUIRE(listener.next() == "up");
  }
  std::optional<Result<uint32_t>> load(const ProgramIdent& i) {
    return guest->load(i, {object.get(), -1});
  }
  void run(const ProgramIdent& i) {
    REQUIRE_FALSE(load(i));
    settle();
    REQUIRE(listener.next() == "loaded " + std::to_string(i[0]) + ": 2");
    REQUIRE_FALSE(guest->enable(i));
    settle();
    REQUIRE(listener.next() == "enabled " + std::to_string(i[0]));
  }
  bool logged(const std::string& what) const {
    return std::any_of(log.begin(), log.end(),
                       [&](auto& line) { return line.find(what) != line.npos; });
  }
};

}  // namespace

TEST_CASE("a guest is up once its agent has spoken and its files are here") {
  World w;
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
  CHECK(probes.kernel->btf() == "types");
  CHECK(probes.kernel->text_start() == 0xffffffff81000000);
}

TEST_CASE("a program is attached silently, rings at COMMIT, and its clauses fire after that") {
  World w;
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
  World w;
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
  World w;
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

TEST_CASE("killed before it was prepared: the late answer is nobody's, and it can come again") {
  World w;
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
  World w;
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
  World w;
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
  World w;
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
  World w;
  w.come_up();
  for (int i = 0; i < 5; i++) {
    w.now += AgentLink::kSilence;
    w.settle();
  }
  CHECK_FALSE(w.logged("does not answer"));
}

TEST_CASE(
    "what a guest's kernel is made of is fetched once for that guest, and its modules each time") {
  World w;
  w.come_up();
  w.root.write("sys/kernel/btf/vmlinux", "other types");
  w.root.write("proc/modules", "ext4 4096 0 - Live 0xffffffffc0001000\n");
  w.make_guest(); /* the same guest under another VMM */
  w.start_agent();
  w.settle();
  REQUIRE(probes.kernel);
  CHECK(probes.kernel->btf() == "types");
  SUBCASE("what the cache has may be bad") {
    FileCache(w.cache.path()).put("web1", "ab010203", HP_FILE_BTF, "nonsense");
    w.make_guest();
    w.start_agent();
    w.settle();
    REQUIRE(w.guest->is_up());
    CHECK(probes.kernel->btf() == "other types");
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
  World w;
  w.start_agent();
  w.guest->message(w.module.sent.front());
  w.module.sent.clear();
  w.agent.reset();
  w.settle();
  w.now += AgentLink::kPatience;
  w.settle();
  CHECK_FALSE(w.guest->is_up());
  CHECK(w.listener.next() == "nothing");
  w.link.to_guest.clear();
  w.come_up();
}

TEST_CASE("a flood of messages is cut, and nonsense is dropped") {
  World w;
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
  World w;
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

TEST_CASE("any file of the guest, to whoever asks on the host") {
  World w;
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
