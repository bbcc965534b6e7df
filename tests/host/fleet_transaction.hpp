/* What the tests of the transaction's two sides share. */
#pragma once
#include "transport/coordinator.hpp"

namespace hp::test {

inline ProgramIdent ident(uint8_t n) {
  return {n};
}
inline bool everyone(const Guest&) {
  return true;
}

}  // namespace hp::test
