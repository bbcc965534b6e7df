# Loading and running compiled programs. The programs here are C compiled by clang, with the tables
# written by hand, so that these tests need no D compiler.
find_program(CLANG NAMES clang-19 clang REQUIRED)
set(objects ${CMAKE_CURRENT_BINARY_DIR}/handler_objects)
file(MAKE_DIRECTORY ${objects})
set(handler_dir ${CMAKE_CURRENT_LIST_DIR}/handler)
set(clause_flags -std=c11 -O2 -g0 -fPIC -fvisibility=default -mgeneral-regs-only -mno-red-zone
    -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -Wall -Wextra -Werror -Wno-unused-parameter
    -I${CMAKE_SOURCE_DIR}/transport/include)
set(handler_objects)
function(handler_object NAME SOURCE)
  add_custom_command(OUTPUT ${objects}/${NAME}.o
    COMMAND ${CLANG} ${clause_flags} ${ARGN} -c ${handler_dir}/${SOURCE} -o ${objects}/${NAME}.o
    DEPENDS ${handler_dir}/${SOURCE} ${handler_dir}/object_tables.h ${handler_dir}/clauses.h
            ${CMAKE_SOURCE_DIR}/transport/include/transport/object.h
            ${CMAKE_SOURCE_DIR}/transport/include/transport/segment.h
    VERBATIM)
  set(handler_objects ${handler_objects} ${objects}/${NAME}.o PARENT_SCOPE)
endfunction()
handler_object(clauses clauses.c)
handler_object(imports_libc imports_libc.c)
handler_object(absolute unlinkable.c -DUNLINKABLE_ABSOLUTE -fno-pic -mcmodel=small)
handler_object(tls unlinkable.c -DUNLINKABLE_TLS)
handler_object(constructor unlinkable.c -DUNLINKABLE_CONSTRUCTOR)
handler_object(writable_code unlinkable.c -DUNLINKABLE_WRITABLE_CODE)
handler_object(no_function unlinkable.c -DUNLINKABLE_NO_FUNCTION)
handler_object(common unlinkable.c -DUNLINKABLE_COMMON)
add_custom_target(handler_objects DEPENDS ${handler_objects})

file(GLOB handler_tests CONFIGURE_DEPENDS ${handler_dir}/*_test.cpp)
hp_test(handler_test SOURCES ${handler_tests} DEPS hp_host hp_handler)
target_compile_definitions(handler_test PRIVATE HP_TEST_OBJECTS="${objects}")
add_dependencies(handler_test handler_objects)
