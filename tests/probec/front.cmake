# The front of the compiler: unit tests, and golden tests written in D.
hp_test(probec_front_test SOURCES lexer_test.cpp parser_test.cpp options_test.cpp stability_test.cpp diagnostic_test.cpp
  DEPS hp_probec_front)
hp_test(probec_compile_test SOURCES compile_test.cpp DEPS hp_probec)
hp_program(probec_golden SOURCES golden_test.cpp DEPS hp_probec_front)
add_test(NAME "probec_golden: errors" COMMAND probec_golden ${CMAKE_CURRENT_SOURCE_DIR}/errors)
add_test(NAME "probec_golden: trees" COMMAND probec_golden ${CMAKE_CURRENT_SOURCE_DIR}/trees)

# Integer arithmetic of compiled and run programs, against the C compiler's.
hp_script_test("probec: integers as C has them" ${CMAKE_CURRENT_LIST_DIR}/against-c)
hp_script_test("probec: strings as the C library and perl have them" ${CMAKE_CURRENT_LIST_DIR}/against-libc)

# Fuzzing: the front compiled again by clang with libFuzzer, AddressSanitizer and UBSan.
# By hand: build/<preset>/tests/probec/front_fuzz CORPUS_DIR -dict=tests/probec/fuzz/d.dict
set(front_fuzz ${CMAKE_CURRENT_BINARY_DIR}/front_fuzz)
file(GLOB front_libfuzzer /usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.fuzzer-x86_64.a)
if(front_libfuzzer AND NOT HP_SANITIZE)
  file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/probec/src/*.cpp)
  list(FILTER fuzz_sources EXCLUDE REGEX "/(codegen|runtime|emit|compiler)[^/]*$")
  set(fuzz_objects)
  set(transport_dir ${CMAKE_SOURCE_DIR}/transport/src)
  foreach(source ${fuzz_sources} ${transport_dir}/format.cpp ${transport_dir}/fd.cpp ${transport_dir}/syscalls.cpp
          ${CMAKE_CURRENT_LIST_DIR}/fuzz/front_fuzz.cpp)
    get_filename_component(name ${source} NAME_WE)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/front_fuzz.d/${name}.o)
    add_custom_command(OUTPUT ${object}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/front_fuzz.d
      COMMAND ${CCACHE} ${HP_CLANGXX} -std=c++20 -O1 -g -fno-strict-aliasing
        -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
        -I${CMAKE_SOURCE_DIR}/transport/include -I${CMAKE_SOURCE_DIR}/probec/include
        -I${CMAKE_BINARY_DIR}/transport/generated -MD -MF ${object}.d -MT ${object} -c ${source} -o ${object}
      DEPENDS ${source} hp_syscall_table DEPFILE ${object}.d COMMENT "Fuzz build of ${name}" VERBATIM)
    list(APPEND fuzz_objects ${object})
  endforeach()
  add_custom_command(OUTPUT ${front_fuzz}
    COMMAND ${HP_CLANGXX} -fsanitize=fuzzer,address,undefined ${fuzz_objects} -o ${front_fuzz}
    DEPENDS ${fuzz_objects} VERBATIM)
  add_custom_target(build_front_fuzz ALL DEPENDS ${front_fuzz})
endif()
hp_script_test("fuzz: D texts" ${CMAKE_CURRENT_LIST_DIR}/fuzz/smoke
  ARGS ${front_fuzz} ${CMAKE_CURRENT_LIST_DIR}/errors ${CMAKE_CURRENT_LIST_DIR}/trees LABELS fuzz)
