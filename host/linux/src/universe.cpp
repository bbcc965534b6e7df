#include "linux_guest/universe.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <unordered_set>

#include "aliases.hpp"
#include "handler/timer_probe.hpp"
#include "transport/control.h"
#include "transport/syscalls.hpp"
#include "vmm/exit_name.hpp"

namespace hp::linux_guest {

namespace {

template <size_t N>
bool fits(const char (&)[N], std::string_view text) {
  return text.size() < N;
}
template <size_t N>
void assign(char (&field)[N], std::string_view text) {
  std::memcpy(field, text.data(), std::min(text.size(), N - 1));
}

bool is_literal(std::string_view pattern) {
  return !pattern.empty() && pattern.find_first_of("*?[\\") == pattern.npos;
}

/* Collects what the descriptions of one program match. */
class Finder {
 public:
  Finder(const Object& object, const GuestKernel* kernel, const handler::SegmentView& table)
      : object_(object), kernel_(kernel), table_(table) {}

  void add_matches_of(const hp_obj_desc& d) {
    desc_ = &d;
    name_ = object_.str(d.name);
    function_ = object_.str(d.func);
    module_ = object_.str(d.mod);
    vmm();
    if (!kernel_) return;
    syscalls();
    if (d.id != 0) return; /* a number names what all guests have */
    tracepoints();
    functions();
    aliases();
    profile();
  }
  std::vector<FoundProbe> take() { return std::move(found_); }

 private:
  bool provider(const char* name) const {
    return handler::glob_match(object_.str(desc_->prov), name);
  }
  static FoundProbe probe(std::string_view prov, std::string_view mod, std::string_view func,
                          std::string_view name) {
    FoundProbe p{};
    assign(p.names.prov, prov);
    assign(p.names.mod, mod);
    assign(p.names.func, func);
    assign(p.names.name, name);
    return p;
  }
  /* If the description means it, and no other did before. */
  void add(FoundProbe p) {
    if (!handler::matches_probe(object_, *desc_, p.names)) return;
    /* One description matches no probe twice. */
    if (object_.descs().size() == 1 || seen_.insert(key_of(p)).second)
      found_.push_back(std::move(p));
  }
  static std::string key_of(const FoundProbe& p) {
    std::string key(reinterpret_cast<const char*>(&p.names), sizeof p.names);
    key.append(reinterpret_cast<const char*>(&p.attach), sizeof p.attach);
    return key.append(1, static_cast<char>(p.shift)).append(p.text);
  }

  void vmm() {
    if (desc_->id != 0 || !provider("vmm")) return;
    for (uint32_t reason = 0; reason < vmm::kExitReasons; ++reason) {
      const std::string_view name = vmm::exit_name(reason);
      if (name.empty()) continue;
      FoundProbe p = probe("vmm", "kvm", name, "exit");
      p.exit_reason = reason;
      add(std::move(p));
    }
  }

  void syscalls() {
    if (desc_->id == 0 && !provider("syscall")) return;
    for (uint32_t nr = 0; nr < HP_CTL_SYSCALLS; ++nr) {
      const SyscallInfo* info = syscall_info(nr);
      if (!info || !info->name) continue;
      for (const bool is_return : {false, true}) {
        FoundProbe p = probe("syscall", "vmlinux", info->name, is_return ? "return" : "entry");
        p.names.id = HP_PROBE_SYSCALL + 2 * nr + is_return;
        p.attach.kind = is_return ? HP_KIND_SYSCALL_RETURN : HP_KIND_SYSCALL_ENTRY;
        p.attach.number = nr;
        add(std::move(p));
      }
    }
  }

  void set_tracepoint(FoundProbe& p, std::string_view name) const {
    p.attach.kind = HP_KIND_TRACEPOINT;
    p.attach.number = kernel_->layout().tracepoint_arguments(name);
    p.text = name;
  }
  void tracepoints() {
    const bool sdt = provider("sdt"), raw = provider("rawtp");
    if (!sdt && !raw) return;
    for (const KernelTracepoint& t : kernel_->tracepoints()) {
      if (!fits(hp_seg_probe{}.name, t.name)) continue;
      for (const bool by_subsystem : {true, false}) {
        if (!(by_subsystem ? sdt : raw)) continue;
        FoundProbe p = by_subsystem ? probe("sdt", t.subsystem, t.name, t.name)
                                    : probe("rawtp", "vmlinux", t.name, t.name);
        set_tracepoint(p, t.name);
        add(std::move(p));
      }
    }
  }

  void functions() {
    if (!provider("fbt")) return;
    const bool entry = handler::glob_match(name_, "entry"),
               ret = handler::glob_match(name_, "return");
    if (!entry && !ret) return;
    std::vector<bool> modules;
    for (const KernelModule& m : kernel_->modules())
      modules.push_back(fits(hp_seg_probe{}.mod, m.name) && handler::glob_match(module_, m.name));
    const bool literal = is_literal(function_);
    const auto candidates = literal ? kernel_->functions_named(function_) : kernel_->functions();
    for (const uint32_t i : candidates) {
      const KernelSymbol& s = kernel_->symbols()[i];
      if (!modules[s.module] || !fits(hp_seg_probe{}.func, s.name) ||
          (!literal && !handler::glob_match(function_, s.name)))
        continue;
      for (const bool is_return : {false, true}) {
        if (!(is_return ? ret : entry)) continue;
        FoundProbe p =
            probe("fbt", kernel_->modules()[s.module].name, s.name, is_return ? "return" : "entry");
        p.attach.kind = is_return ? HP_KIND_FUNCTION_RETURN : HP_KIND_FUNCTION_ENTRY;
        p.attach.address = s.address;
        p.text = s.name;
        add(std::move(p));
      }
    }
  }

  /* The function of this name, also as the compiler renames what it makes a special case of. */
  const KernelSymbol* function_like(std::string_view name) const {
    for (const std::string_view suffix : {"", ".isra.0", ".constprop.0", ".part.0"}) {
      const std::string whole = std::string(name) + std::string(suffix);
      for (const uint32_t i : kernel_->functions_named(whole))
        if (kernel_->symbols()[i].module == 0) return &kernel_->symbols()[i];
    }
    return nullptr;
  }
  /* Sets what the alias attaches; false: this kernel has no such thing. */
  bool resolve(const Alias& a, FoundProbe& p) const {
    switch (a.kind) {
      case HP_KIND_TRACEPOINT:
        set_tracepoint(p, a.what);
        return kernel_->tracepoint(a.what) != nullptr;
      case HP_KIND_SYSCALL_ENTRY:
        p.attach.kind = a.kind;
        p.attach.number = static_cast<uint32_t>(syscall_number(a.what));
        return true;
      default: {
        const KernelSymbol* s = function_like(a.what);
        if (!s) return false;
        p.attach.kind = a.kind;
        p.attach.address = s->address;
        p.text = s->name;
        return true;
      }
    }
  }
  void aliases() {
    bool have = false;
    for (const Alias& a : kAliases) {
      if (have && a.instead) continue;
      FoundProbe p = probe(a.provider, "vmlinux", "", a.name);
      p.filter = a.filter;
      p.shift = a.shift;
      have = resolve(a, p);
      if (have && provider(a.provider)) add(std::move(p));
    }
  }

  void profile() {
    if (!provider("profile")) return;
    const auto rate = [&](std::string_view name) {
      const auto timer = handler::parse_timer_probe(name);
      if (!timer || !timer->every_cpu || !fits(hp_seg_probe{}.name, name)) return;
      FoundProbe p = probe("profile", "", "", name);
      p.attach.kind = HP_KIND_PROFILE;
      p.attach.address = timer->interval_ns;
      p.attach.number = 1;
      add(std::move(p));
    };
    rate(name_);
    for (uint32_t i = 0; i < table_.nprobes(); ++i) {
      const hp_seg_probe p = table_.probes()[i];
      if (std::strncmp(p.prov, "profile", sizeof p.prov) == 0)
        rate({p.name, ::strnlen(p.name, sizeof p.name)});
    }
  }

  const Object& object_;
  const GuestKernel* kernel_;
  const handler::SegmentView& table_;
  const hp_obj_desc* desc_ = nullptr;
  std::string_view name_, function_, module_;
  std::vector<FoundProbe> found_;
  std::unordered_set<std::string> seen_;
};

}  // namespace

std::vector<FoundProbe> find_probes(const Object& object, const handler::Target& target,
                                    const GuestKernel* kernel, const handler::SegmentView& table) {
  Finder finder(object, kernel, table);
  for (const hp_obj_desc& d : object.descs())
    if (handler::matches_target(object, d, target)) finder.add_matches_of(d);
  return finder.take();
}

}  // namespace hp::linux_guest
