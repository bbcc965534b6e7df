# The fleet end to end: coordinator, process guests, probec -E, probectl.
foreach(case known_counts late_guest targets only_in_linux_guests guest_killed consumer_killed coordinator_killed
             coordinator_killed_quietly coordinator_comes_back coordinator_killed_undecided coordinator_restarted
             detached detached_records detached_exit detached_through_a_restart segment_returned
             daemonised_guest nothing_left listings)
  hp_script_test("fleet: ${case}" ${CMAKE_CURRENT_LIST_DIR}/fleet ARGS ${case} LABELS kvm)
endforeach()
hp_script_test("fleet: 200 guests" ${CMAKE_CURRENT_LIST_DIR}/fleet_200 LABELS kvm TIMEOUT 300)
hp_script_test("fleet: many consumers" ${CMAKE_CURRENT_LIST_DIR}/fleet_many LABELS kvm TIMEOUT 300)
# Everything killed at random, over 500 transactions.
hp_script_test("fleet: killed at random, process guests" ${CMAKE_CURRENT_LIST_DIR}/fleet_kills ARGS machines
  LABELS kvm TIMEOUT 300)
hp_script_test("fleet: killed at random, guests without machines" ${CMAKE_CURRENT_LIST_DIR}/fleet_kills
  ARGS programs TIMEOUT 300)
