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

/* The same for what failed in the consumer: "error on enabled probe ID 2 (ID 1: dtrace:::BEGIN):
 * what". */
std::string library_error(uint32_t epid, const ProbeName& probe, const std::string& what);

/* "12 drops on CPU 1\n", "3 dynamic variable drops\n"; tag: -xdroptags, "[DTRACEDROP_...] " in front.
 * reason: HP_DROP_*; cpu: for those that are counted by CPU, HP_DROP_PRINCIPAL and _AGGREGATION. */
std::string drop_message(uint32_t reason, uint64_t count, bool tag, uint32_t cpu = 0);

}  // namespace hp
