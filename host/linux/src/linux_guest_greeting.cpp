/* LinuxGuest: how a guest comes, comes again, and goes. */
#include <array>

#include "linux_guest/linux_guest.hpp"
#include "transport/abi.h"
#include "transport/segment.h"

namespace hp::linux_guest {
namespace {

struct Wanted {
  uint32_t kind;
  size_t limit; /* bytes */
  std::string KernelFiles::* where;
  const char* what;
};
constexpr std::array<Wanted, 4> kWanted = {{
    {HP_FILE_BTF, 64u << 20, &KernelFiles::btf, "types"},
    {HP_FILE_SYMBOLS, 64u << 20, &KernelFiles::symbols, "symbols"},
    {HP_FILE_TRACEPOINTS, 4u << 20, &KernelFiles::tracepoints, "tracepoints"},
    {HP_FILE_MODULES, 64u << 20, &KernelFiles::modules, "modules' symbols"},
}};

constexpr uint32_t bit(uint32_t kind) {
  return 1u << kind;
}
constexpr uint32_t kEverything =
    bit(HP_FILE_BTF) | bit(HP_FILE_SYMBOLS) | bit(HP_FILE_TRACEPOINTS) | bit(HP_FILE_MODULES);

const Wanted& wanted(uint32_t kind) {
  for (const Wanted& w : kWanted)
    if (w.kind == kind) return w;
  return kWanted.back();
}

const char* doorbell_name(uint32_t doorbell) {
  switch (doorbell) {
    case HP_DOORBELL_OUT:
      return "out";
    case HP_DOORBELL_VMCALL:
      return "vmcall";
    case HP_DOORBELL_XEN:
      return "xen";
    default:
      return "?";
  }
}

}  // namespace

void LinuxGuest::hello(trace::Hello h) {
  if (h.abi != HP_ABI_VERSION) {
    const std::string why = "its module has ABI " + std::to_string(h.abi) + ", this host " +
                            std::to_string(HP_ABI_VERSION) +
                            ": install the module of this host's release";
    link_.refuse(why);
    return incompatible(std::move(h), why);
  }
  const bool same_boot = state_ == State::Up && h.boot_id == hello_.boot_id &&
                         h.build_id == hello_.build_id && h.text_start == hello_.text_start;
  if (same_boot && unusable_.empty() && resume(h)) return;
  go_down(!unusable_.empty() ? "its agent or module was replaced"
          : same_boot        ? "its module lost what it held"
                             : "it boots anew");
  come(std::move(h), {});
}

/* It is there for all to see, with the reason why it takes no program. */
void LinuxGuest::incompatible(trace::Hello h, const std::string& why) {
  if (state_ == State::Up && unusable_ == why && h.boot_id == hello_.boot_id) return;
  go_down("it is replaced by what this host cannot talk with");
  log("the guest cannot be traced: " + why);
  come(std::move(h), why);
}

/* A new life of the guest. Its name is the host's to give; and the fleet is told of the guest only so often. */
void LinuxGuest::come(trace::Hello h, const std::string& unusable) {
  hello_ = std::move(h);
  unusable_ = unusable;
  if (!options_.hostname.empty() && options_.hostname != hello_.hostname) {
    log("the guest calls itself " + hello_.hostname + "; it is known as " + options_.hostname);
    hello_.hostname = options_.hostname;
  }
  begin(options_.clock());
}

void LinuxGuest::begin(Time now) {
  begin_at_.reset();
  if (!lives_.take(now)) {
    begin_at_ = lives_.next();
    return;
  }
  if (unusable_.empty()) return greet(true);
  probes_.set_hostname(hello_.hostname);
  state_ = State::Up;
  if (listener_) listener_->up(description());
}

/* The agent of a guest that is up has come anew. False: the module lacks what should be there. */
bool LinuxGuest::resume(const trace::Hello& h) {
  std::map<ProgramIdent, trace::HelloProgram> held;
  for (const trace::HelloProgram& p : h.programs) held[p.ident] = p;
  for (auto& [ident, p] : programs_)
    if (p.stage != Stage::Attaching && p.attached != held[ident].probes) return false;
  log("the guest's agent came anew");
  link_.welcome(vmid_, {}, options_.clock());
  std::vector<trace::Subject> failed;
  for (auto& [ident, p] : programs_) {
    const trace::Subject about{ident, p.transaction};
    if (p.stage == Stage::Attaching) failed.push_back(about);
    if ((p.stage == Stage::Live && p.attached != 0 && !held[ident].committed) ||
        p.stage == Stage::Committing)
      link_.commit(about);
  }
  for (const trace::Subject& about : failed) refused(about, "the guest's agent started anew");
  drop_unknown(h);
  return true;
}

/* Asks for what is not known of its kernel. */
void LinuxGuest::greet(bool use_cache) {
  state_ = State::Greeting;
  files_ = {hello_.build_id, hello_.release, hello_.text_start, {}, {}, {}, {}};
  std::vector<std::pair<AgentLink::File, AgentLink::Done>> fetches;
  lacks_ = fetched_ = 0;
  for (const Wanted& w : kWanted) {
    auto bytes =
        use_cache ? options_.cache.get(options_.name, hello_.build_id, w.kind) : std::nullopt;
    if (bytes) {
      files_.*w.where = std::move(*bytes);
      continue;
    }
    lacks_ |= bit(w.kind);
    fetches.emplace_back(
        AgentLink::File{w.kind, {}, w.limit},
        [this, kind = w.kind](Result<std::string> bytes) { got_file(kind, std::move(bytes)); });
  }
  const Time now = options_.clock();
  link_.welcome(vmid_, std::move(fetches), now);
  drop_unknown(hello_);
}

/* A guest runs what it was given in this life and nothing else. */
void LinuxGuest::drop_unknown(const trace::Hello& h) {
  size_t unknown = 0;
  for (const trace::HelloProgram& p : h.programs) {
    if (programs_.count(p.ident)) continue;
    link_.kill({p.ident, 0});
    unknown++;
  }
  if (unknown != 0)
    log("the guest holds " + std::to_string(unknown) +
        " programs that it has not from here, of an earlier life; they are dropped");
}

void LinuxGuest::got_file(uint32_t kind, Result<std::string> bytes) {
  if (state_ != State::Greeting || !(lacks_ & bit(kind))) return;
  if (!bytes && (bytes.error().code == ETIMEDOUT || bytes.error().code == ECANCELED)) {
    state_ = State::Down;
    lacks_ = 0;
    if (bytes.error().code == ETIMEDOUT)
      log("the guest does not send what is to be known of its kernel");
    return; /* until it comes again, or speaks */
  }
  const Wanted& w = wanted(kind);
  if (bytes)
    files_.*w.where = std::move(*bytes);
  else
    log(std::string("the kernel's ") + w.what + " are not known: " + bytes.error().message);
  fetched_ |= bit(kind);
  lacks_ &= ~bit(kind);
  if (lacks_ == 0) all_files();
}

void LinuxGuest::all_files() {
  const KernelFiles fresh = files_;
  auto kernel = GuestKernel::make(std::move(files_));
  if (!kernel) {
    if (fetched_ != kEverything) return greet(false); /* it may be the cache */
    state_ = State::Down;
    log("what the guest says of its kernel makes no sense: " + kernel.error().message);
    return;
  }
  for (const Wanted& w : kWanted)
    if ((fetched_ & bit(w.kind)) && !(fresh.*w.where).empty())
      options_.cache.put(options_.name, hello_.build_id, w.kind, fresh.*w.where);
  probes_.set_hostname(hello_.hostname);
  probes_.set_kernel(std::move(*kernel));
  state_ = State::Up;
  log("the guest is up: " + hello_.hostname + ", " + hello_.release);
  if (listener_) listener_->up(description());
}

GuestDescription LinuxGuest::description() const {
  GuestDescription d;
  d.name = options_.name;
  d.hostname = hello_.hostname;
  d.osversion = ("Linux-" + hello_.release).substr(0, HP_NAME_MAX - 1);
  d.kind = GuestKind::Linux;
  d.build_id = hello_.build_id;
  d.doorbell = doorbell_name(hello_.doorbell);
  return d;
}

void LinuxGuest::go_down(const std::string& reason) {
  const bool was_up = state_ == State::Up;
  state_ = State::Down;
  lacks_ = fetched_ = 0;
  if (was_up) {
    log("the guest is gone: " + reason);
    if (listener_) listener_->down(reason);
  }
  unusable_.clear();
  begin_at_.reset();
  for (auto& [ident, p] : programs_) probes_.remove(ident);
  programs_.clear();
  fetching_.clear();
  probes_.set_kernel(nullptr);
}

}  // namespace hp::linux_guest
