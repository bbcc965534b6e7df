/* Participant: a guest's side of the two-phase commit of coordinator.hpp, as pure logic.
 *
 * The owner supplies what a guest can do with a program (ProgramHost) and carries the answers to the
 * coordinator. Every message may arrive twice. Not thread-safe. */
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "transport/result.hpp"
#include "transport/rpc.hpp"

namespace hp {

/* What a guest does with programs. */
class ProgramHost {
 public:
  virtual ~ProgramHost() = default;
  /* Matches probes, checks that it links, takes what it needs; nothing fires yet. Returns the number
   * of probes that will be enabled. */
  virtual Result<uint32_t> load(const ProgramIdent&) = 0;
  /* All clauses of a loaded program fire from here on. */
  virtual void enable(const ProgramIdent&) = 0;
  /* Nothing of it fires any more; everything load took is given back. */
  virtual void unload(const ProgramIdent&) = 0;
};

struct ParticipantAnswer {
  enum Kind { Prepared, Refused, Committed, Killed } kind;
  uint32_t probes = 0; /* Prepared */
  std::string reason;  /* Refused */
};

class Participant {
 public:
  explicit Participant(ProgramHost& host) : host_(host) {}

  ParticipantAnswer prepare(const ProgramIdent&);
  ParticipantAnswer commit(const ProgramIdent&);
  /* The coordinator decided against it; needs no answer. */
  void abort(const ProgramIdent&);
  ParticipantAnswer kill(const ProgramIdent&);
  /* The coordinator is gone: what it had not decided is aborted; what runs goes on running. */
  void disconnected();

  bool knows(const ProgramIdent& ident) const { return programs_.count(ident) != 0; }
  /* Committed programs, for the registration. */
  std::vector<ProgramIdent> running() const;
  size_t undecided() const;

 private:
  struct State {
    bool committed = false;
    uint32_t probes = 0;
  };
  ProgramHost& host_;
  std::map<ProgramIdent, State> programs_;
};

}  // namespace hp
