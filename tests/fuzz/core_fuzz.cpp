/* libFuzzer: the BTF of a hostile guest, any bytes or a sound one with some bytes changed, for a program that was
 * compiled against another. Looking its members up must refuse or succeed, with values within their bounds. */
#include <memory>

#include "../host/core_kernels.hpp"
#include "handler/core_types.hpp"
#include "probec/btf.hpp"
#include "probec/compiler.hpp"

namespace {

constexpr const char* kProgram =
    "BEGIN { t = (struct task *)arg0; trace(t->pid); trace(t->flag); trace(t->delta); "
    "trace(t->comm);"
    " trace(t->next->uid.val); trace(t->a); trace(t->parts[arg1].y); trace(t->numbers[2]);"
    " trace(sizeof (struct task)); trace(offsetof (struct task, small)); trace((t + 1)->small); "
    "print(t); }";

hp::Object compiled() {
  auto kernel = hp::probec::BtfTypes::parse(hp::test::kernel_a());
  HP_CHECK(kernel.has_value());
  hp::probec::Options options;
  hp::probec::CompileInput input{.sources = {{hp::probec::SourceKind::Clause, "fuzz", kProgram}},
                                 .options = &options,
                                 .kernel = kernel->get()};
  auto program = hp::probec::compile(input);
  HP_CHECK(program.has_value());
  auto object = hp::Object::parse(program->object);
  HP_CHECK(object.has_value());
  return std::move(*object);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const hp::Object object = compiled();
  static const std::string sound = hp::test::kernel_b();
  if (size == 0) return 0;
  std::string btf(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] & 1) {
    btf = sound;
    for (size_t i = 1; i + 2 < size; i += 3)
      btf[(data[i] | data[i + 1] << 8) % btf.size()] = static_cast<char>(data[i + 2]);
  }
  auto types = hp::handler::CoreTypes::parse(btf);
  if (!types) return types.error().message.empty() ? 1 : 0;
  auto values = (*types)->values(object);
  if (!values) return values.error().message.empty() ? 1 : 0;
  for (size_t i = 0; i < values->size(); i++) {
    const uint32_t kind = object.core()[i].kind;
    if (kind == HP_CORE_SIZE &&
        ((*values)[i] == 0 || (*values)[i] > hp::handler::CoreTypes::kMaxSize))
      __builtin_trap(); /* pointers are divided by it */
    if (kind == HP_CORE_OFFSET && (*values)[i] > hp::handler::CoreTypes::kMaxSize) __builtin_trap();
  }
  return 0;
}
