# The host's side of a Linux guest, joined to the agent over a link of the tests'; in the second test in the fleet.
hp_test(linux_guest_test SOURCES linux_guest_test.cpp linux_guest_claims_test.cpp linux_guest_coordinator_test.cpp
  linux_guest_versions_test.cpp linux_guest_schedules_test.cpp linux_guest_world.cpp file_cache_test.cpp DEPS hp_linux_guest hp_agent)
hp_test(fleet_linux_test SOURCES fleet_linux_test.cpp linux_guest_world.cpp DEPS hp_host hp_agent)
target_link_options(fleet_linux_test PRIVATE -Wl,--as-needed)
foreach(test linux_guest_test fleet_linux_test)
  target_compile_definitions(${test} PRIVATE FLEET_OBJECTS="${CMAKE_CURRENT_BINARY_DIR}")
  add_dependencies(${test} fleet_objects)
endforeach()
