#include "virtio/threaded_device.hpp"

#include <sys/eventfd.h>

#include <csignal>
#include <string>
#include <system_error>

namespace hp::virtio {

Result<Fd> ThreadedDevice::make_kick() {
  Fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd) return fail_errno("cannot create an eventfd for a device");
  return fd;
}

/* A transport resets its device before it lets it go. */
ThreadedDevice::~ThreadedDevice() {
  HP_CHECK(!running_);
}

void ThreadedDevice::activate(std::span<Queue> queues, uint64_t features) noexcept {
  HP_CHECK(!running_);
  queues_ = queues;
  features_ = features;
  running_ = true;
  activated();
  start();
}

void ThreadedDevice::disable(Queue& queue) noexcept {
  stop();
  queue.disable();
  start();
}

void ThreadedDevice::reset() noexcept {
  if (!running_) return;
  last_ = true;
  stop();
  last_ = running_ = false;
  queues_ = {};
}

void ThreadedDevice::start() noexcept {
  stopping_ = false;
  if (inline_) return;
  /* Signals are for the threads that wait for them. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { loop(); });
    pthread_setname_np(thread_.native_handle(), std::string(name().substr(0, 15)).c_str());
  } catch (const std::system_error&) {
    transport_->needs_reset("the host has no thread for the device");
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void ThreadedDevice::stop() noexcept {
  stopping_ = true;
  if (thread_.joinable()) {
    const uint64_t one = 1;
    (void)!::write(kick_.get(), &one, sizeof one);
    thread_.join();
    thread_ = {};
  } else if (last_) {
    stopped();
  }
}

void ThreadedDevice::notify() noexcept {
  if (inline_) {
    if (running_) step();
    return;
  }
  const uint64_t one = 1;
  (void)!::write(kick_.get(), &one, sizeof one); /* full: it is awake already */
}

void ThreadedDevice::clear_kick() noexcept {
  uint64_t count;
  (void)!::read(kick_.get(), &count, sizeof count);
}

void ThreadedDevice::step() noexcept {
  process();
  for (Queue& q : queues_)
    if (q.broken() && q.enabled()) {
      transport_->needs_reset(q.broken());
      q.disable();
    }
}

void ThreadedDevice::loop() noexcept {
  while (!stopping()) {
    step();
    pollfd fds[1 + kWatched] = {{kick_.get(), POLLIN, 0}};
    const size_t n = 1 + watch(fds + 1);
    while (!stopping() && ::poll(fds, n, -1) < 0 && errno == EINTR) {
    }
    if (fds[0].revents) clear_kick(); /* before process() looks, so that no later one is lost */
  }
  if (last_) stopped();
}

bool ThreadedDevice::take(unsigned queue, Chain& chain) noexcept {
  return !stopping() && queues_[queue].pop(chain);
}

void ThreadedDevice::give(unsigned queue, const Chain& chain, uint64_t written) noexcept {
  queues_[queue].push(chain, static_cast<uint32_t>(written));
  if (queues_[queue].interrupt_due()) transport_->interrupt();
}

bool ThreadedDevice::wait_writable(int fd) noexcept {
  for (;;) {
    if (stopping()) return false;
    pollfd fds[] = {{fd, POLLOUT, 0}, {kick_.get(), POLLIN, 0}};
    if (::poll(fds, 2, -1) < 0 && errno != EINTR) return false;
    if (fds[0].revents) return true;
    if (fds[1].revents) clear_kick(); /* process() goes on with every queue afterwards */
  }
}

}  // namespace hp::virtio
