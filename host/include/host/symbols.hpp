/* Symbols: names of addresses, as of the firings that recorded them.
 *
 * Monitors tell through the segment's module entries what their process images have mapped
 * (handler/user_space.hpp). collect() takes those entries and opens the files at once, so that a file
 * that is deleted later still has names. An address belongs to what was mapped there last. Space 0
 * is the calling process. VMMs of Linux guests tell the functions of their kernels through the
 * symbols area; of their processes nothing is known but addresses. One thread. */
#pragma once
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "handler/segment_view.hpp"
#include "host/kernel_symbols.hpp"
#include "host/symbol_file.hpp"
#include "host/value.hpp"

namespace hp::host {

class Symbols final : public SymbolSource {
 public:
  /* Takes what is ready. Cheap when nothing is. */
  void collect(const handler::SegmentView&);
  /* Tells that [start, end) of a space is mapped from a file. */
  void add(uint32_t space, uint64_t start, uint64_t end, uint64_t offset, const std::string& path,
           uint64_t device, uint64_t inode);

  std::string address_text(uint64_t whose, uint64_t address) const override;
  uint64_t function_start(uint64_t whose, uint64_t address) const override;
  std::string module_text(uint64_t whose, uint64_t address) const override;

 private:
  struct Range {
    uint64_t start, end, offset;
    SymbolFile* file;
  };
  struct Found {
    SymbolFile* file = nullptr; /* nullptr: nothing is known to be mapped there */
    const SymbolFile::Symbol* symbol = nullptr;
    uint64_t within = 0;
  };
  Found find(uint64_t whose, uint64_t address) const;
  void collect_kernel(const handler::SegmentView&, const hp_seg_module&);
  /* False also for user addresses. */
  bool find_kernel(uint64_t whose, uint64_t address, KernelSymbols::Found&) const;
  void learn_own() const;

  mutable std::map<uint32_t, std::vector<Range>> spaces_;
  mutable std::map<std::tuple<std::string, uint64_t, uint64_t>, std::unique_ptr<SymbolFile>> files_;
  mutable bool knows_own_ = false;
  std::map<uint32_t, KernelSymbols> kernels_; /* by vmid */
};

}  // namespace hp::host
