/* Compilation: from the programs of the command line (-n, -s, -P ...) to one ELF object, or that object from
 * the file of -Y.
 *
 *     Compilation compilation(cli, report);
 *     if (!compilation.read_sources() || !compilation.make_object()) return 1;
 *     ... compilation.object(), compilation.bytes() ...
 *
 * What goes wrong has been said when a function returns false. One thread; cli and report are the caller's
 * and must outlive it. Options that the program sets are set in cli. */
#pragma once
#include <string>
#include <vector>

#include "probec/checked.hpp"
#include "probec/compiler.hpp"
#include "probec_cli.hpp"
#include "probec_report.hpp"
#include "transport/object.hpp"

namespace hp {

/* What one -n, -s ... became; objects from -Y are one unit without a source. */
struct Unit {
  std::string what, name; /* "description" or "script", and its name in messages */
  uint32_t matches = 0;
  probec::Attributes description, statements; /* for -v */
};

class Compilation {
 public:
  Compilation(Cli& cli, const Report& report) : cli_(cli), report_(report) {}

  /* Scripts are read; the others are there already. */
  bool read_sources();
  /* Compiles the sources, or loads the object of -Y. */
  bool make_object();
  /* Only the object of -Y. */
  bool load_object();
  /* A compiled program from elsewhere; name: what messages call it. Options compiled in hold unless given again. */
  bool take_object(std::string bytes, const std::string& name);
  /* The sources, checked. tree: gets what the parser made, if -x tree asks for it. */
  tl::expected<probec::CheckedProgram, probec::Diagnostic> check(std::string* tree = nullptr);

  const std::string& bytes() const { return bytes_; }
  const Object& object() const { return object_; }
  std::vector<Unit>& units() { return units_; }
  /* Index of the unit that a clause of the object came from. */
  size_t unit_of(uint32_t clause) const;
  /* Where a description of the object stands; null: nowhere that could be shown. */
  const probec::Location* location(size_t desc) const;
  /* What locations refer to: also files that were included. */
  const std::vector<probec::Source>& sources() const { return sources_; }

 private:
  bool compile();
  bool adopt_object(std::string bytes, const std::string& name);
  bool show_code() const;
  bool shows_code() const;
  unsigned listings() const;

  Cli& cli_;
  const Report& report_;
  std::vector<probec::Source> sources_;
  std::vector<Unit> units_;
  std::vector<uint32_t> unit_of_clause_;
  std::vector<probec::Location> locations_; /* of descriptions, in order; empty with -Y */
  std::string bytes_;
  Object object_;
};

/* --elf: durably on disk, or an error that names the file. */
Result<> write_object(const std::string& path, const std::string& bytes);

}  // namespace hp
