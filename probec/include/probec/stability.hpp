/* Stability attributes and versions, as the dynamic tracing guide's Stability and Versioning chapters
 * have them: three labels name/data/class, each ordered, and versions of the language.
 *
 *     parse_attributes("Evolving/Evolving/Common") -> what -x amin and #pragma D attributes take
 *     minimum(a, b)                                -> the least of each label
 *     parse_version("1.6.1")                       -> what -x version and #pragma D binding take
 *
 * Pure values. Labels are spelled as dtrace(1) prints them, and are read in that spelling only. */
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hp::probec {

/* From least to most stable. */
enum class Stability : uint8_t {
  Internal,
  Private,
  Obsolete,
  External,
  Unstable,
  Evolving,
  Stable,
  Standard
};
/* From least to most common. */
enum class Dependency : uint8_t { Unknown, Cpu, Platform, Group, Isa, Common };

struct Attributes {
  Stability name = Stability::Standard;
  Stability data = Stability::Standard;
  Dependency dependency = Dependency::Common;
  bool operator==(const Attributes&) const = default;
};

/* What nothing lowers: where computations start. */
inline constexpr Attributes kMostStable{};
/* The language itself, and what a program declares. */
inline constexpr Attributes kStableCommon{Stability::Stable, Stability::Stable, Dependency::Common};
inline constexpr Attributes kEvolvingCommon{Stability::Evolving, Stability::Evolving,
                                            Dependency::Common};
/* A probe description that names no single provider's probes. */
inline constexpr Attributes kUnstableCommon{Stability::Unstable, Stability::Unstable,
                                            Dependency::Common};
/* Names of a kernel's own: modules, functions, symbols. */
inline constexpr Attributes kPrivateUnknown{Stability::Private, Stability::Private,
                                            Dependency::Unknown};

const char* name_of(Stability);
const char* name_of(Dependency);
/* "Stable/Private/Common". */
std::string to_string(const Attributes&);
std::optional<Attributes> parse_attributes(std::string_view text);
Attributes minimum(const Attributes& a, const Attributes& b);
/* Whether a is less than b in some label. */
bool less_stable(const Attributes& a, const Attributes& b);

/* Of a provider's names and of its probes' arguments. */
struct ProviderAttributes {
  Attributes provider = kUnstableCommon, module = kUnstableCommon, function = kUnstableCommon,
             name = kUnstableCommon, arguments = kUnstableCommon;
};
/* "syscall" ...; a provider that is not known is Unstable throughout. */
ProviderAttributes attributes_of_provider(std::string_view provider);

/* major << 24 | minor << 12 | micro. */
using Version = uint32_t;
constexpr Version version(unsigned major, unsigned minor, unsigned micro = 0) {
  return major << 24 | minor << 12 | micro;
}
/* Of the language that probec compiles; -V shows it. */
inline constexpr Version kLatestVersion = version(2, 0);
/* Up to three decimal numbers separated by points; what is left out is 0. nullopt: not so, or too
 * large (255.4095.4095). */
std::optional<Version> parse_version(std::string_view text);
/* A version that the language has had. */
bool is_known_version(Version);

/* What a built-in name (variable, function, constant of the library) is, and since when. */
struct NameStability {
  Attributes attributes = kStableCommon;
  Version since = version(1, 0);
};
NameStability stability_of_name(std::string_view name);

}  // namespace hp::probec
