# The supervisor, the transaction's state machines and the daemon's pieces.
add_executable(fleet_monitor fleet_monitor.cpp)
target_link_libraries(fleet_monitor PRIVATE hp_transport)
hp_test(fleet_supervisor_test SOURCES fleet_supervisor_test.cpp DEPS hp_guest)
target_compile_definitions(fleet_supervisor_test PRIVATE
  FLEET_MONITOR="$<TARGET_FILE:fleet_monitor>")
add_dependencies(fleet_supervisor_test fleet_monitor)
hp_test(fleet_transaction_test SOURCES fleet_transaction_test.cpp DEPS hp_transport)
hp_test(fleet_rpc_test SOURCES fleet_rpc_test.cpp DEPS hp_host)
target_link_options(fleet_rpc_test PRIVATE -Wl,--as-needed)
