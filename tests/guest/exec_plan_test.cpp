// What execve(2) decides before it takes effect, compared with the kernel's own answers.
#include "exec_plan.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace hp::guest;
namespace fs = std::filesystem;

namespace {

struct Scratch {
  fs::path dir;
  Scratch() {
    char name[] = "/tmp/exec-plan-XXXXXX";
    dir = mkdtemp(name);
  }
  ~Scratch() { fs::remove_all(dir); }
  std::string file(const std::string& name, const std::string& text, mode_t mode = 0755) {
    std::ofstream(dir / name) << text;
    chmod((dir / name).c_str(), mode);
    return dir / name;
  }
};

/* The kernel's errno for an execve in a child, 0 if it worked. */
int kernel_says(const std::string& path) {
  int pipes[2];
  REQUIRE(pipe2(pipes, O_CLOEXEC) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    char* argv[] = {const_cast<char*>("x"), nullptr};
    execve(path.c_str(), argv, environ);
    int err = errno;
    if (write(pipes[1], &err, sizeof err) < 0) _exit(1);
    _exit(0);
  }
  close(pipes[1]);
  int err = 0;
  if (read(pipes[0], &err, sizeof err) <= 0) err = 0;
  close(pipes[0]);
  waitpid(pid, nullptr, 0);
  return err;
}

int ours(const std::string& path, ExecPlan& plan) {
  return plan_exec(AT_FDCWD, path, 0, {"x", "a b"}, 0, 0, plan);
}

ScriptLine parsed(const std::string& text) {
  ScriptLine line;
  CHECK(parse_script_line(text, line) == 0);
  return line;
}

}  // namespace

TEST_CASE("the first line of a script gives an interpreter and one argument") {
  CHECK(parsed("#!/bin/sh\n").interpreter == "/bin/sh");
  CHECK(parsed("#!/bin/sh\n").argument.empty());
  ScriptLine two = parsed("#! \t/usr/bin/env  -S a b \t\nrest");
  CHECK(two.interpreter == "/usr/bin/env");
  CHECK(two.argument == "-S a b");
  CHECK(parsed("#!/bin/echo").interpreter == "/bin/echo");
  CHECK(parsed("#!/bin/echo x").argument == "x");
  CHECK(parsed(std::string("#!/bin/echo\0x\n", 14)).interpreter == "/bin/echo");
}

TEST_CASE("a first line that names no interpreter, or not surely all of it, is no program") {
  ScriptLine line;
  CHECK(parse_script_line("#!\n", line) == -ENOEXEC);
  CHECK(parse_script_line("#!   \n", line) == -ENOEXEC);
  CHECK(parse_script_line("#!", line) == -ENOEXEC);
  CHECK(parse_script_line("#!/" + std::string(300, 'a'), line) == -ENOEXEC);
  CHECK(parse_script_line("#!/bin/sh " + std::string(300, 'a'), line) == 0);
  CHECK(line.interpreter == "/bin/sh");
  CHECK(parse_script_line("#", line) == 1);
  CHECK(parse_script_line("", line) == 1);
}

TEST_CASE("a script's words come before the arguments, from the inside out") {
  Scratch s;
  std::string inner = s.file("inner", "#!/bin/sh -e\n");
  std::string outer = s.file("outer", "#!" + inner + " one two\n");
  ExecPlan plan;
  REQUIRE(ours(outer, plan) == 0);
  CHECK(plan.argv == std::vector<std::string>{"/bin/sh", "-e", inner, "one two", outer, "a b"});
  CHECK(plan.execfn == outer);
  CHECK(plan.comm == "outer");
  CHECK(plan.file);
}

TEST_CASE("an empty argv gets an empty name") {
  ExecPlan plan;
  REQUIRE(plan_exec(AT_FDCWD, "/bin/true", 0, {}, 0, 0, plan) == 0);
  CHECK(plan.argv == std::vector<std::string>{""});
}

TEST_CASE("errors are the kernel's") {
  Scratch s;
  std::vector<std::string> paths = {
      "/nonexistent",
      "",
      "/",
      "/dev/null",
      s.file("plain", "echo\n"),
      s.file("empty", ""),
      s.file("noexec", "#!/bin/sh\n", 0644),
      s.file("lost", "#!/nonexistent\n"),
      s.file("bang", "#!\n"),
      s.file("directory", "#!/tmp\n"),
      s.file("garbage", "\177ELF garbage"),
      s.file("textinterp", "#!" + (s.dir / "plain").string() + "\n"),
      s.file("loop", "#!" + (s.dir / "loop").string() + "\n"),
      (s.dir / "plain" / "below").string(),
      s.dir / std::string(300, 'n'),
      std::string(5000, 'p'),
      "/bin/true",
      s.file("script", "#!/bin/true\n"),
  };
  REQUIRE(symlink("circle", (s.dir / "circle").c_str()) == 0);
  paths.push_back(s.dir / "circle");
  REQUIRE(mkfifo((s.dir / "fifo").c_str(), 0755) == 0);
  paths.push_back(s.dir / "fifo");
  for (int depth = 1; depth <= 7; depth++) {
    std::string below =
        depth == 1 ? "/bin/true" : (s.dir / ("n" + std::to_string(depth - 1))).string();
    paths.push_back(s.file("n" + std::to_string(depth), "#!" + below + "\n"));
  }
  for (const auto& path : paths) {
    ExecPlan plan;
    INFO(path);
    CHECK(-ours(path, plan) == kernel_says(path));
  }
}

TEST_CASE("strings that are too long are refused") {
  ExecPlan plan;
  CHECK(plan_exec(AT_FDCWD, "/bin/true", 0, {std::string(128 << 10, 'x')}, 0, 0, plan) == -E2BIG);
  CHECK(plan_exec(AT_FDCWD, "/bin/true", 0, {std::string((128 << 10) - 1, 'x')}, 0, 0, plan) == 0);
  CHECK(plan_exec(AT_FDCWD, "/bin/true", 0, {"x"}, 64ull << 20, 10, plan) == -E2BIG);
}

TEST_CASE("execveat: descriptors, empty paths, flags") {
  Scratch s;
  std::string script = s.file("script", "#!/bin/true\n");
  hp::Fd open_script(open(script.c_str(), O_RDONLY)), dir(open(s.dir.c_str(), O_PATH));
  hp::Fd hidden(open(script.c_str(), O_RDONLY | O_CLOEXEC));
  ExecPlan plan;
  REQUIRE(plan_exec(open_script.get(), "", AT_EMPTY_PATH, {"x"}, 0, 0, plan) == 0);
  CHECK(plan.execfn == "/dev/fd/" + std::to_string(open_script.get()));
  CHECK(plan.argv == std::vector<std::string>{"/bin/true", plan.execfn});
  CHECK(plan_exec(hidden.get(), "", AT_EMPTY_PATH, {"x"}, 0, 0, plan) == -ENOENT);
  REQUIRE(plan_exec(dir.get(), "script", 0, {"x"}, 0, 0, plan) == 0);
  CHECK(plan.execfn == "/dev/fd/" + std::to_string(dir.get()) + "/script");
  CHECK(plan_exec(9999, "", AT_EMPTY_PATH, {"x"}, 0, 0, plan) == -EBADF);
  CHECK(plan_exec(AT_FDCWD, script, 0x40, {"x"}, 0, 0, plan) == -EINVAL);
  REQUIRE(symlink("script", (s.dir / "link").c_str()) == 0);
  CHECK(plan_exec(dir.get(), "link", AT_SYMLINK_NOFOLLOW, {"x"}, 0, 0, plan) == -ELOOP);
}
