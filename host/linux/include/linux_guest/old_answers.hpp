/* OldAnswers: transaction numbers for the answers of an agent that speaks version 1 of transport/trace.h, which have
 * none. It answers each PREPARE, COMMIT and KILL once and in order, so what an answer is about follows from what
 * was said.
 *
 *     old.said(HP_MSG_PREPARE, about);
 *     answer.about.transaction = old.number(answer);      0: to nothing that was said
 *
 * An agent that is not honest gets numbers of its own program's past or future wrong. Bounded. Not thread-safe. */
#pragma once
#include <deque>
#include <map>

#include "transport/trace_messages.hpp"

namespace hp::linux_guest {

class OldAnswers {
 public:
  void said(hp_msg_type type, const trace::Subject& about) {
    std::deque<Said>& all = open_[about.ident];
    if (all.size() < kMaxOpen) all.push_back({type, about.transaction});
  }
  uint64_t number(const trace::Message& answer) {
    const auto it = open_.find(answer.about.ident);
    if (it == open_.end() || !answers(it->second.front().type, answer.type)) return 0;
    const uint64_t transaction = it->second.front().transaction;
    it->second.pop_front();
    if (it->second.empty()) open_.erase(it);
    return transaction;
  }
  void clear() { open_.clear(); }

 private:
  static constexpr size_t kMaxOpen = 1000; /* of one program */
  struct Said {
    hp_msg_type type;
    uint64_t transaction;
  };
  static bool answers(hp_msg_type said, hp_msg_type answer) {
    switch (answer) {
      case HP_MSG_PREPARED:
        return said == HP_MSG_PREPARE;
      case HP_MSG_REFUSED:
        return said == HP_MSG_PREPARE || said == HP_MSG_COMMIT;
      case HP_MSG_COMMITTED:
        return said == HP_MSG_COMMIT;
      case HP_MSG_KILLED:
        return said == HP_MSG_KILL;
      default:
        return false;
    }
  }
  std::map<ProgramIdent, std::deque<Said>> open_;
};

}  // namespace hp::linux_guest
