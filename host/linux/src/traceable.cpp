#include "linux_guest/traceable.hpp"

#include <algorithm>
#include <unordered_map>

namespace hp::linux_guest {

namespace {

/* Sections, by the symbols around them. */
constexpr std::pair<std::string_view, std::string_view> kSections[] = {
    {"__entry_text_start", "__entry_text_end"},
    {"__noinstr_text_start", "__noinstr_text_end"},
    {"__kprobes_text_start", "__kprobes_text_end"},
    {"__cpuidle_text_start", "__cpuidle_text_end"},
    {"__irqentry_text_start", "__irqentry_text_end"},
    {"__softirqentry_text_start", "__softirqentry_text_end"},
    {"__static_call_text_start", "__static_call_text_end"},
    {"__indirect_thunk_start", "__indirect_thunk_end"},
    {"__alt_instructions", "__alt_instructions_end"},
    {"__init_begin", "__init_end"}, /* freed after boot */
    {"_sinittext", "_einittext"},
};

/* What such names begin with is no function of its own, or part of how probes, stacks and locks work. */
constexpr std::string_view kPrefixes[] = {
    "__pfx_",
    "__cfi_",
    "__SCT__",
    "__SCK__",
    "__traceiter_",
    "__bpf_trace_",
    "__probestub_",
    "__do_sys_ni_",
    "__x86_",
    "__ftrace_",
    "ftrace_",
    "arch_ftrace_",
    "kprobe_",
    "kprobes_",
    "__kprobe",
    "arch_kprobe",
    "arch_prepare_kprobe",
    "arch_arm_kprobe",
    "arch_disarm_kprobe",
    "arch_remove_kprobe",
    "optimize_kprobe",
    "opt_pre_handler",
    "optprobe_",
    "kretprobe_",
    "rethook_",
    "arch_rethook_",
    "fprobe_",
    "text_poke",
    "poke_int3",
    "smp_text_poke",
    "exc_",
    "asm_",
    "do_int3",
    "int3_",
    "native_load_",
    "__static_call_",
    "static_call_",
    "restore_all",
    "ret_from_",
    "error_entry",
    "paranoid_",
    "xen_",
    "hyprobe_",
    "mcount",
    "__fentry__",
    "return_to_handler",
    "kvm_hypercall",
    "notify_die",
    "orc_",
    "unwind_",
    "__unwind_",
    "stack_trace_",
    "arch_stack_walk",
    "in_task_stack",
    "get_stack_info",
    "trace_hardirqs",
    "lockdep_",
    "lock_acquire",
    "lock_release",
    "preempt_count_",
    "rcu_nmi_",
    "rcu_irq_",
    "ct_irq_",
    "ct_nmi_",
    "ct_user_",
    "nmi_",
    "irqentry_",
    "search_exception",
    "search_extable",
    "fixup_exception",
    "ex_handler_",
    "copy_from_kernel_nofault",
    "__stack_chk",
};

/* A place, not a function. */
bool is_marker(std::string_view name) {
  return name == "_text" || name == "_stext" || name == "_etext" ||
         std::any_of(std::begin(kSections), std::end(kSections),
                     [&](const auto& s) { return name == s.first || name == s.second; });
}

bool is_part(std::string_view name) {
  /* "f.cold" is a piece of f that the compiler moved; "f.isra.0" and the like are functions. */
  return name.find(".cold") != name.npos || name.find(".llvm.") != name.npos ||
         name.starts_with("__compound_literal") || name.find('$') != name.npos;
}

}  // namespace

Traceable::Traceable(std::span<const KernelSymbol> symbols) {
  std::unordered_map<std::string_view, uint64_t> markers{{"_stext", 0}, {"_etext", 0}};
  for (const auto& [start, end] : kSections) markers[start] = markers[end] = 0;
  constexpr std::string_view kRefused = "_kbl_addr_"; /* NOKPROBE_SYMBOL() makes a variable of it */
  for (const KernelSymbol& s : symbols)
    if (s.name.starts_with(kRefused)) refused_.insert(s.name.substr(kRefused.size()));
  for (const KernelSymbol& s : symbols)
    if (const auto it = markers.find(s.name); it != markers.end()) it->second = s.address;
  for (const auto& [start, end] : kSections)
    if (markers[start] < markers[end]) forbidden_.emplace_back(markers[start], markers[end]);
  if (markers["_stext"] != 0 && markers["_etext"] > markers["_stext"]) {
    text_start_ = markers["_stext"];
    text_end_ = markers["_etext"];
  }
}

bool Traceable::operator()(const KernelSymbol& s, std::string_view module) const {
  if (!is_code(s) || s.type == 'x' || is_part(s.name) || is_marker(s.name) || module == "hyprobe")
    return false;
  if (std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                  [&](std::string_view p) { return s.name.starts_with(p); }))
    return false;
  if (s.module != 0) return s.name != "init_module" && s.name != "cleanup_module";
  return !refused_.contains(s.name) && s.address >= text_start_ && s.address < text_end_ &&
         std::none_of(
             forbidden_.begin(), forbidden_.end(),
             [&](const auto& r) { return s.address >= r.first && s.address < r.second; });
}

}  // namespace hp::linux_guest
