/* libFuzzer: any bytes as what the VMM says to the agent in a Linux guest, over a module that refuses some of it.
 * Messages as in trace_fuzz.cpp. What the agent says is sound, and of the version that it was spoken to in; a program
 * that was refused is not left in the module. */
#include "agent/conversation.hpp"
#include "fake_module.hpp"
#include "repaired_message.hpp"

using namespace hp;

namespace {

void require(bool condition) {
  if (!condition) __builtin_trap();
}

void hear(test::FakeModule& module, const trace::Versions& versions) {
  for (const trace::Bytes& bytes : module.sent) {
    auto m = trace::decode(bytes, versions);
    require(m.has_value());
    if (m->type == HP_MSG_REFUSED && m->text.starts_with("cannot attach"))
      require(!module.programs.contains(m->about.ident));
  }
  module.sent.clear();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const trace::Versions versions = data[0] % 3 == 0   ? trace::Versions{1, 1}
                                   : data[0] % 3 == 1 ? trace::Versions{2, 2}
                                                      : trace::kVersions;
  test::FakeModule module;
  module.refuses = {"a"};
  agent::Conversation talk(module, [](const std::string&) {}, "/nowhere", versions);
  require(talk.begin().has_value());
  hear(module, versions);
  for (size_t at = 1; at + 3 <= size;) {
    size_t length = data[at] | data[at + 1] << 8;
    const bool sound = data[at + 2] % 8 != 0;
    at += 3;
    length = std::min(length, size - at);
    if (sound) length &= ~size_t{7};
    trace::Bytes m(data + at, data + at + length);
    at += length;
    test::repair(m, sound);
    require(talk.received(m).has_value());
    if (talk.busy()) require(talk.work().has_value());
    hear(module, versions);
    if (length == 0) break;
  }
  return 0;
}
