/* A Linux guest that says anything at any time, under random schedules: whatever it does, each program's answers come
 * in their order and once, and nothing of a program is left when it was dropped. */
#include <functional>
#include <random>
#include <set>

#include "linux_guest_world.hpp"

using namespace hp;
using namespace hp::test;

namespace {

/* The participant's end; checks that answers are waited for. */
struct Waiting final : GuestListener {
  std::set<ProgramIdent> loading, enabling, loaded_ok;
  bool is_up = false;
  size_t answers = 0;
  std::function<void()> on_down;
  void up(const GuestDescription&) override {
    REQUIRE_FALSE(is_up);
    is_up = true;
  }
  void down(const std::string&) override {
    REQUIRE(is_up);
    is_up = false;
    on_down();
  }
  void loaded(const ProgramIdent& i, Result<uint32_t> r) override {
    REQUIRE(loading.erase(i) == 1);
    if (r) loaded_ok.insert(i);
    answers++;
  }
  void enabled(const ProgramIdent& i) override {
    REQUIRE(enabling.erase(i) == 1);
    answers++;
  }
  void drop(const ProgramIdent& i) {
    loading.erase(i);
    enabling.erase(i);
    loaded_ok.erase(i);
  }
};

struct Hostile {
  LinuxWorld w;
  Waiting waiting;
  std::mt19937 random;
  std::set<ProgramIdent> programs; /* that were loaded, or are being */

  explicit Hostile(unsigned seed) : random(seed) {
    w.guest->listen(waiting);
    if (seed % 2) probes.wants = {"/proc/7/maps", "/bin/true"};
    waiting.on_down = [this] { forget(); };
  }
  size_t pick(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); }
  ProgramIdent ident() { return {static_cast<uint8_t>(1 + pick(3))}; }

  /* Mostly of what there is, or was. */
  trace::Subject about() {
    const uint64_t last = w.link.last_transaction;
    return {ident(),
            pick(20) == 0 ? uint64_t{pick(3)} << 60 : last - std::min<uint64_t>(last, pick(4))};
  }

  trace::Bytes message() {
    switch (pick(14)) {
      case 0: {
        if (pick(3) != 0) break;
        trace::Hello h;
        h.abi = pick(20) == 0 ? 77 : HP_ABI_VERSION;
        h.boot_id = "b-" + std::to_string(pick(20) == 0);
        h.build_id = "ab010203";
        if (pick(2) == 0) h.versions = {1, static_cast<uint32_t>(1 + pick(9))};
        if (pick(20) == 0) h.versions = {9, 9};
        for (size_t n = pick(3); n != 0; n--)
          h.programs.push_back({ident(), pick(2) == 0, static_cast<uint32_t>(pick(4))});
        return trace::encode_hello(h);
      }
      case 1:
        return trace::encode_prepared(about(), static_cast<uint32_t>(1 + pick(3)));
      case 2:
        return trace::encode_text(HP_MSG_REFUSED, "no", about());
      case 3:
        return trace::encode_plain(HP_MSG_COMMITTED, about());
      case 4:
        return trace::encode_plain(HP_MSG_KILLED, about());
      case 5:
        return trace::encode_file({static_cast<uint32_t>(1 + pick(5)), pick(4) == 0 ? 2u : 0u,
                                   pick(3), pick(2) * 3, pick(2) == 0 ? "abc" : ""});
      case 6:
        return trace::encode_text(HP_MSG_LOG, "hm");
      default:
        break;
    }
    return w.module.sent.empty() ? trace::Bytes(40) : take_honest();
  }
  trace::Bytes take_honest() {
    trace::Bytes m = w.module.sent.front();
    w.module.sent.pop_front();
    return m;
  }
  void forget() { /* as Participant::reset() */
    for (const ProgramIdent& i : programs) w.guest->unload(i), waiting.drop(i);
    programs.clear();
  }

  void step() {
    switch (pick(8)) {
      case 0: {
        const ProgramIdent i = ident();
        if (!programs.insert(i).second) break;
        waiting.loading.insert(i);
        auto now = w.load(i);
        if (!now) break;
        if (waiting.loading.erase(i) == 1 && *now) waiting.loaded_ok.insert(i);
        break;
      }
      case 1: {
        if (waiting.loaded_ok.empty()) break;
        const ProgramIdent i = *waiting.loaded_ok.begin();
        waiting.loaded_ok.erase(i);
        waiting.enabling.insert(i);
        if (w.guest->enable(i)) waiting.enabling.erase(i);
        break;
      }
      case 2: {
        const ProgramIdent i = ident();
        if (programs.erase(i) == 0) break;
        w.guest->unload(i);
        waiting.drop(i);
        REQUIRE(probes.programs.count(i) == 0);
        break;
      }
      case 3:
        if (pick(30) == 0) w.guest->reset();
        w.now += std::chrono::milliseconds(pick(4000));
        break;
      case 4:
        if (!w.agent) w.start_agent();
        while (!w.link.to_guest.empty()) {
          REQUIRE(w.agent->received(w.link.to_guest.front()));
          w.link.to_guest.pop_front();
        }
        while (w.agent->busy()) REQUIRE(w.agent->work());
        break;
      default:
        w.guest->message(message());
    }
    w.guest->dispatch();
    for (auto it = programs.begin();
         it != programs.end();) /* refused: the participant forgets it */
      it = !waiting.loading.count(*it) && !waiting.enabling.count(*it) &&
                   !waiting.loaded_ok.count(*it) && !probes.programs.count(*it)
               ? programs.erase(it)
               : std::next(it);
    for (auto& [i, committed] : probes.programs) REQUIRE(programs.count(i) == 1);
  }
};

}  // namespace

TEST_CASE("random schedules: a guest that says anything disturbs nobody's order") {
  size_t answers = 0;
  for (unsigned seed = 1; seed <= 60; seed++) {
    CAPTURE(seed);
    Hostile h(seed);
    for (int i = 0; i < 3000; i++) h.step();
    h.forget();
    CHECK(probes.programs.empty());
    answers += h.waiting.answers;
  }
  MESSAGE(answers << " answers");
  CHECK(answers > 1000);
}
