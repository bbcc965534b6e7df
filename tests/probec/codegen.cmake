# Code generation: D programs compiled, linked and fired with made-up firings.
file(GLOB codegen_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/codegen/*_test.cpp)
list(REMOVE_ITEM codegen_tests ${CMAKE_CURRENT_LIST_DIR}/codegen/runtime_test.cpp)
hp_test(codegen_test SOURCES ${codegen_tests} ${CMAKE_CURRENT_LIST_DIR}/codegen/generate.cpp DEPS hp_host hp_probec hp_codegen hp_handler)

# The runtime compiled natively, with the primitives of hp_handler.
file(GLOB runtime_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/probec/runtime/*.cpp)
hp_test(runtime_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/codegen/runtime_test.cpp ${runtime_sources}
        DEPS hp_handler)

# By hand: build/<preset>/tests/probec/codegen_fuzz CORPUS_DIR
set(codegen_dir ${CMAKE_CURRENT_LIST_DIR}/codegen)
set(codegen_fuzz ${CMAKE_CURRENT_BINARY_DIR}/codegen_fuzz)
file(GLOB libfuzzer /usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.fuzzer-x86_64.a)
if(libfuzzer AND NOT HP_SANITIZE)
  set(fuzz_libraries $<TARGET_FILE:hp_codegen> $<TARGET_FILE:hp_probec_front> $<TARGET_FILE:hp_host>
      $<TARGET_FILE:hp_handler> $<TARGET_FILE:hp_transport>)
  add_custom_command(OUTPUT ${codegen_fuzz}
    COMMAND ${HP_CLANGXX} -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined
      -fno-sanitize-recover=undefined -fno-sanitize=vptr -Wall -Wextra -Werror
      -Wno-missing-designated-field-initializers -Wno-missing-field-initializers
      -I${CMAKE_SOURCE_DIR}/transport/include -I${CMAKE_SOURCE_DIR}/host/handler/include
      -I${CMAKE_SOURCE_DIR}/host/include -I${CMAKE_SOURCE_DIR}/probec/include
      ${codegen_dir}/codegen_fuzz.cpp ${codegen_dir}/generate.cpp -Wl,--start-group ${fuzz_libraries}
      -Wl,--end-group -L/usr/lib/llvm-19/lib -lLLVM-19 -o ${codegen_fuzz}
    DEPENDS ${codegen_dir}/codegen_fuzz.cpp ${codegen_dir}/generate.cpp ${codegen_dir}/generate.hpp
      ${codegen_dir}/memory.hpp hp_codegen hp_probec_front hp_host hp_handler hp_transport
    VERBATIM)
  add_custom_target(build_codegen_fuzz ALL DEPENDS ${codegen_fuzz})
endif()
hp_script_test("fuzz: generated D programs" ${codegen_dir}/fuzz_smoke ARGS ${codegen_fuzz} LABELS fuzz)
