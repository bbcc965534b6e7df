#include "linux_guest_world.hpp"

namespace hp::test {

AskedOfProbes probes;

}  // namespace hp::test

namespace hp::linux_guest {

using test::probes;

Result<std::shared_ptr<const GuestKernel>> GuestKernel::make(KernelFiles files) {
  if (files.btf == "nonsense") return fail("these are no types");
  probes.files = files;
  return std::shared_ptr<const GuestKernel>(new GuestKernel(std::move(files)));
}

struct GuestProbes::State {};
GuestProbes::GuestProbes(const vmm::GuestRam&, std::string, std::string, std::string) {}
GuestProbes::~GuestProbes() = default;
void GuestProbes::set_vmid(uint32_t vmid) {
  probes.vmid = vmid;
}
void GuestProbes::set_hostname(std::string hostname) {
  probes.hostname = std::move(hostname);
}
void GuestProbes::set_kernel(std::shared_ptr<const GuestKernel> kernel) {
  probes.kernel = std::move(kernel);
}
Result<Preparation> GuestProbes::prepare(const ProgramIdent& ident, Object, int,
                                         const GuestFiles& files) {
  probes.files_given = files;
  if (!probes.failure.empty()) return fail(probes.failure);
  Preparation out;
  out.probes = probes.count + probes.of_the_vmm;
  for (uint32_t i = 0; i < probes.count; i++) {
    Attachment& a = out.attach.emplace_back();
    a.head.probe = i + 1;
    a.head.kind = HP_KIND_FUNCTION_ENTRY;
    a.text = "function" + std::to_string(i);
  }
  probes.programs[ident] = false;
  return out;
}
std::vector<std::string> GuestProbes::files_of(const Object&, const GuestFiles& have) const {
  for (const std::string& path : probes.wants)
    if (!have.contains(path)) return {path};
  return {};
}
void GuestProbes::commit(const ProgramIdent& ident) {
  probes.programs.at(ident) = true;
}
void GuestProbes::remove(const ProgramIdent& ident) {
  probes.programs.erase(ident);
}
int64_t GuestProbes::fire(vmm::VcpuView&, const hp_probe_page*) noexcept {
  return HP_RC_OK;
}
bool GuestProbes::wants_exits() const noexcept {
  return false;
}
void GuestProbes::exit(vmm::VcpuView&, uint32_t, std::string_view) noexcept {}

}  // namespace hp::linux_guest
