# Bad environments and interruption: clear message, non-zero exit, nothing left behind.
foreach(case no_kvm kvm_forbidden not_elf not_found not_executable full_disk output_unwritable dead_daemon
             script_error_position interrupt_anywhere killed_consumer)
  hp_script_test("robustness: ${case}" ${CMAKE_CURRENT_LIST_DIR}/robustness ARGS ${case} LABELS kvm)
endforeach()
