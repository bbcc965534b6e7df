#include "linux_guest/dispatch.hpp"

#include <algorithm>

namespace hp::linux_guest {

Dispatch::Dispatch(std::vector<Wish> wishes, std::shared_ptr<const GuestKernel> guest_kernel,
                   uint32_t number, std::string guest, std::string host_name, std::string version)
    : kernel(std::move(guest_kernel)),
      vmid(number),
      name(std::move(guest)),
      hostname(std::move(host_name)),
      osversion(std::move(version)),
      wishes_(std::move(wishes)) {
  std::stable_sort(wishes_.begin(), wishes_.end(), [](const Wish& a, const Wish& b) {
    const bool a_exit = a.kind == 0, b_exit = b.kind == 0;
    return a_exit != b_exit ? b_exit : a.id < b.id;
  });
  const auto exits =
      std::find_if(wishes_.begin(), wishes_.end(), [](const Wish& w) { return w.kind == 0; });
  const auto middle = static_cast<size_t>(exits - wishes_.begin());
  probes_ = index(0, middle);
  exits_ = index(middle, wishes_.size());
}

std::vector<uint32_t> Dispatch::index(size_t from, size_t to) const {
  std::vector<uint32_t> starts;
  for (size_t i = from; i < to; ++i)
    while (starts.size() <= wishes_[i].id) starts.push_back(static_cast<uint32_t>(i));
  starts.push_back(static_cast<uint32_t>(to));
  return starts;
}

}  // namespace hp::linux_guest
