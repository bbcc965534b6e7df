# The host's side of a Linux guest, joined to the agent over a link of the test.
hp_test(linux_guest_test SOURCES linux_guest_test.cpp DEPS hp_linux_guest hp_agent)
target_compile_definitions(linux_guest_test PRIVATE
  HP_TEST_OBJECT="${CMAKE_CURRENT_BINARY_DIR}/fleet_GOOD.o")
add_dependencies(linux_guest_test fleet_objects)
