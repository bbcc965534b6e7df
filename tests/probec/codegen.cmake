# Code generation: D programs compiled, linked and fired with made-up firings.
file(GLOB codegen_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/codegen/*_test.cpp)
hp_test(codegen_test SOURCES ${codegen_tests} DEPS hp_host hp_codegen hp_handler)
