#include "linux_guest/guest_probes.hpp"

#include <sched.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <ctime>
#include <map>
#include <mutex>
#include <unordered_set>

#include "handler/core_types.hpp"
#include "handler/epochs.hpp"
#include "handler/prelink.hpp"
#include "handler/probe_entries.hpp"
#include "handler/program.hpp"
#include "linux_guest/dispatch.hpp"
#include "linux_guest/firing.hpp"
#include "linux_guest/probe_ids.hpp"
#include "linux_guest/static_arguments.hpp"
#include "linux_guest/symbol_publisher.hpp"
#include "linux_guest/thread_numbers.hpp"
#include "linux_guest/universe.hpp"
#include "linux_guest/user_probes.hpp"

namespace hp::linux_guest {

namespace {

constexpr uint32_t kVcpus = 1024; /* KVM's own limit on x86-64 */

uint32_t thread_id() {
  static thread_local const auto tid = static_cast<uint32_t>(::gettid());
  return tid;
}

/* Does the compiled program call this primitive? */
bool imports(const Object& object, std::string_view primitive) {
  for (const Elf64_Sym& s : object.symbols())
    if (s.st_shndx == SHN_UNDEF && object.symbol_name(s) == primitive) return true;
  return false;
}

bool same_boot(const GuestKernel& a, const GuestKernel& b) {
  return a.build_id() == b.build_id() && a.text_start() == b.text_start();
}

/* A program as it was prepared for one boot of the guest. */
struct Loaded {
  std::unique_ptr<handler::Program> program;
  std::vector<Wish> wishes;
  std::vector<std::unique_ptr<const StaticArguments>> arguments; /* that wishes point to */
};

struct Held {
  std::unique_ptr<Loaded> prepared, live;
};

}  // namespace

struct GuestProbes::State {
  struct alignas(64) Vcpu {
    handler::Epochs::Reader reader;
  };

  const vmm::GuestRam& ram;
  std::string name, hostname, osversion;
  uint32_t vmid = 0;
  ThreadNumbers threads;
  mutable std::mutex lock; /* all but what firings use */
  std::shared_ptr<const GuestKernel> kernel;
  std::shared_ptr<const handler::CoreTypes> types; /* the kernel's, once a program asked for them */
  uint64_t boot = 0; /* when the kernel became known: ns of CLOCK_MONOTONIC */
  ProbeIds ids;
  std::map<ProgramIdent, Held> programs;

  std::atomic<const Dispatch*> dispatch;
  std::atomic<bool> wants_exits{false};
  handler::Epochs epochs;
  std::array<Vcpu, kVcpus> vcpus;

  State(const vmm::GuestRam& r, std::string n, std::string h, std::string o, ThreadNumbers t)
      : ram(r),
        name(std::move(n)),
        hostname(std::move(h)),
        osversion(std::move(o)),
        threads(std::move(t)),
        dispatch(new Dispatch({}, nullptr, 0, name, hostname, osversion)) {}
  ~State() { delete dispatch.load(); }

  std::string version() const { return kernel ? "Linux-" + kernel->release() : osversion; }
  Result<> check_linked(const Object&) const;
  Result<const handler::CoreTypes*> types_for(const Object&);
  void publish();
  void wait_for_firings(uint64_t epoch) const;
  void release(Loaded&, bool exits_too);
  std::vector<FoundProbe> match(const Object&, const handler::Target&, const handler::SegmentView&,
                                const GuestFiles&) const;
  Result<std::unique_ptr<Loaded>> load(Object, int segment_fd, const GuestFiles&, Preparation&);
  void run(vmm::VcpuView&, const Dispatch&, std::span<const Wish>, hp_firing&, const hp_probe_page*,
           const PageHead*) noexcept;
};

GuestProbes::GuestProbes(const vmm::GuestRam& ram, std::string name, std::string hostname,
                         std::string osversion) {
  auto threads = ThreadNumbers::make();
  HP_CHECK(threads.has_value());
  state_ = std::make_unique<State>(ram, std::move(name), std::move(hostname), std::move(osversion),
                                   std::move(*threads));
}
GuestProbes::~GuestProbes() = default;

/* --- what runs; under the lock --- */

/* Firings that begin from here on see what is live now; when it returns there are no others. */
void GuestProbes::State::publish() {
  std::vector<Wish> wishes;
  for (const auto& [ident, held] : programs)
    if (held.live) wishes.insert(wishes.end(), held.live->wishes.begin(), held.live->wishes.end());
  auto fresh =
      std::make_unique<Dispatch>(std::move(wishes), kernel, vmid, name, hostname, version());
  wants_exits.store(fresh->any_exits(), std::memory_order_relaxed);
  const std::unique_ptr<const Dispatch> old(dispatch.exchange(fresh.release()));
  wait_for_firings(epochs.advance());
}

void GuestProbes::State::wait_for_firings(uint64_t epoch) const {
  for (const Vcpu& v : vcpus)
    for (unsigned spins = 0; handler::Epochs::oldest(handler::Epochs::kNobody, v.reader) <= epoch;
         ++spins) {
      constexpr unsigned kSpins = 100;
      constexpr timespec kPause{0, 50'000};
      spins < kSpins ? static_cast<void>(::sched_yield())
                     : static_cast<void>(::nanosleep(&kPause, nullptr));
    }
}

void GuestProbes::State::release(Loaded& loaded, bool exits_too) {
  for (const Wish& w : loaded.wishes)
    if (w.kind != 0) ids.release(w.id);
  std::erase_if(loaded.wishes, [&](const Wish& w) { return exits_too || w.kind != 0; });
}

void GuestProbes::set_vmid(uint32_t vmid) {
  const std::lock_guard guard(state_->lock);
  state_->vmid = vmid;
  state_->publish();
}

void GuestProbes::set_hostname(std::string hostname) {
  const std::lock_guard guard(state_->lock);
  state_->hostname = std::move(hostname);
  state_->publish();
}

void GuestProbes::set_kernel(std::shared_ptr<const GuestKernel> kernel) {
  State& s = *state_;
  const std::lock_guard guard(s.lock);
  const bool goes_on = s.kernel && kernel && same_boot(*s.kernel, *kernel);
  const bool had_kernel = s.kernel != nullptr;
  s.kernel = std::move(kernel);
  s.types = nullptr;
  if (s.kernel) s.boot = hp_now();
  if (goes_on || !had_kernel) return s.publish();
  for (auto& [ident, held] : s.programs) {
    if (held.prepared) s.release(*std::exchange(held.prepared, nullptr), true);
    if (held.live) s.release(*held.live, false);
  }
  s.publish();
  s.threads.forget();
}

/* --- programs --- */

/* A program that probec -y made for one kernel runs on no other. */
Result<> GuestProbes::State::check_linked(const Object& object) const {
  if (!object.linked_for() || !kernel) return {};
  return handler::check_kernel(
      object, handler::kernel_of_btf(kernel->files().btf,
                                     "the kernel of " + name + " (" + kernel->release() + ")"));
}

/* nullptr: the program looks into no structures. */
Result<const handler::CoreTypes*> GuestProbes::State::types_for(const Object& object) {
  if (object.core().empty() || !kernel) return nullptr;
  if (!types)
    types = HP_TRY(handler::CoreTypes::parse(
        kernel->files().btf, "the kernel of " + name + " (" + kernel->release() + ")",
        [k = kernel](std::string_view module, std::string_view symbol) {
          return k->address_of(module, symbol);
        }));
  return types.get();
}

/* What this guest has of what the program wants. */
std::vector<FoundProbe> GuestProbes::State::match(const Object& object,
                                                  const handler::Target& target,
                                                  const handler::SegmentView& segment,
                                                  const GuestFiles& files) const {
  std::vector<FoundProbe> found = find_probes(object, target, kernel.get(), segment);
  if (!kernel) return found;
  UserFiles user(files);
  for (const hp_obj_desc& d : object.descs())
    if (handler::matches_target(object, d, target))
      for (FoundProbe& f : find_user_probes(object, d, user)) found.push_back(std::move(f));
  return found;
}

/* Null: nothing of it is here. */
Result<std::unique_ptr<Loaded>> GuestProbes::State::load(Object object, int segment_fd,
                                                         const GuestFiles& files,
                                                         Preparation& out) {
  const uint32_t flags = (imports(object, "hp_ureg") ? HP_ATTACH_UREGS : 0) |
                         (imports(object, "hp_kstack") ? HP_ATTACH_STACK : 0);
  const std::string os = version();
  const handler::Target target{name, hostname, os};
  std::vector<FoundProbe> found =
      match(object, target, HP_TRY(handler::SegmentView::attach(segment_fd)), files);
  if (found.empty() && !kernel) return fail("the guest has not said yet what it is", EAGAIN);
  if (found.empty()) return nullptr;
  auto loaded = std::make_unique<Loaded>();
  HP_TRYV(check_linked(object));
  const handler::CoreTypes* core = HP_TRY(types_for(object));
  loaded->program = HP_TRY(handler::Program::load(std::move(object), segment_fd, target, core));
  const handler::SegmentView& segment = loaded->program->segment();

  std::vector<hp_seg_probe> entries;
  entries.reserve(found.size());
  for (const FoundProbe& f : found) entries.push_back(f.names);
  const std::vector<uint32_t> indices = HP_TRY(handler::enter_probes(segment, entries));

  std::unordered_set<uint32_t> attached;
  std::unordered_set<uint64_t> seen; /* several descriptions may mean one probe */
  for (size_t i = 0; i < found.size(); ++i) {
    FoundProbe& f = found[i];
    Wish wish{f.exit_reason, f.attach.kind, loaded->program.get(), indices[i], f.filter, f.shift};
    if (wish.kind != 0) {
      f.attach.flags = flags | (f.is_static ? HP_ATTACH_UREGS : 0);
      const auto id = ids.hold(f.attach, f.text);
      if (!id) {
        release(*loaded, true);
        return fail("more than " + std::to_string(HP_TRACE_PROBES - 1) +
                        " probes would be enabled in the guest at once",
                    ENOSPC);
      }
      wish.id = f.attach.probe = *id;
      if (!seen.insert(uint64_t{*id} << 32 | wish.index).second) {
        ids.release(*id);
        continue;
      }
      if (attached.insert(*id).second) out.attach.push_back({f.attach, std::move(f.text)});
    }
    if (f.is_static) {
      loaded->arguments.push_back(std::make_unique<const StaticArguments>(f.arguments));
      wish.arguments = loaded->arguments.back().get();
    }
    loaded->wishes.push_back(wish);
  }
  if (kernel) publish_symbols(segment, *kernel, vmid, boot);
  out.probes = static_cast<uint32_t>(std::unordered_set(indices.begin(), indices.end()).size());
  return loaded;
}

std::vector<std::string> GuestProbes::files_of(const Object& object, const GuestFiles& have) const {
  const State& s = *state_;
  const std::lock_guard guard(s.lock);
  const std::string os = s.version();
  return linux_guest::files_of(object, {s.name, s.hostname, os}, have);
}

Result<Preparation> GuestProbes::prepare(const ProgramIdent& ident, Object object, int segment_fd,
                                         const GuestFiles& files) {
  State& s = *state_;
  const std::lock_guard guard(s.lock);
  Preparation out;
  auto loaded = HP_TRY(s.load(std::move(object), segment_fd, files, out));
  if (!loaded) return out;
  Held& held = s.programs[ident];
  if (held.prepared) s.release(*held.prepared, true);
  held.prepared = std::move(loaded);
  return out;
}

void GuestProbes::commit(const ProgramIdent& ident) {
  State& s = *state_;
  const std::lock_guard guard(s.lock);
  const auto it = s.programs.find(ident);
  if (it == s.programs.end() || !it->second.prepared) return;
  const auto old = std::exchange(it->second.live, std::move(it->second.prepared));
  s.publish();
  if (old) s.release(*old, true);
}

void GuestProbes::remove(const ProgramIdent& ident) {
  State& s = *state_;
  const std::lock_guard guard(s.lock);
  const auto it = s.programs.find(ident);
  if (it == s.programs.end()) return;
  Held held = std::move(it->second);
  s.programs.erase(it);
  if (held.prepared) s.release(*held.prepared, true);
  if (!held.live) return;
  s.publish();
  s.release(*held.live, true);
}

/* --- firings --- */

void GuestProbes::State::run(vmm::VcpuView& vcpu, const Dispatch& d, std::span<const Wish> wishes,
                             hp_firing& f, const hp_probe_page* page,
                             const PageHead* head) noexcept {
  LinuxMemory memory(ram, vcpu, d.kernel ? d.kernel->layout().task() : nullptr, page, head);
  f.vcpu = vcpu.number();
  f.cpu = static_cast<uint32_t>(::sched_getcpu());
  f.vmid = d.vmid;
  f.flags = HP_FIRING_GUEST_KERNEL;
  f.vmname = d.name.c_str();
  f.hostname = d.hostname.c_str();
  f.osversion = d.osversion.c_str();
  f.mem = static_cast<GuestAccess*>(&memory);
  f.host_tid = thread_id();
  f.ancestors = nullptr;
  f.nancestors = 0;
  f.modules = nullptr;
  int32_t ancestors[TaskReader::kAncestors];
  for (const Wish& w : wishes) {
    if (!passes(w.filter, f)) continue;
    if (w.program->uses_ancestors() && !f.ancestors) [[unlikely]] {
      f.nancestors = memory.ancestors(ancestors);
      f.ancestors = ancestors;
    }
    if (w.shift == 0 && !w.arguments) {
      w.program->fire(w.index, f);
      continue;
    }
    hp_firing own = f;
    shift_arguments(own, w.shift);
    if (w.arguments && f.uregs) w.arguments->evaluate(*f.uregs, memory, own.args);
    w.program->fire(w.index, own);
  }
}

int64_t GuestProbes::fire(vmm::VcpuView& vcpu, const hp_probe_page* page) noexcept {
  State& s = *state_;
  const uint32_t number = vcpu.number();
  PageHead head;
  if (!page || number >= kVcpus || !read_page(page, head)) return HP_RC_INVALID;
  handler::Epochs::Reader& reader = s.vcpus[number].reader;
  s.epochs.enter(reader);
  const Dispatch& d = *s.dispatch.load();
  /* Nobody wants it any more: the guest has not yet heard of that. */
  if (const auto wishes = d.of(head.get().probe); !wishes.empty()) {
    hp_firing f{};
    hp_uregs uregs;
    fill_firing(f, head, wishes[0].kind, &uregs);
    f.thread = s.threads.of(static_cast<uint32_t>(f.tid), head.get().start, number);
    s.run(vcpu, d, wishes, f, page, &head);
  }
  handler::Epochs::leave(reader);
  return HP_RC_OK;
}

bool GuestProbes::wants_exits() const noexcept {
  return state_->wants_exits.load(std::memory_order_relaxed);
}

void GuestProbes::exit(vmm::VcpuView& vcpu, uint32_t reason, std::string_view) noexcept {
  State& s = *state_;
  const uint32_t number = vcpu.number();
  if (number >= kVcpus) return;
  handler::Epochs::Reader& reader = s.vcpus[number].reader;
  s.epochs.enter(reader);
  const Dispatch& d = *s.dispatch.load();
  if (const auto wishes = d.of_exit(reason); !wishes.empty()) {
    hp_firing f{};
    f.args[0] = reason;
    f.thread = ThreadNumbers::of_vcpu(number);
    s.run(vcpu, d, wishes, f, nullptr, nullptr);
  }
  handler::Epochs::leave(reader);
}

}  // namespace hp::linux_guest
