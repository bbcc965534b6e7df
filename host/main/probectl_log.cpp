#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>

#include "host/fleet_channel.hpp"
#include "host/fleet_client.hpp"
#include "probectl_commands.hpp"
#include "probectl_text.hpp"
#include "transport/control_protocol.hpp"
#include "transport/rpc.hpp"

namespace hp::probectl {
namespace {

using namespace std::chrono_literals;

constexpr auto kAnswerLimit = 10s;
constexpr std::chrono::milliseconds kFirstRetry = 50ms, kLastRetry = 1s;
constexpr uint32_t kMostEvents = 10'000; /* of one answer */
constexpr size_t kIdentShown = 8;

/* Prints events, and remembers which was the last. */
class Printer {
 public:
  explicit Printer(bool json) : json_(json) {}
  uint64_t last() const { return last_; }
  /* False: nobody reads them. */
  bool print(const Json& e) {
    const uint64_t id = number(e, "id");
    if (id <= last_) return true; /* listed, and told as well */
    last_ = id;
    if (json_) {
      std::puts(e.text().c_str());
    } else {
      const std::string program = text_or(e, "program", "-");
      std::printf("%s  %-10s  %-8s  %-12s  %s\n", local_time(number(e, "time_ns"), true).c_str(),
                  text(e, "kind").c_str(), program.substr(0, kIdentShown).c_str(),
                  text_or(e, "guest", "-").c_str(), text_or(e, "text", "").c_str());
    }
    return std::fflush(stdout) == 0 && !std::ferror(stdout);
  }

 private:
  bool json_;
  uint64_t last_ = 0;
};

/* One connection that gets events, until it fails. Error::code 0: there is no use in coming again.
 * answered: by a coordinator that lets us see its log. */
Result<> follow(const std::string& socket, const LogOptions& options, Printer& printer,
                bool& answered) {
  auto channel = HP_TRY(FleetChannel::connect(socket, FleetChannel::kMaxAnswer));
  HP_TRYV(channel->send(control::hello_request()));
  rpc::Object params;
  if (printer.last() != 0)
    params.number("after", printer.last()).number("limit", kMostEvents);
  else
    params.number("limit", options.last);
  HP_TRYV(channel->send(rpc::request("1", "log", params.flag("follow", true).json())));
  for (;;) {
    pollfd watched{channel->fd(),
                   static_cast<short>(POLLIN | (channel->wants_write() ? POLLOUT : 0)), 0};
    if (::poll(&watched, 1, -1) < 0) return fail_errno("cannot wait for the coordinator");
    const auto flushed = channel->flush();
    const auto received = channel->receive();
    if (!flushed || !received) return fail("lost the coordinator", ECONNRESET);
    while (auto next = HP_TRY(channel->next())) {
      const rpc::Message& m = next->message;
      if (next->malformed) return fail("the coordinator's answer is not understood");
      if (control::is_hello_answer(m)) {
        (void)HP_TRY(control::read_hello_answer(m));
      } else if (m.kind == rpc::Message::Failure) {
        return fail(m.error);
      } else {
        answered |= m.kind == rpc::Message::Answer;
        const Json body = HP_TRY(Json::parse(m.body.json()));
        if (m.method == "log.event" && !printer.print(body))
          return fail("cannot write to standard output");
        for (const Json& e : list(body, "events"))
          if (!printer.print(e)) return fail("cannot write to standard output");
      }
    }
    if (!*received) return fail("lost the coordinator", ECONNRESET);
  }
}

}  // namespace

int log(const Options& options, const LogOptions& wanted) {
  Printer printer(options.json);
  const std::string socket = options.socket.empty() ? fleet_socket_path() : options.socket;
  if (!wanted.follow) {
    auto fleet = FleetClient::connect(socket);
    if (!fleet) return complain(fleet.error());
    auto answer =
        (*fleet)->call("log", rpc::Object().number("limit", wanted.last).json(), kAnswerLimit);
    if (!answer) return complain(answer.error());
    const auto parsed = Json::parse(*answer);
    if (!parsed) return complain({"the coordinator's answer is not understood", 0});
    for (const Json& e : list(*parsed, "events"))
      if (!printer.print(e)) break;
    return finish();
  }
  bool ever = false, told = false;
  for (auto pause = kFirstRetry;; pause = std::min(2 * pause, kLastRetry)) {
    bool answered = false;
    const Error error = follow(socket, wanted, printer, answered).error();
    ever |= answered;
    if (!ever || !error.code) return complain(error); /* none there; or it does not want us */
    if (answered) {
      told = false;
      pause = kFirstRetry;
    }
    if (!std::exchange(told, true))
      std::fprintf(stderr, "probectl: %s; waiting for it\n", error.message.c_str());
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace hp::probectl
