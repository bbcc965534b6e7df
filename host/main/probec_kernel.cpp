#include "probec_kernel.hpp"

using namespace hp;
using probec::KernelTypes;
using probec::Option;

KernelTypes::Files kernel_of(const Cli& cli) {
  /* A guest's symbols are not this machine's: they get their addresses when the program is linked. */
  if (const std::string& file = cli.options.text(Option::kernelbtf); !file.empty())
    return {file, ""};
  return {};
}
