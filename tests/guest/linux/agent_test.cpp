/* The agent in a Linux guest: its end of the conversation over a module that is not there, and the texts that it
 * makes of what a kernel says. */
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstring>

#include "agent/conversation.hpp"
#include "agent/kernel.hpp"
#include "fake_module.hpp"
#include "temporary_directory.hpp"

using namespace hp;
using namespace hp::agent;
using namespace hp::test;

namespace {

const ProgramIdent kIdent = {7};
constexpr const char* kKallsyms =
    "0000000000000000 A fixed_percpu_data\n"
    "ffffffff81000000 T _text\n"
    "ffffffff81000040 T startup_64\n"
    "ffffffff82000000 D __tracepoint_sched_switch\n"
    "ffffffff82000080 D __tracepoint_pelt_cfs_tp\n"
    "ffffffff81200000 t helper.cold\n"
    "ffffffffc0001000 t init\t[ext4]\n"
    "ffffffffc0002000 d __tracepoint_ext4_sync\t[ext4]\n";

struct World {
  TemporaryDirectory root;
  FakeModule module;
  std::vector<std::string> log;
  Conversation talk{module, [this](const std::string& line) { log.push_back(line); }, root.path()};

  World() {
    root.write("proc/kallsyms", kKallsyms);
    root.write("proc/modules",
               "ext4 987136 2 - Live 0xffffffffc0001000\nmbcache 16384 1 ext4, Live 0x10 (E)\n");
    root.write("sys/kernel/tracing/available_events",
               "sched:sched_switch\nsyscalls:sys_enter_read\next4:ext4_sync\n");
    root.write("proc/sys/kernel/random/boot_id", "b-1\n");
  }
  trace::Message next(trace::Bytes& keep) {
    REQUIRE_FALSE(module.sent.empty());
    keep = module.sent.front();
    module.sent.pop_front();
    auto m = trace::decode(keep);
    REQUIRE(m);
    return *m;
  }
  void hear(const trace::Bytes& m) { REQUIRE(talk.received(m)); }
  void prepare(std::vector<std::string> texts, size_t of_each = 1) {
    trace::PrepareWriter writer({kIdent, 1});
    hp_attach a{};
    a.kind = HP_KIND_FUNCTION_ENTRY;
    for (const std::string& text : texts)
      for (size_t i = 0; i < of_each; i++) a.probe++, writer.add(a, text);
    for (const trace::Bytes& m : writer.finish()) hear(m);
  }
  /* All of a file, as its pieces say. */
  Result<std::string> file(uint32_t kind, uint64_t serial) {
    std::string out;
    for (;;) {
      REQUIRE(talk.busy());
      REQUIRE(talk.work());
      trace::Bytes keep;
      trace::Message m = next(keep);
      if (m.type == HP_MSG_LOG) m = next(keep);
      auto piece = trace::read_file_piece(m);
      REQUIRE(piece);
      CHECK(piece->kind == kind);
      CHECK(piece->serial == serial);
      CHECK(piece->offset == out.size());
      if (piece->error) return fail("", static_cast<int>(piece->error));
      if (piece->bytes.empty()) return out;
      out += piece->bytes;
    }
  }
};

}  // namespace

TEST_CASE("HELLO says who the guest is and what its module holds") {
  World w;
  w.module.programs[kIdent] = {true, {{1, "f"}, {2, "g"}}};
  REQUIRE(w.talk.begin());
  trace::Bytes keep;
  auto hello = trace::read_hello(w.next(keep));
  REQUIRE(hello);
  CHECK(hello->abi == HP_ABI_VERSION);
  CHECK(hello->boot_id == "b-1");
  CHECK(hello->cpus >= 1);
  REQUIRE(hello->programs.size() == 1);
  CHECK(hello->programs[0].ident == kIdent);
  CHECK(hello->programs[0].committed);
  CHECK(hello->programs[0].probes == 2);
}

TEST_CASE("PREPARE attaches all, COMMIT lets them ring, KILL detaches") {
  World w;
  trace::Bytes keep;
  w.prepare({"vfs_read", "vfs_write"});
  CHECK(*trace::read_prepared(w.next(keep)) == 2);
  CHECK(w.module.programs.at(kIdent).probes.size() == 2);
  CHECK_FALSE(w.module.programs.at(kIdent).committed);
  w.prepare({"vfs_read", "vfs_write"}); /* it came twice */
  CHECK(*trace::read_prepared(w.next(keep)) == 2);
  CHECK(w.module.attach_calls == 1);
  w.hear(trace::encode_plain(HP_MSG_COMMIT, {kIdent, 1}));
  CHECK(w.next(keep).type == HP_MSG_COMMITTED);
  CHECK(w.module.programs.at(kIdent).committed);
  for (hp_msg_type type : {HP_MSG_KILL, HP_MSG_ABORT}) {
    w.hear(trace::encode_plain(type, {kIdent, 1}));
    CHECK(w.next(keep).type == HP_MSG_KILLED);
    CHECK(w.module.programs.empty());
  }
  w.hear(trace::encode_plain(HP_MSG_COMMIT, {kIdent, 1}));
  CHECK(w.next(keep).type == HP_MSG_REFUSED);
}

TEST_CASE("one probe that cannot be attached undoes them all, and is named") {
  World w;
  trace::Bytes keep;
  w.module.refuses = {"no_such_function"};
  std::vector<std::string> texts(3000, "vfs_read");
  texts.push_back("no_such_function");
  w.prepare(texts);
  CHECK(w.module.attach_calls > 1); /* it came in pieces */
  auto m = w.next(keep);
  CHECK(m.type == HP_MSG_REFUSED);
  CHECK(m.about == trace::Subject{kIdent, 1});
  CHECK(m.text == "cannot attach to the entry of no_such_function: No such file or directory");
  CHECK(w.module.programs.empty());
}

TEST_CASE(
    "the agent answers in the version that it is spoken to in, and says in HELLO what it speaks") {
  World w;
  trace::Bytes keep;
  REQUIRE(w.talk.begin());
  auto hello = trace::read_hello(w.next(keep));
  REQUIRE(hello);
  CHECK(hello->versions.oldest == 1);
  CHECK(hello->versions.newest == 2);
  for (uint32_t version : {1u, 2u}) { /* VMMs of this release, and of the one before */
    w.hear(trace::in_version(trace::encode_welcome({1, 0}), version));
    w.hear(trace::in_version(trace::encode_plain(HP_MSG_KILL, {kIdent, 7}), version));
    auto m = w.next(keep);
    CHECK(m.type == HP_MSG_KILLED);
    CHECK(m.version == version);
    CHECK(m.about == trace::Subject{kIdent, version == 1 ? 0u : 7u});
  }
  w.hear(trace::in_version(trace::encode_text(HP_MSG_REFUSED, "its agent is too old"), 1));
  CHECK(w.log.back() == "the VMM does not talk with this agent: its agent is too old");
  CHECK(w.module.sent.empty());
}

TEST_CASE("an agent of version 1 takes and says nothing else") {
  World w;
  Conversation talk(w.module, [&](const std::string& line) { w.log.push_back(line); },
                    w.root.path(), {1, 1});
  trace::Bytes keep;
  REQUIRE(talk.begin());
  CHECK(trace::read_hello(w.next(keep))->versions.newest == 1);
  hp_msg head;
  std::memcpy(&head, keep.data(), HP_MSG_SIZE_1);
  CHECK(head.flags == 0); /* as it was before there were others */
  REQUIRE(talk.received(trace::encode_welcome({1, 0})));
  CHECK(w.log.back() == "the VMM sends nonsense: a message of version 2, not 1");
}

TEST_CASE("files come in pieces, the end last") {
  World w;
  const std::string big(3 * trace::kMaxText + 5, 'b');
  w.root.write("bin/big", big);
  w.hear(trace::encode_fetch({HP_FILE_PATH, 9, "/bin/big"}));
  w.hear(trace::encode_fetch({HP_FILE_PATH, 10, "/bin/none"}));
  CHECK(*w.file(HP_FILE_PATH, 9) == big);
  CHECK(w.file(HP_FILE_PATH, 10).error().code == ENOENT);
  CHECK_FALSE(w.talk.busy());

  w.hear(trace::encode_welcome({1, 1u << HP_FILE_SYMBOLS | 1u << HP_FILE_BTF}));
  CHECK(w.file(HP_FILE_BTF, 0).error().code == ENOENT);
  CHECK(*w.file(HP_FILE_SYMBOLS, 0) ==
        "0 T _text\n40 T startup_64\n200000 t helper.cold\n"
        "1000000 D __tracepoint_sched_switch\n1000080 D __tracepoint_pelt_cfs_tp\n");
  w.hear(trace::encode_fetch({HP_FILE_MODULES, 11, ""}));
  CHECK(*w.file(HP_FILE_MODULES, 11) ==
        "ext4 ffffffffc0001000 f1000\n\tffffffffc0001000 t init\n"
        "\tffffffffc0002000 d __tracepoint_ext4_sync\nmbcache 10 4000\n");
  w.hear(trace::encode_fetch({HP_FILE_TRACEPOINTS, 12, ""}));
  CHECK(*w.file(HP_FILE_TRACEPOINTS, 12) == "- pelt_cfs_tp\nsched sched_switch\n");
}

TEST_CASE("only regular files are opened") {
  World w;
  REQUIRE(::mkfifo((w.root.path() + "/pipe").c_str(), 0600) == 0);
  w.hear(trace::encode_fetch({HP_FILE_PATH, 1, "/pipe"}));
  CHECK(w.file(HP_FILE_PATH, 1).error().code == EINVAL);
  w.hear(trace::encode_fetch({HP_FILE_PATH, 2, "/proc"}));
  CHECK(w.file(HP_FILE_PATH, 2).error().code == EINVAL);
}

TEST_CASE("symbols without addresses are an error that says what to do") {
  auto hidden = vmlinux_symbols("0000000000000000 T _text\n0000000000000000 T startup_64\n");
  REQUIRE_FALSE(hidden);
  CHECK(hidden.error().message.find("kernel.kptr_restrict") != std::string::npos);
  CHECK(vmlinux_symbols("nonsense\n\nff\n ffff x\n10 T _text\n").value() == "0 T _text\n");
}

TEST_CASE("code that ftrace does not know takes no probe") {
  const std::string kallsyms =
      "10 T _text\n10 T start\n20 t twice\n30 t twice\n40 T once\n40 T alias\n50 D data\n60 T "
      "other\n"
      "70 t once\t[ext4]\n80 t mine\t[ext4]\n";
  CHECK(vmlinux_symbols(kallsyms, "twice\nonce\nmine\nother [ext4]\n").value() ==
        "0 x _text\n0 x start\n10 x twice\n20 x twice\n30 T once\n30 T alias\n40 D data\n50 x "
        "other\n");
  CHECK(module_symbols(kallsyms, "ext4 16 0 - Live 0x70\n", "once\nmine [ext4]\n") ==
        "ext4 70 10\n\t70 x once\n\t80 t mine\n");
}

TEST_CASE("where kallsyms has no data the events stand for tracepoints") {
  CHECK(tracepoints("ffffffff81000000 T _text\n", "net:netif_rx\nsyscalls:sys_enter_read\n") ==
        "net netif_rx\n");
}

TEST_CASE("the build id is found among other notes") {
  const std::string other("\6\0\0\0\1\0\0\0\0\1\0\0Linux\0\0\0\0\0\0\0", 24);
  const std::string id("\4\0\0\0\3\0\0\0\3\0\0\0GNU\0\xab\1\xff\0", 20);
  CHECK(build_id(other + id) == "ab01ff");
  CHECK(build_id(id) == "ab01ff");
  CHECK(build_id(other).empty());
  CHECK(build_id(id.substr(0, 17)).empty());
  CHECK(build_id("").empty());
}

TEST_CASE("what the VMM says that makes no sense changes nothing") {
  World w;
  w.hear({1, 2, 3});
  w.hear(trace::encode_plain(HP_MSG_PREPARED, {kIdent, 1}));
  w.hear(trace::encode_fetch({HP_FILE_PATH, 1, "relative"}));
  CHECK(w.log.size() == 3);
  CHECK(w.module.sent.empty());
  CHECK_FALSE(w.talk.busy());
}
