#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

/* A test that CTest runs by name and whose name matches nothing (a semicolon splits names in CMake)
 * must not pass for having run nothing. */
namespace {
unsigned matched = 0;
struct CountMatches : doctest::IReporter {
  explicit CountMatches(const doctest::ContextOptions&) {}
  void report_query(const doctest::QueryData&) override { matched = 1; }
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats& s) override {
    matched = s.numTestCasesPassingFilters;
  }
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};
DOCTEST_REGISTER_LISTENER("count_matches", 1, CountMatches);
}  // namespace

int main(int argc, char** argv) {
  doctest::Context context(argc, argv);
  const int status = context.run();
  if (context.shouldExit() || status != 0) return status;
  if (matched != 0) return 0;
  std::fprintf(stderr, "no test case matches\n");
  return 1;
}
