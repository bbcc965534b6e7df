/* Tables: the second pass of code generation, the bytes of .hyprobe.data (transport/object.h). */
#pragma once
#include <string>

#include "layout.hpp"

namespace hp::probec::codegen {

std::string make_tables(const CheckedProgram&, const Layout&);

}  // namespace hp::probec::codegen
