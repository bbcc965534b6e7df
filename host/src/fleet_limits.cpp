#include "host/fleet_limits.hpp"

#include <algorithm>
#include <utility>

namespace hp {
namespace {

constexpr uint64_t kMiB = 1u << 20;
constexpr uint64_t kTiB = uint64_t{1} << 40;
constexpr const char* kDefaultFile = "/etc/hyprobe/hyprobe.toml";

double seconds(std::chrono::nanoseconds t) {
  return std::chrono::duration<double>(t).count();
}

}  // namespace

const char* to_text(Limit l) {
  static constexpr const char* names[kLimits] = {
      "connections",   "guests",       "programs", "requests_per_second", "burst", "object_bytes",
      "segment_bytes", "queued_bytes", "malformed"};
  return names[static_cast<size_t>(l)];
}

LimitValues LimitValues::of_users() {
  return {{2048, 1024, 128, 1000, 4000, 256 * kMiB, 4 * kTiB, 64 * kMiB, 16}};
}
LimitValues LimitValues::of_root() {
  return {{16384, 4095, 1024, 10000, 40000, 2048 * kMiB, 64 * kTiB, 512 * kMiB, 16}};
}

struct FleetLimits::Rules {
  LimitValues users = LimitValues::of_users(), root = LimitValues::of_root();
  std::string origin;
};

struct FleetLimits::Account {
  uint32_t uid = 0;
  std::shared_ptr<const Rules> rules;
  uint64_t connections = 0, guests = 0, programs = 0, objects = 0, segments = 0, queued = 0;
  double asked = 0; /* requests of the burst that are taken */
  Time asked_at{};

  const LimitValues& values() const { return uid == 0 ? rules->root : rules->users; }
  void refill(Time now) {
    const auto rate = static_cast<double>(values()[Limit::RequestsPerSecond]);
    if (now > asked_at) asked = std::max(0.0, asked - seconds(now - asked_at) * rate);
    asked_at = std::max(asked_at, now);
  }
  bool holds_nothing() const { return connections == 0 && programs == 0; }

  Result<> take(Limit l, uint64_t& taken, uint64_t more) {
    const uint64_t limit = values()[l];
    if (more > limit || taken > limit - more) return exceeded(l);
    taken += more;
    return {};
  }
  tl::unexpected<Error> exceeded(Limit l) const {
    const std::string file = rules->origin.empty()
                                 ? std::string("the coordinator's configuration, ") + kDefaultFile
                                 : rules->origin;
    return fail("uid " + std::to_string(uid) + " has reached its limit \"" + to_text(l) + "\" of " +
                std::to_string(values()[l]) + ", which [limits" + (uid == 0 ? ".root" : "") +
                "] of " + file + " may change");
  }
};

/* --- what is taken --- */

FleetLimits::Program& FleetLimits::Program::operator=(Program&& o) noexcept {
  Program given_back(std::move(*this));
  account_ = std::move(o.account_);
  object_ = o.object_;
  segment_ = o.segment_;
  return *this;
}

FleetLimits::Program::~Program() {
  if (!account_) return;
  account_->programs--;
  account_->objects -= object_;
  account_->segments -= segment_;
}

FleetLimits::Connection& FleetLimits::Connection::operator=(Connection&& o) noexcept {
  Connection given_back(std::move(*this));
  account_ = std::move(o.account_);
  queued_ = o.queued_;
  nonsense_ = o.nonsense_;
  nonsense_at_ = o.nonsense_at_;
  guest_ = o.guest_;
  return *this;
}

FleetLimits::Connection::~Connection() {
  if (!account_) return;
  account_->connections--;
  account_->guests -= guest_;
  account_->queued -= queued_;
}

Result<> FleetLimits::Connection::request(Time now) {
  account_->refill(now);
  const auto burst = static_cast<double>(account_->values()[Limit::Burst]);
  if (account_->asked + 1 > burst) return account_->exceeded(Limit::RequestsPerSecond);
  account_->asked += 1;
  return {};
}

Result<> FleetLimits::Connection::guest() {
  if (guest_) return {};
  HP_TRYV(account_->take(Limit::Guests, account_->guests, 1));
  guest_ = true;
  return {};
}

Result<FleetLimits::Program> FleetLimits::Connection::program(uint64_t object_bytes,
                                                              uint64_t segment_bytes) {
  Account& a = *account_;
  const Account before = a;
  auto all = a.take(Limit::Programs, a.programs, 1);
  if (all) all = a.take(Limit::ObjectBytes, a.objects, object_bytes);
  if (all) all = a.take(Limit::SegmentBytes, a.segments, segment_bytes);
  if (!all) {
    a = before;
    return tl::make_unexpected(all.error());
  }
  Program p;
  p.account_ = account_;
  p.object_ = object_bytes;
  p.segment_ = segment_bytes;
  return p;
}

Result<> FleetLimits::Connection::queued(uint64_t bytes) {
  account_->queued -= std::exchange(queued_, 0);
  HP_TRYV(account_->take(Limit::QueuedBytes, account_->queued, bytes));
  queued_ = bytes;
  return {};
}

bool FleetLimits::Connection::nonsense(Time now) {
  if (now > nonsense_at_) nonsense_ = std::max(0.0, nonsense_ - seconds(now - nonsense_at_));
  nonsense_at_ = std::max(nonsense_at_, now);
  nonsense_ += 1;
  return nonsense_ <= static_cast<double>(account_->values()[Limit::Malformed]);
}

/* --- users --- */

FleetLimits::FleetLimits() : rules_(std::make_shared<Rules>()) {}
FleetLimits::~FleetLimits() = default;

void FleetLimits::set(const LimitValues& users, const LimitValues& root, std::string origin) {
  *rules_ = {users, root, std::move(origin)};
}

std::shared_ptr<FleetLimits::Account> FleetLimits::account(uint32_t uid) {
  auto& a = accounts_[uid];
  if (!a) {
    a = std::make_shared<Account>();
    a->uid = uid;
    a->rules = rules_;
  }
  return a;
}

Result<FleetLimits::Connection> FleetLimits::connect(uint32_t uid, Time now) {
  /* Who holds nothing and has all its requests again is as good as new. */
  std::erase_if(accounts_, [&](auto& entry) {
    entry.second->refill(now);
    return entry.second->holds_nothing() && entry.second->asked == 0;
  });
  Connection c;
  const auto a = account(uid);
  HP_TRYV(a->take(Limit::Connections, a->connections, 1));
  c.account_ = a;
  c.nonsense_at_ = now;
  return c;
}

FleetLimits::Program FleetLimits::recovered(uint32_t uid, uint64_t object_bytes,
                                            uint64_t segment_bytes) {
  Program p;
  p.account_ = account(uid);
  p.object_ = object_bytes;
  p.segment_ = segment_bytes;
  p.account_->programs++;
  p.account_->objects += object_bytes;
  p.account_->segments += segment_bytes;
  return p;
}

}  // namespace hp
