/* ModuleMap: which files a traced process executes from, and where it has mapped them.
 *
 * Whoever maps files for the process tells it (add, remove, move); whoever fires probes in it looks
 * program counters up, to unwind stacks and to tell the consumer what addresses meant at that time:
 * the process may have exited, or executed another program, before they are printed.
 *
 * One writer at a time (the owner's lock); lookups take no lock and never wait for one: a lookup that
 * meets a change in progress tries again, a bounded number of times. A map holds kCapacity modules;
 * what does not fit is not known. Memory is only used as entries are. */
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "transport/fd.hpp"
#include "transport/segment.h"

namespace hp {

struct Module {
  uint64_t start = 0, end = 0;    /* what is executable */
  uint64_t offset = 0;            /* of start in the file */
  uint64_t unwind = 0;            /* address of .eh_frame_hdr; 0: there is none */
  uint64_t device = 0, inode = 0; /* as stat(2) gives them; 0 when there is no file */
  uint32_t since = 0;             /* the map's generation that brought it */
  uint32_t frames_size = 0;       /* bytes at frames */
  uint64_t frames = 0;            /* address of .eh_frame, where there is no .eh_frame_hdr */
  char path[HP_MODULE_PATH] = {}; /* "[vdso]" for the vDSO; "" when not known */
};

class ModuleMap {
 public:
  static constexpr size_t kCapacity = 1024;
  ModuleMap();

  void add(Module) noexcept;
  /* Forgets what lies in [start, end). */
  void remove(uint64_t start, uint64_t end) noexcept;
  /* mremap(2): [from, from + size) is at `to` now. */
  void move(uint64_t from, uint64_t size, uint64_t to) noexcept;

  /* The module that pc lies in; false if none is known. */
  bool find(uint64_t pc, Module& found) const noexcept;
  /* Copies the module at this place of the map, in no particular order; false past the last. */
  bool at(size_t index, Module& module) const noexcept;
  /* Changes with every change that is seen by find(). */
  uint32_t generation() const noexcept { return generation_.load(std::memory_order_acquire); }

 private:
  template <class F>
  bool read(F copy) const noexcept;
  void begin() noexcept;
  void end() noexcept;
  void erase(size_t index) noexcept;

  std::atomic<uint32_t> sequence_{0}; /* odd: a change is in progress */
  std::atomic<uint32_t> generation_{1};
  std::atomic<uint32_t> count_{0};
  Mapping memory_;
  Module* modules_ = nullptr;
};

/* What the program headers of a mapped ELF file say about its unwinding tables.
 * head: the file's first bytes; start, offset: where which part of it is mapped. Returns the address
 * of .eh_frame_hdr, 0 if there is none or the file makes no sense. */
uint64_t find_unwind_table(const void* head, size_t size, uint64_t start, uint64_t offset) noexcept;

/* The same for .eh_frame by the section headers, as static programs have no .eh_frame_hdr; the file is
 * read. Returns 0 if there is none. */
uint64_t find_frames(int fd, const void* head, size_t size, uint64_t start, uint64_t offset,
                     uint32_t& frames_size) noexcept;

/* Describes the file behind a descriptor as it is mapped at [start, end) from offset. */
Module module_of_file(int fd, uint64_t start, uint64_t end, uint64_t offset) noexcept;

}  // namespace hp
