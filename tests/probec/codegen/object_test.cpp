/* The object itself, from checked programs made by hand: tables, imports, the first firings. */
#include "run.hpp"

using namespace hp;
using namespace hp::probec;
using namespace hp::test;

namespace {

StmtId add(CheckedProgram& p, Stmt s) {
  p.stmts.push_back(s);
  return StmtId(p.stmts.size() - 1);
}
ExprId add(CheckedProgram& p, Expr e) {
  p.exprs.push_back(e);
  return ExprId(p.exprs.size() - 1);
}
BlockId add_block(CheckedProgram& p, std::vector<StmtId> stmts) {
  p.blocks.push_back({std::move(stmts)});
  return BlockId(p.blocks.size() - 1);
}

/* syscall:::entry { @[probefunc] = count(); } */
CheckedProgram count_by_function() {
  CheckedProgram p;
  ExprId key = add(p, Expr{.kind = ExprKind::BuiltinVar,
                           .builtin = Builtin::Probefunc,
                           .type = p.types.string_type});
  p.operands.push_back(key);
  p.aggregations.push_back(
      {.name = "_", .function = Function::Count, .keys = {p.types.string_type}});
  StmtId s = add(p, Stmt{.kind = StmtKind::Aggregate,
                         .number = 1,
                         .operands = {0, 1},
                         .aggregation = AggregationId(0u)});
  p.clauses.push_back(
      {.descs = {{.provider = "syscall", .name = "entry"}}, .body = add_block(p, {s})});
  return p;
}

/* BEGIN { trace("hi"); exit(7); } */
CheckedProgram trace_and_exit() {
  CheckedProgram p;
  p.strings.push_back("hi");
  ExprId hi =
      add(p, Expr{.kind = ExprKind::String, .type = p.types.string_type, .string = StringId(0u)});
  ExprId seven = add(p, Expr{.kind = ExprKind::Integer, .type = p.types.int_type, .value = 7});
  p.operands = {hi, seven};
  StmtId trace = add(
      p,
      Stmt{.kind = StmtKind::Action, .action = Function::Trace, .number = 1, .operands = {0, 1}});
  StmtId exit = add(
      p, Stmt{.kind = StmtKind::Action, .action = Function::Exit, .number = 2, .operands = {1, 1}});
  p.clauses.push_back(
      {.descs = {{.provider = "dtrace", .name = "BEGIN"}}, .body = add_block(p, {trace, exit})});
  p.source_text = "BEGIN { trace(\"hi\"); exit(7); }";
  return p;
}

}  // namespace

TEST_CASE("emit_object: @[probefunc] = count() counts firings by function") {
  Run run(must(emit_object(count_by_function(), {})));
  for (int i = 0; i < 3; i++) CHECK(run.fire(kOpen));
  CHECK(run.fire(kRead));
  run.drain();
  CHECK(run.records.empty());
  CHECK(run.aggregated["_[open]"] == std::vector<uint64_t>{3});
  CHECK(run.aggregated["_[read]"] == std::vector<uint64_t>{1});
  CHECK(run.aggregated.size() == 2);
}

TEST_CASE("emit_object: trace and exit leave one record with both actions") {
  Run run(must(emit_object(trace_and_exit(), {})));
  CHECK(run.fire(HP_PROBE_BEGIN));
  run.drain();
  REQUIRE(run.records.size() == 1);
  REQUIRE(run.records[0].actions.size() == 2);
  CHECK(run.records[0].actions[0].kind == HP_ACT_TRACE);
  CHECK(run.records[0].actions[0].fields.at(0).text == "hi");
  CHECK(run.records[0].actions[1].kind == HP_ACT_EXIT);
  CHECK(run.records[0].actions[1].fields.at(0).number == 7);
  CHECK(run.segment.exiting());
  CHECK(run.segment.header()->exit_status == 7);
}

TEST_CASE("emit_object: only primitives are imported, tables are not loaded, the source is kept") {
  std::string elf = must(emit_object(trace_and_exit(), {}));
  Object object = must(Object::parse(elf));
  for (const Elf64_Sym& s : object.symbols())
    if (s.st_shndx == SHN_UNDEF && s.st_name != 0) {
      bool known = false;
      for (const handler::Import& i : handler::primitives())
        known |= i.name == object.symbol_name(s);
      CHECK_MESSAGE(known, object.symbol_name(s));
    }
  for (const Elf64_Shdr& s : object.sections())
    if (std::string(object.section_name(s)).starts_with(".hyprobe."))
      CHECK(!(s.sh_flags & SHF_ALLOC));
  CHECK(object.source() == "BEGIN { trace(\"hi\"); exit(7); }");
}
