/* What probec only shows or writes about a program, without running it: -l, -h, and the stability report of
 * -v. Each returns probec's exit status, or false when it failed and said so. */
#pragma once
#include "probec_compilation.hpp"
#include "probec_report.hpp"

namespace hp {

/* -l: the probes that the sources, or the object of -Y, name; all of them without either. */
int list_probes(Cli&, const Report&, Compilation&);
/* -h: FILE.d to FILE.h in the current directory, or to what -o names. */
int write_header(Cli&, const Report&, Compilation&);
/* -v: what the guide's Stability chapter calls the stability report, of one unit. */
bool report_stability(const Cli&, const Report&, const std::vector<Unit>&);

}  // namespace hp
