/* #pragma D lines, #ident and #error: what the lexer finds and the parser does not see. Options are set as
 * they are read; what is said of names is kept in the tree for the checker. */
#pragma once
#include <string>
#include <vector>

#include "probec/ast.hpp"
#include "probec/lexer.hpp"
#include "probec/options.hpp"

namespace hp::probec {

class Pragmas {
 public:
  Pragmas(Options& options, ast::Tree& tree, const std::vector<Source>& sources)
      : options_(options), tree_(tree), sources_(sources) {}

  /* Throws CompileError. */
  void operator()(Location loc, const std::vector<std::string>& words);

 private:
  void stability(Location loc, const std::vector<std::string>& words, size_t args);
  void option(Location loc, const std::vector<std::string>& words, size_t args);
  void depends_on(Location loc, const std::vector<std::string>& words, size_t args);
  [[nodiscard]] bool in_library(Location loc) const;

  Options& options_;
  ast::Tree& tree_;
  const std::vector<Source>& sources_;
};

}  // namespace hp::probec
