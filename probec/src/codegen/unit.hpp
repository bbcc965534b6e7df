/* Unit: the LLVM module of one program. It is the runtime's bitcode, loaded lazily: a runtime
 * function is read in when a clause first calls it, so unused parts cost nothing. */
#pragma once
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "core.hpp"
#include "layout.hpp"

namespace hp::probec::codegen {

class Unit {
 public:
  static Result<std::unique_ptr<Unit>> create(const CheckedProgram&, const Layout&);

  llvm::LLVMContext& context() { return *context_; }
  llvm::Module& module() { return *module_; }
  /* A function of the runtime, or a primitive, by name; aborts if there is none. */
  llvm::Function* function(llvm::StringRef name);
  /* The function of a clause, empty, with the attributes of runtime code. */
  llvm::Function* add_clause(size_t index);
  /* One of a part of a clause (part.cpp), with further arguments, in the clause's section. */
  llvm::Function* add_part(size_t clause, llvm::ArrayRef<llvm::Type*> arguments);
  /* Where the value of the undefined symbol hp_core_ROW stands, 8 bytes. */
  llvm::GlobalVariable* core_word(uint32_t row);
  CoreTable& core() { return core_; }
  /* Constant NUL-terminated text. */
  llvm::Constant* text(const std::string& s);

  /* Reads in what clauses call, removes the rest, makes all but clauses internal. */
  Result<> close();
  /* .hyprobe.* sections. */
  void add_section(const std::string& name, const std::string& bytes);

 private:
  Unit() : context_(std::make_unique<llvm::LLVMContext>()) {}
  llvm::Function* add_function(size_t clause, const std::string& name,
                               llvm::ArrayRef<llvm::Type*> arguments);
  void define(const char* name, uint32_t value);

  std::unique_ptr<llvm::LLVMContext> context_;
  std::unique_ptr<llvm::Module> module_;
  std::unordered_map<std::string, llvm::Constant*> texts_;
  CoreTable core_;
  std::vector<llvm::GlobalValue*> kept_;
  llvm::AttributeList attributes_;
};

/* Optimises the module and writes the object (emit.cpp). */
Result<std::string> emit_module(Unit&, const CodegenOptions&);

}  // namespace hp::probec::codegen
