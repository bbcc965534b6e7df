# The front of the compiler: unit tests, and golden tests written in D.
hp_test(probec_front_test SOURCES lexer_test.cpp parser_test.cpp options_test.cpp diagnostic_test.cpp
  DEPS hp_probec_front)
hp_program(probec_golden SOURCES golden_test.cpp DEPS hp_probec_front)
add_test(NAME "probec_golden: errors" COMMAND probec_golden ${CMAKE_CURRENT_SOURCE_DIR}/errors)
add_test(NAME "probec_golden: trees" COMMAND probec_golden ${CMAKE_CURRENT_SOURCE_DIR}/trees)
