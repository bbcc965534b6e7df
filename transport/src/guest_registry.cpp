#include "transport/guest_registry.hpp"

namespace hp {

void GuestRegistry::remember(uint32_t vmid, const std::string& name) {
  if (vmid != 0 && vmid < max_guests_) names_[vmid] = name;
}

Guest* GuestRegistry::find(PeerId peer) {
  auto it = by_peer_.find(peer);
  return it == by_peer_.end() ? nullptr : &guests_.at(it->second);
}

const Guest* GuestRegistry::find(PeerId peer) const {
  auto it = by_peer_.find(peer);
  return it == by_peer_.end() ? nullptr : &guests_.at(it->second);
}

const Guest* GuestRegistry::find(const std::string& name) const {
  for (const auto& [vmid, guest] : guests_)
    if (guest.name == name) return &guest;
  return nullptr;
}

Result<uint32_t> GuestRegistry::choose(const std::string& name, uint32_t wanted,
                                       const std::function<bool(uint32_t)>& in_use) {
  for (const auto& [vmid, owner] : names_)
    if (owner == name && !guests_.count(vmid)) return vmid;
  auto free = [&](uint32_t vmid) { return !guests_.count(vmid) && !in_use(vmid); };
  if (wanted != 0 && wanted < max_guests_ && !names_.count(wanted) && free(wanted)) return wanted;
  for (const bool recycle : {false, true})
    for (uint32_t i = 1; i < max_guests_; i++) {
      const uint32_t vmid = (last_ + i - 1) % (max_guests_ - 1) + 1;
      if (!recycle && names_.count(vmid)) continue;
      if (!free(vmid)) continue;
      last_ = vmid;
      return vmid;
    }
  return fail("all " + std::to_string(max_guests_ - 1) + " guest numbers are taken");
}

Result<Guest*> GuestRegistry::add(PeerId peer, const GuestInfo& info, uint32_t wanted, Time now,
                                  const std::function<bool(uint32_t)>& in_use) {
  if (by_peer_.count(peer)) return fail("this connection has registered a guest already");
  if (const Guest* other = find(info.name))
    return fail("a guest named '" + info.name + "' is registered already (pid " +
                std::to_string(other->pid) + ")");
  const uint32_t vmid = HP_TRY(choose(info.name, wanted, in_use));
  Guest& guest = guests_[vmid];
  static_cast<GuestInfo&>(guest) = info;
  guest.peer = peer;
  guest.vmid = vmid;
  guest.since = now;
  by_peer_[peer] = vmid;
  names_[vmid] = info.name;
  return &guest;
}

void GuestRegistry::remove(uint32_t vmid) {
  auto it = guests_.find(vmid);
  if (it == guests_.end()) return;
  by_peer_.erase(it->second.peer);
  guests_.erase(it);
}

}  // namespace hp
