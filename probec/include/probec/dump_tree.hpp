/* A syntax tree as text, for -x tree: what the parser made of a script, before any name means anything.
 *
 * One line a declaration, translator or provider; for a clause its descriptions, then its predicate and
 * statements on lines of their own. Expressions are (operation operands), operators spelled as in D;
 * types are in C's reading order from the inside: "pointer to struct foo". The built-in library's items
 * are left out. */
#pragma once
#include <string>
#include <vector>

#include "probec/ast.hpp"

namespace hp::probec::ast {

std::string dump(const Tree& tree, const std::vector<Source>& sources);

}  // namespace hp::probec::ast
