/* Types of a kernel by its BTF (Documentation/bpf/btf.rst of Linux).
 *
 * The blob is hostile: a guest gives it. It is checked once as a whole (sections, each record and its
 * tail lie within the blob) and every number in a record when it is used: type ids, string offsets,
 * sizes, members' places. What does not hold together is left out: a member that would lie outside its
 * structure does not exist, a chain of types that does not end is void. Nothing in here throws or aborts
 * for what a blob says. */
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "probec/type_source.hpp"
#include "transport/result.hpp"

namespace hp::probec {

class BtfTypes final : public TypeSource {
 public:
  static Result<std::unique_ptr<BtfTypes>> parse(std::string blob);

  bool has_typedef(std::string_view name) override;
  TypeId find_typedef(std::string_view name, TypeTable& table) override;
  /* Its type, by a VAR or FUNC record; the address is 0: BTF has none. */
  std::optional<Symbol> find_symbol(std::string_view module, std::string_view name,
                                    TypeTable& table) override;
  TypeId find_function(std::string_view name, TypeTable& table) override;
  void complete(TypeId id, TypeTable& table) override;

  [[nodiscard]] size_t size() const { return offsets_.size(); }
  /* Type `id` of the blob; void for ids that do not exist. */
  TypeId type(uint32_t id, TypeTable& table);

 private:
  struct Record {
    uint32_t name = 0, kind = 0, count = 0, size_or_type = 0;
    bool flag = false;
    uint32_t tail = 0; /* where its further words begin, in the type section */
  };

  explicit BtfTypes(std::string blob) : blob_(std::move(blob)) {}
  Result<> index();
  [[nodiscard]] uint32_t word(uint64_t at) const; /* of the type section */
  [[nodiscard]] Record record(uint32_t id) const; /* of kind 0 if there is none */
  [[nodiscard]] std::string_view text(uint32_t offset) const;
  [[nodiscard]] uint32_t find(std::string_view name, std::initializer_list<uint32_t> kinds) const;
  TypeId convert(uint32_t id, const Record& record, TypeTable& table);
  TypeId integer(const Record& record, TypeTable& table);
  TypeId pointer(const Record& record, TypeTable& table);
  TypeId array(const Record& record, TypeTable& table);
  TypeId tagged(uint32_t id, const Record& record, TypeTable& table);
  TypeId function(const Record& record, TypeTable& table);
  void fill_structure(TypeId id, const Record& record, TypeTable& table);
  void fill_enumeration(TypeId id, const Record& record, TypeTable& table);

  std::string blob_;
  uint32_t types_ = 0, strings_ = 0, strings_size_ = 0; /* offsets in the blob */
  std::vector<uint32_t> offsets_;                       /* of type id + 1, in the type section */
  std::unordered_map<uint32_t, TypeId> made_;
  std::unordered_map<uint32_t, uint32_t> origin_; /* TypeId to the id that it was made of */
  unsigned depth_ = 0;
};

}  // namespace hp::probec
