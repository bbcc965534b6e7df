/* Module: /dev/hyprobe, the kernel module's side of transport/trace.h as the agent sees it.
 *
 * Errors carry the module's errno. An interface, so that the conversation is tested without a kernel. */
#pragma once
#include <optional>
#include <span>
#include <string>

#include "transport/fd.hpp"
#include "transport/program_ident.hpp"
#include "transport/trace.h"

namespace hp::agent {

class Module {
 public:
  struct Held {
    ProgramIdent ident{};
    bool committed = false;
    uint32_t probes = 0;
  };

  virtual ~Module() = default;
  virtual Result<hp_ioc_info> info() = 0;
  /* Adds a piece of a program's probes (hp_attach[count] with texts). failed: which could not be attached; then
   * nothing of the piece is. */
  virtual Result<> attach(const ProgramIdent&, std::span<const uint8_t> probes, uint32_t count,
                          uint32_t& failed) = 0;
  virtual Result<> commit(const ProgramIdent&) = 0;
  virtual Result<> detach(const ProgramIdent&) = 0;
  /* The nth program that is attached; nullopt: there are no more. */
  virtual Result<std::optional<Held>> program(uint32_t n) = 0;
  /* One whole message to the VMM. */
  virtual Result<> send(std::span<const uint8_t>) = 0;
};

class DeviceModule final : public Module {
 public:
  explicit DeviceModule(Fd device) : device_(std::move(device)) {}
  int fd() const { return device_.get(); }
  /* The next message into the buffer, which has HP_MSG_MAX bytes; empty: interrupted. */
  Result<std::span<const uint8_t>> receive(std::span<uint8_t> buffer);

  Result<hp_ioc_info> info() override;
  Result<> attach(const ProgramIdent&, std::span<const uint8_t>, uint32_t, uint32_t&) override;
  Result<> commit(const ProgramIdent&) override;
  Result<> detach(const ProgramIdent&) override;
  Result<std::optional<Held>> program(uint32_t n) override;
  Result<> send(std::span<const uint8_t>) override;

 private:
  Result<> control(unsigned long request, void* argument);
  Fd device_;
};

}  // namespace hp::agent
