#include "host/kernel_symbols.hpp"

#include <algorithm>

#include "transport/text_lines.hpp"

namespace hp::host {

namespace {

/* "ADDRESS TYPE NAME" */
bool parse(std::string_view line, uint64_t& address, std::string_view& name) {
  const auto value = hexadecimal(take_word(line));
  if (!value || take_word(line).size() != 1 || !is_name(line)) return false;
  address = *value;
  name = line;
  return true;
}

}  // namespace

void KernelSymbols::sort(Part& part) {
  std::stable_sort(part.symbols.begin(), part.symbols.end(),
                   [](const Symbol& a, const Symbol& b) { return a.start < b.start; });
}

void KernelSymbols::set_kernel(uint64_t boot, std::string text, uint64_t base) {
  if (boot < kernel_.boot) return;
  kernel_ = {boot, std::move(text), {}};
  TextLines lines(kernel_.text);
  for (std::string_view line; lines.next(line);) {
    Symbol s{};
    if (!parse(line, s.start, s.name)) continue;
    s.start += base;
    kernel_.symbols.push_back(s);
  }
  sort(kernel_);
}

void KernelSymbols::set_modules(uint64_t boot, std::string text) {
  if (boot < modules_.boot) return;
  modules_ = {boot, std::move(text), {}};
  module_list_.clear();
  TextLines lines(modules_.text);
  for (std::string_view line; lines.next(line);) {
    if (line.starts_with('\t')) {
      Symbol s{0, {}, static_cast<uint32_t>(module_list_.size())};
      if (s.module != 0 && parse(line.substr(1), s.start, s.name)) modules_.symbols.push_back(s);
      continue;
    }
    Module m{take_word(line), 0, 0};
    m.start = hexadecimal(take_word(line)).value_or(0);
    m.size = hexadecimal(line).value_or(0);
    if (!is_name(m.name)) m.name = "?";
    module_list_.push_back(m);
  }
  sort(modules_);
}

const KernelSymbols::Symbol* KernelSymbols::at(const Part& part, uint64_t address) {
  auto it = std::upper_bound(part.symbols.begin(), part.symbols.end(), address,
                             [](uint64_t a, const Symbol& s) { return a < s.start; });
  if (it == part.symbols.begin()) return nullptr;
  /* Of several names the first that the kernel lists. */
  const uint64_t start = std::prev(it)->start;
  return &*std::lower_bound(part.symbols.begin(), it, start,
                            [](const Symbol& s, uint64_t a) { return s.start < a; });
}

bool KernelSymbols::find(uint64_t address, Found& found) const {
  if (const Symbol* s = at(modules_, address)) {
    const Module& m = module_list_[s->module - 1];
    if (address - m.start < m.size) {
      found = {m.name, s->name, s->start};
      return true;
    }
  }
  const Symbol* s = at(kernel_, address);
  /* Behind the kernel's last function there is something else. */
  constexpr uint64_t kLongest = 1 << 20;
  if (!s || (s == &kernel_.symbols.back() && address - s->start > kLongest)) return false;
  found = {"vmlinux", s->name, s->start};
  return true;
}

}  // namespace hp::host
