#include "linux_guest/guest_kernel.hpp"

namespace hp::linux_guest {

Result<std::shared_ptr<const GuestKernel>> GuestKernel::make(KernelFiles files) {
  std::shared_ptr<GuestKernel> kernel(new GuestKernel);
  kernel->files_ = std::move(files);
  return kernel;
}

}  // namespace hp::linux_guest
