# Linux guests without a machine: programs compiled here, memory and probe pages made by the tests.
if(TARGET hp_linux_guest AND TARGET hp_probec)
  file(GLOB guest_probes_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/linux/*_test.cpp)
  hp_test(guest_probes_test SOURCES ${guest_probes_tests} DEPS hp_linux_guest hp_host hp_probec)
endif()
