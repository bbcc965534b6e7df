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
 * Every message may arrive twice, and an answer of the host's after its program was dropped. Not thread-safe. */
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "transport/guest_description.hpp"
#include "transport/program_ident.hpp"
#include "transport/result.hpp"

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
  uint32_t probes = 0; /* Prepared */
  std::string reason;  /* Refused */
};

class Participant {
 public:
  explicit Participant(ProgramHost& host) : host_(host) {}

  ParticipantAnswer prepare(const ProgramIdent&, const ProgramFiles& = {});
  ParticipantAnswer commit(const ProgramIdent&);
  /* The coordinator decided against it; needs no answer. */
  void abort(const ProgramIdent&);
  ParticipantAnswer kill(const ProgramIdent&);
  /* The host's answers to load() and enable(), where they come later; None where nobody waits for them. */
  ParticipantAnswer loaded(const ProgramIdent&, const Result<uint32_t>& probes);
  ParticipantAnswer enabled(const ProgramIdent&);
  /* The coordinator is gone: what it had not decided is aborted; what runs goes on running. */
  void disconnected();
  /* The guest is gone: nothing runs any more. */
  void reset();

  bool knows(const ProgramIdent& ident) const { return programs_.count(ident) != 0; }
  /* Committed programs, for the registration. */
  std::vector<ProgramIdent> running() const;
  /* Programs that are not enabled yet. */
  size_t undecided() const;

 private:
  enum class Stage { Loading, Loaded, Enabling, Enabled };
  struct State {
    Stage stage = Stage::Loading;
    uint32_t probes = 0;
  };
  ProgramHost& host_;
  std::map<ProgramIdent, State> programs_;
};

}  // namespace hp
