/* The last pass: a short optimisation pipeline, then object code for x86-64.
 *
 * The runtime was optimised when probec was built, so a program needs only inlining and the scalar
 * passes that profit from what inlining makes constant (key sizes, widths, strsize). */
#include <elf.h>
#include <llvm/Analysis/InlineCost.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Passes/StandardInstrumentations.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Transforms/IPO/GlobalDCE.h>
#include <llvm/Transforms/IPO/Inliner.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/ADCE.h>
#include <llvm/Transforms/Scalar/DeadStoreElimination.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/LoopPassManager.h>
#include <llvm/Transforms/Scalar/LoopRotation.h>
#include <llvm/Transforms/Scalar/LoopUnrollPass.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>

#include <cstring>
#include <mutex>

#include "codegen/unit.hpp"

namespace hp::probec::codegen {
namespace {

std::unique_ptr<llvm::TargetMachine> make_target(std::string& error) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
  const std::string triple = "x86_64-pc-linux-gnu";
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target) return nullptr;
  llvm::TargetOptions options;
  options.FunctionSections = false; /* clauses name their own sections */
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, "x86-64", "-sse,-sse2,-mmx,-x87,+soft-float", options, llvm::Reloc::PIC_,
      llvm::CodeModel::Small, llvm::CodeGenOptLevel::Less));
}

/* Roughly what a function's optimisation costs: calls of the runtime may be inlined. */
uint64_t weight(const llvm::Function& f) {
  constexpr uint64_t kCall = 15;
  uint64_t n = 0;
  for (const llvm::BasicBlock& bb : f)
    for (const llvm::Instruction& i : bb) n += llvm::isa<llvm::CallBase>(i) ? kCall : 1;
  return n;
}

/* Optimising takes about 15 us for each unit of weight. Programs with many hundred clauses, and what
 * is large for a single function (a statement of thousands of operands: some passes take time with
 * the square of that), are translated as they stand: faster by far, to code that is slower by half,
 * as the runtime functions it calls are optimised all the same. */
void leave_large_alone(llvm::Module& m) {
  constexpr uint64_t kLargeFunction = 6000, kLargeProgram = 60'000;
  uint64_t all = 0;
  for (const llvm::Function& f : m)
    if (!f.isDeclaration()) all += weight(f);
  for (llvm::Function& f : m) {
    if (f.isDeclaration()) continue;
    bool generated = f.hasSection(); /* clauses and their parts */
    if (weight(f) <= kLargeFunction && !(generated && all > kLargeProgram)) continue;
    f.addFnAttr(llvm::Attribute::OptimizeNone);
    f.addFnAttr(llvm::Attribute::NoInline);
  }
}

void optimise(llvm::Module& m, llvm::TargetMachine& target) {
  leave_large_alone(m);
  llvm::LoopAnalysisManager lam;
  llvm::FunctionAnalysisManager fam;
  llvm::CGSCCAnalysisManager cgam;
  llvm::ModuleAnalysisManager mam;
  llvm::PassInstrumentationCallbacks callbacks;
  llvm::OptNoneInstrumentation leave_alone(false);
  leave_alone.registerCallbacks(callbacks);
  llvm::PassBuilder pb(&target, {}, {}, &callbacks);
  pb.registerModuleAnalyses(mam);
  pb.registerCGSCCAnalyses(cgam);
  pb.registerFunctionAnalyses(fam);
  pb.registerLoopAnalyses(lam);
  pb.crossRegisterProxies(lam, fam, cgam, mam);

  llvm::ModulePassManager mpm;
  llvm::FunctionPassManager early;
  early.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  early.addPass(llvm::EarlyCSEPass());
  early.addPass(llvm::SimplifyCFGPass());
  mpm.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(early)));
  /* Low: what a program calls once is inlined anyway, and that is the fast path of most programs;
   * for those with many clauses a higher one costs seconds and wins nothing. */
  llvm::InlineParams inlining = llvm::getInlineParams(60);
  mpm.addPass(llvm::ModuleInlinerWrapperPass(inlining));
  mpm.addPass(llvm::GlobalDCEPass());
  llvm::FunctionPassManager late;
  late.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  late.addPass(llvm::EarlyCSEPass(true));
  late.addPass(llvm::InstCombinePass());
  late.addPass(llvm::SimplifyCFGPass());
  late.addPass(llvm::createFunctionToLoopPassAdaptor(llvm::LoopFullUnrollPass(2)));
  late.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  late.addPass(llvm::EarlyCSEPass(true));
  late.addPass(llvm::InstCombinePass());
  late.addPass(llvm::DSEPass());
  late.addPass(llvm::ADCEPass());
  late.addPass(llvm::SimplifyCFGPass());
  mpm.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(late)));
  mpm.run(m, mam);
}

/* .hyprobe.* sections are read from the file, never loaded. */
void unload_tables(llvm::MutableArrayRef<char> elf) {
  Elf64_Ehdr eh;
  HP_CHECK(elf.size() >= sizeof eh);
  std::memcpy(&eh, elf.data(), sizeof eh);
  auto header = [&](unsigned i) {
    Elf64_Shdr sh;
    std::memcpy(&sh, elf.data() + eh.e_shoff + i * sizeof sh, sizeof sh);
    return sh;
  };
  Elf64_Shdr names = header(eh.e_shstrndx);
  for (unsigned i = 0; i < eh.e_shnum; i++) {
    Elf64_Shdr sh = header(i);
    const char* name = elf.data() + names.sh_offset + sh.sh_name;
    if (std::strncmp(name, ".hyprobe.", 9) != 0) continue;
    sh.sh_flags &= ~static_cast<Elf64_Xword>(SHF_ALLOC | SHF_WRITE);
    std::memcpy(elf.data() + eh.e_shoff + i * sizeof sh, &sh, sizeof sh);
  }
}

}  // namespace

Result<std::string> emit_module(Unit& unit, const CodegenOptions& options) {
  std::string error;
  std::unique_ptr<llvm::TargetMachine> target = make_target(error);
  if (!target) return fail("this LLVM cannot generate x86-64 code: " + error);
  llvm::Module& m = unit.module();
  m.setTargetTriple(target->getTargetTriple().str());
  m.setDataLayout(target->createDataLayout());
#ifdef HP_ASSERTS
  llvm::raw_string_ostream trouble(error);
  if (llvm::verifyModule(m, &trouble)) return fail("generated code is malformed: " + error);
#endif
  if (options.optimise) optimise(m, *target);
  if (options.dump_ir) {
    std::string text;
    llvm::raw_string_ostream(text) << m;
    return text;
  }
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  llvm::legacy::PassManager passes;
  if (target->addPassesToEmitFile(passes, out, nullptr, llvm::CodeGenFileType::ObjectFile, true))
    return fail("this LLVM cannot write object files");
  passes.run(m);
  unload_tables(bytes);
  return std::string(bytes.data(), bytes.size());
}

}  // namespace hp::probec::codegen
