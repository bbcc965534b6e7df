# The supervisor, the transaction's state machines and the daemon's pieces.
add_executable(fleet_monitor fleet_monitor.cpp)
target_link_libraries(fleet_monitor PRIVATE hp_transport)
hp_test(fleet_supervisor_test SOURCES fleet_supervisor_test.cpp DEPS hp_guest)
target_compile_definitions(fleet_supervisor_test PRIVATE
  FLEET_MONITOR="$<TARGET_FILE:fleet_monitor>")
add_dependencies(fleet_supervisor_test fleet_monitor)
hp_test(fleet_transaction_test SOURCES fleet_transaction_test.cpp fleet_schedules_test.cpp DEPS hp_transport)
hp_test(fleet_rpc_test SOURCES fleet_rpc_test.cpp DEPS hp_host)
target_link_options(fleet_rpc_test PRIVATE -Wl,--as-needed)

# The daemon with real processes: probed, probevm with the monitor above, consumers.
find_program(CLANG NAMES clang-19 clang REQUIRED)
foreach(variant GOOD BAD)
  add_custom_command(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/fleet_${variant}.o
    COMMAND ${CLANG} -std=c11 -O2 -fPIC -mgeneral-regs-only -mno-red-zone -ffreestanding -fno-stack-protector
      -fno-asynchronous-unwind-tables -Wall -Wextra -Werror -DFLEET_${variant}
      -I${CMAKE_SOURCE_DIR}/transport/include -c ${CMAKE_CURRENT_LIST_DIR}/fleet_program.c
      -o ${CMAKE_CURRENT_BINARY_DIR}/fleet_${variant}.o
    DEPENDS ${CMAKE_CURRENT_LIST_DIR}/fleet_program.c ${CMAKE_CURRENT_LIST_DIR}/handler/object_tables.h
            ${CMAKE_SOURCE_DIR}/transport/include/transport/object.h
    VERBATIM)
endforeach()
add_custom_target(fleet_objects DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/fleet_GOOD.o
  ${CMAKE_CURRENT_BINARY_DIR}/fleet_BAD.o)
hp_test(fleet_daemon_test SOURCES fleet_daemon_test.cpp DEPS hp_host)
target_link_options(fleet_daemon_test PRIVATE -Wl,--as-needed)
target_compile_definitions(fleet_daemon_test PRIVATE FLEET_MONITOR="$<TARGET_FILE:fleet_monitor>"
  FLEET_OBJECTS="${CMAKE_CURRENT_BINARY_DIR}")
add_dependencies(fleet_daemon_test fleet_monitor fleet_objects probed probevm probectl)

# Any bytes from a peer of the control socket. By hand: build/<preset>/tests/host/fleet_fuzz CORPUS_DIR
find_program(HP_CLANGXX NAMES clang++-19)
file(GLOB libfuzzer /usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.fuzzer-x86_64.a)
if(HP_CLANGXX AND libfuzzer)
  set(fleet_fuzz ${CMAKE_CURRENT_BINARY_DIR}/fleet_fuzz)
  set(fleet_fuzz_sources ${CMAKE_CURRENT_LIST_DIR}/fleet_fuzz.cpp ${CMAKE_SOURCE_DIR}/transport/src/rpc.cpp
    ${CMAKE_SOURCE_DIR}/transport/src/json.cpp ${CMAKE_SOURCE_DIR}/transport/src/frames.cpp
    ${CMAKE_SOURCE_DIR}/transport/src/fd.cpp)
  add_custom_command(OUTPUT ${fleet_fuzz}
    COMMAND ${HP_CLANGXX} -std=c++20 -O1 -g -fno-omit-frame-pointer -fno-strict-aliasing
      -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
      -fno-sanitize=pointer-overflow # RapidJSON 1.1's stack.h adds to a null pointer when it is empty
      -Wall -Wextra -Werror -Wno-missing-field-initializers -I${CMAKE_SOURCE_DIR}/transport/include
      ${fleet_fuzz_sources} -o ${fleet_fuzz}
    DEPENDS ${fleet_fuzz_sources} ${CMAKE_SOURCE_DIR}/transport/include/transport/rpc.hpp
            ${CMAKE_SOURCE_DIR}/transport/include/transport/frames.hpp
    VERBATIM)
  add_custom_target(build_fleet_fuzz ALL DEPENDS ${fleet_fuzz})
endif()
file(GLOB fleet_seeds CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/fleet_corpus/*)
hp_script_test("fuzz: control socket" ${CMAKE_CURRENT_LIST_DIR}/handler/fuzz/smoke
  ARGS ${CMAKE_CURRENT_BINARY_DIR}/fleet_fuzz 30000 ${fleet_seeds} LABELS fuzz)
