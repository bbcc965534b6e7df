/* Dispatch: who wants which firing of a guest, as of one moment; immutable. Firings read it without a lock, whoever
 * changes what runs makes another. */
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "handler/program.hpp"
#include "linux_guest/static_arguments.hpp"
#include "linux_guest/universe.hpp"
#include "vmm/exit_name.hpp"

namespace hp::linux_guest {

/* A probe of a program's. */
struct Wish {
  uint32_t id;   /* ProbeIds'; of exits: KVM_EXIT_* */
  uint32_t kind; /* HP_KIND_*; 0: exits */
  handler::Program* program;
  uint32_t index; /* in the program's table of probes */
  Filter filter;
  uint8_t shift;
  const StaticArguments* arguments = nullptr; /* of a static probe in a program */
};

class Dispatch {
 public:
  /* In the order in which programs and their probes are to fire. */
  Dispatch(std::vector<Wish> wishes, std::shared_ptr<const GuestKernel> kernel, uint32_t vmid,
           std::string name, std::string hostname, std::string osversion);
  Dispatch(const Dispatch&) = delete;
  Dispatch& operator=(const Dispatch&) = delete;

  /* Of a probe, all of one kind; any number may be asked for. */
  std::span<const Wish> of(uint32_t id) const { return cut(probes_, id); }
  std::span<const Wish> of_exit(uint32_t reason) const {
    return cut(exits_, std::min(reason, vmm::kExitReasons - 1));
  }
  bool any_exits() const { return exits_.size() > 1; }

  const std::shared_ptr<const GuestKernel> kernel; /* nullptr: unknown */
  const uint32_t vmid;
  const std::string name, hostname, osversion;

 private:
  /* starts[i]: where the wishes of i begin. */
  std::span<const Wish> cut(const std::vector<uint32_t>& starts, uint32_t i) const {
    if (i + size_t{1} >= starts.size()) return {};
    return {wishes_.data() + starts[i], wishes_.data() + starts[i + 1]};
  }
  std::vector<uint32_t> index(size_t from, size_t to) const;

  std::vector<Wish> wishes_;
  std::vector<uint32_t> probes_, exits_;
};

}  // namespace hp::linux_guest
