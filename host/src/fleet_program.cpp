#include "host/fleet_program.hpp"

#include <fcntl.h>

#include <algorithm>
#include <memory>

#include "host/fleet_match.hpp"
#include "transport/segment.h"

namespace hp {
namespace {

constexpr size_t kScriptShown = 400;
constexpr size_t kDescriptionsShown = 64;

std::string description(const Object& object, const hp_obj_desc& d) {
  std::string text = object.str(d.target);
  for (uint32_t part : {d.prov, d.mod, d.func, d.name}) {
    text += ':';
    text += object.str(part);
  }
  return text;
}

/* As an honest compiler says it, or lets it be seen. What a hostile object's code does nothing can tell. */
bool is_destructive(const Object& object) {
  if (object.header().flags & HP_OBJ_DESTRUCTIVE) return true;
  return std::any_of(object.symbols().begin(), object.symbols().end(), [&](const Elf64_Sym& s) {
    const std::string_view name = object.symbol_name(s);
    return s.st_shndx == SHN_UNDEF && (name == "hp_store" || name == "hp_panic");
  });
}

}  // namespace

Result<FleetProgram> FleetProgram::from_object(const ProgramIdent& ident, Object parsed) {
  const auto object = std::make_shared<const Object>(std::move(parsed));
  FleetProgram p;
  p.ident = ident;
  p.parsed = object;
  p.object = std::make_shared<Fd>(HP_TRY(make_sealed_memfd("hyprobe-object", object->bytes())));
  p.destructive = is_destructive(*object);
  const std::string_view source = object->source();
  p.script = std::string(source.substr(0, kScriptShown));
  if (source.size() > kScriptShown) p.script += "...";
  for (const hp_obj_desc& d : object->descs()) {
    if (p.descriptions.size() == kDescriptionsShown) break;
    p.descriptions.push_back(description(*object, d));
  }
  p.matches = guest_matcher(object);
  return p;
}

Result<FleetProgram> FleetProgram::accept(const Fd& object, Fd segment_fd) {
  /* What is no memfd may be a pipe, or a file whose server never answers. */
  if (::fcntl(object.get(), F_GET_SEALS) < 0) return fail("the object must be a memfd");
  Object parsed = HP_TRY(Object::read(object.get()));
  FleetSegment segment = HP_TRY(FleetSegment::check(std::move(segment_fd)));
  FleetProgram p = HP_TRY(from_object(segment.ident(), std::move(parsed)));
  p.identity = segment.identity();
  p.segment = std::move(segment);
  return p;
}

bool FleetProgram::awaits_end(PeerId peer) const {
  return std::any_of(kills.begin(), kills.end(), [&](auto& k) { return k.first == peer; });
}

std::string bad_guest_name(const std::string& name) {
  if (name.empty()) return "a guest's name must not be empty";
  if (name.size() >= HP_NAME_MAX)
    return "a guest's name has at most " + std::to_string(HP_NAME_MAX - 1) + " characters";
  for (char c : name)
    if (c <= ' ' || c > '~' || c == ':')
      return "a guest's name consists of printable ASCII characters other than space and colon";
  return {};
}

}  // namespace hp
