/* Console: where a machine's serial port leads: a pseudo-terminal, our own stdin and stdout, or a file.
 *
 *     auto console = HP_TRY(Console::open("pty"));      "pty", "stdio", "file=PATH", "none"
 *     Machine::create(options, *console)
 *     console->start(machine->serial());                input flows from here on
 *
 * A thread moves the bytes, so a slow terminal never stops a vCPU inside an exit: the serial port says that it
 * is busy instead. A pty that nobody reads loses what does not fit. On a terminal, stdio is put into
 * raw mode, and C-a x asks for the end of the guest (C-a C-a types C-a).
 *
 * Thread-safe. The destructor writes out what is left, as far as that does not block. */
#pragma once
#include <termios.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "machine/serial.hpp"
#include "transport/fd.hpp"

namespace hp::machine {

class Console final : public Serial::Sink {
 public:
  static Result<std::unique_ptr<Console>> open(const std::string& kind);
  ~Console() override;

  void start(Serial&);
  /* No more input; the Serial may go afterwards. */
  void stop();
  /* Readable once C-a x was typed. */
  int escape_fd() const { return escape_.get(); }
  /* Where a user finds it: "/dev/pts/3"; empty for the others. */
  const std::string& place() const { return place_; }

  void put(char) noexcept override;
  bool has_room() const noexcept override;

 private:
  static constexpr size_t kBuffer = 64u << 10;
  Console() = default;
  Result<> open_pty();
  Result<> open_stdio();
  void move_bytes();
  void take_input();
  void give_output();
  void wake() const noexcept;

  Fd master_, slave_, file_, wake_, escape_;
  int in_ = -1, out_ = -1;
  bool drops_ = false; /* rather than keep the guest waiting */
  std::optional<termios> terminal_before_;
  std::string place_;
  Serial* serial_ = nullptr;
  std::thread thread_;
  std::atomic<bool> stopping_ = false;
  bool prefix_ = false; /* C-a was typed */
  std::string typed_;   /* what the serial port had no room for */

  mutable std::mutex mutex_;
  std::string output_; /* not yet written */
  bool was_full_ = false;
};

}  // namespace hp::machine
