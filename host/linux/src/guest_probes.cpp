#include "linux_guest/guest_probes.hpp"

namespace hp::linux_guest {

struct GuestProbes::State {};

GuestProbes::GuestProbes(const vmm::GuestRam&, std::string, std::string, std::string)
    : state_(std::make_unique<State>()) {}
GuestProbes::~GuestProbes() = default;

void GuestProbes::set_vmid(uint32_t) {}
void GuestProbes::set_hostname(std::string) {}
void GuestProbes::set_kernel(std::shared_ptr<const GuestKernel>) {}

Result<Preparation> GuestProbes::prepare(const ProgramIdent&, Object, int) {
  return fail("no probes yet", ENOSYS);
}
void GuestProbes::commit(const ProgramIdent&) {}
void GuestProbes::remove(const ProgramIdent&) {}

int64_t GuestProbes::fire(vmm::VcpuView&, const hp_probe_page*) noexcept {
  return HP_RC_UNKNOWN;
}
bool GuestProbes::wants_exits() const noexcept {
  return false;
}
void GuestProbes::exit(vmm::VcpuView&, uint32_t, std::string_view) noexcept {}

}  // namespace hp::linux_guest
