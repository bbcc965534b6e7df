/* A coordinator in the hands of a test. */
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "transport/coordinator.hpp"

namespace hp::test {

inline ProgramIdent ident(uint8_t n) {
  return {n};
}
inline bool everyone(const Guest&) {
  return true;
}

inline constexpr PeerId kConsumer = 1000;

/* Drives a Coordinator, whose journal is always quick and well, and reads its effects. */
struct World {
  Coordinator c{64};
  Effects out;
  Time now = std::chrono::seconds(1);

  /* The journal's answers to what was asked of it. */
  void settle(size_t from) {
    for (size_t i = from; i < out.size(); i++) {
      const ProgramIdent program = out[i].program;
      if (out[i].kind == Effect::Decide) c.decided(program, true, {}, now, out);
    }
  }
  /* A guest's answers, to what it was told last. */
  void prepared(PeerId peer, uint8_t n, uint32_t probes) {
    const size_t from = out.size();
    c.prepared(peer, ident(n), 0, probes, now, out);
    settle(from);
  }
  void refused(PeerId peer, uint8_t n, const std::string& reason) {
    const size_t from = out.size();
    c.refused(peer, ident(n), 0, reason, now, out);
    settle(from);
  }
  void committed(PeerId peer, uint8_t n) { c.committed(peer, ident(n), 0, now, out); }
  void killed(PeerId peer, uint8_t n) { c.killed(peer, ident(n), 0, now, out); }
  void disconnected(PeerId peer) {
    const size_t from = out.size();
    c.disconnected(peer, now, out);
    settle(from);
  }

  Coordinator::Registered join(PeerId peer, const std::string& name,
                               std::vector<Claim> running = {}, uint32_t wanted = 0) {
    GuestInfo info;
    info.name = name;
    info.hostname = "host-" + name;
    auto r = c.register_guest(peer, info, wanted, running, now, out);
    REQUIRE(r);
    return *r;
  }
  void submit(uint8_t n = 1, ProgramOptions options = {}, Coordinator::Matcher matches = everyone) {
    const size_t from = out.size();
    REQUIRE(c.submit(kConsumer, ident(n), options, std::move(matches), now, out));
    settle(from);
  }
  size_t count(Effect::Kind kind) const {
    return static_cast<size_t>(
        std::count_if(out.begin(), out.end(), [&](const Effect& e) { return e.kind == kind; }));
  }
  const Effect* last(Effect::Kind kind) const {
    for (auto it = out.rbegin(); it != out.rend(); ++it)
      if (it->kind == kind) return &*it;
    return nullptr;
  }
};

}  // namespace hp::test
