# Fuzz targets of the object reader, the linker and the segment's consumer side, built by clang with
# libFuzzer, AddressSanitizer and UBSan. By hand: build/<preset>/tests/host/object_fuzz CORPUS_DIR
find_program(HP_CLANGXX NAMES clang++-19)
file(GLOB libfuzzer /usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.fuzzer-x86_64.a)
file(GLOB fuzz_headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/transport/include/transport/* ${handler_dir}/*.hpp
  ${CMAKE_SOURCE_DIR}/host/handler/include/handler/* ${CMAKE_SOURCE_DIR}/host/include/host/segment.hpp)
function(handler_fuzz NAME)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${NAME})
  set(sources ${handler_dir}/fuzz/${NAME}.cpp ${ARGN})
  list(TRANSFORM sources REPLACE "^(host|transport)/" "${CMAKE_SOURCE_DIR}/\\1/")
  if(HP_CLANGXX AND libfuzzer)
    add_custom_command(OUTPUT ${out}
      COMMAND ${HP_CLANGXX} -std=c++20 -O1 -g -fno-omit-frame-pointer -fno-strict-aliasing
        -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -Wall -Wextra -Werror
        -Wno-missing-designated-field-initializers -Wno-missing-field-initializers
        -I${CMAKE_SOURCE_DIR}/transport/include -I${CMAKE_SOURCE_DIR}/host/handler/include
        -I${CMAKE_SOURCE_DIR}/host/include ${sources} -o ${out}
      DEPENDS ${sources} ${fuzz_headers} VERBATIM)
    add_custom_target(build_${NAME} ALL DEPENDS ${out})
  endif()
endfunction()
set(fuzz_common transport/src/object.cpp transport/src/fd.cpp host/handler/src/link.cpp host/handler/src/match.cpp
    host/handler/src/primitives.cpp host/handler/src/slot_lock.cpp host/handler/src/segment_view.cpp)
handler_fuzz(object_fuzz ${fuzz_common})
handler_fuzz(segment_fuzz transport/src/object.cpp transport/src/fd.cpp host/handler/src/slot_lock.cpp
  host/handler/src/segment_view.cpp host/src/segment.cpp)

hp_script_test("fuzz: compiled programs" ${handler_dir}/fuzz/smoke
  ARGS ${CMAKE_CURRENT_BINARY_DIR}/object_fuzz 30000 ${handler_objects} LABELS fuzz)
hp_script_test("fuzz: program segments" ${handler_dir}/fuzz/smoke
  ARGS ${CMAKE_CURRENT_BINARY_DIR}/segment_fuzz 30000 ${handler_dir}/clauses.c LABELS fuzz)
set_property(TEST "fuzz: program segments" APPEND PROPERTY
  ENVIRONMENT "HP_FUZZ_OBJECT=${objects}/clauses.o")
