#include "agent/module.hpp"

#include <sys/ioctl.h>

#include <algorithm>

namespace hp::agent {
namespace {

template <class T>
T named(const ProgramIdent& ident) {
  T value{};
  std::copy(ident.begin(), ident.end(), value.ident);
  return value;
}

}  // namespace

Result<> DeviceModule::control(unsigned long request, void* argument) {
  int r;
  do r = ::ioctl(device_.get(), request, argument);
  while (r < 0 && errno == EINTR);
  if (r < 0) return fail_errno("the module refuses");
  return {};
}

Result<hp_ioc_info> DeviceModule::info() {
  hp_ioc_info info{};
  HP_TRYV(control(HP_IOC_INFO, &info));
  return info;
}

Result<> DeviceModule::attach(const ProgramIdent& ident, std::span<const uint8_t> probes,
                              uint32_t count, uint32_t& failed) {
  auto request = named<hp_ioc_attach>(ident);
  request.probes = reinterpret_cast<uintptr_t>(probes.data());
  request.size = static_cast<uint32_t>(probes.size());
  request.count = count;
  auto done = control(HP_IOC_ATTACH, &request);
  failed = request.failed;
  return done;
}

Result<> DeviceModule::commit(const ProgramIdent& ident) {
  auto request = named<hp_ioc_program>(ident);
  return control(HP_IOC_COMMIT, &request);
}

Result<> DeviceModule::detach(const ProgramIdent& ident) {
  auto request = named<hp_ioc_program>(ident);
  return control(HP_IOC_DETACH, &request);
}

Result<std::optional<Module::Held>> DeviceModule::program(uint32_t n) {
  hp_ioc_program request{};
  request.probes = n;
  if (auto done = control(HP_IOC_PROGRAM, &request); !done) {
    if (done.error().code == ENOENT) return std::nullopt;
    return tl::make_unexpected(done.error());
  }
  Held held;
  std::copy(std::begin(request.ident), std::end(request.ident), held.ident.begin());
  held.committed = request.committed != 0;
  held.probes = request.probes;
  return held;
}

Result<> DeviceModule::send(std::span<const uint8_t> message) {
  ssize_t n;
  do n = ::write(device_.get(), message.data(), message.size());
  while (n < 0 && errno == EINTR);
  if (n < 0) return fail_errno("cannot send to the VMM");
  return {};
}

Result<std::span<const uint8_t>> DeviceModule::receive(std::span<uint8_t> buffer) {
  const ssize_t n = ::read(device_.get(), buffer.data(), buffer.size());
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return std::span<const uint8_t>();
  if (n < 0) return fail_errno("cannot hear the VMM");
  if (n == 0) return fail("the trace device is gone", ENODEV);
  return std::span<const uint8_t>(buffer.first(static_cast<size_t>(n)));
}

}  // namespace hp::agent
