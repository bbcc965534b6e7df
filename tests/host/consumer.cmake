# The consumer on real segments. The program is tables written in C, as in handler.cmake.
set(consumer_object ${CMAKE_CURRENT_BINARY_DIR}/consumer_program.o)
find_program(CLANG NAMES clang-19 clang REQUIRED)
add_custom_command(OUTPUT ${consumer_object}
  COMMAND ${CLANG} -std=c11 -O2 -fPIC -mgeneral-regs-only -mno-red-zone -ffreestanding -fno-stack-protector
    -fno-asynchronous-unwind-tables -Wall -Wextra -Werror -Wno-unused-parameter
    -I${CMAKE_SOURCE_DIR}/transport/include -c ${CMAKE_CURRENT_LIST_DIR}/consumer/program.c -o ${consumer_object}
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/consumer/program.c ${CMAKE_CURRENT_LIST_DIR}/consumer/actions.h
          ${CMAKE_CURRENT_LIST_DIR}/handler/object_tables.h
          ${CMAKE_SOURCE_DIR}/transport/include/transport/object.h
  VERBATIM)
hp_test(host_consumer_test SOURCES consumer/consumer_test.cpp ${consumer_object} DEPS hp_host)
set_source_files_properties(${consumer_object} PROPERTIES HEADER_FILE_ONLY ON)
target_include_directories(host_consumer_test PRIVATE ${CMAKE_CURRENT_LIST_DIR}/consumer)
target_compile_definitions(host_consumer_test PRIVATE HP_CONSUMER_OBJECT="${consumer_object}")
