/* The kernel that probec runs on as a source of types and symbols: BTF of /sys/kernel/btf/vmlinux, names
 * of /proc/kallsyms. Nothing is read before something is asked; a kernel without BTF knows no types. */
#pragma once
#include <memory>
#include <string>

#include "probec/btf.hpp"

namespace hp::probec {

class KernelTypes final : public TypeSource {
 public:
  explicit KernelTypes(std::string btf = "/sys/kernel/btf/vmlinux",
                       std::string symbols = "/proc/kallsyms")
      : btf_path_(std::move(btf)), symbols_path_(std::move(symbols)) {}

  bool has_typedef(std::string_view name) override;
  TypeId find_typedef(std::string_view name, TypeTable& table) override;
  std::optional<Symbol> find_symbol(std::string_view module, std::string_view name,
                                    TypeTable& table) override;
  void complete(TypeId id, TypeTable& table) override;

 private:
  BtfTypes* types(); /* null: there are none */
  std::optional<uint64_t> address_of(std::string_view module, std::string_view name);

  std::string btf_path_, symbols_path_;
  std::unique_ptr<BtfTypes> types_;
  bool tried_ = false;
};

}  // namespace hp::probec
