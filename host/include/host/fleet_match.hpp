/* Which guests a program concerns, and which system call probes it enables there. */
#pragma once
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "handler/match.hpp"
#include "transport/coordinator.hpp"
#include "transport/object.hpp"

namespace hp {

/* Some description of the object is for this guest: its target matches, and guests of its kind might have the probe. */
Coordinator::Matcher guest_matcher(const std::shared_ptr<const Object>&);

/* A program is code that runs with the rights of a guest's user: of those that match, the guests of this uid. */
Coordinator::Matcher guests_of(uint32_t uid, Coordinator::Matcher);

/* Which system call probes a process guest enables, by the descriptions of an object. */
struct SyscallSelection {
  std::vector<std::pair<uint32_t, bool>> probes; /* number, is return */
  bool profile = false;                          /* profile-N: its threads are sampled */
};
SyscallSelection select_syscalls(const Object&, const handler::Target& guest);

}  // namespace hp
