#include "linux_guest/user_probes.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <set>

#include "transport/text_lines.hpp"

namespace hp::linux_guest {

namespace {

constexpr uint32_t kMaxPid = 1u << 22;

/* A description of user probes, taken apart. */
struct Wanted {
  std::string provider;  /* of the probe's names */
  std::string static_of; /* the static probes' provider; "" for functions */
  uint32_t pid = 0;      /* 0: any process */
  std::string path;      /* uprobe, usdt */
  std::string module;    /* of a process */
  bool any = false;      /* usdt: the function element is the static provider's glob */
};

std::optional<Wanted> take_apart(const Object& o, const hp_obj_desc& d) {
  Wanted w;
  w.provider = o.str(d.prov);
  const std::string module = o.str(d.mod);
  if (w.provider == "uprobe" || w.provider == "usdt") {
    if (!module.starts_with('/')) return std::nullopt;
    w.path = module;
    w.any = w.provider == "usdt";
    return w;
  }
  const size_t digits = w.provider.find_last_not_of("0123456789") + 1;
  if (digits == 0 || digits >= w.provider.size()) return std::nullopt;
  const char* end = w.provider.data() + w.provider.size();
  const auto [stop, error] = std::from_chars(w.provider.data() + digits, end, w.pid);
  if (error != std::errc() || stop != end || w.pid == 0 || w.pid > kMaxPid) return std::nullopt;
  if (std::string name = w.provider.substr(0, digits); name != "pid") w.static_of = name;
  w.module = module.empty() ? "a.out" : module;
  return w;
}

std::string process_path(uint32_t pid, const char* what) {
  return "/proc/" + std::to_string(pid) + "/" + what;
}

struct File {
  std::string path; /* in the guest, for the agent and for the uprobe */
  std::string name; /* the probe's module */
};

/* The files that a process has mapped executable and whose name matches; proc_pid_maps(5). */
std::vector<File> mapped(std::string_view maps, const Wanted& w) {
  std::set<std::string> paths;
  TextLines lines(maps);
  for (std::string_view line; lines.next(line);) {
    std::string_view rest = line;
    take_word(rest);
    const std::string_view permissions = take_word(rest);
    const size_t slash = rest.find('/');
    if (permissions.find('x') == permissions.npos || slash == rest.npos) continue;
    const std::string path(rest.substr(slash));
    const std::string name = path.substr(path.rfind('/') + 1);
    if (is_name(name) && (handler::glob_match(w.module, name) || w.module == path))
      paths.insert(path);
  }
  std::vector<File> files;
  for (const std::string& p : paths)
    files.push_back(
        {process_path(w.pid, "root") + p, w.module == p ? p : p.substr(p.rfind('/') + 1)});
  return files;
}

std::vector<File> files_for(const Wanted& w, std::string_view maps) {
  if (w.pid == 0) return {{w.path, w.path}};
  if (w.module == "a.out") return {{process_path(w.pid, "exe"), "a.out"}};
  return mapped(maps, w);
}

/* dtrace(1)'s way to write the names of static probes. */
std::string dashed(const std::string& name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i)
    if (name.compare(i, 2, "__") == 0) {
      out += '-';
      ++i;
    } else {
      out += name[i];
    }
  return out;
}

template <size_t N>
bool assign(char (&field)[N], std::string_view text) {
  std::memcpy(field, text.data(), std::min(text.size(), N - 1));
  return text.size() < N;
}

bool name_probe(FoundProbe& p, const Wanted& w, const File& file, std::string_view function,
                std::string_view name) {
  return assign(p.names.prov, w.provider) && assign(p.names.mod, file.name) &&
         assign(p.names.func, function) && assign(p.names.name, name);
}

/* pattern: of the function, that not all of a large program's are made into probes first. */
void add_functions(const ElfProbes& elf, const Wanted& w, const File& file,
                   std::string_view pattern, std::vector<FoundProbe>& out) {
  for (const ElfProbes::Function& f : elf.functions()) {
    if (!handler::glob_match(pattern, f.name)) continue;
    for (const bool is_return : {false, true}) {
      FoundProbe p{};
      if (!name_probe(p, w, file, f.name, is_return ? "return" : "entry")) continue;
      p.attach.kind = is_return ? HP_KIND_USER_RETURN : HP_KIND_USER_ENTRY;
      p.attach.address = f.offset;
      p.attach.number = w.pid;
      p.text = file.path;
      out.push_back(std::move(p));
    }
  }
}

void add_statics(const ElfProbes& elf, const Wanted& w, const File& file,
                 std::vector<FoundProbe>& out) {
  for (const ElfProbes::Static& s : elf.statics()) {
    if (!w.any && s.provider != w.static_of) continue;
    FoundProbe p{};
    if (!(w.any ? name_probe(p, w, file, s.provider, s.name)
                : name_probe(p, w, file, "", dashed(s.name))))
      continue;
    p.attach.kind = HP_KIND_USER_ENTRY;
    p.attach.address = s.offset;
    p.attach.extra = s.semaphore;
    p.attach.number = w.pid;
    p.text = file.path;
    p.is_static = true;
    p.arguments = s.arguments;
    out.push_back(std::move(p));
  }
}

}  // namespace

std::vector<std::string> files_of(const Object& object, const handler::Target& target,
                                  const GuestFiles& have) {
  std::set<std::string> paths;
  for (const hp_obj_desc& d : object.descs()) {
    const auto w = take_apart(object, d);
    if (!w || !handler::matches_target(object, d, target)) continue;
    const std::string maps = process_path(w->pid, "maps");
    if (w->pid != 0 && w->module != "a.out" && !have.contains(maps)) {
      paths.insert(maps);
      continue;
    }
    const auto known = have.find(maps);
    for (const File& f : files_for(*w, known != have.end() ? known->second : std::string_view()))
      if (!have.contains(f.path)) paths.insert(f.path);
  }
  return {paths.begin(), paths.end()};
}

const ElfProbes* UserFiles::elf(const std::string& path) {
  const auto [it, added] = parsed_.try_emplace(path);
  if (const auto file = files_->find(path); added && file != files_->end())
    if (auto parsed = ElfProbes::parse(file->second)) it->second = std::move(*parsed);
  return it->second ? &*it->second : nullptr;
}

std::string_view UserFiles::text(const std::string& path) const {
  const auto it = files_->find(path);
  return it != files_->end() ? std::string_view(it->second) : std::string_view();
}

std::vector<FoundProbe> find_user_probes(const Object& object, const hp_obj_desc& d,
                                         UserFiles& files) {
  std::vector<FoundProbe> all;
  const auto w = take_apart(object, d);
  if (!w) return all;
  for (const File& f : files_for(*w, files.text(process_path(w->pid, "maps"))))
    if (const ElfProbes* elf = files.elf(f.path)) {
      const bool statics = w->any || !w->static_of.empty();
      statics ? add_statics(*elf, *w, f, all) : add_functions(*elf, *w, f, object.str(d.func), all);
    }
  std::erase_if(all, [&](const FoundProbe& p) {
    hp_seg_probe names = p.names;
    return !handler::matches_probe(object, d, names);
  });
  return all;
}

}  // namespace hp::linux_guest
