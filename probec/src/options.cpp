#include "probec/options.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iterator>
#include <limits>

#include "transport/time_units.hpp"

extern char** environ;

namespace hp::probec {

namespace {

constexpr OptionInfo kOptions[] = {
#define HP_OPTION(name, kind, initial, when) {#name, OptionKind::kind, initial, OptionTime::when},
#include "probec/options.def"
#undef HP_OPTION
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/* The leading number as strtoull(3) in base 0 takes it, at most 63 bits; text keeps the rest. */
std::optional<uint64_t> leading_number(std::string_view& text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text[0]))) text.remove_prefix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 2 && (text.starts_with("0x") || text.starts_with("0X"))) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.starts_with('0')) {
    base = 8;
  }
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || value > std::numeric_limits<int64_t>::max()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

/* The words that turn a Flag or a Number on and off. */
std::optional<bool> switch_word(std::string_view text) {
  for (const char* yes : {"yes", "on", "true", "set", "enable", "enabled"})
    if (text == yes) return true;
  for (const char* no : {"no", "off", "false", "unset", "disable", "disabled", ""})
    if (text == no) return false;
  return std::nullopt;
}

bool one_of(std::string_view text, std::initializer_list<const char*> allowed) {
  return std::any_of(allowed.begin(), allowed.end(), [&](const char* a) { return text == a; });
}

/* Options whose words are few. */
bool text_allowed(Option option, std::string_view text) {
  switch (option) {
    case Option::bufpolicy:
      return one_of(text, {"switch", "ring", "fill"});
    case Option::bufresize:
      return one_of(text, {"auto", "manual"});
    case Option::onfail:
      return one_of(text, {"abort", "skip"});
    case Option::resolvers:
      return one_of(text, {"hostname", "version", "hostname,version", "version,hostname"});
    case Option::linkmode:
      return one_of(text, {"kernel", "primary", "dynamic", "static"});
    case Option::evaltime:
      return one_of(text, {"exec", "preinit", "postinit", "main"});
    case Option::stdc:
      return one_of(text, {"a", "c", "s", "t"});
    case Option::linktype:
      return one_of(text, {"elf", "dof"});
    case Option::late:
      return one_of(text, {"dynamic", "static"});
    case Option::lockmem:
      return text == "unlimited" || parse_size(text).has_value();
    case Option::amin:
      return parse_attributes(text).has_value();
    default:
      return !text.empty();
  }
}

bool accumulates(Option option) {
  return option == Option::incdir || option == Option::libdir || option == Option::define ||
         option == Option::undef || option == Option::cppargs || option == Option::setenv ||
         option == Option::unsetenv;
}

}  // namespace

const OptionInfo& option_info(Option option) {
  return kOptions[static_cast<size_t>(option)];
}

std::optional<Option> find_option(std::string_view name) {
  for (size_t i = 0; i < std::size(kOptions); ++i)
    if (name == kOptions[i].name) return static_cast<Option>(i);
  return std::nullopt;
}

Result<uint64_t> parse_size(std::string_view text) {
  std::optional<uint64_t> value = leading_number(text);
  if (!value) return fail(kBadOptionValue);
  unsigned shift = 0;
  if (!text.empty()) {
    switch (std::tolower(static_cast<unsigned char>(text[0]))) {
      case 'k':
        shift = 10;
        break;
      case 'm':
        shift = 20;
        break;
      case 'g':
        shift = 30;
        break;
      case 't':
        shift = 40;
        break;
      default:
        return fail(kBadOptionValue);
    }
    text.remove_prefix(1);
  }
  if (!text.empty() || *value > uint64_t(std::numeric_limits<int64_t>::max()) >> shift)
    return fail(kBadOptionValue);
  return *value << shift;
}

Result<uint64_t> parse_rate(std::string_view text) {
  constexpr uint64_t kSecond = 1'000'000'000;
  std::optional<uint64_t> value = leading_number(text);
  if (!value) return fail(kBadOptionValue);
  if (lower(text) == "hz") return *value == 0 ? 0 : std::max<uint64_t>(kSecond / *value, 1);
  const uint64_t unit = text.empty() ? 1 : unit_nanoseconds(text);
  uint64_t ns = 0;
  if (unit == 0 || __builtin_mul_overflow(*value, unit, &ns) ||
      ns > std::numeric_limits<int64_t>::max())
    return fail(kBadOptionValue);
  return ns;
}

Options::Options() {
  for (size_t i = 0; i < std::size(kOptions); ++i) {
    if (*kOptions[i].initial == '\0') continue;
    (void)set(static_cast<Option>(i), kOptions[i].initial);
    values_[i].given = false;
  }
}

Result<> Options::set(std::string_view name, std::optional<std::string_view> value,
                      OptionSetter setter) {
  std::optional<Option> option = find_option(name);
  if (!option) return fail(kBadOptionName);
  OptionTime when = option_info(*option).when;
  if (when == OptionTime::Command && setter != OptionSetter::Command)
    return fail(kBadOptionContext);
  if (when == OptionTime::Run && setter == OptionSetter::Running) return fail(kOptionWhileActive);
  return set(*option, value);
}

Result<> Options::set_version(std::string_view text) {
  std::optional<Version> version = parse_version(text);
  if (!version) return fail("Version is not properly formatted or is too large");
  if (!is_known_version(*version)) return fail("Requested version is not supported by compiler");
  if (*version > version_) return fail("Requested version conflicts with earlier setting");
  version_ = *version;
  return {};
}

Result<> Options::set(Option option, std::optional<std::string_view> value) {
  Value& slot = values_[index(option)];
  const OptionInfo& info = option_info(option);
  uint64_t number = 0;
  bool given = true;
  switch (info.kind) {
    case OptionKind::Switch:
    case OptionKind::Inverse:
      if (value) return fail(kBadOptionValue);
      number = 1;
      break;
    case OptionKind::Flag:
    case OptionKind::Number:
    case OptionKind::Count:
      if (!value) {
        if (info.kind == OptionKind::Count) return fail(kBadOptionValue);
        number = info.kind == OptionKind::Flag;
      } else if (std::optional<bool> on =
                     info.kind == OptionKind::Count ? std::nullopt : switch_word(lower(*value))) {
        number = *on;
        given = *on || info.kind == OptionKind::Flag;
        if (!given && *info.initial != 0) return set(option, info.initial);
      } else {
        std::string_view text = *value;
        std::optional<uint64_t> parsed = leading_number(text);
        if (!parsed || !text.empty() || *parsed > std::numeric_limits<int32_t>::max())
          return fail(kBadOptionValue);
        number = info.kind == OptionKind::Flag ? 1 : *parsed;
      }
      break;
    case OptionKind::Rate:
      if (value) number = HP_TRY(parse_rate(*value));
      break;
    case OptionKind::Size:
      if (!value) return fail(kBadOptionValue);
      number = HP_TRY(parse_size(*value));
      if (option == Option::strsize && (number < 2 || number > 1 << 20))
        return fail(kBadOptionValue);
      break;
    case OptionKind::Text:
      if (!value) return fail(kBadOptionValue);
      if (option == Option::version) HP_TRYV(set_version(*value));
      if (!text_allowed(option, *value)) return fail(kBadOptionValue);
      if (option == Option::amin) amin_ = parse_attributes(*value);
      break;
  }
  if (info.kind == OptionKind::Inverse) {
    Value& other = values_[index(option == Option::kdefs ? Option::knodefs : Option::unodefs)];
    other.number = 0;
  }
  slot.number = number;
  slot.given = given;
  std::string text(value.value_or(""));
  if (accumulates(option) && !slot.text.empty()) text = slot.text + "\n" + text;
  slot.text = std::move(text);
  return {};
}

Result<> Options::set_assignment(std::string_view text, OptionSetter setter) {
  size_t equals = text.find('=');
  if (equals == std::string_view::npos) return set(text, std::nullopt, setter);
  return set(text.substr(0, equals), text.substr(equals + 1), setter);
}

Result<> Options::set_from_environment() {
  constexpr std::string_view kPrefix = "DTRACE_OPT_";
  for (char** entry = environ; entry && *entry; ++entry) {
    std::string_view text = *entry;
    if (!text.starts_with(kPrefix)) continue;
    text.remove_prefix(kPrefix.size());
    size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    std::string name = lower(text.substr(0, equals));
    std::optional<std::string_view> value = text.substr(equals + 1);
    std::optional<Option> option = find_option(name);
    if (!option) continue;
    if (value->empty()) value = std::nullopt;
    OptionKind kind = option_info(*option).kind;
    if (value && (kind == OptionKind::Switch || kind == OptionKind::Inverse)) {
      std::optional<bool> on = switch_word(lower(*value));
      if (*value == "1" || *value == "0") on = *value == "1";
      if (on && !*on) continue;
      if (on) value = std::nullopt;
    }
    auto done = set(*option, value);
    if (!done) return fail(std::string(*entry) + ": " + done.error().message);
  }
  return {};
}

}  // namespace hp::probec
