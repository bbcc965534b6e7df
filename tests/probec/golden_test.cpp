// Golden tests of the compiler's front: each .d file under a folder begins with
//     /* expect: the message as printed with -xerrtags */      (errors/)
// or stands beside a .tree file with the checked program as text (trees/).
//
//     probec_golden FOLDER [--update]      --update writes what is found instead of comparing
//
// More such lines: /* args: a b c */ gives $1 $2 $3, /* options: name=value ... */ is -x,
// /* preprocess */ is -C. A file named D_TAG.what.d must give that tag.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "probec/compiler.hpp"
#include "probec/dump.hpp"

using namespace hp::probec;
namespace fs = std::filesystem;

namespace {

std::string slurp(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

// The text between "/* KEY:" and the comment's end.
std::string header(const std::string& text, const std::string& key) {
  std::string start = "/* " + key + ": ";
  size_t from = text.find(start);
  if (from == std::string::npos) return {};
  from += start.size();
  size_t to = text.find(" */", from);
  return text.substr(from, to - from);
}

std::string escape(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '/' && out.ends_with('*')) out += '\\'; /* would end the header */
    out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : std::string(1, c);
  }
  return out;
}

struct Outcome {
  std::string message, tree;
  Diagnostic diagnostic;
};

Outcome run(const fs::path& path, const std::string& text) {
  Options options;
  (void)options.set(Option::errtags, std::nullopt);
  std::istringstream assignments(header(text, "options"));
  for (std::string word; assignments >> word;)
    if (!options.set_assignment(word)) return {"bad option in the test: " + word, {}, {}};
  CompileInput input;
  input.options = &options;
  input.sources = {{SourceKind::Script, path.filename().string(), text}};
  input.arguments = {path.filename().string()};
  input.preprocess = text.find("/* preprocess */") != std::string::npos;
  std::istringstream args(header(text, "args"));
  for (std::string word; args >> word;) input.arguments.push_back(word);
  auto checked = check(input);
  if (checked) return {"", dump(*checked), {}};
  DiagnosticStyle style;
  style.tags = true;
  std::string message = render(checked.error(), input.sources, style);
  message.pop_back();
  return {message, {}, checked.error()};
}

}  // namespace

int main(int argc, char** argv) {
  bool update = argc > 2 && std::string(argv[2]) == "--update";
  if (argc < 2) return std::fprintf(stderr, "usage: probec_golden FOLDER [--update]\n"), 2;
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(argv[1]))
    if (entry.path().extension() == ".d") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  int failed = 0;
  for (const fs::path& path : files) {
    std::string text = slurp(path);
    Outcome outcome = run(path, text);
    fs::path tree = path;
    tree.replace_extension(".tree");
    bool wants_error = text.find("/* expect:") != std::string::npos;
    std::string found = wants_error ? escape(outcome.message) : outcome.message + outcome.tree;
    std::string wanted = wants_error ? header(text, "expect") : slurp(tree);
    if (found != wanted && update) {
      if (wants_error) {
        size_t from = text.find("/* expect:");
        size_t to = text.find("*/", from);
        text.replace(from, to + 2 - from, "/* expect: " + found + " */");
        std::ofstream(path) << text;
      } else {
        std::ofstream(tree) << found;
      }
      std::printf("updated %s\n", path.c_str());
      continue;
    }
    /* A file named D_TAG.what.d must give that tag whatever the message. */
    std::string name = path.filename().string();
    std::string tag = wants_error ? name_of(outcome.diagnostic.tag) : "";
    bool right_tag = !name.starts_with("D_") || name.substr(0, name.find('.')) == tag;
    bool at_end = tag == "D_EMPTY" || tag == "D_MACRO_UNUSED";  // what is missing has no column
    bool placed = !wants_error || at_end || outcome.diagnostic.loc.column > 0;
    if (found == wanted && right_tag && placed) continue;
    ++failed;
    std::printf("FAILED %s\n--- wanted\n%s\n--- found\n%s\n", path.c_str(), wanted.c_str(),
                found.c_str());
  }
  std::printf("%zu files, %d failed\n", files.size(), failed);
  return failed != 0 || files.empty();
}
