hp_test(host_format_test SOURCES text_test.cpp graph_test.cpp printf_test.cpp aggregation_test.cpp print_test.cpp
  messages_test.cpp value_test.cpp DEPS hp_host)
