# The coordinator on disks that fail, with journals that are damaged, folders and sockets of others, clocks that jump.
add_library(shifted_clock MODULE ${CMAKE_SOURCE_DIR}/tests/support/shifted_clock.cpp)
target_link_libraries(shifted_clock PRIVATE ${CMAKE_DL_LIBS})
foreach(case disk_full_at_start disk_full_at_submit disk_full_at_decision disk_full_at_kill journal_corrupt
             journal_without_its_log journal_of_another_version object_lost base_read_only base_of_others socket_taken
             clock_jumps)
  hp_script_test("fleet disasters: ${case}" ${CMAKE_CURRENT_LIST_DIR}/fleet_disasters ARGS ${case})
  set_property(TEST "fleet disasters: ${case}" APPEND PROPERTY ENVIRONMENT
    "HP_CLOCK_PRELOAD=$<TARGET_FILE:shifted_clock>")
endforeach()

foreach(case show statuses log log_follow)
  hp_script_test("probectl: ${case}" ${CMAKE_CURRENT_LIST_DIR}/fleet_probectl ARGS ${case})
endforeach()
