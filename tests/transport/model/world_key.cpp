/* What tells worlds apart, as bytes. Transaction numbers are replaced by their ranks among all that occur, for only
 * their order matters; sessions by whose they are; times by what is left of them. */
#include <algorithm>

#include "world.hpp"

namespace hp::model {
namespace {

class Key {
 public:
  explicit Key(std::vector<Transaction> numbers) : numbers_(std::move(numbers)) {
    std::sort(numbers_.begin(), numbers_.end());
    numbers_.erase(std::unique(numbers_.begin(), numbers_.end()), numbers_.end());
  }
  void byte(size_t v) { text_ += static_cast<char>(v); }
  void number(Transaction n) {
    byte(static_cast<size_t>(std::lower_bound(numbers_.begin(), numbers_.end(), n) -
                             numbers_.begin()));
  }
  void time(Time t, Time now) { /* in steps of 100 ms */
    byte(t <= now ? 0 : static_cast<size_t>((t - now) / std::chrono::milliseconds(100)));
  }
  void set(const auto& values) {
    byte(values.size());
    for (const auto& v : values) byte(v);
  }
  void bag(const Bag& bag) {
    byte(bag.size());
    for (const Message& m : bag) {
      byte(static_cast<size_t>(m.kind) << 4 | m.program);
      number(m.transaction);
      byte(static_cast<size_t>(m.version) << 4 | m.segment);
    }
  }
  std::string take() { return std::move(text_); }

 private:
  std::vector<Transaction> numbers_;
  std::string text_;
};

}  // namespace

std::string World::key(bool with_budget) const {
  std::vector<Transaction> numbers;
  for (const Node& n : nodes_) {
    for (const Bag* bag : {&n.to_guest, &n.to_coordinator})
      for (const Message& m : *bag) numbers.push_back(m.transaction);
    for (const auto& [ident, held] : n.participant.programs()) numbers.push_back(held.transaction);
    for (const Transaction t : n.participant.seen().numbers()) numbers.push_back(t);
  }
  for (const Program& p : programs_) numbers.push_back(p.first);
  if (coordinator_) {
    for (const auto& [vmid, g] : coordinator_->guests())
      for (const auto& [ident, owed] : g.owed) numbers.push_back(owed.transaction);
    for (const auto& [ident, p] : coordinator_->programs()) {
      numbers.push_back(p.first);
      for (const auto& [vmid, part] : p.guests) numbers.push_back(part.transaction);
    }
    numbers.push_back(first_transaction(epoch_));
  }
  Key key(std::move(numbers));
  for (const Node& n : nodes_) {
    key.byte(static_cast<size_t>(n.up) | static_cast<size_t>(n.end != 0) << 1 |
             static_cast<size_t>(n.coordinators_end != 0) << 2 | static_cast<size_t>(open(n)) << 3 |
             static_cast<size_t>(n.process == n.coordinators_process) << 4);
    key.byte(n.vmid);
    key.bag(n.to_guest);
    key.bag(n.to_coordinator);
    key.set(n.given);
    key.set(n.refused);
    for (const auto& [i, load] : n.loads)
      key.byte(static_cast<size_t>(load.enabled) | static_cast<size_t>(load.loading) << 1 |
               static_cast<size_t>(load.enabling) << 2 |
               static_cast<size_t>(load.version == programs_[i].version) << 3 |
               static_cast<size_t>(load.segment == programs_[i].segment) << 4);
    for (const auto& [ident, held] : n.participant.programs()) {
      key.byte(ident[0]);
      key.byte(static_cast<size_t>(held.stage));
      key.number(held.transaction);
    }
    key.byte(0xff);
    for (const Transaction t : n.participant.seen().numbers()) key.number(t);
    key.byte(0xff);
  }
  for (const Program& p : programs_) {
    key.byte(static_cast<size_t>(p.journaled) | static_cast<size_t>(p.consumer) << 4);
    key.byte(static_cast<size_t>(p.session != 0) | static_cast<size_t>(p.deciding) << 1 |
             static_cast<size_t>(p.decision_durable) << 2 | static_cast<size_t>(p.may_end) << 3);
    key.byte(p.version);
    key.byte(p.segment);
    key.number(p.first);
    key.set(p.shown);
  }
  key.byte(coordinator_.has_value());
  if (coordinator_) {
    for (const auto& [vmid, g] : coordinator_->guests()) {
      key.byte(vmid);
      for (const auto& [ident, owed] : g.owed) {
        key.byte(ident[0]);
        key.number(owed.transaction);
        key.time(owed.due, now_);
      }
      for (const ProgramIdent& ident : g.turned_down) key.byte(0x80u | ident[0]);
      key.byte(0xff);
    }
    for (const auto& [ident, p] : coordinator_->programs()) {
      key.byte(ident[0]);
      key.byte(static_cast<size_t>(p.phase) | static_cast<size_t>(p.told) << 3 |
               static_cast<size_t>(p.end_wanted) << 4 | static_cast<size_t>(p.recovered) << 5 |
               static_cast<size_t>(p.has_files) << 6);
      key.byte(p.consumer != 0);
      key.number(p.first);
      key.byte(p.grace ? 1 : 0);
      if (p.grace) key.time(*p.grace, now_);
      for (const auto& [vmid, part] : p.guests) {
        key.byte(vmid);
        key.byte(static_cast<size_t>(part.part) | static_cast<size_t>(part.joined_late) << 4 |
                 static_cast<size_t>(part.overdue) << 5 |
                 static_cast<size_t>(part.has_segment) << 6);
        key.number(part.transaction);
        const bool timed = part.part != Coordinator::Part::Enabled || !p.has_files;
        key.time(timed ? part.due : Time{}, now_);
        key.time(part.part == Coordinator::Part::Preparing ? part.deadline : Time{}, now_);
      }
      key.byte(0xff);
      for (const GuestOutcome& o : p.failed) key.byte(o.vmid);
      key.byte(0xff);
      key.set(p.seen);
    }
  }
  if (with_budget) {
    const Budget& b = left_;
    for (const uint8_t v : {b.losses, b.doubles, b.breaks, b.coordinator_crashes, b.guest_crashes,
                            b.consumer_deaths, b.refusals, b.kills, b.ticks, b.journal_failures})
      key.byte(v);
  }
  return key.take();
}

std::string World::describe() const {
  std::string text;
  for (const Node& n : nodes_) {
    text += "guest " + std::to_string(n.vmid) + (n.up ? " up" : " down") +
            (open(n) ? " open" : " closed") + ": ";
    for (const auto& [i, load] : n.loads)
      text += "program " + std::to_string(i) + (load.enabled ? " enabled" : " loaded") +
              " version " + std::to_string(load.version) + " segment " +
              std::to_string(load.segment) + "; ";
    text += std::to_string(n.to_guest.size()) + " messages to it, " +
            std::to_string(n.to_coordinator.size()) + " from it\n";
  }
  for (const Program& p : programs_)
    text += "program: journal " + std::to_string(static_cast<int>(p.journaled)) + " consumer " +
            std::to_string(static_cast<int>(p.consumer)) + (p.session ? " connected" : "") +
            " version " + std::to_string(p.version) + " segment " + std::to_string(p.segment) +
            "\n";
  if (!coordinator_) return text + "no coordinator\n";
  for (const auto& [ident, p] : coordinator_->programs()) {
    text += "coordinator: program " + std::to_string(ident[0] - 1) + " phase " +
            std::to_string(static_cast<int>(p.phase)) + (p.told ? " told" : "") +
            (p.has_files ? "" : " without files") + ":";
    for (const auto& [vmid, part] : p.guests)
      text += " guest " + std::to_string(vmid) + " part " +
              std::to_string(static_cast<int>(part.part)) + " number " +
              std::to_string(part.transaction & 0xffffffffu) + ";";
    text += "\n";
  }
  return text;
}

}  // namespace hp::model
