/* D types as print() shows them: see transport/shape.hpp. */
#pragma once
#include "probec/checked.hpp"
#include "transport/shape.hpp"

namespace hp::probec::codegen {

Shape shape_of(const CheckedProgram&, TypeId);

}  // namespace hp::probec::codegen
