/* A kernel module that is not there: keeps what the agent attaches, and what it sends. */
#pragma once
#include <deque>
#include <map>
#include <set>
#include <string>

#include "agent/module.hpp"
#include "transport/abi.h"
#include "transport/trace_prepare.hpp"

namespace hp::test {

struct FakeModule final : agent::Module {
  struct Program {
    bool committed = false;
    std::map<uint32_t, std::string> probes; /* by id: the text */
  };
  std::map<ProgramIdent, Program> programs;
  std::set<std::string> refuses; /* texts of probes that cannot be attached */
  std::deque<trace::Bytes> sent;
  int attach_calls = 0;

  Result<hp_ioc_info> info() override {
    hp_ioc_info i{};
    i.abi = HP_ABI_VERSION;
    i.doorbell = HP_DOORBELL_VMCALL;
    i.text_start = 0xffffffff81000000;
    i.programs = static_cast<uint32_t>(programs.size());
    return i;
  }
  Result<> attach(const ProgramIdent& ident, std::span<const uint8_t> bytes, uint32_t count,
                  uint32_t& failed) override {
    attach_calls++;
    std::map<uint32_t, std::string> fresh;
    trace::AttachWalk walk(bytes);
    hp_attach head;
    std::string_view text;
    for (uint32_t i = 0; i < count; i++) {
      failed = i;
      if (!walk.next(head, text)) return fail("the module refuses", EINVAL);
      if (refuses.count(std::string(text))) return fail("the module refuses", ENOENT);
      fresh[head.probe] = text;
    }
    programs[ident].probes.merge(fresh);
    return {};
  }
  Result<> commit(const ProgramIdent& ident) override {
    auto it = programs.find(ident);
    if (it == programs.end()) return fail("the module refuses", ENOENT);
    it->second.committed = true;
    return {};
  }
  Result<> detach(const ProgramIdent& ident) override {
    if (programs.erase(ident) == 0) return fail("the module refuses", ENOENT);
    return {};
  }
  Result<std::optional<Held>> program(uint32_t n) override {
    if (n >= programs.size()) return std::nullopt;
    auto it = std::next(programs.begin(), n);
    return Held{it->first, it->second.committed, static_cast<uint32_t>(it->second.probes.size())};
  }
  Result<> send(std::span<const uint8_t> message) override {
    sent.emplace_back(message.begin(), message.end());
    return {};
  }
};

}  // namespace hp::test
