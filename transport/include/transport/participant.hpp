/* Participant: a guest's side of the two-phase commit of coordinator.hpp, as pure logic.
 *
 * The owner supplies what a guest can do with a program (ProgramHost) and carries the answers to the
 * coordinator. A process guest loads and enables at once; a Linux guest has to be asked, so its host answers
 * later, and the owner passes that on (loaded(), enabled()):
 *
 *     PREPARE -> prepare() -> host.load() -> Prepared or Refused at once
 *                                         -> None; later loaded() -> Prepared or Refused
 *     COMMIT  -> commit() -> host.enable() -> Committed at once
 *                                          -> None; later enabled() -> Committed
 *
 *               PREPARE n                    COMMIT n
 *     (nothing) ---------> Loading -> Loaded ---------> Enabling -> Enabled
 *         ^                   |         |                   |          |
 *         +--- cannot; ABORT n; session ends ---+           +- KILL n -+
 *
 * Messages may arrive twice and out of order within a session, and the host may answer after its program was
 * dropped. Each has the number of its PREPARE (transaction.hpp; 0, of a peer without numbers: the one held).
 * A PREPARE whose number was met before, other than a repetition of the one that is held, is refused; one with a new
 * number replaces what is held. COMMIT takes exactly its own; ABORT and KILL take what is not newer.
 *
 * Between sessions (disconnected()): undecided programs are dropped, committed ones go on, and running() says them
 * to the next session. While undecided() is not 0, call remind() every few seconds and send what it gives: ABORT is
 * said only once, so a lost one must be asked for.
 *
 * Copyable (the host is the caller's, and only referred to); not thread-safe. */
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "transport/guest_description.hpp"
#include "transport/program_ident.hpp"
#include "transport/result.hpp"
#include "transport/transaction.hpp"

namespace hp {

/* What a program comes with; the descriptors are the caller's and only good for the call. */
struct ProgramFiles {
  int object = -1, segment = -1;
};

/* What a guest does with programs. */
class ProgramHost {
 public:
  virtual ~ProgramHost() = default;
  /* Matches probes, checks that it links, takes what it needs; nothing fires yet. Gives the number of probes
   * that will be enabled, or why it cannot; nullopt: ProgramAnswers::loaded() will say. */
  virtual std::optional<Result<uint32_t>> load(const ProgramIdent&, const ProgramFiles&) = 0;
  /* All clauses of a loaded program fire from here on. False: ProgramAnswers::enabled() will say when. */
  virtual bool enable(const ProgramIdent&) = 0;
  /* Nothing of it fires any more; everything load took is given back. No answer about this load comes later. */
  virtual void unload(const ProgramIdent&) = 0;
  /* The guest's number in the fleet from here on. */
  virtual void set_vmid(uint32_t) {}
};

/* Who hears a host's late answers. */
class ProgramAnswers {
 public:
  virtual ~ProgramAnswers() = default;
  virtual void loaded(const ProgramIdent&, Result<uint32_t> probes) = 0;
  virtual void enabled(const ProgramIdent&) = 0;
};

/* Who hears that a Linux guest can be traced: its agent speaks; or no longer: it ended or boots anew, and
 * everything that was loaded is gone with it. */
class GuestListener : public ProgramAnswers {
 public:
  virtual void up(const GuestDescription&) = 0;
  virtual void down(const std::string& reason) = 0;
};

struct ParticipantAnswer {
  enum Kind { None, Prepared, Refused, Committed, Killed } kind = None;
  Transaction transaction = 0;
  uint32_t probes = 0; /* Prepared */
  std::string reason;  /* Refused */
};

class Participant {
 public:
  enum class Stage { Loading, Loaded, Enabling, Enabled };
  struct Held {
    Stage stage = Stage::Loading;
    Transaction transaction = 0;
    uint32_t probes = 0;
  };

  explicit Participant(ProgramHost& host) : host_(&host) {}

  ParticipantAnswer prepare(const ProgramIdent&, Transaction, const ProgramFiles& = {});
  ParticipantAnswer commit(const ProgramIdent&, Transaction);
  /* The coordinator decided against it; needs no answer. */
  void abort(const ProgramIdent&, Transaction);
  ParticipantAnswer kill(const ProgramIdent&, Transaction);
  /* The host's answers to load() and enable(), where they come later; None where nobody waits for them. */
  ParticipantAnswer loaded(const ProgramIdent&, const Result<uint32_t>& probes);
  ParticipantAnswer enabled(const ProgramIdent&);
  /* Prepared again, for each program that waits for its decision. */
  std::vector<std::pair<ProgramIdent, ParticipantAnswer>> remind() const;
  /* The session is over: what was not decided is aborted; what runs goes on running. */
  void disconnected();
  /* The guest is gone: nothing runs any more. */
  void reset();

  bool knows(const ProgramIdent& ident) const { return programs_.count(ident) != 0; }
  /* Committed programs, for the registration. */
  std::vector<Claim> running() const;
  /* Programs that are not enabled yet. */
  size_t undecided() const;
  const std::map<ProgramIdent, Held>& programs() const { return programs_; }
  const SeenTransactions& seen() const { return seen_; }

 private:
  void drop(const ProgramIdent&);
  bool takes(const ProgramIdent&, Transaction);

  ProgramHost* host_;
  std::map<ProgramIdent, Held> programs_;
  SeenTransactions seen_; /* of this session */
};

}  // namespace hp
