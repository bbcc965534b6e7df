/* World: coordinator, journal, guests and consumers with all that can happen to them, as one value that can be
 * copied, changed by an action, and told apart from others. The real Coordinator and Participant are in it; around
 * them are the simplest journal, sockets, hosts and consumers that keep their contracts.
 *
 * A guest and the coordinator have each its end of a session. While both are the same, what is sent gets into a
 * bag, from which any message is delivered next, lost, or doubled. Each end is closed by itself, and until the
 * other notices, what is in its bag may still arrive. Connecting and registering is one action; so is a consumer's
 * connecting and submitting, whose answers arrive at once.
 *
 * The journal is a durable set: what is in it survives. Effects are carried out in order, and the coordinator may
 * crash between any two of them; a decision is written by an action of its own, and heard of by another.
 *
 * Whatever must always hold is checked by check(), which throws Violation. */
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "transport/coordinator.hpp"
#include "transport/participant.hpp"

namespace hp::model {

struct Violation {
  std::string what;
};

/* How many times each fault may happen; what is not a fault may happen at any time. */
struct Budget {
  uint8_t losses = 0, doubles = 0, breaks = 0;
  uint8_t coordinator_crashes = 0, guest_crashes = 0, consumer_deaths = 0;
  uint8_t refusals = 0, kills = 0, ticks = 0, journal_failures = 0;
};

struct Scenario {
  uint8_t guests = 2, programs = 1;
  uint8_t late_joins = 0;  /* of the guests, the last so many are not there at the start */
  uint8_t slow_guests = 0; /* the first so many answer load() and enable() later */
  bool skip_failing = false, detached = false;
  Budget budget;
};

struct Action {
  enum Kind : uint8_t {
    DeliverToGuest, /* guest, message */
    DoubleToGuest,  /* delivered, and it will be again */
    LoseToGuest,
    RefuseAtGuest, /* a PREPARE that cannot be loaded */
    DeliverToCoordinator,
    DoubleToCoordinator,
    LoseToCoordinator,
    CloseGuestEnd,
    CloseCoordinatorEnd,
    Connect, /* starts it, where it is not there */
    CrashGuest,
    HostLoaded, /* guest, program: a slow one has done it */
    HostFailed,
    HostEnabled,
    Remind,
    CrashCoordinator,
    RestartCoordinator,
    RestartWithSegments, /* the detached programs' came back by themselves */
    WriteDecision,       /* program: COMMITTED becomes durable */
    HearDecision,
    FailDecision,
    Submit, /* program's consumer; again, where it lost the coordinator */
    Detach,
    ConsumerDies,
    ConsumerBreaks,
    KillProgram,
    Tick,
  } kind;
  uint8_t a = 0, b = 0;
  uint8_t crash_after = kNoCrash; /* effects that are carried out before the coordinator crashes */
  static constexpr uint8_t kNoCrash = 0xff;
};
std::string to_text(const Action&);

struct Message {
  enum Kind : uint8_t {
    Prepare,
    Commit,
    Abort,
    Kill,
    Return,
    Prepared,
    Refused,
    Committed,
    Killed,
    Segment
  };
  Kind kind;
  uint8_t program;
  Transaction transaction;
  uint8_t version, segment; /* Prepare: of the object, of the segment; Segment */
  auto operator<=>(const Message&) const = default;
};
using Bag = std::set<Message>;

inline ProgramIdent ident_of(uint8_t program) {
  return {static_cast<uint8_t>(program + 1)};
}
inline uint8_t program_of(const ProgramIdent& ident) {
  return static_cast<uint8_t>(ident[0] - 1);
}

class World {
 public:
  explicit World(const Scenario&);

  /* What can happen next. */
  std::vector<Action> actions() const;
  /* Does it, and checks. Effects: how many the coordinator asked for. */
  size_t apply(const Action&);
  /* One step without faults towards rest: false when nothing is left to do, after which check_rest() must hold.
   * Ticks are not bounded by the budget. */
  bool heal();
  /* The coordinator may still crash within an action. */
  bool may_crash() const { return coordinator_ && left_.coordinator_crashes != 0; }
  void check() const;
  void check_rest() const;
  /* Equal for worlds that differ in nothing that matters: numbers are replaced by their ranks, times by what is
   * left. Without what is left of the budget, where only the state counts. */
  std::string key(bool with_budget) const;
  std::string describe() const;

 private:
  struct Load { /* what a guest's host has of a program */
    uint8_t version = 0, segment = 0;
    bool enabled = false, loading = false, enabling = false;
  };
  struct Node {
    Participant participant;
    std::map<uint8_t, Load> loads;
    bool up = false, slow = false;
    uint8_t process = 1, coordinators_process = 0; /* which life; which one the coordinator knows */
    uint32_t vmid = 0;
    PeerId end = 0, coordinators_end = 0; /* 0: closed */
    Bag to_guest, to_coordinator;
    std::set<uint8_t> given;   /* programs that it was ever asked to prepare */
    std::set<uint8_t> refused; /* in this session */
  };
  struct Host final : ProgramHost {
    std::optional<Result<uint32_t>> load(const ProgramIdent&, const ProgramFiles&) override;
    bool enable(const ProgramIdent&) override;
    void unload(const ProgramIdent&) override;
  };
  enum class Journaled : uint8_t { Nothing, Received, Committed, Ended };
  enum class Consumer : uint8_t { New, Waiting, Running, Done, Dead };
  struct Program {
    Journaled journaled = Journaled::Nothing;
    Consumer consumer = Consumer::New;
    PeerId session = 0;                              /* the consumer's */
    uint8_t version = 0;                             /* of the last submit */
    uint8_t segment = 1;                             /* which one the coordinator has, or had */
    Transaction first = 0;                           /* in the journal: of the last Remake */
    bool deciding = false, decision_durable = false; /* asked for; written, and not heard of */
    bool may_end = false;                            /* somebody had a reason to end it */
    std::set<uint32_t> shown; /* guest numbers that the consumer thinks run it */
  };

  void carry_out(const Effects&, uint8_t crash_after);
  void carry_out(const Effect&);
  void send_to_guest(const Effect&, Message::Kind);
  void answer(Node&, uint8_t program, const ParticipantAnswer&);
  void deliver_to_guest(Node&, const Message&, bool refuse);
  void deliver_to_coordinator(Node&, const Message&, Effects&);
  void close_guest_end(Node&);
  void connect(uint8_t guest, Effects&);
  void submit(uint8_t program, Effects&);
  bool can_submit(uint8_t program) const;
  void crash_coordinator();
  void restart_coordinator(bool with_segments);
  static void select(Node&, bool refuse = false);
  bool open(const Node& n) const { return n.end != 0 && n.end == n.coordinators_end; }
  Program& program(const ProgramIdent& ident) { return programs_.at(ident[0] - 1u); }
  Node* node_of(uint32_t vmid);
  std::optional<Action> next_without_faults() const;
  void check_guest(const Node&) const;
  void check_program(uint8_t program) const;
  void check_guest_at_rest(const Node&) const;
  void check_program_at_rest(uint8_t program) const;

  static Node* current_; /* whose participant is being called */
  static bool refuse_;   /* what it loads */
  static Host host_;

  Scenario scenario_;
  Budget left_;
  std::optional<Coordinator> coordinator_;
  uint32_t epoch_ = 1;
  Time now_ = std::chrono::seconds(1);
  PeerId next_peer_ = 1;
  std::map<uint32_t, std::string> guest_numbers_; /* in the journal */
  std::vector<Node> nodes_;
  std::vector<Program> programs_;
};

}  // namespace hp::model
