#include "handler/slot_lock.hpp"

#include <signal.h>
#include <sys/wait.h>

#include "fixture.hpp"

using namespace hp;
using namespace hp::test;

namespace {

/* A child that takes a slot and then waits for its end. */
struct Holder {
  explicit Holder(const handler::SegmentView& view, uint32_t slot) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      bool ok = handler::try_lock(view.slot(slot), static_cast<uint32_t>(::getpid()));
      if (::write(ready[1], &ok, 1) == 1) ::pause();
      ::_exit(1);
    }
    bool ok = false;
    REQUIRE(::read(ready[0], &ok, 1) == 1);
    REQUIRE(ok);
    ::close(ready[0]);
    ::close(ready[1]);
  }
  void kill() { ::kill(pid, SIGKILL); }
  /* Waits until it is a zombie, without reaping it. */
  void wait_zombie() {
    siginfo_t info;
    REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) == 0);
  }
  ~Holder() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  pid_t pid;
};

}  // namespace

TEST_CASE("slot lock: a living holder keeps its slot, others are found") {
  Fixture f;
  const auto& view = f.segment.view();
  Holder holder(view, 0);
  auto me = static_cast<uint32_t>(::gettid());
  CHECK(!handler::try_lock(view.slot(0), me));
  CHECK(!handler::steal(view.slot(0), me));
  hp_slot* other = handler::lock_any(view, 0, me);
  REQUIRE(other);
  CHECK(other != view.slot(0));
  handler::unlock(other);
  CHECK(!handler::lock_for(view.slot(0), me, 1'000'000));
}

TEST_CASE("slot lock: the slot of a killed holder is taken over, even as a zombie") {
  Fixture f;
  const auto& view = f.segment.view();
  Holder holder(view, 2);
  holder.kill();
  holder.wait_zombie();
  auto me = static_cast<uint32_t>(::gettid());
  CHECK(handler::steal(view.slot(2), me));
  CHECK(view.slot(2)->owner == me);
}

TEST_CASE("slot lock: when every slot is held by the living, the firing is dropped and counted") {
  host::SegmentOptions options;
  options.ncpus = 1;
  Fixture f(options);
  const auto& view = f.segment.view();
  for (uint32_t i = 0; i < view.nslots(); i++) view.slot(i)->owner = 1; /* init lives */
  CHECK(!f.program->fire_id(kRead, f.firing));
  CHECK(f.segment.drops(HP_DROP_SLOTBUSY) == 1);
  view.slot(1)->owner = 0;
  CHECK(f.program->fire_id(kRead, f.firing));
}

TEST_CASE(
    "slot lock: what a process in another PID namespace holds is never stolen, nor steals it") {
  Fixture f;
  hp_slot* slot = f.segment.view().slot(0);
  auto me = static_cast<uint32_t>(::gettid());
  constexpr uint32_t kNobody = 0x7ffffffe; /* beyond any pid_max */
  slot->owner = kNobody | handler::kForeignOwner;
  CHECK(!handler::steal(slot, me));
  slot->owner = kNobody;
  handler::set_foreign_process(true);
  CHECK(!handler::steal(slot, me));
  handler::set_foreign_process(false);
  CHECK(handler::steal(slot, me));
}
