#include "probec/checked.hpp"

#include <iterator>

namespace hp::probec {

const char* name_of(Builtin builtin) {
  static constexpr const char* kNames[] = {
#define HP_BUILTIN(id, name, type) name,
#include "probec/builtins.def"
#undef HP_BUILTIN
  };
  auto index = static_cast<size_t>(builtin);
  return index < std::size(kNames) ? kNames[index] : "";
}

const char* name_of(Function function) {
  static constexpr const char* kNames[] = {
      "",
#define HP_ACTION(id, name, prototype) name,
#define HP_SUBROUTINE(id, name, prototype) name,
#define HP_AGGFUNC(id, name, prototype) name,
#include "probec/functions.def"
#undef HP_ACTION
#undef HP_SUBROUTINE
#undef HP_AGGFUNC
  };
  auto index = static_cast<size_t>(function);
  return index < std::size(kNames) ? kNames[index] : "";
}

}  // namespace hp::probec
