# Every script in examples/ against real programs, with figures that the programs themselves know.
foreach(script syscalls-by-vm ids latency top-syscalls opens rw-bytes slow-calls errors)
  hp_script_test("examples: ${script}.d" ${CMAKE_CURRENT_LIST_DIR}/examples ARGS ${script} LABELS kvm)
endforeach()
