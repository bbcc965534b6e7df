#include "probec/kernel_types.hpp"

#include <fstream>
#include <sstream>

#include "transport/fd.hpp"

namespace hp::probec {

namespace {
constexpr size_t kMaxBtf = 64u << 20;
}

BtfTypes* KernelTypes::types() {
  if (!tried_) {
    tried_ = true;
    files_ = which_();
    Result<std::string> blob = files_.bytes.empty() ? read_file(files_.btf, kMaxBtf)
                                                    : Result<std::string>(std::move(files_.bytes));
    Result<std::unique_ptr<BtfTypes>> parsed = std::move(blob).and_then(
        [](std::string&& bytes) { return BtfTypes::parse(std::move(bytes)); });
    if (parsed)
      types_ = std::move(*parsed);
    else
      problem_ = parsed.error().message;
  }
  return types_.get();
}

bool KernelTypes::has_typedef(std::string_view name) {
  return types() && types_->has_typedef(name);
}

TypeId KernelTypes::find_typedef(std::string_view name, TypeTable& table) {
  return types() ? types_->find_typedef(name, table) : TypeId();
}

TypeId KernelTypes::find_function(std::string_view name, TypeTable& table) {
  return types() ? types_->find_function(name, table) : TypeId();
}

void KernelTypes::complete(TypeId id, TypeTable& table) {
  if (types()) types_->complete(id, table);
}

/* Lines are "address letter name", with "\t[module]" for those of modules. */
std::optional<uint64_t> KernelTypes::address_of(std::string_view module, std::string_view name) {
  bool in_kernel = module.empty() || module == "vmlinux" || module == "kernel";
  std::ifstream in(files_.symbols);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string address, letter, symbol, of;
    if (!(words >> address >> letter >> symbol) || symbol != name) continue;
    if (words >> of ? !module.empty() && of != "[" + std::string(module) + "]" : !in_kernel)
      continue;
    return std::stoull(address, nullptr, 16);
  }
  return std::nullopt;
}

std::optional<TypeSource::Symbol> KernelTypes::find_symbol(std::string_view module,
                                                           std::string_view name,
                                                           TypeTable& table) {
  (void)types(); /* which kernel it is */
  if (files_.symbols.empty())
    return types() ? types_->find_symbol(module, name, table) : std::nullopt;
  std::optional<uint64_t> address = address_of(module, name);
  if (!address) return std::nullopt;
  Symbol symbol{*address, {}};
  if (types())
    if (std::optional<Symbol> known = types_->find_symbol(module, name, table))
      symbol.type = known->type;
  return symbol;
}

}  // namespace hp::probec
