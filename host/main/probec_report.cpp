#include "probec_report.hpp"

#include <unistd.h>

#include <cstdio>

#include "host/output.hpp"

namespace hp {

using probec::Option;

std::string Report::tagged(const char* tag, const std::string& message) const {
  return cli_.options.flag(Option::errtags) ? std::string("[") + tag + "] " + message : message;
}

int Report::fatal(const std::string& message) const {
  std::fprintf(stderr, "%s: %s\n", cli_.program.c_str(), message.c_str());
  return 1;
}

void Report::debug(const std::string& message) const {
  if (cli_.options.flag(Option::debug))
    std::fprintf(stderr, "%s DEBUG: %s\n", cli_.program.c_str(), message.c_str());
}

void Report::notice(const std::string& message) const {
  if (!cli_.options.flag(Option::quiet))
    std::fprintf(stderr, "%s: %s\n", cli_.program.c_str(), message.c_str());
}

void Report::diagnostic(const probec::Diagnostic& d,
                        const std::vector<probec::Source>& sources) const {
  const probec::DiagnosticStyle style{cli_.options.flag(Option::errtags),
                                      ::isatty(STDERR_FILENO) == 1};
  std::fputs(probec::render(d, sources, style, cli_.program).c_str(), stderr);
}

bool Report::print(const std::string& text) const {
  Result<host::Output> output =
      cli_.output.empty() ? Result<host::Output>(host::Output()) : host::Output::open(cli_.output);
  if (!output) return fatal(output.error().message), false;
  output->write(text);
  if (const Result<> r = output->flush(); !r) return fatal(r.error().message), false;
  return true;
}

}  // namespace hp
