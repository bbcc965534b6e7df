/* How probec says things: messages on standard error as dtrace(1) words them, listings to what -o names.
 * One thread; the Cli is the caller's and must outlive the Report. */
#pragma once
#include <string>
#include <vector>

#include "probec/diagnostic.hpp"
#include "probec/source.hpp"
#include "probec_cli.hpp"

namespace hp {

class Report {
 public:
  explicit Report(const Cli& cli) : cli_(cli) {}

  /* With -x errtags, the tag stands before the message. */
  std::string tagged(const char* tag, const std::string& message) const;
  /* The exit status of what is fatal, 1. */
  int fatal(const std::string& message) const;
  /* -x debug: what is done, step by step. */
  void debug(const std::string& message) const;
  /* What -q leaves out. */
  void notice(const std::string& message) const;
  /* sources: what its location refers to. */
  void diagnostic(const probec::Diagnostic&, const std::vector<probec::Source>& sources) const;
  /* Text that was asked for, to standard output or what -o names. False: it could not be written, and that
   * has been said. */
  bool print(const std::string& text) const;

 private:
  const Cli& cli_;
};

}  // namespace hp
