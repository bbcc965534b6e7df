#include "host/process_programs.hpp"

#include <utility>

#include "handler/program.hpp"
#include "host/fleet_match.hpp"
#include "transport/object.hpp"

namespace hp {

Result<ProcessPrograms::Loaded> ProcessPrograms::prepare(const ProgramIdent& ident,
                                                         const ProgramFiles& files) {
  Loaded l;
  const handler::Target target{guest_.name, guest_.hostname, guest_.osversion};
  Object object = HP_TRY(Object::read(files.object));
  SyscallSelection selection = select_syscalls(object, target);
  for (auto [nr, is_return] : selection.probes) l.mask.set(nr, is_return);
  l.mask.profile = selection.profile;
  /* It must link and fit its segment here; the monitors load it again, each for itself. */
  HP_TRYV(handler::Program::load(std::move(object), files.segment, target));
  l.slot = HP_TRY(supervisor_.prepare(files.object, files.segment, ident.data()));
  return l;
}

std::optional<Result<uint32_t>> ProcessPrograms::load(const ProgramIdent& ident,
                                                      const ProgramFiles& files) {
  auto loaded = prepare(ident, files);
  if (!loaded) return tl::make_unexpected(loaded.error());
  const Loaded& l = programs_[ident] = *loaded;
  return l.mask.count() + (l.mask.profile ? 1 : 0);
}

bool ProcessPrograms::enable(const ProgramIdent& ident) {
  const Loaded& l = programs_.at(ident);
  supervisor_.commit(l.slot, l.mask);
  return true;
}

void ProcessPrograms::unload(const ProgramIdent& ident) {
  auto it = programs_.find(ident);
  if (it == programs_.end()) return;
  supervisor_.disable(it->second.slot);
  programs_.erase(it);
}

uint64_t ProcessPrograms::new_load_failures() {
  const uint64_t total = __atomic_load_n(&supervisor_.control().load_failures, __ATOMIC_RELAXED);
  return total - std::exchange(load_failures_, total);
}

}  // namespace hp
