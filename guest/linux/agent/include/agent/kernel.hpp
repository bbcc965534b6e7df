/* What the running kernel says of itself: for HELLO, and the files of hp_file_kind, as texts of trace.h's form.
 *
 * A root directory other than "" is for tests: a tree with its own /proc and /sys. */
#pragma once
#include <string>
#include <string_view>

#include "transport/result.hpp"
#include "transport/trace_messages.hpp"

namespace hp::agent {

/* Hexadecimal; empty if /sys/kernel/notes has none. notes: that file's contents (ELF notes). */
std::string build_id(std::string_view notes);
/* hostname, release, boot_id, build_id, cpus. */
trace::Hello describe_kernel(const std::string& root = {});

/* kallsyms: "ADDRESS TYPE NAME[\t[MODULE]]" lines; modules: /proc/modules; available_functions: tracefs's
 * available_filter_functions, "NAME[ [MODULE]]" lines, or nothing if that is not known. An error if addresses
 * are hidden. */
Result<std::string> vmlinux_symbols(std::string_view kallsyms,
                                    std::string_view available_functions = {});
std::string module_symbols(std::string_view kallsyms, std::string_view modules,
                           std::string_view available_functions = {});
/* Tracepoints of vmlinux: the __tracepoint_NAME of kallsyms, with the subsystems that available_events knows;
 * where kallsyms has none, the events. */
std::string tracepoints(std::string_view kallsyms, std::string_view available_events);

/* Makes the file of this kind (not HP_FILE_PATH). */
Result<std::string> kernel_file(uint32_t kind, const std::string& root = {});
/* A file of tracefs, mounted nowhere but here if it is not mounted. */
Result<std::string> tracefs_file(const char* name, const std::string& root = {});

}  // namespace hp::agent
