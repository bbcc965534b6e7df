#include "probec_listing.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "host/enabling.hpp"
#include "host/probe_table.hpp"
#include "probec/usdt_header.hpp"

namespace hp {
namespace {

bool list_pattern(const Cli& cli, const Report& report, const host::ProbeTable& table,
                  const host::ProbePattern& pattern, std::string& out) {
  const std::vector<const hp_seg_probe*> probes = table.matching(pattern);
  for (const hp_seg_probe* p : probes) {
    out += host::listing_line(*p);
    if (cli.verbose > 0) out += host::listing_details(*p);
  }
  if (probes.empty())
    report.fatal("failed to match " + host::describe(pattern) + ": No probe matches description");
  return !probes.empty();
}

}  // namespace

int list_probes(Cli& cli, const Report& report, Compilation& compilation) {
  std::vector<host::ProbePattern> patterns;
  if (!cli.run_elf.empty()) {
    if (!compilation.load_object()) return 1;
    const Object& object = compilation.object();
    for (const hp_obj_desc& d : object.descs()) patterns.push_back(host::pattern_of(object, d));
  } else if (!cli.sources.empty()) {
    (void)cli.options.set("zdefs", std::nullopt);
    const auto checked = compilation.check();
    if (!checked) return report.diagnostic(checked.error(), compilation.sources()), 1;
    for (const probec::Clause& c : checked->clauses)
      for (const probec::ProbeDesc& d : c.descs)
        patterns.push_back({d.target, d.provider, d.module, d.function, d.name, d.id});
  }
  host::ProbeTable table;
  for (const host::ProbePattern& p : patterns) table.add_timers(p);
  if (patterns.empty() && cli.run_elf.empty() && cli.sources.empty()) patterns.emplace_back();

  std::string out = host::listing_header();
  bool all = true;
  for (const host::ProbePattern& p : patterns) all &= list_pattern(cli, report, table, p, out);
  return report.print(out) && all ? 0 : 1;
}

int write_header(Cli& cli, const Report& report, Compilation& compilation) {
  if (cli.sources.empty() || cli.sources[0].kind != probec::SourceKind::Script)
    return report.fatal("-h needs a script with provider declarations: -s FILE");
  std::string name = cli.sources[0].name;
  name = name.substr(name.rfind('/') + 1);
  if (size_t dot = name.rfind('.'); dot != std::string::npos) name.resize(dot);
  (void)cli.options.set("zdefs", std::nullopt);
  (void)cli.options.set("empty", std::nullopt);
  const auto checked = compilation.check();
  if (!checked) return report.diagnostic(checked.error(), compilation.sources()), 1;
  const Result<std::string> text = probec::usdt_header(*checked, name);
  if (!text) return report.fatal("failed to create a header: " + text.error().message);
  const std::string path = cli.output.empty() ? name + ".h" : cli.output;
  FILE* file = std::fopen(path.c_str(), "we");
  if (!file) return report.fatal("failed to open " + path + ": " + std::strerror(errno));
  const bool written = std::fputs(text->c_str(), file) >= 0;
  if (std::fclose(file) != 0 || !written)
    return report.fatal("failed to write " + path + ": " + std::strerror(errno));
  return 0;
}

bool report_stability(const Cli& cli, const Report& report, const std::vector<Unit>& units) {
  if (cli.verbose == 0 || !cli.run_elf.empty()) return true; /* an object does not say */
  std::string out;
  for (const Unit& u : units) {
    out += "\nStability attributes for " + u.what + " " + u.name + ":\n";
    out += host::listing_attributes("Minimum Probe Description Attributes", u.description);
    out += host::listing_attributes("Minimum Statement Attributes", u.statements) + "\n";
  }
  return report.print(out);
}

}  // namespace hp
