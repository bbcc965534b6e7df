/* Whose types a program is compiled against: a kernel's, when it names structures that nobody declares. */
#pragma once
#include "probec/kernel_types.hpp"
#include "probec_cli.hpp"

/* -x kernelbtf=FILE; with -E, the kernel of the first guest that is known and that a target of the sources may
 * mean; else the kernel that probec runs on. Asks the coordinator, so only when types are needed. */
namespace hp {
probec::KernelTypes::Files kernel_of(const Cli&);
}
