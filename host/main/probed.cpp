/* probed: the daemon. `probed coordinator` (or overlord) on a host. */
#include <fcntl.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <climits>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "host/fleet_client.hpp"
#include "host/fleet_server.hpp"
#include "host/standard_descriptors.hpp"

using namespace hp;

namespace {

/* Two descriptors for each program and one for each peer: the soft limit is for select(2) users. */
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/* --config, or the default place; empty: that. */
Result<FleetConfig> read_config(const std::string& path) {
  return path.empty() ? FleetConfig::load_default() : FleetConfig::load(path);
}

/* At SIGHUP the configuration is read again; what held before goes on if that fails. */
void await_reload(asio::signal_set& hangups, FleetServer& server, const std::string& path) {
  hangups.async_wait([&hangups, &server, path](std::error_code error, int) {
    if (error) return;
    if (auto config = read_config(path); config)
      server.configure(*config);
    else
      spdlog::error("the configuration stays as it was: {}", config.error().message);
    await_reload(hangups, server, path);
  });
}

/* Runs the server; `ready` is called once it listens. */
template <class Ready>
int serve(FleetServerOptions options, const std::string& config, Ready ready) {
  raise_descriptor_limit();
  asio::io_context io;
  asio::signal_set hangups(io, SIGHUP),
      signals(io, SIGTERM, SIGINT); /* from the first connection on */
  auto server = FleetServer::open(io, std::move(options));
  ready(server ? Result<>{} : Result<>(tl::make_unexpected(server.error())));
  if (!server) return 1;
  signals.async_wait([&](std::error_code error, int) {
    hangups.cancel();
    if (!error) (*server)->shut_down();
  });
  await_reload(hangups, **server, config);
  io.run();
  return 0;
}

int foreground(FleetServerOptions options, const std::string& config) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("probed"));
  return serve(std::move(options), config, [&](const Result<>& opened) {
    if (!opened) std::fprintf(stderr, "probed: %s\n", opened.error().message.c_str());
  });
}

/* The parent returns when the daemon listens, or says why it does not. */
int background(FleetServerOptions options, const std::string& config) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) {
    std::perror("probed: pipe");
    return 1;
  }
  std::fflush(nullptr);
  pid_t pid = ::fork();
  if (pid < 0) {
    std::perror("probed: fork");
    return 1;
  }
  if (pid != 0) {
    ::close(pipe[1]);
    std::string message;
    char buffer[512];
    for (ssize_t n; (n = ::read(pipe[0], buffer, sizeof buffer)) != 0;) {
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) break;
      message.append(buffer, static_cast<size_t>(n));
    }
    if (message == "ready") {
      std::printf("probed: coordinator runs on %s (pid %d)\n", options.socket.c_str(), pid);
      return 0;
    }
    std::fprintf(stderr, "probed: %s\n",
                 message.empty() ? "the coordinator died at start" : message.c_str());
    return 1;
  }
  ::close(pipe[0]);
  ::setsid();
  spdlog::set_default_logger(spdlog::syslog_logger_mt("probed", "probed", LOG_PID, LOG_DAEMON));
  return serve(std::move(options), config, [&](const Result<>& opened) {
    std::string message = opened ? "ready" : opened.error().message;
    ssize_t n = ::write(pipe[1], message.data(), message.size());
    (void)n;
    ::close(pipe[1]);
    int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd : {0, 1, 2}) ::dup2(null, fd);
    ::close(null);
    if (::chdir("/") != 0) return;
  });
}

/* The daemon leaves the directory it was started in. */
std::string absolute(const std::string& path) {
  std::error_code error;
  const auto full = std::filesystem::absolute(path, error);
  return error ? path : full.string();
}

/* The agent is a program of its own, small enough for any guest, where it is called probed too. */
int run_agent(char** argv) {
  std::string self(PATH_MAX, '\0');
  const ssize_t n = ::readlink("/proc/self/exe", self.data(), self.size());
  self.resize(n > 0 ? static_cast<size_t>(n) : 0);
  const std::string directory = self.substr(0, self.rfind('/') + 1);
  for (const char* place : {"hyprobe-agent", "../libexec/hyprobe/hyprobe-agent"})
    ::execv((directory + place).c_str(), argv);
  std::fprintf(stderr, "probed: cannot run %shyprobe-agent: %s\n", directory.c_str(),
               std::strerror(errno));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  host::occupy_standard_descriptors();
  CLI::App app{"probed: the Hyprobe daemon"};
  app.require_subcommand(1);
  app.set_version_flag("-V,--version", "probed: Hyprobe 0.1.0");
  FleetServerOptions options;
  options.socket = fleet_socket_path();
  double grace = 10;
  bool stay = false;
  auto* coordinator =
      app.add_subcommand("coordinator", "register guests and run programs on all of them");
  coordinator->alias("overlord");
  coordinator->add_option("--socket", options.socket, "control socket")->capture_default_str();
  coordinator->add_option("--base", options.base, "folder of the journal and the programs");
  coordinator
      ->add_option("--resume-grace", grace,
                   "seconds that programs of a former coordinator wait for their consumers")
      ->check(CLI::Range(0.0, 86400.0))
      ->capture_default_str();
  std::string config;
  coordinator->add_option("--config", config, "who may do what, and how much: hyprobe.toml(5)")
      ->envname("HYPROBE_CONFIG")
      ->default_str(FleetConfig::kDefaultPath);
  coordinator->add_flag("--foreground", stay, "stay in the foreground and log to standard error");
  auto* agent = app.add_subcommand("agent", "the part inside a Linux guest");
  agent->alias("minion");
  agent->allow_extras();
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "agent" || first == "minion") return run_agent(argv); /* with all its options */
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN); /* an error like a full disk */
  options.inherited = service_manager::take_inherited();
  if (options.inherited.socket && !options.inherited.socket_path.empty())
    options.socket = options.inherited.socket_path;
  options.socket = absolute(options.socket);
  if (!config.empty()) config = absolute(config);
  auto rights = read_config(config);
  if (!rights) {
    std::fprintf(stderr, "probed: %s\n", rights.error().message.c_str());
    return 1;
  }
  options.config = std::move(*rights);
  options.base = absolute(options.base.empty() ? fleet_base_path(options.socket) : options.base);
  options.resume_grace = std::chrono::duration_cast<Time>(std::chrono::duration<double>(grace));
  return stay ? foreground(std::move(options), config) : background(std::move(options), config);
}
