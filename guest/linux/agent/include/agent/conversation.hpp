/* Conversation: the agent's end of transport/trace.h: answers the VMM's messages, attaches and detaches.
 *
 *     Conversation talk(module, log);
 *     HP_TRYV(talk.begin());                          HELLO
 *     loop: poll the device (at once if talk.busy()); each message: HP_TRYV(talk.received(bytes));
 *           HP_TRYV(talk.work());                     the next piece of a file
 *
 * It keeps nothing that the module does not hold, so it may end and begin at any time. What the VMM sends that
 * makes no sense is logged and dropped. It speaks the newest version of trace.h that the VMM knows; where there is
 * no common one the VMM says so, which is logged, and the guest is not traced. An error means that the device is of no use any more. Not thread-safe. */
#pragma once
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "agent/module.hpp"
#include "transport/fd.hpp"
#include "transport/trace_prepare.hpp"

namespace hp::agent {

class Conversation {
 public:
  static constexpr size_t kMaxFile = 256u << 20; /* bytes of a file that is sent */
  using Log = std::function<void(const std::string&)>;

  /* root: of the files that are sent; for tests. versions: that it speaks; others than all are for tests. */
  Conversation(Module& module, Log log, std::string root = {},
               const trace::Versions& versions = trace::kVersions)
      : module_(module), log_(std::move(log)), root_(std::move(root)), versions_(versions) {}

  Result<> begin();
  Result<> received(std::span<const uint8_t> message);
  bool busy() const { return !files_.empty(); }
  Result<> work();
  /* A line for the VMM's log. */
  Result<> tell(const std::string& line);

 private:
  struct File { /* that is being sent */
    uint32_t kind = 0;
    uint64_t serial = 0, offset = 0;
    std::string path; /* of HP_FILE_PATH */
    bool open = false;
    Fd fd;            /* of a file that is read piece by piece */
    std::string text; /* of one that was made */
  };
  Result<> send(trace::Bytes);
  Result<> prepare(const trace::Message&);
  Result<uint32_t> attach();
  Result<> start(File&);
  Result<std::string_view> next_piece(File&);
  std::string why(const trace::PrepareReader::Piece&, uint32_t failed, const Error&) const;
  Result<std::vector<Module::Held>> held();

  Module& module_;
  Log log_;
  std::string root_;
  trace::Versions versions_;
  uint32_t version_ = 1; /* of what the VMM said last: it is answered in the same */
  trace::PrepareReader reader_;
  std::deque<File> files_;
  std::string buffer_;
};

}  // namespace hp::agent
