#include "probec/usdt_header.hpp"

#include <cctype>

namespace hp::probec {

namespace {

constexpr size_t kMaxArguments = 12; /* of <sys/sdt.h>, and of what one asm statement can take */

std::string macro_name(const std::string& text) {
  std::string out;
  for (char c : text)
    out += std::isalnum(static_cast<unsigned char>(c))
               ? static_cast<char>(std::toupper(static_cast<unsigned char>(c)))
               : '_';
  return out;
}

/* As C spells the type of an argument, and as a note does: bytes, negative if signed. */
struct Passed {
  std::string type;
  int size = 0;
};

std::optional<Passed> passed(const Type& type) {
  if (type.is_string()) return Passed{"const char *", 8};
  if (type.is_pointer() || type.kind == TypeKind::Array) return Passed{"const void *", 8};
  if (!type.is_integer()) return std::nullopt;
  static constexpr const char* kSigned[] = {"signed char", "short", "int", "long"};
  unsigned rank = type.size == 1 ? 0 : type.size == 2 ? 1 : type.size == 4 ? 2 : 3;
  std::string name = kSigned[rank];
  if (!type.is_signed) name = rank == 0 ? "unsigned char" : "unsigned " + name;
  auto size = static_cast<int>(type.size);
  return Passed{name, type.is_signed ? -size : size};
}

constexpr const char* kPreamble = R"(
#if defined(__x86_64__) && defined(__GNUC__) && !defined(DTRACE_PROBES_DISABLED)

#define HP_USDT_PROBE(provider, probe, semaphore, arguments, ...)                              \
  __asm__ __volatile__("990:\tnop\n"                                                           \
                       "\t.pushsection .note.stapsdt,\"?\",\"note\"\n"                         \
                       "\t.balign 4\n"                                                         \
                       "\t.4byte 992f-991f, 994f-993f, 3\n"                                    \
                       "991:\t.asciz \"stapsdt\"\n"                                            \
                       "992:\t.balign 4\n"                                                     \
                       "993:\t.8byte 990b, _.stapsdt.base, " semaphore "\n"                    \
                       "\t.asciz \"" provider "\"\n"                                           \
                       "\t.asciz \"" probe "\"\n"                                              \
                       "\t.asciz \"" arguments "\"\n"                                          \
                       "994:\t.balign 4\n"                                                     \
                       "\t.popsection\n"                                                       \
                       "\t.ifndef _.stapsdt.base\n"                                            \
                       "\t.pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n" \
                       "\t.weak _.stapsdt.base\n"                                              \
                       "\t.hidden _.stapsdt.base\n"                                            \
                       "_.stapsdt.base:\t.space 1\n"                                           \
                       "\t.size _.stapsdt.base, 1\n"                                           \
                       "\t.popsection\n"                                                       \
                       "\t.endif\n"                                                            \
                       : : __VA_ARGS__)

#define HP_USDT_SEMAPHORE __attribute__((weak, visibility("hidden"), section(".probes")))

#ifdef __cplusplus
extern "C" {
#endif

)";

}  // namespace

Result<std::string> usdt_header(const CheckedProgram& program, const std::string& name) {
  if (program.providers.empty()) return fail(name + " declares no provider");
  std::string guard = "_" + macro_name(name) + "_H";
  std::string semaphores, macros, nothing;
  for (const ProviderDeclaration& provider : program.providers)
    for (const ProviderDeclaration::Probe& probe : provider.probes) {
      std::string plain; /* "-" is "__" in C, as it was declared */
      for (char c : probe.name) plain += c == '-' ? "__" : std::string(1, c);
      const std::string macro = macro_name(provider.name) + "_" + macro_name(probe.name);
      const std::string semaphore = provider.name + "_" + plain + "_semaphore";
      if (probe.arguments.size() > kMaxArguments)
        return fail("probe " + provider.name + ":" + probe.name + " has more than " +
                    std::to_string(kMaxArguments) + " arguments");
      std::string parameters, note, operands;
      for (size_t i = 0; i < probe.arguments.size(); ++i) {
        std::optional<Passed> as = passed(program.types[probe.arguments[i]]);
        if (!as)
          return fail("probe " + provider.name + ":" + probe.name + " argument #" +
                      std::to_string(i + 1) + " of type " + program.types.name(probe.arguments[i]) +
                      " cannot be passed to a probe");
        const std::string number = std::to_string(i);
        const char* comma = i ? ", " : "";
        parameters += comma + ("arg" + number);
        note += (i ? " " : "") + std::to_string(as->size) + "@%" + number;
        operands += comma + ("\"nor\"((" + as->type + ")(arg" + number + "))");
      }
      const std::string head = "#define " + macro + "(" + parameters + ")";
      semaphores += "HP_USDT_SEMAPHORE volatile unsigned short " + semaphore + ";\n";
      macros += "\n" + head + " \\\n  HP_USDT_PROBE(\"" + provider.name + "\", \"" + plain +
                "\", \"" + semaphore + "\", \"" + note + "\"" +
                (operands.empty() ? ", " : ", " + operands) + ")\n";
      macros += "#define " + macro + "_ENABLED() \\\n  __builtin_expect(" + semaphore + ", 0)\n";
      nothing += "\n" + head + " do { } while (0)\n";
      nothing += "#define " + macro + "_ENABLED() (0)\n";
    }
  return "/* Made by probec -h from the provider declarations of " + name +
         ".d: do not edit. */\n#ifndef " + guard + "\n#define " + guard + "\n" + kPreamble +
         semaphores + "\n#ifdef __cplusplus\n}\n#endif\n" + macros + "\n#else\n" + nothing +
         "\n#endif\n\n#endif\n";
}

}  // namespace hp::probec
