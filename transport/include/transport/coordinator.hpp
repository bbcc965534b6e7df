/* Coordinator: the deciding side of two-phase commit, as pure logic.
 *
 * Inputs are messages, disconnects, the journal's word and the clock; outputs are effects (effect.hpp) that the
 * caller carries out in order. No input or output happens here, so tests can drive any ordering
 * (tests/transport/transaction_model_test.cpp drives all of them). The protocol is presumed abort: nothing is
 * remembered of a program that was not committed, and whoever asks about an unknown program is told to drop it.
 *
 *     consumer                  coordinator                       guests (participants)
 *        | submit ------------------> |  Preparing                      |
 *        |                            | -- PREPARE ---> every match --> | load, link, count
 *        |                            | <-- PREPARED(count) | REFUSED - |
 *        |         all PREPARED:      |  Deciding: journal COMMITTED    |
 *        |         it is durable:     | -- COMMIT ---------------------> | enable, atomically
 *        | <------- Committed ------- | <-- COMMITTED ----------------- |
 *        |    a refusal or timeout:   | -- ABORT ----------------------> | forget
 *        | <------- Aborted --------- |                                 |
 *        | kill, or it dies --------> |  Ending: journal ENDED          |
 *        |                            | -- KILL -----------------------> | disable
 *        | <------- Ended ----------- | <-- KILLED -------------------- |
 *
 * Guests. One that registers while a program is committed gets PREPARE and COMMIT for itself alone (Joined or
 * Refused to the consumer); during a program's first phase it waits for the outcome. It says at registration what
 * it runs, for it may outlive a session or a coordinator: what is committed here and was given to it is confirmed
 * by COMMIT with the same number, without a gap; anything else it is told to drop.
 *
 * Losses. PREPARE is repeated within the program's time (for a late guest: until it answers), COMMIT and KILL
 * until they are answered or the session ends. ABORT is not: a guest that waits for a decision says PREPARED again
 * (Participant::remind()) and is told. What belongs to another transaction number is ignored or answered with
 * ABORT or KILL of that number. Messages of a former session never arrive in a new one.
 *
 * The decision is the journal's: Effect::Decide asks for it, decided() brings it, and only then a COMMIT is sent.
 * The end is journaled before the first KILL is sent (Effect::LogEnd).
 *
 * A restart: Coordinator(.., epoch, ..), recover_guest() and recover() for what the journal has, then connections.
 * A recovered program is Committed, without consumer and maybe without its files. An attached one ends unless its
 * consumer adopt()s it within resume_grace. A detached one stays; if its segment was not found, guests that run it
 * are asked for theirs (Effect::Return), and after resume_grace it is made anew (Effect::Remake). Guests that do
 * not run it yet are prepared once its files_arrived().
 *
 * Peers are not trusted with each other's programs: a message counts for the guest of its connection only. Who may
 * submit, kill or attach is the caller's to check. Copyable; not thread-safe. */
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "transport/effect.hpp"
#include "transport/guest_registry.hpp"
#include "transport/result.hpp"
#include "transport/transaction.hpp"

namespace hp {

struct ProgramOptions {
  bool skip_failing = false; /* phase one leaves out the guests that fail, instead of aborting */
  bool detached = false;     /* it outlives its consumer */
  Time timeout = std::chrono::seconds(5); /* for each answer of a guest */
};

class Coordinator {
 public:
  using Matcher = std::function<bool(const Guest&)>;
  enum class Phase { Preparing, Deciding, Committed, Ending };
  enum class Part { Preparing, Prepared, Committing, Enabled, Killing };

  /* A guest in a program. */
  struct Participation {
    Part part = Part::Preparing;
    Transaction transaction = 0;
    Time due{};           /* when something is said again, or given up */
    Time deadline{};      /* when the guest has had its time to prepare */
    bool overdue = false; /* the consumer was told that it does not answer */
    uint32_t probes = 0;
    bool joined_late = false;
    bool has_segment =
        false; /* it ran the program before this session: it can return the segment */
  };
  struct Program {
    ProgramIdent ident{};
    PeerId consumer = 0; /* 0: nobody */
    Phase phase = Phase::Preparing;
    bool told = false; /* the consumer knows that it is committed */
    ProgramOptions options;
    Matcher matches;
    Time since{};
    std::string end_reason; /* Ending; or Deciding: it ends as soon as the decision is known */
    bool end_wanted = false;
    bool recovered = false;
    bool has_files = true;
    Transaction first = 0;     /* PREPAREs up to this one were of a former program or segment */
    std::optional<Time> grace; /* until its consumer, or its segment, must have come back */
    std::map<uint32_t, Participation> guests; /* by vmid */
    uint32_t waits_for =
        0; /* no guest below is still to answer in this phase: one look an answer */
    std::vector<GuestOutcome> failed; /* phase one */
    std::set<uint32_t> seen; /* vmids in its segment's guest table; not given away meanwhile */
  };

  /* max_guests: vmids run from 1 to max_guests - 1. epoch: above that of every coordinator before it. */
  explicit Coordinator(uint32_t max_guests, uint32_t epoch = 1,
                       Time resume_grace = std::chrono::seconds(10))
      : registry_(max_guests),
        epoch_(epoch),
        last_transaction_(first_transaction(epoch)),
        resume_grace_(resume_grace) {}

  /* --- recovery, before anybody connects --- */
  struct Recovered {
    ProgramIdent ident{};
    ProgramOptions options;
    Matcher matches;
    bool has_files = false;  /* object and segment are at hand */
    std::set<uint32_t> seen; /* vmids of its segment's guest table, as far as known */
    Transaction first = 0;   /* of its last Effect::Remake; 0: its segment was never remade */
  };
  /* vmid is this guest's, now or when it comes back. */
  void recover_guest(uint32_t vmid, const std::string& name) { registry_.remember(vmid, name); }
  void recover(Recovered, Time now, Effects&);

  /* --- the journal and the files --- */
  /* The answer to Effect::Decide: COMMITTED is durable, or why not. Ignored where nothing is to be decided. */
  void decided(const ProgramIdent&, bool durable, const std::string& why_not, Time now, Effects&);
  /* The program's object and segment are at hand: guests can be prepared, its guest table written. */
  void files_arrived(const ProgramIdent&, Time now, Effects&);

  /* --- guests --- */
  struct Registered {
    uint32_t vmid;
    uint32_t pending; /* programs that will be prepared for it right away */
  };
  /* wanted: the vmid it had before (0: none), granted if it is free and no other guest's. The same process
   * (pid and uid) under the same name on a new connection replaces its former session, as if that had
   * disconnected; another one is refused. claims: programs it runs. */
  Result<Registered> register_guest(PeerId, const GuestInfo&, uint32_t wanted,
                                    const std::vector<Claim>& claims, Time now, Effects&);
  void prepared(PeerId, const ProgramIdent&, Transaction, uint32_t probes, Time now, Effects&);
  void refused(PeerId, const ProgramIdent&, Transaction, const std::string& reason, Time now,
               Effects&);
  void committed(PeerId, const ProgramIdent&, Transaction, Time now, Effects&);
  void killed(PeerId, const ProgramIdent&, Transaction, Time now, Effects&);

  /* --- consumers --- */
  /* A program that is not known here. Its outcome is Effect::Committed or Aborted. */
  Result<> submit(PeerId consumer, const ProgramIdent&, const ProgramOptions&, Matcher, Time now,
                  Effects&);
  /* The consumer of a known program submits it again, on a new connection: Effect::Committed when it is, at once
   * if it was. Fails when the program ends, or there is none. If has_files is false: files_arrived() afterwards. */
  Result<> adopt(PeerId consumer, const ProgramIdent&, Time now, Effects&);
  /* A consumer for a detached program that is committed and has none; the caller tells it the guests. */
  Result<> attach(PeerId consumer, const ProgramIdent&);
  /* False: no such program. */
  bool kill(const ProgramIdent&, const std::string& reason, Time now, Effects&);
  void kill_all(const std::string& reason, Time now, Effects&);

  /* --- the world --- */
  /* A guest's or a consumer's connection ended. A consumer's programs end with it; detached ones only if they
   * are in their first phase. */
  void disconnected(PeerId, Time now, Effects&);
  void tick(Time now, Effects&);
  /* When tick has something to do at the latest. */
  std::optional<Time> next_deadline() const;

  const std::map<uint32_t, Guest>& guests() const { return registry_.all(); }
  const std::map<ProgramIdent, Program>& programs() const { return programs_; }
  const Guest* guest_of(PeerId peer) const { return registry_.find(peer); }
  uint32_t epoch() const { return epoch_; }
  Transaction last_transaction() const { return last_transaction_; }

 private:
  struct Found { /* what a guest's message is about; each nullptr where there is none */
    Guest* guest = nullptr;
    Program* program = nullptr;
    Participation* part = nullptr; /* of this transaction */
  };
  Found find(PeerId, const ProgramIdent&, Transaction);
  Program* find(const ProgramIdent&);
  GuestOutcome outcome(uint32_t vmid, uint32_t probes = 0, std::string reason = {}) const;
  void send(Effect::Kind, const ProgramIdent&, const Guest&, Transaction, Effects&) const;
  void tell(Effect::Kind, const Program&, std::vector<GuestOutcome>, std::string reason,
            Effects&) const;
  void mark_live(const Program&, uint32_t vmid, Effects&) const;
  void mark_gone(const Program&, uint32_t vmid, Effects&) const;

  void prepare(Program&, Guest&, bool late, Time now, Effects&);
  uint32_t prepare_newcomers(Program&, Time now, Effects&);
  bool may_claim(const Program&, const Guest&, const Claim&) const;
  void confirm(Program&, Guest&, const Claim&, Time now, Effects&);
  void owe_kill(Guest&, const ProgramIdent&, Transaction, Time interval, Time now, Effects&) const;
  void drop_guest(Program&, uint32_t vmid, const std::string& reason, bool tell_guest, Effects&);
  void leave(Guest&, Effects&);
  template <class Outstanding>
  static bool waits(Program&, Outstanding);
  void advance(Program&, Effects&);
  void tell_committed(Program&, Effects&);
  void begin_end(Program&, const std::string& reason, Time now, Effects&);
  void abort(Program&, const std::string& reason, Effects&);
  void erase_finished(Effects&);
  void tick(Program&, uint32_t vmid, Time now, Effects&);
  static std::optional<Time> due(const Program&, const Participation&);

  GuestRegistry registry_;
  uint32_t epoch_;
  Transaction last_transaction_;
  Time resume_grace_;
  std::map<ProgramIdent, Program> programs_;
  std::vector<ProgramIdent> finished_;
};

}  // namespace hp
