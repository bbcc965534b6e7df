/* probec -y: a compiled program, linked for one kernel. */
#pragma once
#include "probec_cli.hpp"
#include "probec_report.hpp"

namespace hp {

/* Reads the object of -y, applies its relocations against the types of -x kernelbtf=FILE or of the kernel that
 * probec runs on, writes what --elf names (default: the object's name with .linked). The exit status. */
int link_object(const Cli&, const Report&);

}  // namespace hp
