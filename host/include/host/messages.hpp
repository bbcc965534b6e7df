/* The one-line messages of dtrace(1) about errors and drops, without the program's name. Pure. */
#pragma once
#include <cstdint>
#include <string>

#include "host/value.hpp"
#include "transport/segment.h"

namespace hp {

/* "invalid address" for HP_FLT_BADADDR ... */
const char* fault_text(uint32_t fault);

/* "error on enabled probe ID 2 (ID 123: syscall:vmlinux:openat:entry): invalid address (0x0) in
 * action #1" and a newline. epid: see the epid variable. */
std::string error_message(uint32_t epid, const ProbeName& probe, const hp_rec_error& error);

/* "12 drops\n", "3 dynamic variable drops\n"; tag: -xdroptags, "[DTRACEDROP_...] " in front.
 * reason: HP_DROP_*. */
std::string drop_message(uint32_t reason, uint64_t count, bool tag);

}  // namespace hp
