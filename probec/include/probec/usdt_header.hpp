/* A C header of the probes that a program's `provider` declarations name (-h), in dtrace(1)'s form:
 *
 *     MYSERV_QUERY_START(fd, path);                  fires myserv:::query-start
 *     if (MYSERV_QUERY_START_ENABLED()) { ... }      true while somebody traces it
 *
 * The header needs nothing else: the macros write notes of <sys/sdt.h>'s third form (one nop per site, a
 * note that says where it is, where its semaphore is and where its arguments are), for GCC and clang on
 * x86-64. Everywhere else, and with -DDTRACE_PROBES_DISABLED, they are empty. */
#pragma once
#include <string>

#include "probec/checked.hpp"
#include "transport/result.hpp"

namespace hp::probec {

/* name: of the file that it was made from. Fails if there is nothing to declare, or if a probe has
 * arguments that cannot be passed. */
Result<std::string> usdt_header(const CheckedProgram& program, const std::string& name);

}  // namespace hp::probec
