#include "linux_guest/guest_kernel.hpp"

#include <algorithm>
#include <numeric>

#include "linux_guest/traceable.hpp"
#include "transport/text_lines.hpp"

namespace hp::linux_guest {

namespace {

constexpr size_t kMaxModules = 4096, kMaxTracepoints = 1u << 16;

tl::unexpected<Error> bad_line(const char* file, const TextLines& lines) {
  return fail(std::string("the guest's list of ") + file + " makes no sense in line " +
              std::to_string(lines.number()));
}
tl::unexpected<Error> too_much(const char* file) {
  return fail(std::string("the guest's list of ") + file + " is too long");
}

/* "ADDRESS TYPE NAME" */
bool parse_symbol(std::string_view line, KernelSymbol& s) {
  const auto address = hexadecimal(take_word(line));
  const std::string_view type = take_word(line);
  if (!address || type.size() != 1 || !is_name(line)) return false;
  s.address = *address;
  s.type = type[0];
  s.name = line;
  return true;
}

}  // namespace

Result<std::shared_ptr<const GuestKernel>> GuestKernel::make(KernelFiles files) {
  std::shared_ptr<GuestKernel> k(new GuestKernel(std::move(files)));
  for (const std::string* text : {&k->files_.symbols, &k->files_.tracepoints, &k->files_.modules})
    if (text->size() > kMaxText) return too_much("symbols, tracepoints or modules");
  k->modules_.push_back({"vmlinux", 0, 0});
  HP_TRYV(k->parse_symbols());
  HP_TRYV(k->parse_modules());
  HP_TRYV(k->parse_tracepoints());
  k->index();
  return k;
}

Result<> GuestKernel::parse_symbols() {
  TextLines lines(files_.symbols);
  for (std::string_view line; lines.next(line);) {
    KernelSymbol s{};
    if (!parse_symbol(line, s)) return bad_line("symbols", lines);
    s.address += files_.text_start;
    if (symbols_.size() == kMaxSymbols) return too_much("symbols");
    symbols_.push_back(s);
  }
  return {};
}

Result<> GuestKernel::parse_modules() {
  TextLines lines(files_.modules);
  for (std::string_view line; lines.next(line);) {
    if (line.starts_with('\t')) {
      KernelSymbol s{};
      if (modules_.size() == 1 || !parse_symbol(line.substr(1), s))
        return bad_line("modules", lines);
      s.module = static_cast<uint32_t>(modules_.size() - 1);
      if (symbols_.size() == kMaxSymbols) return too_much("symbols");
      symbols_.push_back(s);
      continue;
    }
    const std::string_view name = take_word(line);
    const auto start = hexadecimal(take_word(line)), size = hexadecimal(line);
    if (!is_name(name) || !start || !size || *start + *size < *start)
      return bad_line("modules", lines);
    if (modules_.size() == kMaxModules) return too_much("modules");
    modules_.push_back({name, *start, *size});
  }
  return {};
}

Result<> GuestKernel::parse_tracepoints() {
  TextLines lines(files_.tracepoints);
  for (std::string_view line; lines.next(line);) {
    std::string_view subsystem = take_word(line);
    if (!is_name(subsystem) || !is_name(line) || line.find(' ') != line.npos)
      return bad_line("tracepoints", lines);
    if (tracepoints_.size() == kMaxTracepoints) return too_much("tracepoints");
    if (subsystem == "-") subsystem = {};
    tracepoints_.push_back({subsystem, line});
  }
  std::sort(tracepoints_.begin(), tracepoints_.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return {};
}

void GuestKernel::index() {
  const Traceable traceable(symbols_);
  std::stable_sort(symbols_.begin(), symbols_.end(),
                   [](const auto& a, const auto& b) { return a.address < b.address; });
  by_name_.resize(symbols_.size());
  std::iota(by_name_.begin(), by_name_.end(), 0u);
  std::stable_sort(by_name_.begin(), by_name_.end(),
                   [&](uint32_t a, uint32_t b) { return symbols_[a].name < symbols_[b].name; });
  for (const uint32_t i : by_name_) {
    const KernelSymbol& s = symbols_[i];
    if (traceable(s, modules_[s.module].name)) functions_.push_back(i);
    if (s.module == 0 && s.name == "_stext") modules_[0].start = s.address;
    if (s.module == 0 && s.name == "_etext") modules_[0].size = s.address;
  }
  modules_[0].size =
      modules_[0].size > modules_[0].start ? modules_[0].size - modules_[0].start : 0;
}

std::span<const uint32_t> GuestKernel::functions_named(std::string_view name) const {
  const auto from =
      std::lower_bound(functions_.begin(), functions_.end(), name,
                       [&](uint32_t i, std::string_view n) { return symbols_[i].name < n; });
  auto to = from;
  while (to != functions_.end() && symbols_[*to].name == name) ++to;
  return {from, to};
}

std::optional<uint64_t> GuestKernel::address_of(std::string_view module,
                                                std::string_view name) const {
  if (module.empty()) module = "vmlinux";
  auto it = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                             [&](uint32_t i, std::string_view n) { return symbols_[i].name < n; });
  for (; it != by_name_.end() && symbols_[*it].name == name; ++it)
    if (modules_[symbols_[*it].module].name == module) return symbols_[*it].address;
  return std::nullopt;
}

const KernelSymbol* GuestKernel::function_at(uint64_t address) const {
  auto it = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                             [](uint64_t a, const KernelSymbol& s) { return a < s.address; });
  while (it != symbols_.begin()) {
    const KernelSymbol& s = *--it;
    if (!is_code(s)) continue;
    const KernelModule& m = modules_[s.module];
    return m.size == 0 || address - m.start < m.size ? &s : nullptr;
  }
  return nullptr;
}

std::string GuestKernel::without_data(std::string_view text) {
  std::string out;
  TextLines lines(text);
  for (std::string_view line; lines.next(line);) {
    KernelSymbol s{};
    const bool module = !line.starts_with('\t');
    const bool symbol = parse_symbol(module ? line : line.substr(1), s);
    if (symbol && !is_code(s)) continue;
    out.append(line).push_back('\n');
  }
  return out;
}
std::string GuestKernel::code_text() const {
  return without_data(files_.symbols);
}
std::string GuestKernel::module_code_text() const {
  return without_data(files_.modules);
}

const KernelTracepoint* GuestKernel::tracepoint(std::string_view name) const {
  const auto it =
      std::lower_bound(tracepoints_.begin(), tracepoints_.end(), name,
                       [](const KernelTracepoint& t, std::string_view n) { return t.name < n; });
  return it != tracepoints_.end() && it->name == name ? &*it : nullptr;
}

}  // namespace hp::linux_guest
