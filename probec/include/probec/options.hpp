/* The options of a D program: one table (options.def), one parser, whichever way a value comes in:
 * -x name[=value], #pragma D option name[=value], DTRACE_OPT_<NAME> in the environment, setopt().
 * A value is checked when it is set; getters cannot fail. Not thread-safe. */
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "probec/stability.hpp"
#include "transport/result.hpp"

namespace hp::probec {

enum class Option : uint8_t {
#define HP_OPTION(name, kind, initial, when) name,
#include "probec/options.def"
#undef HP_OPTION
  kCount
};

enum class OptionKind : uint8_t { Switch, Inverse, Flag, Size, Number, Count, Rate, Text };
enum class OptionTime : uint8_t { Command, Compile, Run, Dynamic };
/* Who sets an option: the command line and the environment may set all of them, a program's pragmas
 * all but those of OptionTime::Command, setopt() none of OptionTime::Run. */
enum class OptionSetter : uint8_t { Command, Program, Running };

struct OptionInfo {
  const char* name;
  OptionKind kind;
  const char* initial; /* "": unset */
  OptionTime when;
};

const OptionInfo& option_info(Option option);
std::optional<Option> find_option(std::string_view name);

/* Why a value was refused; dtrace(1)'s words. */
inline constexpr const char* kBadOptionName = "Invalid option name";
inline constexpr const char* kBadOptionValue = "Invalid value for specified option";
inline constexpr const char* kBadOptionContext = "Option cannot be used from within a D program";
inline constexpr const char* kOptionWhileActive = "Operation illegal when tracing is active";

/* 16k -> 16384; suffixes k m g t in either case; 0x and 0 as in C. Fails on overflow of 63 bits and
 * anything else. */
Result<uint64_t> parse_size(std::string_view text);
/* The time between events in ns: "10ms", "100hz", "100" (ns); likewise. */
Result<uint64_t> parse_rate(std::string_view text);

class Options {
 public:
  Options();

  /* value: nullopt for a bare name. The error's message is one of those above, or about versions. */
  Result<> set(std::string_view name, std::optional<std::string_view> value,
               OptionSetter setter = OptionSetter::Command);
  Result<> set(Option option, std::optional<std::string_view> value);
  /* "name=value" or "name", as -x takes it. */
  Result<> set_assignment(std::string_view text, OptionSetter setter = OptionSetter::Command);
  /* Every DTRACE_OPT_<NAME> of the environment whose NAME is an option; others may be meant for
   * another dtrace. The error names the variable. */
  Result<> set_from_environment();

  [[nodiscard]] bool is_set(Option option) const { return values_[index(option)].given; }
  [[nodiscard]] bool flag(Option option) const { return values_[index(option)].number != 0; }
  /* Bytes, count, or nanoseconds, by the option's kind; 0 if it has no value. */
  [[nodiscard]] uint64_t number(Option option) const { return values_[index(option)].number; }
  /* As written; repeated incdir, libdir, define, undef, cppargs, setenv, unsetenv are joined with '\n'. */
  [[nodiscard]] const std::string& text(Option option) const { return values_[index(option)].text; }
  /* -x version, or the latest. */
  [[nodiscard]] Version version() const { return version_; }
  /* -x amin: no name or probe of a program may be less. */
  [[nodiscard]] const std::optional<Attributes>& least_attributes() const { return amin_; }

 private:
  struct Value {
    bool given = false;
    uint64_t number = 0;
    std::string text;
  };
  static size_t index(Option option) { return static_cast<size_t>(option); }
  Result<> set_version(std::string_view text);
  std::array<Value, static_cast<size_t>(Option::kCount)> values_;
  Version version_ = kLatestVersion;
  std::optional<Attributes> amin_;
};

}  // namespace hp::probec
