#include "machine/console.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>

namespace hp::machine {

namespace {

constexpr char kPrefix = 1; /* C-a */
/* At most this much at once: what a pipe that polls writable takes without blocking (PIPE_BUF). */
constexpr size_t kPortion = 512;
constexpr int kLastWordsMs = 1000; /* for a reader of stdout or of a file to take the rest */
constexpr int kRetryMs = 20;       /* the serial port tells nobody when the guest has read */

}  // namespace

Result<std::unique_ptr<Console>> Console::open(const std::string& kind) {
  std::unique_ptr<Console> c(new Console());
  c->wake_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  c->escape_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!c->wake_ || !c->escape_) return fail_errno("eventfd");
  if (kind == "pty") {
    HP_TRYV(c->open_pty());
  } else if (kind == "stdio") {
    HP_TRYV(c->open_stdio());
  } else if (kind.starts_with("file=") && kind.size() > 5) {
    const std::string path = kind.substr(5);
    c->file_ = Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!c->file_) return fail_errno("cannot write " + path);
    c->out_ = c->file_.get();
  } else if (kind != "none") {
    return fail("console '" + kind + "': it is pty, stdio, file=PATH or none");
  }
  return c;
}

Result<> Console::open_pty() {
  int master, slave;
  std::array<char, 64> name{};
  termios raw{};
  ::cfmakeraw(&raw);
  if (::openpty(&master, &slave, name.data(), &raw, nullptr) != 0)
    return fail_errno("cannot open a pseudo-terminal");
  master_ = Fd(master);
  slave_ = Fd(slave); /* kept open: without a reader the master would hang up */
  for (const int fd : {master, slave}) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  in_ = out_ = master;
  drops_ = true;
  place_ = name.data();
  return {};
}

Result<> Console::open_stdio() {
  in_ = STDIN_FILENO;
  out_ = STDOUT_FILENO;
  termios t;
  if (::tcgetattr(in_, &t) != 0) return {};
  terminal_before_ = t;
  ::cfmakeraw(&t);
  t.c_oflag |= OPOST; /* newlines of our own messages */
  if (::tcsetattr(in_, TCSANOW, &t) != 0) return fail_errno("cannot set up the terminal");
  return {};
}

void Console::start(Serial& serial) {
  serial_ = &serial;
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { move_bytes(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Console::stop() {
  stopping_ = true;
  wake();
  if (thread_.joinable()) thread_.join();
  serial_ = nullptr;
}

Console::~Console() {
  stop();
  if (terminal_before_) ::tcsetattr(in_, TCSANOW, &*terminal_before_);
}

void Console::wake() const noexcept {
  const uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

void Console::put(char c) noexcept {
  if (out_ < 0) return;
  const std::lock_guard lock(mutex_);
  if (output_.size() >= kBuffer) return;
  output_ += c;
  if (output_.size() == 1) wake();
}

bool Console::has_room() const noexcept {
  const std::lock_guard lock(mutex_);
  const bool room = drops_ || output_.size() < kBuffer;
  if (!room) const_cast<Console*>(this)->was_full_ = true;
  return room;
}

void Console::give_output() {
  std::string portion;
  {
    const std::lock_guard lock(mutex_);
    portion = output_.substr(0, kPortion);
  }
  if (portion.empty()) return;
  const ssize_t n = ::write(out_, portion.data(), portion.size());
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  bool was_full = false;
  {
    const std::lock_guard lock(mutex_);
    /* A reader that is gone for good loses all of it. */
    output_.erase(0, n < 0 ? output_.size() : static_cast<size_t>(n));
    std::swap(was_full, was_full_);
  }
  if (was_full && serial_ != nullptr) serial_->sink_ready();
}

void Console::take_input() {
  std::array<char, 128> bytes;
  const ssize_t n = ::read(in_, bytes.data(), bytes.size());
  if (n <= 0) {
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) in_ = -1;
    return;
  }
  for (const char c : std::string_view(bytes.data(), static_cast<size_t>(n))) {
    if (!terminal_before_) {
      typed_ += c;
    } else if (prefix_) {
      prefix_ = false;
      const uint64_t one = 1;
      if (c == 'x') (void)!::write(escape_.get(), &one, sizeof one);
      if (c == kPrefix) typed_ += c;
    } else if (c == kPrefix) {
      prefix_ = true;
    } else {
      typed_ += c;
    }
  }
}

void Console::move_bytes() {
  ::pthread_setname_np(::pthread_self(), "console");
  for (;;) {
    const bool stopping = stopping_;
    bool pending;
    {
      const std::lock_guard lock(mutex_);
      pending = !output_.empty();
    }
    if (stopping && !pending) return;
    if (!typed_.empty()) typed_.erase(0, serial_->receive(typed_));
    pollfd fds[] = {{wake_.get(), POLLIN, 0},
                    {typed_.empty() && !stopping ? in_ : -1, POLLIN, 0},
                    {pending ? out_ : -1, POLLOUT, 0}};
    const int timeout = stopping ? (drops_ ? 0 : kLastWordsMs) : typed_.empty() ? -1 : kRetryMs;
    ::poll(fds, std::size(fds), timeout);
    uint64_t count;
    if (fds[0].revents != 0) (void)!::read(wake_.get(), &count, sizeof count);
    if (fds[1].revents != 0) take_input();
    if (fds[2].revents != 0)
      give_output();
    else if (stopping && fds[0].revents == 0)
      return; /* what is left would block */
  }
}

}  // namespace hp::machine
