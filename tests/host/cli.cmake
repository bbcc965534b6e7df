# probec's command line, compiled into the test.
if(TARGET hp_probec)
  hp_test(host_cli_test SOURCES cli_test.cpp ${CMAKE_SOURCE_DIR}/host/main/probec_cli.cpp
    ${CMAKE_SOURCE_DIR}/host/main/probec_command.cpp DEPS hp_probec_front)
  target_include_directories(host_cli_test PRIVATE ${CMAKE_SOURCE_DIR}/host/main)
endif()
