/* A kernel as a source of types and symbols: BTF, and names of /proc/kallsyms where it is the kernel that probec
 * runs on. Nothing is read before something is asked, not even which kernel it is to be; a kernel without BTF
 * knows no types. */
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "probec/btf.hpp"

namespace hp::probec {

class KernelTypes final : public TypeSource {
 public:
  /* A file of BTF, and one of symbols as /proc/kallsyms has them; without, symbols have types, by their
   * BTF, but no addresses. */
  struct Files {
    std::string btf = "/sys/kernel/btf/vmlinux", symbols = "/proc/kallsyms";
    std::string bytes = {}; /* of the BTF, if they are known already; btf is then their name */
  };
  KernelTypes() : KernelTypes([] { return Files{}; }) {}
  explicit KernelTypes(Files files) : KernelTypes([files = std::move(files)] { return files; }) {}
  /* which: called once, when something is asked. */
  explicit KernelTypes(std::function<Files()> which) : which_(std::move(which)) {}

  /* Why there are no types, if something was asked and there are none. */
  [[nodiscard]] const std::string& problem() const { return problem_; }

  bool has_typedef(std::string_view name) override;
  TypeId find_typedef(std::string_view name, TypeTable& table) override;
  std::optional<Symbol> find_symbol(std::string_view module, std::string_view name,
                                    TypeTable& table) override;
  TypeId find_function(std::string_view name, TypeTable& table) override;
  void complete(TypeId id, TypeTable& table) override;

 private:
  BtfTypes* types(); /* null: there are none */
  std::optional<uint64_t> address_of(std::string_view module, std::string_view name);

  std::function<Files()> which_;
  Files files_;
  std::string problem_;
  std::unique_ptr<BtfTypes> types_;
  bool tried_ = false;
};

}  // namespace hp::probec
