/* The options of a D program: one table (options.def), one parser, whichever way a value comes in:
 * -x name[=value], #pragma D option name[=value], DTRACE_OPT_<NAME> in the environment, setopt().
 * A value is checked when it is set; getters cannot fail. Not thread-safe. */
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "transport/result.hpp"

namespace hp::probec {

enum class Option : uint8_t {
#define HP_OPTION(name, kind, initial, when) name,
#include "probec/options.def"
#undef HP_OPTION
  kCount
};

enum class OptionKind : uint8_t { Flag, Size, Number, Rate, Text };
enum class OptionTime : uint8_t { Compile, Run, Dynamic };

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

/* 16k -> 16384; suffixes k m g t in either case. Fails on overflow and anything else. */
Result<uint64_t> parse_size(std::string_view text);
/* The time between events in ns: "10ms", "100hz", "100" (hz). */
Result<uint64_t> parse_rate(std::string_view text);

class Options {
 public:
  Options();

  /* value: nullopt for a bare name. The error's message is one of the two above. */
  Result<> set(std::string_view name, std::optional<std::string_view> value);
  Result<> set(Option option, std::optional<std::string_view> value);
  /* "name=value" or "name", as -x takes it. */
  Result<> set_assignment(std::string_view text);
  /* Every DTRACE_OPT_<NAME> of the environment; the error names the variable. */
  Result<> set_from_environment();

  [[nodiscard]] bool is_set(Option option) const { return values_[index(option)].given; }
  [[nodiscard]] bool flag(Option option) const { return values_[index(option)].number != 0; }
  /* Bytes, count, or nanoseconds, by the option's kind; 0 if it has no value. */
  [[nodiscard]] uint64_t number(Option option) const { return values_[index(option)].number; }
  /* As written; repeated incdir, libdir, define, undef, cppargs are joined with '\n'. */
  [[nodiscard]] const std::string& text(Option option) const { return values_[index(option)].text; }

 private:
  struct Value {
    bool given = false;
    uint64_t number = 0;
    std::string text;
  };
  static size_t index(Option option) { return static_cast<size_t>(option); }
  std::array<Value, static_cast<size_t>(Option::kCount)> values_;
};

}  // namespace hp::probec
