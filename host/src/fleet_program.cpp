#include "host/fleet_program.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "handler/match.hpp"
#include "handler/timer_probe.hpp"
#include "transport/control.h"
#include "transport/segment.h"
#include "transport/syscalls.hpp"

namespace hp {
namespace {

constexpr size_t kScriptShown = 400;
constexpr size_t kReasonsShown = 5;

/* The probe that every process guest has for a system call. */
hp_seg_probe syscall_probe(uint32_t nr, const char* name, bool is_return) {
  hp_seg_probe p{};
  p.id = HP_PROBE_SYSCALL + 2 * nr + is_return;
  std::strcpy(p.prov, "syscall");
  std::strcpy(p.mod, "vmlinux");
  std::strncpy(p.func, name, sizeof p.func - 1);
  std::strcpy(p.name, is_return ? "return" : "entry");
  return p;
}

/* Calls f(description, number, is_return) for each pair of a description and a probe it matches. */
template <class F>
void for_each_match(const Object& object, F f) {
  for (uint32_t nr = 0; nr < HP_CTL_SYSCALLS; nr++) {
    const SyscallInfo* info = syscall_info(nr);
    if (!info || !info->name) continue;
    for (bool is_return : {false, true}) {
      hp_seg_probe probe = syscall_probe(nr, info->name, is_return);
      for (const hp_obj_desc& d : object.descs())
        if (handler::matches_probe(object, d, probe)) f(d, nr, is_return);
    }
  }
}

/* As an honest compiler says it, or lets it be seen. What a hostile object's code does nothing can tell. */
bool is_destructive(const Object& object) {
  if (object.header().flags & HP_OBJ_DESTRUCTIVE) return true;
  return std::any_of(object.symbols().begin(), object.symbols().end(), [&](const Elf64_Sym& s) {
    const std::string_view name = object.symbol_name(s);
    return s.st_shndx == SHN_UNDEF && (name == "hp_store" || name == "hp_panic");
  });
}

/* profile-N, or a glob that may match one. */
bool samples_threads(const Object& object, const hp_obj_desc& d) {
  const std::string_view name = object.str(d.name);
  if (d.id != 0 || !handler::glob_match(object.str(d.prov), "profile")) return false;
  if (const auto timer = handler::parse_timer_probe(name)) return timer->every_cpu;
  return name.find_first_of("*?[") != name.npos && handler::glob_match(name, "profile-997");
}

/* Might a Linux guest have such a probe? What it has is known to its machine alone; tick-1s and BEGIN, say, are
 * never there. */
bool may_be_in_kernel(const Object& object, const hp_obj_desc& d) {
  const std::string_view name = object.str(d.name);
  if (d.id != 0 || std::string_view(object.str(d.prov)) == "dtrace") return false;
  if (name == "BEGIN" || name == "END" || name == "ERROR") return false;
  const auto timer = handler::parse_timer_probe(name);
  return !timer || timer->every_cpu;
}

}  // namespace

Result<FleetProgram> FleetProgram::accept(const Fd& object_fd, Fd segment_fd) {
  /* Before anything is read: what is no memfd may be a pipe, or a file whose server answers never. */
  if (::fcntl(object_fd.get(), F_GET_SEALS) < 0) return fail("the object must be a memfd");
  FleetProgram p;
  auto object = std::make_shared<Object>(HP_TRY(Object::read(object_fd.get())));
  p.object = std::make_shared<Fd>(HP_TRY(make_sealed_memfd("hyprobe-object", object->bytes())));
  p.destructive = is_destructive(*object);
  p.object_bytes = object->bytes().size();
  std::string_view source = object->source();
  p.script = std::string(source.substr(0, kScriptShown));
  if (source.size() > kScriptShown) p.script += "...";

  struct stat st{};
  int seals = ::fcntl(segment_fd.get(), F_GET_SEALS);
  if (seals < 0 || !(seals & F_SEAL_SHRINK) || ::fstat(segment_fd.get(), &st) != 0)
    return fail("the program segment must be a memfd that is sealed against shrinking");
  hp_seg_header h;
  if (::pread(segment_fd.get(), &h, sizeof h, 0) != static_cast<ssize_t>(sizeof h) ||
      h.magic != HP_SEG_MAGIC || h.version != HP_SEG_VERSION)
    return fail("the program segment is not one of this version");
  const auto size = static_cast<uint64_t>(st.st_size);
  constexpr uint64_t table = uint64_t{HP_MAX_GUESTS} * sizeof(hp_seg_guest);
  if (h.guests_off < sizeof h || h.guests_off > size || size - h.guests_off < table)
    return fail("the program segment's guest table lies outside it");
  p.guests_off_ = h.guests_off;
  std::copy(std::begin(h.ident), std::end(h.ident), p.ident.begin());
  p.segment_bytes = size;
  p.segment = std::make_shared<Fd>(std::move(segment_fd));

  /* Which descriptions concern process guests at all, and which might concern a Linux guest. */
  auto concerned = std::make_shared<std::vector<hp_obj_desc>>();
  for_each_match(*object, [&](const hp_obj_desc& d, uint32_t, bool) {
    auto same = [&](const hp_obj_desc& o) { return std::memcmp(&o, &d, sizeof d) == 0; };
    if (std::none_of(concerned->begin(), concerned->end(), same)) concerned->push_back(d);
  });
  for (const hp_obj_desc& d : object->descs())
    if (samples_threads(*object, d)) concerned->push_back(d);
  auto linux_concerned = std::make_shared<std::vector<hp_obj_desc>>(*concerned);
  for (const hp_obj_desc& d : object->descs())
    if (may_be_in_kernel(*object, d)) linux_concerned->push_back(d);
  p.matches = [object, concerned, linux_concerned](const Guest& g) {
    const auto& descs = g.kind == GuestKind::Linux ? *linux_concerned : *concerned;
    return std::any_of(descs.begin(), descs.end(), [&](const hp_obj_desc& d) {
      return handler::matches_target(*object, d, {g.name, g.hostname, g.osversion});
    });
  };
  return p;
}

bool FleetProgram::awaits_end(PeerId peer) const {
  return std::any_of(kills.begin(), kills.end(), [&](auto& k) { return k.first == peer; });
}

void FleetProgram::mark_live(uint32_t vmid, const GuestOutcome& g) const {
  hp_seg_guest entry{};
  entry.vmid = vmid;
  entry.state = 1;
  std::strncpy(entry.name, g.name.c_str(), sizeof entry.name - 1);
  std::strncpy(entry.hostname, g.hostname.c_str(), sizeof entry.hostname - 1);
  ssize_t n = ::pwrite(segment->get(), &entry, sizeof entry,
                       static_cast<off_t>(guests_off_ + uint64_t{vmid} * sizeof entry));
  (void)n; /* memory is short: the guest is shown by its number */
}

void FleetProgram::mark_gone(uint32_t vmid) const {
  const uint32_t state = 2;
  ssize_t n = ::pwrite(segment->get(), &state, sizeof state,
                       static_cast<off_t>(guests_off_ + uint64_t{vmid} * sizeof(hp_seg_guest) +
                                          offsetof(hp_seg_guest, state)));
  (void)n;
}

SyscallSelection select_syscalls(const Object& object, const handler::Target& guest) {
  SyscallSelection s;
  for_each_match(object, [&](const hp_obj_desc& d, uint32_t nr, bool is_return) {
    if (!handler::matches_target(object, d, guest)) return;
    std::pair<uint32_t, bool> probe{nr, is_return};
    if (s.probes.empty() || s.probes.back() != probe) s.probes.push_back(probe);
  });
  for (const hp_obj_desc& d : object.descs())
    s.profile |= samples_threads(object, d) && handler::matches_target(object, d, guest);
  return s;
}

std::string outcome_json(const GuestOutcome& g, const std::string* ident) {
  rpc::Object o;
  if (ident) o.text("ident", *ident);
  o.number("vmid", g.vmid).text("name", g.name).text("hostname", g.hostname);
  o.number("probes", g.probes);
  if (!g.reason.empty()) o.text("reason", g.reason);
  return o.json();
}

std::string outcomes_json(const std::vector<GuestOutcome>& guests) {
  std::vector<std::string> items;
  for (const GuestOutcome& g : guests) items.push_back(outcome_json(g));
  return rpc::json_array(items);
}

std::string abort_message(const std::string& reason, const std::vector<GuestOutcome>& guests) {
  std::string text = reason;
  for (size_t i = 0; i < guests.size() && i < kReasonsShown; i++)
    text += (i == 0 ? ": " : "; ") + guests[i].name + ": " + guests[i].reason;
  if (guests.size() > kReasonsShown)
    text += "; and " + std::to_string(guests.size() - kReasonsShown) + " more";
  return text;
}

std::string bad_guest_name(const std::string& name) {
  if (name.empty()) return "a guest's name must not be empty";
  if (name.size() >= HP_NAME_MAX)
    return "a guest's name has at most " + std::to_string(HP_NAME_MAX - 1) + " characters";
  for (char c : name)
    if (c <= ' ' || c > '~' || c == ':')
      return "a guest's name consists of printable ASCII characters other than space and colon";
  return {};
}

}  // namespace hp
