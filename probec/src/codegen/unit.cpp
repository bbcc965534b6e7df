#include "unit.hpp"

#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Transforms/Utils/ModuleUtils.h>

/* runtime_bitcode.S */
extern "C" const char hp_runtime_bitcode[], hp_runtime_bitcode_end[];

namespace hp::probec::codegen {

Result<std::unique_ptr<Unit>> Unit::create(const CheckedProgram& program, const Layout& layout) {
  std::unique_ptr<Unit> unit(new Unit);
  llvm::StringRef bytes(hp_runtime_bitcode,
                        static_cast<size_t>(hp_runtime_bitcode_end - hp_runtime_bitcode));
  auto module =
      llvm::getLazyBitcodeModule(llvm::MemoryBufferRef(bytes, "runtime"), *unit->context_);
  if (!module)
    return fail("cannot read the compiler's runtime: " + llvm::toString(module.takeError()));
  unit->module_ = std::move(*module);
  if (auto error = unit->module_->materializeMetadata())
    return fail("cannot read the compiler's runtime: " + llvm::toString(std::move(error)));
  unit->module_->setModuleIdentifier("d");
  unit->module_->setSourceFileName("d");
  unit->attributes_ = unit->function("hp_rt_agg")->getAttributes();
  unit->define("hp_strsize", program.strsize);
  unit->define("hp_dyn_key_size", layout.dyn_key_size);
  unit->define("hp_dyn_val_size", layout.dyn_val_size);
  unit->define("hp_locals_size", static_cast<uint32_t>(layout.locals_size));
  unit->define("hp_globals_size", static_cast<uint32_t>(layout.globals_size));
  return unit;
}

void Unit::define(const char* name, uint32_t value) {
  llvm::GlobalVariable* g = module_->getGlobalVariable(name);
  if (!g) return;
  g->setInitializer(llvm::ConstantInt::get(llvm::Type::getInt32Ty(*context_), value));
  g->setConstant(true);
  g->setLinkage(llvm::GlobalValue::InternalLinkage);
}

llvm::Function* Unit::function(llvm::StringRef name) {
  llvm::Function* f = module_->getFunction(name);
  HP_CHECK(f != nullptr);
  return f;
}

llvm::Function* Unit::add_function(size_t clause, const std::string& name,
                                   llvm::ArrayRef<llvm::Type*> arguments) {
  auto* type = llvm::FunctionType::get(llvm::Type::getInt32Ty(*context_), arguments, false);
  auto* f = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, *module_);
  f->addFnAttrs(llvm::AttrBuilder(*context_, attributes_.getFnAttrs()));
  f->removeFnAttr(llvm::Attribute::Memory);
  f->removeFnAttr(llvm::Attribute::NoInline);
  f->setSection(".text.clause." + std::to_string(clause));
  f->setDSOLocal(true);
  return f;
}

llvm::Function* Unit::add_clause(size_t index) {
  auto* f = add_function(index, "hp_clause_" + std::to_string(index),
                         {llvm::PointerType::getUnqual(*context_)});
  kept_.push_back(f);
  return f;
}

llvm::Function* Unit::add_part(size_t clause, llvm::ArrayRef<llvm::Type*> arguments) {
  auto* f = add_function(clause, "part", arguments);
  f->addFnAttr(llvm::Attribute::NoInline);
  f->setLinkage(llvm::GlobalValue::InternalLinkage);
  return f;
}

/* A word of data that the linker fills in: code that has the symbol itself as an operand would take it
 * for an address, and put it into 32 bits. Its value may not be concluded from what it is set to here. */
llvm::GlobalVariable* Unit::core_word(uint32_t row) {
  const std::string symbol = HP_CORE_SYMBOL_PREFIX + std::to_string(row), name = "core." + symbol;
  if (llvm::GlobalVariable* g = module_->getNamedGlobal(name)) return g;
  auto* word = llvm::Type::getInt64Ty(*context_);
  auto* value = new llvm::GlobalVariable(*module_, llvm::Type::getInt8Ty(*context_), false,
                                         llvm::GlobalValue::ExternalLinkage, nullptr, symbol);
  auto* any = llvm::ConstantAsMetadata::get(llvm::ConstantInt::getAllOnesValue(word));
  value->setMetadata(llvm::LLVMContext::MD_absolute_symbol,
                     llvm::MDNode::get(*context_, {any, any}));
  auto* g = new llvm::GlobalVariable(*module_, word, true, llvm::GlobalValue::InternalLinkage,
                                     llvm::ConstantExpr::getPtrToInt(value, word), name);
  g->setExternallyInitialized(true);
  g->setAlignment(llvm::Align(8));
  return g;
}

llvm::Constant* Unit::text(const std::string& s) {
  llvm::Constant*& c = texts_[s];
  if (!c) {
    auto* data = llvm::ConstantDataArray::getString(*context_, s, true);
    auto* g = new llvm::GlobalVariable(*module_, data->getType(), true,
                                       llvm::GlobalValue::PrivateLinkage, data, "text");
    g->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    g->setAlignment(llvm::Align(1));
    c = g;
  }
  return c;
}

void Unit::add_section(const std::string& name, const std::string& bytes) {
  auto* data = llvm::ConstantDataArray::getString(*context_, bytes, false);
  auto* g = new llvm::GlobalVariable(*module_, data->getType(), true,
                                     llvm::GlobalValue::PrivateLinkage, data, "section");
  g->setSection(name);
  g->setAlignment(llvm::Align(8));
  kept_.push_back(g);
}

Result<> Unit::close() {
  std::vector<llvm::Function*> todo;
  for (llvm::GlobalValue* g : kept_)
    if (auto* f = llvm::dyn_cast<llvm::Function>(g)) todo.push_back(f);
  std::vector<llvm::Function*> used;
  llvm::DenseSet<llvm::Function*> seen;
  while (!todo.empty()) {
    llvm::Function* f = todo.back();
    todo.pop_back();
    if (!seen.insert(f).second) continue;
    if (f->isMaterializable())
      if (auto error = f->materialize())
        return fail("cannot read the compiler's runtime: " + llvm::toString(std::move(error)));
    used.push_back(f);
    for (llvm::Instruction& i : llvm::instructions(*f))
      for (llvm::Value* v : i.operands())
        if (auto* callee = llvm::dyn_cast<llvm::Function>(v)) todo.push_back(callee);
  }
  std::vector<llvm::Function*> unused;
  for (llvm::Function& f : *module_)
    if (!seen.contains(&f)) unused.push_back(&f);
  for (llvm::Function* f : unused) {
    f->dropAllReferences();
    f->replaceAllUsesWith(llvm::PoisonValue::get(f->getType()));
    f->eraseFromParent();
  }
  const llvm::DenseSet<llvm::GlobalValue*> kept(kept_.begin(), kept_.end());
  for (llvm::Function* f : used)
    if (!f->isDeclaration() && !kept.contains(f)) {
      f->setVisibility(llvm::GlobalValue::DefaultVisibility);
      f->setLinkage(llvm::GlobalValue::InternalLinkage);
    } else if (f->isDeclaration()) {
      f->setVisibility(llvm::GlobalValue::DefaultVisibility);
    }
  llvm::appendToCompilerUsed(*module_, kept_);
  return {};
}

}  // namespace hp::probec::codegen
