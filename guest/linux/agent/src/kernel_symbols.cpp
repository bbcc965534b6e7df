/* The forms that trace.h gives to what /proc/kallsyms, /proc/modules and tracefs say. */
#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_set>
#include <vector>

#include "agent/kernel.hpp"

namespace hp::agent {
namespace {

constexpr std::string_view kTracepoint = "__tracepoint_";

/* Cuts the text up to a separator, which goes too. */
std::string_view cut(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  std::string_view piece = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return piece;
}

struct Symbol {
  uint64_t address = 0;
  char type = 0;
  std::string_view name, module; /* no module: vmlinux */
};

/* One line of kallsyms. */
bool parse(std::string_view line, Symbol& s) {
  const std::string_view hex = cut(line, ' '), type = cut(line, ' ');
  s.name = cut(line, '\t');
  s.module = {};
  if (line.size() > 2 && line.front() == '[') s.module = line.substr(1, line.find(']') - 1);
  auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), s.address, 16);
  if (error != std::errc() || end != hex.data() + hex.size()) return false;
  if (type.size() != 1 || s.name.empty()) return false;
  s.type = type[0];
  return true;
}

bool is_code(const Symbol& s) {
  return std::string_view("tTwW").find(s.type) != std::string_view::npos;
}

template <class F>
void for_each_symbol(std::string_view kallsyms, F f) {
  Symbol s;
  while (!kallsyms.empty())
    if (parse(cut(kallsyms, '\n'), s)) f(s);
}

/* Addresses of the functions that ftrace knows, which it tells by name: a name counts where all functions that have it
 * are known, an address if one of its names does. */
class Functions {
 public:
  Functions(std::string_view kallsyms, std::string_view available) : all_(available.empty()) {
    if (all_) return;
    std::map<std::pair<std::string_view, std::string_view>, int> names; /* with the module */
    while (!available.empty()) {
      std::string_view line = cut(available, '\n');
      const std::string_view name = cut(line, ' ');
      names[{name, line.size() > 2 ? line.substr(1, line.find(']') - 1) : line}]++;
    }
    for_each_symbol(kallsyms, [&](const Symbol& s) {
      if (auto n = names.find({s.name, s.module}); is_code(s) && n != names.end()) n->second--;
    });
    for_each_symbol(kallsyms, [&](const Symbol& s) {
      if (!is_code(s)) return;
      if (auto n = names.find({s.name, s.module}); n != names.end() && n->second >= 0)
        addresses_.insert(s.address);
    });
  }
  /* The type of a symbol as trace.h has it. */
  char type(const Symbol& s) const {
    return all_ || !is_code(s) || addresses_.contains(s.address) ? s.type : 'x';
  }

 private:
  bool all_; /* nothing is known of them */
  std::unordered_set<uint64_t> addresses_;
};

void append_hex(std::string& out, uint64_t value) {
  char buffer[16];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, 16).ptr);
}

void append(std::string& out, const Symbol& s, uint64_t base) {
  append_hex(out, s.address - base);
  out += ' ';
  out += s.type;
  out += ' ';
  out += s.name;
  out += '\n';
}

}  // namespace

Result<std::string> vmlinux_symbols(std::string_view kallsyms,
                                    std::string_view available_functions) {
  const Functions functions(kallsyms, available_functions);
  uint64_t text = 0;
  std::vector<Symbol> symbols;
  for_each_symbol(kallsyms, [&](const Symbol& s) {
    if (!s.module.empty()) return;
    if (s.name == "_text") text = s.address;
    symbols.push_back(s);
    symbols.back().type = functions.type(s);
  });
  if (text == 0)
    return fail("/proc/kallsyms hides addresses: set the sysctl kernel.kptr_restrict to 1", EPERM);
  /* Below _text are offsets of per-CPU variables, which are no addresses. */
  std::erase_if(symbols, [&](const Symbol& s) { return s.address < text; });
  auto lower = [](const Symbol& a, const Symbol& b) { return a.address < b.address; };
  if (!std::is_sorted(symbols.begin(), symbols.end(), lower))
    std::stable_sort(symbols.begin(), symbols.end(), lower);
  std::string out;
  out.reserve(kallsyms.size());
  for (const Symbol& s : symbols) append(out, s, text);
  return out;
}

std::string module_symbols(std::string_view kallsyms, std::string_view modules,
                           std::string_view available_functions) {
  const Functions functions(kallsyms, available_functions);
  std::map<std::string_view, std::string> symbols;
  for_each_symbol(kallsyms, [&](const Symbol& s) {
    if (s.module.empty()) return;
    std::string& out = symbols[s.module];
    Symbol told = s;
    told.type = functions.type(s);
    out += '\t';
    append(out, told, 0);
  });
  std::string out;
  while (!modules.empty()) { /* NAME SIZE USES USERS STATE 0xADDRESS */
    std::string_view line = cut(modules, '\n');
    const std::string_view name = cut(line, ' '), size = cut(line, ' ');
    for (int i = 0; i < 3; i++) cut(line, ' ');
    std::string_view address = cut(line, ' ');
    uint64_t bytes = 0;
    std::from_chars(size.data(), size.data() + size.size(), bytes);
    if (!address.starts_with("0x") || name.empty()) continue;
    out += name;
    out += ' ';
    out += address.substr(2);
    out += ' ';
    append_hex(out, bytes);
    out += '\n';
    out += symbols[name];
  }
  return out;
}

std::string tracepoints(std::string_view kallsyms, std::string_view available_events) {
  std::map<std::string_view, std::string_view> subsystems; /* by event */
  while (!available_events.empty()) {
    std::string_view line = cut(available_events, '\n');
    const std::string_view subsystem = cut(line, ':');
    /* Events that no tracepoint of their own fires. */
    if (line.empty() || subsystem == "syscalls" || subsystem == "ftrace") continue;
    subsystems.emplace(line, subsystem);
  }
  std::map<std::string_view, std::string_view> found;
  for_each_symbol(kallsyms, [&](const Symbol& s) {
    if (!s.module.empty() || !s.name.starts_with(kTracepoint)) return;
    const std::string_view name = s.name.substr(kTracepoint.size());
    auto known = subsystems.find(name);
    found.emplace(name, known == subsystems.end() ? "-" : known->second);
  });
  std::string out;
  for (auto& [name, subsystem] : found.empty() ? subsystems : found) {
    out += subsystem;
    out += ' ';
    out += name;
    out += '\n';
  }
  return out;
}

}  // namespace hp::agent
