/* ThreadedDevice: a device whose work is done on a thread of its own, so that notifications never hold up a
 * vCPU. A device says what to do when there may be something to do:
 *
 *     void process() override {               // on the device's thread
 *       while (take(0, chain_)) give(0, chain_, serve(chain_));
 *     }
 *     size_t watch(pollfd* fds) override;     // what else to wait for
 *
 * The thread runs from activate() to reset(), which joins it. Processing ends early when stopping():
 * a driver that never ceases to add chains does not hold up a reset, and an operation of the host's that
 * is under way is waited for.
 *
 * Errors of the driver's (Queue::broken()) are reported here, once each. */
#pragma once
#include <poll.h>

#include <atomic>
#include <thread>

#include "transport/fd.hpp"
#include "virtio/device.hpp"

namespace hp::virtio {

class ThreadedDevice : public VirtioDevice {
 public:
  ~ThreadedDevice() override;
  void attach(Transport& t) noexcept final { transport_ = &t; }
  void activate(std::span<Queue> queues, uint64_t features) noexcept final;
  void disable(Queue& queue) noexcept final;
  void notify() noexcept final;
  int notify_fd() const noexcept final { return kick_.get(); }
  void reset() noexcept final;

  /* From the next activate() on there is no thread: notify() calls process() itself. For fuzzing, where the same
   * input must do the same. */
  void run_inline() { inline_ = true; }

 protected:
  static constexpr size_t kWatched = 2;
  /* kick: make_kick() */
  explicit ThreadedDevice(Fd kick) : kick_(std::move(kick)) {}
  static Result<Fd> make_kick();

  /* On the thread: all that can be done now. */
  virtual void process() noexcept = 0;
  /* On the thread, before it sleeps: up to kWatched descriptors that wake it; returns how many. */
  virtual size_t watch(pollfd* /*fds*/) noexcept { return 0; }
  /* In activate(), before the thread runs. */
  virtual void activated() noexcept {}
  /* On the thread, the last thing before reset() returns. */
  virtual void stopped() noexcept {}

  bool stopping() const { return stopping_.load(std::memory_order_acquire); }
  /* Queue::pop(), unless stopping. */
  [[nodiscard]] bool take(unsigned queue, Chain& chain) noexcept;
  /* Queue::push(), and the interrupt where one is due. */
  void give(unsigned queue, const Chain& chain, uint64_t written) noexcept;
  Queue& queue(unsigned n) { return queues_[n]; }
  bool negotiated(unsigned bit) const { return features_ >> bit & 1; }
  Transport* transport() { return transport_; } /* nullptr before attach() */
  /* Waits until fd is writable; false: the device is being stopped. On the thread. */
  bool wait_writable(int fd) noexcept;

 private:
  void start() noexcept;
  void stop() noexcept;
  void loop() noexcept;
  void step() noexcept;
  void clear_kick() noexcept;

  Fd kick_; /* eventfd, non-blocking */
  Transport* transport_ = nullptr;
  std::span<Queue> queues_;
  uint64_t features_ = 0;
  std::atomic<bool> stopping_ = false;
  bool last_ = false; /* the stop ends the activity, not a queue only; read when stopping_ */
  bool inline_ = false, running_ = false;
  std::thread thread_;
};

}  // namespace hp::virtio
