# The supervisor, the transaction's state machines and the daemon's pieces.
add_executable(fleet_monitor fleet_monitor.cpp)
target_link_libraries(fleet_monitor PRIVATE hp_transport)
hp_test(fleet_supervisor_test SOURCES fleet_supervisor_test.cpp DEPS hp_guest)
target_compile_definitions(fleet_supervisor_test PRIVATE
  FLEET_MONITOR="$<TARGET_FILE:fleet_monitor>")
add_dependencies(fleet_supervisor_test fleet_monitor)
hp_test(fleet_rpc_test SOURCES fleet_rpc_test.cpp DEPS hp_host)
target_link_options(fleet_rpc_test PRIVATE -Wl,--as-needed)
hp_test(fleet_access_test SOURCES fleet_access_test.cpp fleet_limits_test.cpp DEPS hp_host)
target_link_options(fleet_access_test PRIVATE -Wl,--as-needed)
# The daemon with real processes: probed, probevm with the monitor above, consumers.
find_program(CLANG NAMES clang-19 clang REQUIRED)
foreach(variant GOOD BAD VERSION)
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
  ${CMAKE_CURRENT_BINARY_DIR}/fleet_BAD.o ${CMAKE_CURRENT_BINARY_DIR}/fleet_VERSION.o)
# What the coordinator keeps on the disk.
foreach(part journal store)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/fleet_${part}_*test.cpp)
  hp_test(fleet_${part}_test SOURCES ${sources} DEPS hp_host)
  target_link_options(fleet_${part}_test PRIVATE -Wl,--as-needed)
endforeach()
target_compile_definitions(fleet_store_test PRIVATE FLEET_OBJECTS="${CMAKE_CURRENT_BINARY_DIR}")
add_dependencies(fleet_store_test fleet_objects)

hp_test(fleet_daemon_test SOURCES fleet_daemon_test.cpp fleet_durable_test.cpp fleet_rights_test.cpp
  fleet_versions_test.cpp DEPS hp_host)
target_link_options(fleet_daemon_test PRIVATE -Wl,--as-needed)
target_compile_definitions(fleet_daemon_test PRIVATE FLEET_MONITOR="$<TARGET_FILE:fleet_monitor>"
  FLEET_OBJECTS="${CMAKE_CURRENT_BINARY_DIR}")
add_dependencies(fleet_daemon_test fleet_monitor fleet_objects probed probevm probectl)

# The coordinator killed at each call that matters.
add_library(kill_at MODULE ${CMAKE_SOURCE_DIR}/tests/support/kill_at.cpp)
target_link_libraries(kill_at PRIVATE ${CMAKE_DL_LIBS})
hp_test(fleet_crash_points_test SOURCES fleet_crash_points_test.cpp fleet_world.cpp DEPS hp_host LABELS faults)
target_link_options(fleet_crash_points_test PRIVATE -Wl,--as-needed)
target_compile_definitions(fleet_crash_points_test PRIVATE KILL_AT="$<TARGET_FILE:kill_at>"
  FLEET_OBJECTS="${CMAKE_CURRENT_BINARY_DIR}")
add_dependencies(fleet_crash_points_test kill_at fleet_objects probed)
