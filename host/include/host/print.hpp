/* print(): a value with its type, as today's dtrace(1) on Linux shows typed data. Pure.
 *
 *     (int)3
 *     0x7ffc0010 = *            what a pointer points to
 *     (struct foo) {            members that are zero are left out
 *      .a = (int)-3,
 *      .name = (char [8]) "foo",
 *      .next = (struct foo *)0x55d0c0,
 *      .state = (enum state)RUNNING
 *     }
 *
 * Arrays of anything but characters have one element a line within brackets. What -x printsize cut off
 * is shown as "...". */
#pragma once
#include <string>
#include <string_view>

#include "transport/shape.hpp"

namespace hp {

/* bytes: the value in the program's memory, or as much of it as was recorded. indent: columns that
 * every line but the first is indented by. */
void append_print(std::string& out, const Shape& shape, std::string_view bytes, int indent);

}  // namespace hp
