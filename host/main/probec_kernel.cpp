#include "probec_kernel.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>

#include "handler/match.hpp"
#include "host/fleet_client.hpp"
#include "linux_guest/file_cache.hpp"
#include "transport/json.hpp"
#include "transport/trace.h"

namespace hp {
namespace {

using probec::KernelTypes;
using probec::Option;
using namespace std::chrono_literals;

/* The first elements of descriptions of five in the sources; what else looks like one does no harm. */
std::vector<std::string> targets_of(const Cli& cli) {
  constexpr std::string_view kEnds = " \t\r\n\f,;/(){}";
  std::vector<std::string> out;
  for (const probec::Source& source : cli.sources)
    for (size_t at = 0; at < source.text.size(); ++at) {
      const size_t end = std::min(source.text.find_first_of(kEnds, at), source.text.size());
      const std::string_view word(source.text.data() + at, end - at);
      if (std::count(word.begin(), word.end(), ':') == 4 && !word.starts_with(':'))
        out.emplace_back(word.substr(0, word.find(':')));
      at = end;
    }
  return out;
}

std::string text(const Json& object, const char* name) {
  const Json* member = object.find(name);
  return member && member->kind() == Json::String ? member->string() : std::string();
}

/* Of the first guest that the targets mean and whose kernel was traced before. */
std::optional<KernelTypes::Files> kernel_of_fleet(const Cli& cli) {
  const Result<std::unique_ptr<FleetClient>> fleet = FleetClient::connect(cli.socket);
  if (!fleet) return std::nullopt; /* submitting says it */
  const Result<std::string> answer = (*fleet)->call("guest.list", "{}", 2s);
  if (!answer) return std::nullopt;
  const Result<Json> list = Json::parse(*answer);
  const Json* guests = list ? list->find("guests") : nullptr;
  if (!guests) return std::nullopt;
  const std::vector<std::string> targets = targets_of(cli);
  const linux_guest::FileCache cache(linux_guest::FileCache::default_directory());
  for (const Json& guest : guests->items()) {
    const std::string name = text(guest, "name"), build_id = text(guest, "build_id");
    bool meant = targets.empty();
    for (const std::string& target : targets)
      for (const char* field : {"name", "hostname", "osversion"})
        meant |= handler::glob_match(target, text(guest, field));
    if (!meant || text(guest, "kind") != "linux" || build_id.empty()) continue;
    if (std::optional<std::string> btf = cache.get(name, build_id, HP_FILE_BTF))
      return KernelTypes::Files{"types of guest " + name, "", std::move(*btf)};
  }
  return std::nullopt;
}

}  // namespace

KernelTypes::Files kernel_of(const Cli& cli) {
  /* A guest's symbols are not this machine's: they get their addresses when the program is linked. */
  if (const std::string& file = cli.options.text(Option::kernelbtf); !file.empty())
    return {file, ""};
  if (cli.fleet)
    if (std::optional<KernelTypes::Files> guest = kernel_of_fleet(cli)) return std::move(*guest);
  return {};
}

}  // namespace hp
