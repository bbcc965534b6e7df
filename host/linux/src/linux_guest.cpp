#include "linux_guest/linux_guest.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>

#include <utility>

#include "transport/trace_prepare.hpp"

namespace hp::linux_guest {
namespace {

Time monotonic() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace

LinuxGuest::LinuxGuest(Options options, const vmm::GuestRam& ram)
    : options_(std::move(options)),
      probes_(ram, options_.name, "", ""),
      link_(*this),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!options_.clock) options_.clock = monotonic;
  HP_CHECK(wake_);
}
LinuxGuest::~LinuxGuest() = default;

/* --- the device's thread --- */

void LinuxGuest::push(Event event) noexcept {
  {
    std::scoped_lock lock(inbox_mutex_);
    if (event.reset) { /* what came before it is of no use */
      inbox_.clear();
      inbox_bytes_ = 0;
    }
    if (event.message.size() > kMaxInbox - inbox_bytes_) {
      dropped_++;
      return;
    }
    inbox_bytes_ += event.message.size();
    inbox_.push_back(std::move(event));
  }
  const uint64_t one = 1;
  const ssize_t n = ::write(wake_.get(), &one, sizeof one);
  (void)n; /* the counter is full: the owner is awake */
}

void LinuxGuest::message(std::span<const uint8_t> bytes) noexcept {
  if (bytes.size() <= HP_MSG_MAX) push({false, {bytes.begin(), bytes.end()}});
}
void LinuxGuest::reset() noexcept {
  push({true, {}});
}

/* --- the owner's loop --- */

int LinuxGuest::timeout_ms() const {
  auto deadline = link_.next_deadline();
  if (begin_at_) deadline = std::min(deadline.value_or(*begin_at_), *begin_at_);
  if (!deadline) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - options_.clock());
  return static_cast<int>(std::max<int64_t>(left.count(), 0));
}

void LinuxGuest::dispatch() {
  uint64_t count;
  const ssize_t n = ::read(wake_.get(), &count, sizeof count);
  (void)n;
  std::deque<Event> events;
  uint64_t dropped;
  {
    std::scoped_lock lock(inbox_mutex_);
    events.swap(inbox_);
    inbox_bytes_ = 0;
    dropped = std::exchange(dropped_, 0);
  }
  if (dropped != 0)
    log("lost " + std::to_string(dropped) +
        " messages of the guest: it sends faster than it is heard");
  const Time now = options_.clock();
  for (const Event& e : events) {
    if (e.reset) {
      link_.reset();
      go_down("its trace device was reset");
    } else {
      link_.received(e.message, now);
    }
  }
  if (begin_at_ && now >= *begin_at_) begin(now);
  link_.tick(now);
}

/* Most lines are the guest's doing: it may not fill the log with them. */
void LinuxGuest::log(const std::string& line) {
  if (!options_.log) return;
  if (!lines_.take(options_.clock())) {
    unsaid_++;
    return;
  }
  if (unsaid_ != 0)
    options_.log("... and " + std::to_string(std::exchange(unsaid_, 0)) + " lines more");
  options_.log(line);
}

void LinuxGuest::silent(bool is) {
  if (state_ == State::Down) { /* it went while it was greeted */
    if (!is && hello_.abi != 0) greet(true);
    return;
  }
  log(is ? "the guest's agent does not answer; what is traced stays so, nothing new can be"
         : "the guest's agent answers again");
}

void LinuxGuest::fetch(const std::string& path, size_t limit, AgentLink::Done done) {
  link_.fetch({HP_FILE_PATH, path, limit}, options_.clock(), std::move(done));
}

/* --- programs --- */

std::optional<Result<uint32_t>> LinuxGuest::load(const ProgramIdent& ident,
                                                 const ProgramFiles& files) {
  if (state_ != State::Up) return fail("the guest is not up");
  if (!unusable_.empty()) return fail(unusable_);
  if (link_.is_silent()) return fail("the guest's agent does not answer");
  auto object = Object::read(files.object);
  if (!object) return tl::make_unexpected(object.error());
  if (probes_.files_of(*object, {}).empty()) return attach(ident, files, {});
  /* They are the caller's. */
  Fd own[2];
  for (int i : {0, 1}) {
    const int fd = i == 0 ? files.object : files.segment;
    if (fd < 0) continue;
    own[i] = Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!own[i]) return fail_errno("cannot keep a program's descriptors");
  }
  fetching_.insert_or_assign(ident,
                             Fetching{++last_fetching_, std::move(own[0]), std::move(own[1]), {}});
  return fetch_for(ident);
}

std::optional<Result<uint32_t>> LinuxGuest::attach(const ProgramIdent& ident,
                                                   const ProgramFiles& files,
                                                   const GuestFiles& guest_files) {
  auto object = Object::read(files.object);
  if (!object) return tl::make_unexpected(object.error());
  auto found = probes_.prepare(ident, std::move(*object), files.segment, guest_files);
  if (!found) return tl::make_unexpected(found.error());
  Program& p = programs_[ident];
  p.probes = found->probes;
  p.attached = static_cast<uint32_t>(found->attach.size());
  if (p.attached == 0) { /* nothing for the guest to do */
    p.stage = Stage::Attached;
    return Result<uint32_t>(p.probes);
  }
  p.stage = Stage::Attaching;
  p.transaction = link_.new_transaction();
  trace::PrepareWriter writer({ident, p.transaction});
  for (const Attachment& a : found->attach) writer.add(a.head, a.text);
  if (link_.prepare(writer)) return std::nullopt;
  unload(ident);
  return fail("the guest takes no messages");
}

/* The program that an answer of the guest is about, if it waits for one. */
LinuxGuest::Program* LinuxGuest::current(const trace::Subject& about, Stage stage) {
  auto it = programs_.find(about.ident);
  if (it == programs_.end() || it->second.transaction != about.transaction ||
      it->second.stage != stage)
    return nullptr;
  return &it->second;
}

void LinuxGuest::prepared(const trace::Subject& about, uint32_t attached) {
  Program* p = current(about, Stage::Attaching);
  if (!p) return;
  if (attached != p->attached)
    return refused(about, "it attached " + std::to_string(attached) + " of " +
                              std::to_string(p->attached) + " probes");
  p->stage = Stage::Attached;
  if (listener_) listener_->loaded(about.ident, p->probes);
}

void LinuxGuest::refused(const trace::Subject& about, const std::string& why) {
  if (!current(about, Stage::Attaching)) return;
  unload(about.ident);
  if (listener_) listener_->loaded(about.ident, fail(why));
}

bool LinuxGuest::enable(const ProgramIdent& ident) {
  Program& p = programs_.at(ident);
  if (p.attached == 0) {
    probes_.commit(ident);
    p.stage = Stage::Live;
    return true;
  }
  p.stage = Stage::Committing;
  link_.commit({ident, p.transaction}); /* lost: said again at its next HELLO */
  return false;
}

void LinuxGuest::committed(const trace::Subject& about) {
  Program* p = current(about, Stage::Committing);
  if (!p) return;
  probes_.commit(about.ident);
  p->stage = Stage::Live;
  if (listener_) listener_->enabled(about.ident);
}

void LinuxGuest::unload(const ProgramIdent& ident) {
  fetching_.erase(ident);
  probes_.remove(ident);
  const auto program = programs_.extract(ident);
  if (!program || program.mapped().transaction == 0 || state_ != State::Up) return;
  link_.kill({ident, program.mapped().transaction}); /* lost: killed when it says that it has it */
}

void LinuxGuest::set_vmid(uint32_t vmid) {
  vmid_ = vmid;
  probes_.set_vmid(vmid);
  if (state_ == State::Up && unusable_.empty()) link_.welcome(vmid, {}, options_.clock());
}

}  // namespace hp::linux_guest
