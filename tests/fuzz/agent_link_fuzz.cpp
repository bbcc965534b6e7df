/* libFuzzer: any bytes as what the agent of a Linux guest says, which may be of any version. Messages as in
 * trace_fuzz.cpp, with time passing, files being fetched and programs being asked for between them: each fetch is
 * answered once, nothing is kept beyond its bound, answers are to what was said to an agent. */
#include <cstring>

#include "linux_guest/agent_link.hpp"
#include "repaired_message.hpp"

using namespace hp;
using namespace hp::linux_guest;

namespace {

constexpr size_t kLimit = 2000; /* bytes of a file */

void require(bool condition) {
  if (!condition) __builtin_trap();
}

struct Device final : vmm::TraceLink {
  AgentLink* link = nullptr;
  bool full = false;
  bool send(std::span<const uint8_t> bytes) noexcept override {
    auto m = trace::decode(bytes);
    require(m && m->version == link->version());
    return !full;
  }
};

struct Owner final : AgentLink::Owner {
  AgentLink* link = nullptr;
  Time now{};
  size_t asked = 0, answered = 0;
  AgentLink::Done done() {
    asked++;
    return [this](const Result<std::string>& r) {
      answered++;
      require(!r || r->size() <= kLimit);
    };
  }
  void hello(trace::Hello h) override {
    require(h.programs.size() <= trace::kMaxHelloPrograms);
    std::vector<std::pair<AgentLink::File, AgentLink::Done>> wanted;
    for (uint32_t kind = HP_FILE_BTF; kind <= HP_FILE_MODULES; kind++)
      wanted.emplace_back(AgentLink::File{kind, {}, kLimit}, done());
    require(h.versions.has(link->version()));
    link->welcome(1, std::move(wanted), now);
  }
  void incompatible(trace::Hello h, const std::string&) override {
    require(trace::kVersions.common(h.versions) == 0);
  }
  void prepared(const trace::Subject& about, uint32_t) override { answered_to(about); }
  void refused(const trace::Subject& about, const std::string& why) override {
    answered_to(about);
    require(why.size() <= 1000);
  }
  void committed(const trace::Subject& about) override { answered_to(about); }
  uint64_t last = 0; /* transaction */
  void answered_to(const trace::Subject& about) const {
    require(about.transaction != 0 && about.transaction <= last);
  }
  void silent(bool) override {}
  void log(const std::string& line) override { require(line.size() < 2000); }
};

trace::Bytes repaired(const uint8_t* data, size_t size, bool sound) {
  trace::Bytes m(data, data + (sound ? size & ~size_t{7} : size));
  test::repair(m, sound);
  return m;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Owner owner;
  Device device;
  AgentLink link(owner);
  owner.link = device.link = &link;
  link.connect(device);
  for (size_t at = 0; at + 3 <= size;) {
    const size_t length = std::min<size_t>(data[at] | data[at + 1] << 8, size - at - 3);
    const uint8_t how = data[at + 2];
    at += 3;
    owner.now += std::chrono::seconds(how >> 5);
    device.full = (how & 31) == 1;
    if ((how & 31) == 2) link.reset();
    if ((how & 31) < 8) link.fetch({HP_FILE_PATH, "/x", kLimit}, owner.now, owner.done());
    const trace::Subject about{{}, owner.last};
    if ((how & 31) == 8) {
      trace::PrepareWriter writer({{}, owner.last = link.new_transaction()});
      link.prepare(writer);
    }
    if ((how & 31) == 9) link.commit(about);
    if ((how & 31) == 10) link.kill(about);
    if ((how & 31) == 11) link.refuse("no");
    link.received(repaired(data + at, length, (how & 31) != 3), owner.now);
    link.tick(owner.now);
    if (auto next = link.next_deadline()) require(*next > owner.now);
    at += length;
  }
  link.reset();
  require(owner.asked == owner.answered);
  return 0;
}
