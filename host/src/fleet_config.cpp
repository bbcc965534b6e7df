#include "host/fleet_config.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <charconv>
#include <vector>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/impl/preprocessor.h>
/* The parser "assumes" of its input what it then checks ("[ `" is found by fuzzing): as an assertion that ends the
 * daemon, as an assumption undefined. The checks are enough. */
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT_ASSUME(condition) static_assert(true)
#include <toml++/toml.h>

#include "transport/fd.hpp"

namespace hp {
namespace {

constexpr const char* kGroup = "hyprobe";
constexpr size_t kMaxGrantees = 1000; /* of one right */
constexpr size_t kMaxName = 256;
constexpr size_t kMaxEntry = 16u << 20; /* of the database: bytes of a group with its members */

std::optional<uint32_t> number(const std::string& digits) {
  uint32_t value = 0;
  const char* end = digits.data() + digits.size();
  auto [at, error] = std::from_chars(digits.data(), end, value);
  /* (uid_t)-1 is nobody's: chown(2) takes it for "leave it". */
  if (error != std::errc{} || at != end || value == UINT32_MAX) return std::nullopt;
  return value;
}

/* A text for messages: short, printable. */
std::string shown(std::string_view text) {
  std::string out;
  for (char c : text.substr(0, 60)) out += c < ' ' || c > '~' ? '?' : c;
  return "\"" + out + (text.size() > 60 ? "...\"" : "\"");
}

/* "a, b or c" */
std::string choice(const std::vector<std::string>& names) {
  std::string out;
  for (size_t i = 0; i < names.size(); i++)
    out += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  return out;
}

/* Reads one document. Every member returns the first error. */
class Reader {
 public:
  Reader(const std::string& file, const Accounts& accounts) : file_(file), accounts_(accounts) {}
  Result<FleetConfig> read(const toml::table& document);

 private:
  tl::unexpected<Error> wrong(const toml::node& node, const std::string& what) const {
    return wrong(node.source().begin, what);
  }
  tl::unexpected<Error> wrong(toml::source_position at, const std::string& what) const {
    return fail(file_ + ":" + std::to_string(at.line) + ": " + what);
  }
  tl::unexpected<Error> unknown(const toml::key& key, const std::string& where,
                                const std::vector<std::string>& names) const {
    return wrong(key.source().begin,
                 "there is no " + shown(key.str()) + " " + where + "; write " + choice(names));
  }
  Result<const toml::table*> table(const toml::key&, const toml::node&) const;
  Result<> socket(const toml::table&);
  Result<> access(const toml::table&);
  Result<> limits(const toml::table&, LimitValues&, bool of_root);
  Result<Grantees> grantees(const toml::key&, const toml::node&) const;
  Result<uint64_t> amount(const toml::key&, const toml::node&) const;

  std::string file_;
  const Accounts& accounts_;
  FleetConfig config_;
};

Result<const toml::table*> Reader::table(const toml::key& key, const toml::node& node) const {
  if (const toml::table* t = node.as_table()) return t;
  return wrong(node, shown(key.str()) + " is a table: write [" + std::string(key.str()) + "]");
}

Result<FleetConfig> Reader::read(const toml::table& document) {
  config_ = FleetConfig::defaults(accounts_);
  config_.origin = file_;
  config_.access.set_origin(file_);
  for (auto& [key, node] : document) {
    if (key == "socket")
      HP_TRYV(socket(*HP_TRY(table(key, node))));
    else if (key == "access")
      HP_TRYV(access(*HP_TRY(table(key, node))));
    else if (key == "limits")
      HP_TRYV(limits(*HP_TRY(table(key, node)), config_.users, false));
    else
      return unknown(key, "here", {"[socket]", "[access]", "[limits]"});
  }
  return config_;
}

Result<> Reader::socket(const toml::table& t) {
  for (auto& [key, node] : t) {
    const toml::value<std::string>* text = node.as_string();
    if (key == "group") {
      if (!text) return wrong(node, "\"group\" is a text: write the name of a group");
      if (text->get().empty()) { /* nobody but root */
        config_.socket_group.reset();
        continue;
      }
      config_.socket_group = accounts_.group(text->get());
      if (!config_.socket_group)
        return wrong(node, "there is no group " + shown(text->get()) +
                               "; create it: groupadd --system NAME");
    } else if (key == "mode") {
      if (text && text->get() == "0600")
        config_.socket_mode = 0600;
      else if (text && text->get() == "0660")
        config_.socket_mode = 0660;
      else if (text && text->get() == "0666")
        config_.socket_mode = 0666;
      else
        return wrong(node, "\"mode\" is \"0600\", \"0660\" or \"0666\"");
    } else {
      return unknown(key, "in [socket]", {"group", "mode"});
    }
  }
  return {};
}

Result<Grantees> Reader::grantees(const toml::key& key, const toml::node& node) const {
  const std::string name(key.str());
  const toml::array* list = node.as_array();
  if (!list)
    return wrong(node,
                 "\"" + name + "\" is a list: write " + name + " = [\"alice\", \"@hyprobe\"]");
  if (list->size() > kMaxGrantees)
    return wrong(node, "\"" + name + "\" has more than " + std::to_string(kMaxGrantees) +
                           " names: give it to a group");
  Grantees who;
  for (const toml::node& item : *list) {
    const toml::value<std::string>* text = item.as_string();
    if (!text)
      return wrong(
          item,
          "\"" + name +
              "\" lists texts: \"alice\" for a user, \"@hyprobe\" for a group, \"*\" for everyone");
    const std::string& n = text->get();
    if (n == "*") {
      who.everyone = true;
      continue;
    }
    const bool is_group = !n.empty() && n[0] == '@';
    const std::string account = n.substr(is_group);
    std::optional<uint32_t> id;
    if (!account.empty() && account.size() <= kMaxName && account.find('\0') == account.npos)
      id = is_group ? accounts_.group(account) : accounts_.user(account);
    if (!id)
      return wrong(item, "there is no " + std::string(is_group ? "group " : "user ") +
                             shown(account) + (is_group ? "" : "; a group is written \"@NAME\""));
    (is_group ? who.groups : who.users).insert(*id);
  }
  return who;
}

Result<> Reader::access(const toml::table& t) {
  for (auto& [key, node] : t) {
    std::vector<std::string> names;
    std::optional<Right> right;
    for (size_t i = 0; i < kRights; i++) {
      names.emplace_back(to_text(static_cast<Right>(i)));
      if (key == names.back()) right = static_cast<Right>(i);
    }
    if (!right) return unknown(key, "in [access]", names);
    config_.access.set(*right, HP_TRY(grantees(key, node)));
  }
  return {};
}

Result<uint64_t> Reader::amount(const toml::key& key, const toml::node& node) const {
  constexpr uint64_t most = uint64_t{1} << 60;
  uint64_t value = 0;
  if (const toml::value<int64_t>* n = node.as_integer()) {
    if (n->get() > 0) value = static_cast<uint64_t>(n->get());
  } else if (const toml::value<std::string>* text = node.as_string()) {
    const std::string& s = text->get();
    auto [at, error] = std::from_chars(s.data(), s.data() + s.size(), value);
    constexpr std::string_view units = "KMGT";
    const size_t unit = at + 1 == s.data() + s.size() ? units.find(*at) : units.npos;
    if (error != std::errc{} || unit == units.npos || value > most >> 10 * (unit + 1))
      value = 0;
    else
      value <<= 10 * (unit + 1);
  }
  if (value == 0 || value > most)
    return wrong(
        node, shown(key.str()) + " is a number from 1 to 2^60, or \"4K\", \"64M\", \"2G\", \"1T\"");
  return value;
}

Result<> Reader::limits(const toml::table& t, LimitValues& values, bool of_root) {
  for (auto& [key, node] : t) {
    std::vector<std::string> names;
    std::optional<Limit> limit;
    for (size_t i = 0; i < kLimits; i++) {
      names.emplace_back(to_text(static_cast<Limit>(i)));
      if (key == names.back()) limit = static_cast<Limit>(i);
    }
    if (limit) {
      values[*limit] = HP_TRY(amount(key, node));
    } else if (key == "root" && !of_root) {
      HP_TRYV(limits(*HP_TRY(table(key, node)), config_.root, true));
    } else {
      if (!of_root) names.emplace_back("[limits.root]");
      return unknown(key, of_root ? "in [limits.root]" : "in [limits]", names);
    }
  }
  return {};
}

/* toml++ 3.3 runs into undefined behaviour at some letters, as fuzzing shows. Comments may have any; names of users and
 * groups that do are written as numbers. */
std::string without_unicode(std::string_view text) {
  std::string ascii(text);
  for (char& c : ascii)
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  return ascii;
}

/* getpwnam_r and getgrnam_r: their buffer, however large a group is. */
template <class Entry, class Lookup>
bool look_up(const std::string& name, Entry& entry, std::vector<char>& buffer, Lookup lookup) {
  buffer.resize(1024);
  Entry* found = nullptr;
  while (lookup(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == ERANGE &&
         buffer.size() < kMaxEntry)
    buffer.resize(buffer.size() * 2);
  return found != nullptr;
}

}  // namespace

Accounts Accounts::of_system() {
  return {[](const std::string& name) -> std::optional<uint32_t> {
            passwd entry{};
            std::vector<char> buffer;
            if (look_up(name, entry, buffer, ::getpwnam_r)) return entry.pw_uid;
            return number(name);
          },
          [](const std::string& name) -> std::optional<uint32_t> {
            struct group entry{};
            std::vector<char> buffer;
            if (look_up(name, entry, buffer, ::getgrnam_r)) return entry.gr_gid;
            return number(name);
          }};
}

FleetConfig FleetConfig::defaults(const Accounts& accounts) {
  FleetConfig c;
  c.socket_group = accounts.group(kGroup);
  c.access = FleetAccess::defaults(::geteuid(), c.socket_group);
  return c;
}

Result<FleetConfig> FleetConfig::parse(std::string_view text, const std::string& file,
                                       const Accounts& accounts) {
  if (text.size() > kMaxBytes)
    return fail(file + ": larger than " + std::to_string(kMaxBytes) +
                " bytes, so it is no configuration of ours");
  const std::string ascii = without_unicode(text);
  const toml::parse_result document = toml::parse(ascii);
  if (!document)
    return fail(file + ":" + std::to_string(document.error().source().begin.line) +
                ": this is not TOML: " + std::string(document.error().description()));
  return Reader(file, accounts).read(document.table());
}

Result<FleetConfig> FleetConfig::load(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return fail_errno("cannot read the configuration " + path);
  struct stat st{};
  if (::fstat(fd.get(), &st) != 0) return fail_errno("cannot read the configuration " + path);
  if (!S_ISREG(st.st_mode)) return fail("the configuration " + path + " is not a file");
  /* Who may write it may give itself every right. */
  if ((st.st_uid != 0 && st.st_uid != ::geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail("the configuration " + path + " may be written by others (owner uid " +
                std::to_string(st.st_uid) + ", mode " +
                (st.st_mode & S_IWOTH   ? "o+w"
                 : st.st_mode & S_IWGRP ? "g+w"
                                        : "of the owner") +
                "); do: chown " + std::to_string(::geteuid()) + " " + path + "; chmod go-w " +
                path);
  std::string text(kMaxBytes + 1, '\0');
  size_t size = 0;
  for (ssize_t n; size < text.size(); size += static_cast<size_t>(n)) {
    n = ::read(fd.get(), text.data() + size, text.size() - size);
    if (n < 0 && errno != EINTR) return fail_errno("cannot read the configuration " + path);
    if (n == 0) break;
    if (n < 0) n = 0;
  }
  text.resize(size);
  return parse(text, path);
}

Result<FleetConfig> FleetConfig::load_default(const std::string& path) {
  auto config = load(path);
  if (!config && config.error().code == ENOENT) return FleetConfig::defaults();
  return config;
}

}  // namespace hp
