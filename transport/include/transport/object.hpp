/* Object: a compiled D program (object.h), checked once, then read freely.
 *
 *     Result<Object> object = Object::parse(std::move(bytes));
 *     for (const hp_obj_clause& c : object->clauses()) ... object->str(c.symbol) ...
 *
 * parse() trusts nothing: the ELF64 header, section table, symbol tables, and in .hyprobe.data every
 * table, offset, count, range, index and string. What it lets through, the accessors below read
 * without further checks. Section contents, symbols and relocations are exposed for the linker.
 *
 * An Object owns its bytes; views into it live as long as it does. Immutable after parse, so it may
 * be read by any number of threads. Follows the ELF-64 object file format and the System V ABI's
 * AMD64 supplement. */
#pragma once
#include <elf.h>

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "transport/object.h"
#include "transport/result.hpp"

namespace hp {

class Object {
 public:
  /* Limits that no honest program comes near. */
  static constexpr size_t kMaxBytes = 64u << 20;
  static constexpr uint32_t kMaxSections = 65000;
  static constexpr uint32_t kMaxStrsize = 1u << 20;
  static constexpr uint32_t kMaxLocals = 1u << 20;
  static constexpr uint32_t kMaxGlobals = 1u << 30;
  static constexpr uint32_t kMaxRecord = 64u << 20;
  static constexpr uint32_t kMaxAggWords = 1u << 20;
  static constexpr uint32_t kMaxCore = 1u << 16;

  /* Copies the bytes, then checks them. */
  static Result<Object> parse(std::string_view bytes);
  /* Reads a whole file (a sealed memfd, or what --elf wrote) from offset 0. */
  static Result<Object> read(int fd);

  const hp_obj_header& header() const { return *header_; }
  std::span<const hp_obj_desc> descs() const { return descs_; }
  std::span<const hp_obj_clause> clauses() const { return clauses_; }
  std::span<const hp_obj_action> actions() const { return actions_; }
  std::span<const hp_obj_field> fields() const { return fields_; }
  std::span<const hp_obj_agg> aggs() const { return aggs_; }
  std::span<const uint32_t> aggrefs() const { return aggrefs_; }
  std::span<const hp_obj_var> vars() const { return vars_; }
  std::span<const hp_obj_option> options() const { return options_; }
  /* The string at an offset that stands in a table. */
  const char* str(uint32_t offset) const { return strings_ + offset; }

  std::span<const hp_obj_desc> descs_of(const hp_obj_clause& c) const {
    return cut(descs_, c.descs);
  }
  std::span<const hp_obj_action> actions_of(const hp_obj_clause& c) const {
    return cut(actions_, c.actions);
  }
  std::span<const hp_obj_field> fields_of(const hp_obj_action& a) const {
    return cut(fields_, a.fields);
  }
  std::span<const uint32_t> aggs_of(const hp_obj_action& a) const { return cut(aggrefs_, a.aggs); }
  std::span<const hp_obj_field> keys_of(const hp_obj_agg& a) const { return cut(fields_, a.keys); }
  /* What is taken from the kernel that the object is linked for; empty: nothing. Row N is the value of
   * the symbol hp_core_N. */
  std::span<const hp_core_reloc> core() const { return core_; }
  const char* core_str(uint32_t offset) const { return core_strings_ + offset; }
  /* The kernel that the program was linked for (probec -y), and runs on alone; nullptr: any. Its name by core_str(). */
  const hp_core_kernel* linked_for() const { return linked_for_; }
  /* The row of a symbol's name; no value: it is no name of one. */
  std::optional<uint32_t> core_index(std::string_view symbol) const;
  /* The value of a pragma or -x option compiled in, the last one wins; nullptr if not set. */
  const char* option(std::string_view name) const;
  /* The script's text; empty if it was stripped. */
  std::string_view source() const { return source_; }
  std::string_view source_of(const hp_obj_clause& c) const {
    return source_.substr(c.source, c.source_len);
  }

  /* For the linker: checked sections and symbols. */
  std::string_view bytes() const { return {bytes_.get(), size_}; }
  std::span<const Elf64_Shdr> sections() const { return sections_; }
  const char* section_name(const Elf64_Shdr& s) const { return shstrtab_ + s.sh_name; }
  /* Contents within the file; empty for SHT_NOBITS. */
  std::string_view contents(const Elf64_Shdr& s) const;
  std::span<const Elf64_Sym> symbols() const { return symbols_; }
  const char* symbol_name(const Elf64_Sym& s) const { return strtab_ + s.st_name; }

 private:
  template <class T>
  static std::span<const T> cut(std::span<const T> table, hp_obj_range r) {
    return table.subspan(r.first, r.count);
  }
  Result<> parse_elf();
  Result<> parse_tables(std::string_view data);
  Result<> check_rows() const;
  Result<> parse_core(std::string_view section); /* object_core.cpp */
  template <class T>
  Result<std::span<const T>> table(std::string_view data, int index, const char* what) const;
  Result<> check_string(uint32_t offset, const char* what) const;

  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
  std::span<const Elf64_Shdr> sections_;
  std::span<const Elf64_Sym> symbols_;
  const char* shstrtab_ = nullptr;
  const char* strtab_ = "";
  const hp_obj_header* header_ = nullptr;
  const char* strings_ = nullptr;
  uint32_t strings_size_ = 0;
  std::span<const hp_obj_desc> descs_;
  std::span<const hp_obj_clause> clauses_;
  std::span<const hp_obj_action> actions_;
  std::span<const hp_obj_field> fields_;
  std::span<const hp_obj_agg> aggs_;
  std::span<const uint32_t> aggrefs_;
  std::span<const hp_obj_var> vars_;
  std::span<const hp_obj_option> options_;
  std::string_view source_;
  std::span<const hp_core_reloc> core_;
  const char* core_strings_ = "";
  const hp_core_kernel* linked_for_ = nullptr;
};

}  // namespace hp
