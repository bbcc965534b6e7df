# What bash offers for unfinished commands of ours.
hp_script_test("completion" ${CMAKE_CURRENT_LIST_DIR}/completion)
