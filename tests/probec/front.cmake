# The front of the compiler: unit tests, and golden tests written in D.
hp_test(probec_front_test SOURCES btf_test.cpp lexer_test.cpp parser_test.cpp options_test.cpp stability_test.cpp diagnostic_test.cpp
  DEPS hp_probec_front)
hp_test(probec_compile_test SOURCES compile_test.cpp DEPS hp_probec)
hp_program(probec_golden SOURCES golden_test.cpp DEPS hp_probec_front)
add_test(NAME "probec_golden: errors" COMMAND probec_golden ${CMAKE_CURRENT_SOURCE_DIR}/errors)
hp_script_test("diagnostics: every tag is provoked or says why not" ${CMAKE_CURRENT_LIST_DIR}/tags LABELS unit)
add_test(NAME "probec_golden: trees" COMMAND probec_golden ${CMAKE_CURRENT_SOURCE_DIR}/trees)

# Integer arithmetic of compiled and run programs, against the C compiler's.
hp_script_test("probec: integers as C has them" ${CMAKE_CURRENT_LIST_DIR}/against-c)
hp_script_test("probec: strings as the C library and perl have them" ${CMAKE_CURRENT_LIST_DIR}/against-libc)
