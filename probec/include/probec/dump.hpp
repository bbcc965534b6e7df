/* A checked program as text, for -xtree and the compiler's own tests: one line a clause's part,
 * expressions as (operation:type operands). */
#pragma once
#include <string>

#include "probec/checked.hpp"

namespace hp::probec {

std::string dump(const CheckedProgram& program);
std::string dump(const CheckedProgram& program, ExprId expr);

}  // namespace hp::probec
