#include "probectl_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace hp::probectl {

std::string text_or(const Json& object, const char* key, const std::string& otherwise) {
  const Json* m = object.find(key);
  return m && m->kind() == Json::String ? m->string() : otherwise;
}

std::string text(const Json& object, const char* key) {
  const std::string value = text_or(object, key, "?");
  return value.empty() ? "-" : value;
}

uint64_t number(const Json& object, const char* key) {
  const Json* m = object.find(key);
  return m && m->kind() == Json::Unsigned ? m->number() : 0;
}

bool flag(const Json& object, const char* key) {
  const Json* m = object.find(key);
  return m && m->kind() == Json::Bool && m->boolean();
}

const std::vector<Json>& list(const Json& object, const char* key) {
  static const std::vector<Json> empty;
  const Json* m = object.find(key);
  return m ? m->items() : empty;
}

void Table::print() const {
  std::vector<size_t> width;
  for (const Column& c : columns_) width.push_back(std::string_view(c.heading).size());
  for (const auto& row : rows_)
    for (size_t i = 0; i < row.size(); i++) width[i] = std::max(width[i], row[i].size());
  auto print_row = [&](auto cell) {
    std::string line;
    for (size_t i = 0; i < columns_.size(); i++) {
      const std::string value = cell(i);
      const std::string pad(width[i] - value.size(), ' ');
      line += i == 0 ? "" : "  ";
      line += columns_[i].right ? pad + value : value + pad;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    std::puts(line.c_str());
  };
  print_row([&](size_t i) -> std::string { return columns_[i].heading; });
  for (const auto& row : rows_) print_row([&](size_t i) { return row[i]; });
}

std::string duration(uint64_t seconds) {
  std::array<char, 32> buffer{};
  const auto value = static_cast<unsigned long long>(seconds);
  if (seconds < 100)
    std::snprintf(buffer.data(), buffer.size(), "%llus", value);
  else if (seconds < 6000)
    std::snprintf(buffer.data(), buffer.size(), "%llum", value / 60);
  else
    std::snprintf(buffer.data(), buffer.size(), "%lluh%02llum", value / 3600, value / 60 % 60);
  return buffer.data();
}

uint64_t age(uint64_t then) {
  const auto now = static_cast<uint64_t>(std::time(nullptr));
  return now > then ? now - then : 0;
}

std::string local_time(uint64_t ns, bool with_ms) {
  constexpr uint64_t second = 1'000'000'000;
  const auto seconds = static_cast<std::time_t>(ns / second);
  std::tm parts{};
  if (ns == 0 || !::localtime_r(&seconds, &parts)) return "-";
  std::array<char, 64> buffer{};
  std::string text(buffer.data(),
                   std::strftime(buffer.data(), buffer.size(), "%Y-%m-%d %H:%M:%S", &parts));
  if (!with_ms) return text;
  std::snprintf(buffer.data(), buffer.size(), ".%03u",
                static_cast<unsigned>(ns % second / 1'000'000));
  return text + buffer.data();
}

std::string size_text(uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  constexpr std::array units{"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); unit++) value /= 1024;
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f %s", value, units[unit]);
  return buffer.data();
}

int complain(const Error& error) {
  std::fprintf(stderr, "probectl: %s\n", error.message.c_str());
  return 1;
}

int finish() {
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return 0;
  return complain(Error::from_errno("cannot write to standard output"));
}

}  // namespace hp::probectl
