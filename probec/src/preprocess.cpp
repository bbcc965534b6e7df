#include "probec/preprocess.hpp"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transport/fd.hpp"

extern char** environ;

namespace hp::probec {

namespace {

Result<> write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("cannot hand the script to the preprocessor");
    text.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Result<std::string> read_all(int fd) {
  std::string out;
  char buffer[65536];
  if (::lseek(fd, 0, SEEK_SET) < 0) return fail_errno("cannot read the preprocessor's output");
  for (;;) {
    ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("cannot read the preprocessor's output");
    if (n == 0) return out;
    out.append(buffer, static_cast<size_t>(n));
  }
}

}  // namespace

Result<std::string> preprocess(const Source& source, const Options& options,
                               const std::vector<std::string>& arguments, bool show_includes) {
  std::string text = source.text;
  if (text.starts_with("#!"))
    text.replace(0, 2, "/*").insert(std::min(text.find('\n'), text.size()), "*/");

  std::string path = options.text(Option::cpppath);
  if (path.empty()) path = option_info(Option::cpppath).initial;
  std::vector<std::string> args = {path, "-D__SUNW_D=1", "-D__SUNW_D_VERSION=0x02000000",
                                   "-D__HYPROBE_D=1"};
  /* -X: ISO C with the compiler's extensions; ISO C only; as before ISO C, without # and ##. Modules
   * of a kernel may be called unix or linux. */
  const char mode = options.text(Option::stdc).empty() ? 'a' : options.text(Option::stdc)[0];
  if (mode == 's')
    args.emplace_back("-traditional-cpp");
  else
    args.emplace_back(mode == 'c' ? "-std=c99" : "-std=gnu99");
  for (const char* name : {"-Uunix", "-Ulinux"}) args.emplace_back(name);
  if (show_includes || options.flag(Option::cpphdrs)) args.emplace_back("-H");
  if (source.kind == SourceKind::Script && source.name != "-") {
    size_t slash = source.name.rfind('/');
    args.emplace_back("-iquote");
    args.push_back(slash == std::string::npos ? "." : source.name.substr(0, slash + 1));
  }
  auto lines = [&](Option option, const char* flag) {
    std::string_view list = options.text(option);
    while (!list.empty()) {
      size_t end = list.find('\n');
      args.push_back(flag + std::string(list.substr(0, end)));
      list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
    }
  };
  lines(Option::incdir, "-I");
  lines(Option::define, "-D");
  lines(Option::undef, "-U");
  lines(Option::cppargs, "");
  if (options.flag(Option::undefs)) args.emplace_back("-undef");
  args.insert(args.end(), arguments.begin(), arguments.end());
  args.emplace_back("-");

  Fd input(::memfd_create("probec-cpp-in", MFD_CLOEXEC));
  Fd output(::memfd_create("probec-cpp-out", MFD_CLOEXEC));
  if (!input || !output) return fail_errno("cannot create memory for the preprocessor");
  HP_TRYV(write_all(input.get(), text));
  if (::lseek(input.get(), 0, SEEK_SET) < 0) return fail_errno("cannot rewind the script");

  std::vector<char*> argv;
  for (std::string& arg : args) argv.push_back(arg.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output.get(), STDOUT_FILENO);
  pid_t pid = 0;
  int error = posix_spawn(&pid, path.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT) return fail("Preprocessor not found", error);
  if (error != 0) return fail("Failed to exec preprocessor", error);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return fail_errno("cannot wait for the C preprocessor");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return fail("Preprocessor failed to process input program");
  return read_all(output.get());
}

}  // namespace hp::probec
