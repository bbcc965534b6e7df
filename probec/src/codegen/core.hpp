/* CoreTable: what a program takes from the kernel that it is linked for (.hyprobe.core of object.h).
 *
 * Each distinct question (offset of this member, size of that type) is one row, and one symbol whose
 * value the linker knows. */
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "transport/object.h"

namespace hp::probec::codegen {

class CoreTable {
 public:
  /* The row of a question; reference: its answer in the kernel that is compiled for. */
  uint32_t row(uint32_t kind, const std::string& type, const std::string& path, uint32_t line,
               uint64_t reference);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /* The section's bytes. */
  [[nodiscard]] std::string section() const;

 private:
  uint32_t string(const std::string& text);

  std::map<std::tuple<uint32_t, uint32_t, uint32_t>, uint32_t> known_; /* kind, type, path */
  std::map<std::string, uint32_t> strings_at_;
  std::string strings_{'\0'};
  std::vector<hp_core_reloc> rows_;
};

}  // namespace hp::probec::codegen
