#include "guest_member.hpp"

#include <algorithm>
#include <cstdio>

#include "host/fleet_client.hpp"
#include "transport/abi.h"

namespace hp {

using linux_guest::FileCache;
using linux_guest::LinuxGuest;

/* --- the port --- */

void GuestMember::Port::set(LinuxGuest* to) {
  std::scoped_lock lock(mutex_);
  to_.store(to, std::memory_order_release);
}

int64_t GuestMember::Port::fire(vmm::VcpuView& vcpu, const hp_probe_page* page) noexcept {
  LinuxGuest* to = to_.load(std::memory_order_acquire);
  return to ? to->fire(vcpu, page) : HP_RC_UNKNOWN;
}

void GuestMember::Port::message(std::span<const uint8_t> bytes) noexcept {
  std::scoped_lock lock(mutex_);
  if (LinuxGuest* to = to_.load(std::memory_order_acquire)) to->message(bytes);
}

void GuestMember::Port::reset() noexcept {
  std::scoped_lock lock(mutex_);
  if (LinuxGuest* to = to_.load(std::memory_order_acquire)) to->reset();
}

bool GuestMember::Port::wants_exits() const noexcept {
  const LinuxGuest* to = to_.load(std::memory_order_acquire);
  return to && to->wants_exits();
}

void GuestMember::Port::exit(vmm::VcpuView& vcpu, uint32_t reason, std::string_view name) noexcept {
  if (LinuxGuest* to = to_.load(std::memory_order_acquire)) to->exit(vcpu, reason, name);
}

/* --- */

GuestMember::GuestMember(const RunConfig& config)
    : name_(config.name),
      hostname_(config.hostname),
      socket_(config.socket.empty() ? fleet_socket_path() : config.socket),
      registers_(!config.no_register),
      requires_coordinator_(config.require_coordinator) {}

void GuestMember::say(const std::string& line) const {
  std::fprintf(stderr, "probevm: %s: %s\n", name_.c_str(), line.c_str());
}

Result<> GuestMember::open(const vmm::GuestRam& ram, vmm::TraceLink& link) {
  LinuxGuest::Options o;
  o.name = name_;
  o.hostname = hostname_;
  o.cache = FileCache(FileCache::default_directory());
  if (!o.cache.unusable().empty()) say(o.cache.unusable());
  o.log = [this](const std::string& line) { say(line); };
  if (registers_) {
    if (auto coordinator = FleetClient::connect(socket_); !coordinator) {
      if (requires_coordinator_) return tl::make_unexpected(coordinator.error());
      say(coordinator.error().message + "; it runs unregistered until then");
    }
    member_.emplace(GuestDescription{name_}, socket_);
  }
  guest_ = std::make_unique<LinuxGuest>(std::move(o), ram);
  guest_->connect(link);
  if (member_) {
    member_->attach(*guest_);
    guest_->listen(*member_);
  }
  port_.set(guest_.get());
  return {};
}

void GuestMember::close() {
  port_.set(nullptr);
  if (member_) member_->down("its machine ended");
  member_.reset();
  guest_.reset();
}

std::array<pollfd, 2> GuestMember::poll_fds() const {
  std::array<pollfd, 2> fds = {{{guest_ ? guest_->fd() : -1, POLLIN, 0}, {-1, 0, 0}}};
  if (member_) fds[1] = {member_->fd(), member_->poll_events(), 0};
  return fds;
}

int GuestMember::timeout_ms() const {
  const int mine = guest_ ? guest_->timeout_ms() : -1, its = member_ ? member_->timeout_ms() : -1;
  if (mine < 0 || its < 0) return std::max(mine, its);
  return std::min(mine, its);
}

void GuestMember::dispatch() {
  if (guest_) guest_->dispatch();
  if (!member_) return;
  member_->dispatch();
  if (std::string refusal = member_->new_refusal(); !refusal.empty()) say(refusal);
}

}  // namespace hp
