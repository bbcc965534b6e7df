/* Random D programs as text, steered by bytes (a fuzzer's): every choice takes the next byte, and when
 * they run out everything ends quickly. Most programs are well typed, so that they get through the
 * checker to code generation, to a run and to the consumer; between them they use every kind of
 * variable, statement, action and conversion. What they do is up to the bytes. */
#pragma once
#include <cstdint>
#include <span>
#include <string>

namespace hp::fuzz {

class TextGenerator {
 public:
  explicit TextGenerator(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  std::string program();

 private:
  uint32_t below(uint32_t n) { return at_ < bytes_.size() ? bytes_[at_++] % n : 0; }
  bool done() const { return at_ >= bytes_.size(); }
  template <size_t N>
  const char* one_of(const char* const (&list)[N]) {
    return list[below(N)];
  }

  std::string declarations();
  std::string clause();
  std::string block(int depth);
  std::string statement(int depth);
  std::string recording(int depth); /* an action that writes a record */
  std::string aggregation(int depth);
  std::string on_aggregations();
  std::string print_formatted(int depth);
  std::string memory_statement(int depth);
  std::string speculation(int depth);
  std::string index(int depth);
  std::string integer(int depth);
  std::string constant();
  std::string integer_place(int depth);
  std::string array_element(int depth);
  std::string string(int depth);
  std::string string_place(int depth);
  std::string address(int depth); /* a number or a pointer into the guest */
  std::string structure(int depth);
  std::string any(int depth);
  std::string key(const char* name, int depth); /* the key tuple of aggregation NAME */

  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

}  // namespace hp::fuzz
