/* What runs in a Linux guest outlives its coordinator: nothing is said to the guest that would attach, detach or
 * commit, whoever else starts anew at the same time. */
#include "linux_guest_world.hpp"

using namespace hp;
using namespace hp::test;

namespace {

constexpr Transaction kFirst = first_transaction(1) + 1, kSecond = kFirst + 1;

/* The guest, and the fleet's side of it as FleetMember drives it. */
struct Member final : GuestListener {
  LinuxWorld w;
  Participant participant{*w.guest};
  std::vector<std::pair<ProgramIdent, ParticipantAnswer>> answers;

  Member() {
    w.guest->listen(*this);
    w.start_agent();
    w.settle();
    REQUIRE(w.guest->is_up());
  }
  void up(const GuestDescription&) override {}
  void down(const std::string&) override { participant.reset(); }
  void loaded(const ProgramIdent& i, Result<uint32_t> r) override {
    keep(i, participant.loaded(i, r));
  }
  void enabled(const ProgramIdent& i) override { keep(i, participant.enabled(i)); }
  void keep(const ProgramIdent& i, const ParticipantAnswer& a) {
    if (a.kind != ParticipantAnswer::None) answers.emplace_back(i, a);
  }
  ParticipantAnswer::Kind last() const {
    return answers.empty() ? ParticipantAnswer::None : answers.back().second.kind;
  }

  void prepare(const ProgramIdent& i, Transaction n) {
    keep(i, participant.prepare(i, n, {w.object.get(), w.object.get()}));
    w.settle();
    REQUIRE(last() == ParticipantAnswer::Prepared);
  }
  void run(const ProgramIdent& i, Transaction n) {
    prepare(i, n);
    keep(i, participant.commit(i, n));
    w.settle();
    REQUIRE(last() == ParticipantAnswer::Committed);
  }
  /* As the next coordinator does with what it knows. */
  void confirm(const ProgramIdent& i, Transaction n) {
    const std::vector<Claim> claims = participant.running();
    REQUIRE(claims.size() == 1);
    CHECK(claims[0].ident == i);
    CHECK(claims[0].transaction == n);
    CHECK(claims[0].probes == 2);
    w.guest->set_vmid(3);
    answers.clear();
    keep(i, participant.commit(i, n));
    w.settle();
    CHECK(last() == ParticipantAnswer::Committed);
    CHECK(answers.back().second.transaction == n);
  }
  bool fires(const ProgramIdent& i) const {
    const auto host = probes.programs.find(i);
    const auto guest = w.module.programs.find(i);
    return host != probes.programs.end() && host->second && guest != w.module.programs.end() &&
           guest->second.committed;
  }
};

}  // namespace

TEST_CASE("a coordinator that restarts: what runs goes on, and the guest is told nothing") {
  Member m;
  m.run(kIdent, kFirst);
  auto before = m.w.link.said;
  const int attached = m.w.module.attach_calls;
  auto unchanged = [&] {
    for (const uint32_t type : {HP_MSG_PREPARE, HP_MSG_COMMIT, HP_MSG_KILL, HP_MSG_ABORT}) {
      CAPTURE(type);
      CHECK(m.w.link.said[type] == before[type]);
    }
    CHECK(m.w.module.attach_calls == attached);
    CHECK(m.fires(kIdent));
  };
  m.participant.disconnected();
  m.w.settle();
  unchanged();
  SUBCASE("alone") {}
  SUBCASE("and the agent at once") {
    m.w.start_agent();
    m.w.settle();
    CHECK(m.fires(kIdent));
  }
  SUBCASE("and the agent, that is not there yet when the next coordinator is") {
    auto agent = std::move(m.w.agent);
    m.confirm(kIdent, kFirst);
    unchanged();
    m.w.agent = std::move(agent);
    m.w.start_agent();
    m.w.settle();
  }
  SUBCASE("again and again") {
    for (int i = 0; i < 10; i++) {
      m.confirm(kIdent, kFirst);
      m.participant.disconnected();
    }
  }
  m.confirm(kIdent, kFirst);
  unchanged();
  m.keep(kIdent, m.participant.kill(kIdent, kFirst));
  m.w.settle();
  CHECK(m.last() == ParticipantAnswer::Killed);
  CHECK(probes.programs.empty());
  CHECK(m.w.module.programs.empty());
}

TEST_CASE(
    "what was not decided when the coordinator went is dropped in the guest, and can come again") {
  Member m;
  m.run(kIdent, kFirst);
  SUBCASE("attached") {
    m.prepare(kOther, kSecond);
  }
  SUBCASE("being attached") {
    m.keep(kOther, m.participant.prepare(kOther, kSecond, {m.w.object.get(), m.w.object.get()}));
    CHECK(m.answers.size() == 2);
  }
  m.participant.disconnected();
  CHECK(probes.programs.size() == 1);
  m.w.settle();
  CHECK(m.w.module.programs.size() == 1);
  CHECK(m.fires(kIdent));
  m.confirm(kIdent, kFirst);
  m.run(kOther, first_transaction(2) + 1);
  CHECK(m.fires(kOther));
}

TEST_CASE(
    "the coordinator goes while COMMIT is on its way to the guest: it is committed, and said so") {
  Member m;
  m.prepare(kIdent, kFirst);
  m.keep(kIdent, m.participant.commit(kIdent, kFirst));
  CHECK_FALSE(probes.programs.at(kIdent));
  m.participant.disconnected();
  SUBCASE("the guest answers") {}
  SUBCASE("its agent dies with the message in hand") {
    m.w.link.to_guest.clear();
    m.w.start_agent();
  }
  m.w.settle();
  CHECK(m.fires(kIdent));
  m.confirm(kIdent, kFirst);
}
