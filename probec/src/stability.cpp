#include "probec/stability.hpp"

#include <algorithm>
#include <iterator>

namespace hp::probec {

namespace {

constexpr const char* kStabilities[] = {"Internal", "Private",  "Obsolete", "External",
                                        "Unstable", "Evolving", "Stable",   "Standard"};
constexpr const char* kDependencies[] = {"Unknown", "CPU", "Platform", "Group", "ISA", "Common"};

template <class Enum, size_t N>
std::optional<Enum> find(const char* const (&names)[N], std::string_view text) {
  for (size_t i = 0; i < N; ++i)
    if (text == names[i]) return static_cast<Enum>(i);
  return std::nullopt;
}

constexpr Attributes kPrivateIsa{Stability::Private, Stability::Private, Dependency::Isa};
constexpr Attributes kEvolvingIsa{Stability::Evolving, Stability::Evolving, Dependency::Isa};
constexpr Attributes kUnstableUnknown{Stability::Unstable, Stability::Unstable,
                                      Dependency::Unknown};
constexpr Attributes kPrivateData{Stability::Stable, Stability::Private, Dependency::Common};

/* Names that are not Stable/Stable/Common since 1.0. */
struct Named {
  std::string_view name;
  NameStability what;
};
constexpr Named kNames[] = {
    {"curcpu", {kPrivateData, version(1, 0)}},
    {"curthread", {kPrivateData, version(1, 0)}},
    {"execargs", {kStableCommon, version(1, 5)}},
    {"func", {kStableCommon, version(1, 2)}},
    {"hostname", {kEvolvingCommon, version(2, 0)}},
    {"htonl", {kEvolvingCommon, version(1, 3)}},
    {"htonll", {kEvolvingCommon, version(1, 3)}},
    {"htons", {kEvolvingCommon, version(1, 3)}},
    {"index", {kStableCommon, version(1, 1)}},
    {"inet_ntoa", {kStableCommon, version(1, 5)}},
    {"inet_ntoa6", {kStableCommon, version(1, 5)}},
    {"inet_ntop", {kStableCommon, version(1, 5)}},
    {"link_ntop", {kStableCommon, version(1, 5)}},
    {"llquantize", {kStableCommon, version(1, 6, 3)}},
    {"mod", {kStableCommon, version(1, 2)}},
    {"mutex_owned", {kEvolvingCommon, version(1, 0)}},
    {"mutex_owner", {kEvolvingCommon, version(1, 0)}},
    {"mutex_type_adaptive", {kEvolvingCommon, version(1, 0)}},
    {"mutex_type_spin", {kEvolvingCommon, version(1, 0)}},
    {"ntohl", {kEvolvingCommon, version(1, 3)}},
    {"ntohll", {kEvolvingCommon, version(1, 3)}},
    {"ntohs", {kEvolvingCommon, version(1, 3)}},
    {"osversion", {kEvolvingCommon, version(2, 0)}},
    {"print", {kStableCommon, version(1, 6, 3)}},
    {"rindex", {kStableCommon, version(1, 1)}},
    {"rw_iswriter", {kEvolvingCommon, version(1, 0)}},
    {"rw_read_held", {kEvolvingCommon, version(1, 0)}},
    {"rw_write_held", {kEvolvingCommon, version(1, 0)}},
    {"setopt", {kStableCommon, version(1, 2)}},
    {"stddev", {kStableCommon, version(1, 6)}},
    {"strchr", {kStableCommon, version(1, 1)}},
    {"strrchr", {kStableCommon, version(1, 1)}},
    {"strstr", {kStableCommon, version(1, 1)}},
    {"strtok", {kStableCommon, version(1, 1)}},
    {"strtoll", {kStableCommon, version(1, 6, 3)}},
    {"substr", {kStableCommon, version(1, 1)}},
    {"sym", {kStableCommon, version(1, 2)}},
    {"symmod", {kStableCommon, version(1, 2)}},
    {"tolower", {kStableCommon, version(1, 6, 3)}},
    {"toupper", {kStableCommon, version(1, 6, 3)}},
    {"uaddr", {kStableCommon, version(1, 2)}},
    {"ucaller", {kStableCommon, version(1, 2)}},
    {"ufunc", {kStableCommon, version(1, 2)}},
    {"umod", {kStableCommon, version(1, 2)}},
    {"usym", {kStableCommon, version(1, 2)}},
    {"vcpu", {kEvolvingCommon, version(2, 0)}},
    {"vmid", {kEvolvingCommon, version(2, 0)}},
    {"vmname", {kEvolvingCommon, version(2, 0)}},
};

/* pid1234 */
bool is_pid_provider(std::string_view name) {
  return name.starts_with("pid") && name.size() > 3 &&
         name.find_first_not_of("0123456789", 3) == std::string_view::npos;
}

constexpr Version kVersions[] = {
    version(1, 0),    version(1, 1),    version(1, 2),    version(1, 2, 1), version(1, 2, 2),
    version(1, 3),    version(1, 4),    version(1, 4, 1), version(1, 5),    version(1, 6),
    version(1, 6, 1), version(1, 6, 2), version(1, 6, 3), version(1, 6, 4), version(2, 0),
};

}  // namespace

const char* name_of(Stability s) {
  return kStabilities[static_cast<size_t>(s)];
}
const char* name_of(Dependency d) {
  return kDependencies[static_cast<size_t>(d)];
}

std::string to_string(const Attributes& a) {
  return std::string(name_of(a.name)) + "/" + name_of(a.data) + "/" + name_of(a.dependency);
}

std::optional<Attributes> parse_attributes(std::string_view text) {
  const size_t first = text.find('/');
  const size_t second = first == std::string_view::npos ? first : text.find('/', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto name = find<Stability>(kStabilities, text.substr(0, first));
  const auto data = find<Stability>(kStabilities, text.substr(first + 1, second - first - 1));
  const auto dependency = find<Dependency>(kDependencies, text.substr(second + 1));
  if (!name || !data || !dependency) return std::nullopt;
  return Attributes{*name, *data, *dependency};
}

Attributes minimum(const Attributes& a, const Attributes& b) {
  return {std::min(a.name, b.name), std::min(a.data, b.data), std::min(a.dependency, b.dependency)};
}

bool less_stable(const Attributes& a, const Attributes& b) {
  return a.name < b.name || a.data < b.data || a.dependency < b.dependency;
}

/* The tables at the ends of the guide's provider chapters. */
ProviderAttributes attributes_of_provider(std::string_view provider) {
  if (provider == "dtrace")
    return {kStableCommon, kPrivateUnknown, kPrivateUnknown, kStableCommon, kStableCommon};
  if (provider == "profile")
    return {kEvolvingCommon, kUnstableUnknown, kPrivateUnknown, kEvolvingCommon, kEvolvingCommon};
  if (provider == "syscall")
    return {kEvolvingCommon, kPrivateUnknown, kPrivateIsa, kEvolvingCommon, kPrivateIsa};
  if (provider == "proc" || provider == "sched" || provider == "io" || provider == "tcp" ||
      provider == "udp" || provider == "ip")
    return {kEvolvingIsa, kPrivateUnknown, kPrivateUnknown, kEvolvingIsa, kEvolvingIsa};
  if (provider == "fbt")
    return {kEvolvingIsa, kPrivateUnknown, kPrivateUnknown, kEvolvingIsa, kPrivateIsa};
  if (provider == "sdt" || provider == "rawtp")
    return {kEvolvingIsa, kPrivateUnknown, kPrivateUnknown, kPrivateIsa, kPrivateIsa};
  if (provider == "uprobe" || is_pid_provider(provider))
    return {kEvolvingIsa, kPrivateUnknown, kPrivateUnknown, kEvolvingIsa, kPrivateUnknown};
  if (provider == "vmm")
    return {kEvolvingCommon, kPrivateUnknown, kPrivateUnknown, kEvolvingCommon, kEvolvingCommon};
  return {};
}

std::optional<Version> parse_version(std::string_view text) {
  unsigned part[3] = {};
  size_t at = 0;
  for (char c : text) {
    if (c == '.') {
      if (++at >= std::size(part)) return std::nullopt;
    } else if (c >= '0' && c <= '9') {
      part[at] = part[at] * 10 + static_cast<unsigned>(c - '0');
      if (part[at] > 0xfff) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  if (part[0] > 0xff) return std::nullopt;
  return version(part[0], part[1], part[2]);
}

bool is_known_version(Version v) {
  return std::find(std::begin(kVersions), std::end(kVersions), v) != std::end(kVersions);
}

NameStability stability_of_name(std::string_view name) {
  for (const Named& n : kNames)
    if (n.name == name) return n.what;
  return {};
}

}  // namespace hp::probec
