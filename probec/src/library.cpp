#include "probec/library.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "characters.hpp"
#include "transport/result.hpp"

namespace hp::probec {

namespace fs = std::filesystem;

bool module_exists(std::string_view name) {
  return name == "vmlinux" || name == "kernel" || name == "genunix";
}

bool provider_exists(std::string_view name) {
  return name == "dtrace" || name == "profile" || name == "syscall";
}

namespace {

using Words = std::unordered_set<std::string_view>;

/* The libraries that hold C's types: always there, and what they declare may be declared anew. */
constexpr std::string_view kTypes = "types.d";
constexpr std::string_view kFoundation[] = {kTypes, "syscall.d", "constants.d"};

/* Calls found(word, depth, next) for each identifier of the text: how many braces it is in, and the first
 * two characters after it and white space. Comments and literals are skipped. */
template <typename Found>
void each_word(std::string_view text, Found found) {
  int depth = 0;
  auto at = [&](size_t i) { return i < text.size() ? text[i] : '\0'; };
  for (size_t i = 0; i < text.size();) {
    if (is_ident_start(text[i])) {
      size_t from = i;
      while (i < text.size() && is_ident(text[i])) ++i;
      std::string_view word = text.substr(from, i - from);
      while (is_space(at(i))) ++i;
      found(word, depth, text.substr(i, 2));
      continue;
    }
    if (text[i] == '/' && at(i + 1) == '*') {
      size_t end = text.find("*/", i + 2);
      i = end == std::string_view::npos ? text.size() : end + 2;
      continue;
    }
    if (text[i] == '"')
      for (++i; i < text.size() && text[i] != '"'; ++i)
        if (text[i] == '\\') ++i;
    depth += at(i) == '{' ? 1 : at(i) == '}' ? -1 : 0;
    ++i;
  }
}

/* Whether a standard library's word, between these, is the name of what it declares there: a type or
 * tag, an inline. */
bool declares(int depth, std::string_view next) {
  return depth == 0 && !next.empty() && next != "==" &&
         (next[0] == ';' || next[0] == '=' || next[0] == '[' || next[0] == '{');
}

struct Dependency {
  std::string kind, name;
};

std::vector<Dependency> dependencies(std::string_view text) {
  constexpr std::string_view kPragma = "#pragma D depends_on ";
  std::vector<Dependency> all;
  for (size_t at = 0; (at = text.find(kPragma, at)) != std::string_view::npos;) {
    bool starts_line = at == 0 || text[at - 1] == '\n';
    at += kPragma.size();
    if (!starts_line) continue;
    size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    auto word = [&] {
      size_t from = std::min(line.find_first_not_of(" \t"), line.size());
      size_t to = std::min(line.find_first_of(" \t\r", from), line.size());
      std::string out(line.substr(from, to - from));
      line.remove_prefix(to);
      return out;
    };
    std::string kind = word(), name = word();
    all.push_back({std::move(kind), std::move(name)});
  }
  return all;
}

/* One library: where it comes from and what it waits for. */
struct Library {
  std::string name; /* without directory: what depends_on names */
  Source source;
  bool wanted = false; /* standard ones: read if set */
  enum class State : uint8_t { New, Open, Read, LeftOut } state = State::New;
};

class Selection {
 public:
  Result<> add_directory(const std::string& path) {
    std::error_code error;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(path, error))
      if (entry.path().extension() == ".d") files.push_back(entry.path());
    if (error) return {}; /* as dtrace(1): a directory that is not there has no libraries */
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      std::ifstream in(file, std::ios::binary);
      std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
      if (!in) return fail("failed to open library " + file.string());
      Library& library = add(file.filename().string(), file.string(), std::move(text));
      library.wanted = true;
    }
    return {};
  }

  void add_standard(const StandardLibrary& library) {
    /* A directory of the user's own may replace one of ours. */
    if (!by_name_.contains(library.name))
      add(library.name, std::string("probec/") + library.name, std::string(library.text));
  }

  void want(const Words& words) {
    for (Library& library : all_) {
      if (library.wanted) continue;
      library.wanted = library.name == kTypes;
      each_word(library.source.text, [&](std::string_view word, int depth, std::string_view next) {
        library.wanted = library.wanted || (declares(depth, next) && words.contains(word));
      });
    }
  }

  Result<std::vector<Source>> ordered() {
    for (std::string_view name : kFoundation) /* C's before D's */
      if (auto found = by_name_.find(std::string(name)); found != by_name_.end())
        if (all_[found->second].wanted) HP_TRYV(read(found->second));
    for (size_t i = 0; i < all_.size(); ++i)
      if (all_[i].wanted) HP_TRYV(read(i));
    return std::move(out_);
  }

  [[nodiscard]] const std::vector<Library>& all() const { return all_; }

 private:
  Library& add(std::string name, std::string shown, std::string text) {
    bool foundation =
        std::find(std::begin(kFoundation), std::end(kFoundation), name) != std::end(kFoundation) &&
        shown.starts_with("probec/");
    Source source{foundation ? SourceKind::Foundation : SourceKind::Library, std::move(shown),
                  std::move(text)};
    by_name_.emplace(name, all_.size());
    all_.push_back({std::move(name), std::move(source)});
    return all_.back();
  }

  Result<> read(size_t index) {
    Library& library = all_[index];
    if (library.state != Library::State::New) return {};
    library.state = Library::State::Open;
    bool complete = true;
    for (const Dependency& needed : dependencies(library.source.text)) {
      if (needed.kind == "module") complete &= module_exists(needed.name);
      if (needed.kind == "provider") complete &= provider_exists(needed.name);
      if (needed.kind != "library") continue;
      auto found = by_name_.find(needed.name);
      if (found == by_name_.end()) {
        complete = false;
        continue;
      }
      if (all_[found->second].state == Library::State::Open)
        return fail("library " + library.source.name + " and library " + needed.name +
                    " depend on each other");
      HP_TRYV(read(found->second));
      complete &= all_[found->second].state == Library::State::Read;
    }
    library.state = complete ? Library::State::Read : Library::State::LeftOut;
    if (complete) out_.push_back(std::move(library.source));
    return {};
  }

  std::vector<Library> all_;
  std::unordered_map<std::string, size_t> by_name_;
  std::vector<Source> out_;
};

}  // namespace

Result<std::vector<Source>> libraries_of(const std::vector<Source>& program,
                                         const Options& options) {
  Selection selection;
  bool none = options.flag(Option::nolibs);
  const std::string& directories = options.text(Option::libdir);
  for (size_t from = 0; !none && from < directories.size();) {
    size_t end = std::min(directories.find('\n', from), directories.size());
    HP_TRYV(selection.add_directory(directories.substr(from, end - from)));
    from = end + 1;
  }
  Words words;
  auto use = [&](std::string_view text) {
    each_word(text, [&](std::string_view word, int, std::string_view) { words.insert(word); });
  };
  for (const Source& source : program) use(source.text);
  for (const Library& library : selection.all()) use(library.source.text);
  if (words.contains("args")) words.insert("sigset_t"); /* any type of a system call's argument */
  for (const StandardLibrary& library : standard_libraries())
    if (!none || library.name == kTypes) selection.add_standard(library);
  selection.want(words);
  return selection.ordered();
}

}  // namespace hp::probec
