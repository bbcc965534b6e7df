/* ProcessPrograms: what a process guest does with the fleet's programs: it loads and enables them, at once,
 * through its Supervisor. Threading: the supervisor's thread. */
#pragma once
#include <map>
#include <string>

#include "guest/supervisor.hpp"
#include "transport/participant.hpp"

namespace hp {

class ProcessPrograms final : public ProgramHost {
 public:
  /* guest: what the targets of probe descriptions match. The supervisor outlives this. */
  ProcessPrograms(guest::Supervisor& supervisor, GuestDescription guest)
      : supervisor_(supervisor), guest_(std::move(guest)) {}

  std::optional<Result<uint32_t>> load(const ProgramIdent&, const ProgramFiles&) override;
  bool enable(const ProgramIdent&) override;
  void unload(const ProgramIdent&) override;
  void set_vmid(uint32_t vmid) override { supervisor_.set_vmid(vmid); }

  /* How often a process of the guest could not load a program, since this was asked last. */
  uint64_t new_load_failures();

 private:
  struct Loaded {
    guest::SyscallMask mask;
    uint32_t slot = 0;
  };
  Result<Loaded> prepare(const ProgramIdent&, const ProgramFiles&);

  guest::Supervisor& supervisor_;
  GuestDescription guest_;
  std::map<ProgramIdent, Loaded> programs_;
  uint64_t load_failures_ = 0;
};

}  // namespace hp
