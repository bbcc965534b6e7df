#include "transport/object.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "transport/buckets.h"
#include "transport/segment.h"

namespace hp {

namespace {

tl::unexpected<Error> bad(const std::string& what) {
  return fail("not a valid D program object: " + what, ENOEXEC);
}

bool within(uint64_t offset, uint64_t size, uint64_t total) {
  return offset <= total && size <= total - offset;
}

bool power_of_two(uint64_t n) {
  return (n & (n - 1)) == 0;
}

/* Value words that a function needs; 0: parameters decide. */
uint32_t fixed_words(uint32_t func) {
  switch (func) {
    case HP_AGG_COUNT:
    case HP_AGG_SUM:
    case HP_AGG_MIN:
    case HP_AGG_MAX:
      return 1;
    case HP_AGG_AVG:
      return 2;
    case HP_AGG_STDDEV:
      return 4;
    case HP_AGG_QUANTIZE:
      return HP_QUANTIZE_BUCKETS;
    default:
      return 0;
  }
}

/* What buckets.h asks of the parameters, within sizes that cannot overflow. */
bool llquantize_fits(const hp_obj_agg& a) {
  const int64_t factor = a.param[0], low = a.param[1], high = a.param[2], steps = a.param[3];
  return factor >= 2 && factor <= INT32_MAX && low >= 0 && low <= high && high <= 64 && steps > 0 &&
         steps <= Object::kMaxAggWords && (steps % factor == 0 || factor % steps == 0) &&
         hp_llquantize_words(factor, low, high, steps) == a.words;
}

}  // namespace

Result<Object> Object::parse(std::string_view bytes) {
  if (bytes.size() > kMaxBytes) return bad("larger than 64 MiB");
  Object o;
  o.size_ = bytes.size();
  o.bytes_ = std::make_unique_for_overwrite<char[]>(bytes.size() + 1);
  std::memcpy(o.bytes_.get(), bytes.data(), bytes.size());
  HP_TRYV(o.parse_elf());
  return o;
}

Result<Object> Object::read(int fd) {
  struct stat st;
  if (::fstat(fd, &st) != 0) return fail_errno("cannot read the D program object");
  if (st.st_size < 0 || static_cast<uint64_t>(st.st_size) > kMaxBytes)
    return bad("larger than 64 MiB");
  Object o;
  o.size_ = static_cast<size_t>(st.st_size);
  o.bytes_ = std::make_unique_for_overwrite<char[]>(o.size_ + 1);
  for (size_t done = 0; done < o.size_;) {
    ssize_t n = ::pread(fd, o.bytes_.get() + done, o.size_ - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("cannot read the D program object");
    if (n == 0) return bad("it shrank while being read");
    done += static_cast<size_t>(n);
  }
  HP_TRYV(o.parse_elf());
  return o;
}

std::string_view Object::contents(const Elf64_Shdr& s) const {
  if (s.sh_type == SHT_NOBITS || s.sh_type == SHT_NULL) return {};
  return bytes().substr(s.sh_offset, s.sh_size);
}

const char* Object::option(std::string_view name) const {
  for (size_t i = options_.size(); i-- > 0;)
    if (name == str(options_[i].name)) return str(options_[i].value);
  return nullptr;
}

Result<> Object::parse_elf() {
  static_assert(alignof(std::max_align_t) >= 16, "operator new aligns the copy for every table");
  if (size_ < sizeof(Elf64_Ehdr)) return bad("too short for an ELF header");
  const auto* eh = reinterpret_cast<const Elf64_Ehdr*>(bytes_.get());
  if (std::memcmp(eh->e_ident, ELFMAG, SELFMAG) != 0) return bad("no ELF magic");
  if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_ident[EI_DATA] != ELFDATA2LSB ||
      eh->e_ident[EI_VERSION] != EV_CURRENT || eh->e_machine != EM_X86_64)
    return bad("not 64-bit x86-64 ELF");
  if (eh->e_type != ET_REL) return bad("not a relocatable object");
  if (eh->e_shentsize != sizeof(Elf64_Shdr)) return bad("unknown section header size");
  if (eh->e_shnum == 0 || eh->e_shnum > kMaxSections || eh->e_shstrndx >= eh->e_shnum)
    return bad("bad section count");
  if (eh->e_shoff % alignof(Elf64_Shdr) != 0 ||
      !within(eh->e_shoff, uint64_t{eh->e_shnum} * sizeof(Elf64_Shdr), size_))
    return bad("section table outside the file");
  sections_ = {reinterpret_cast<const Elf64_Shdr*>(bytes_.get() + eh->e_shoff), eh->e_shnum};

  for (const Elf64_Shdr& s : sections_) {
    if (!power_of_two(s.sh_addralign) || s.sh_addralign > 4096) return bad("section alignment");
    if (s.sh_type != SHT_NOBITS && s.sh_type != SHT_NULL && !within(s.sh_offset, s.sh_size, size_))
      return bad("section outside the file");
    if (s.sh_size > kMaxBytes) return bad("section too large");
    if (s.sh_type == SHT_STRTAB && s.sh_size != 0 && contents(s).back() != '\0')
      return bad("unterminated string table");
  }
  const Elf64_Shdr& names = sections_[eh->e_shstrndx];
  if (names.sh_type != SHT_STRTAB || names.sh_size == 0) return bad("no section names");
  shstrtab_ = contents(names).data();

  std::string_view data, core;
  for (const Elf64_Shdr& s : sections_) {
    if (s.sh_name >= names.sh_size) return bad("section name outside its table");
    std::string_view name = section_name(s);
    if (s.sh_type == SHT_SYMTAB) {
      if (!symbols_.empty()) return bad("two symbol tables");
      if (s.sh_entsize != sizeof(Elf64_Sym) || s.sh_size % sizeof(Elf64_Sym) != 0 ||
          s.sh_offset % alignof(Elf64_Sym) != 0 || s.sh_link >= sections_.size() ||
          sections_[s.sh_link].sh_type != SHT_STRTAB || sections_[s.sh_link].sh_size == 0)
        return bad("symbol table");
      symbols_ = {reinterpret_cast<const Elf64_Sym*>(bytes_.get() + s.sh_offset),
                  s.sh_size / sizeof(Elf64_Sym)};
      const Elf64_Shdr& strings = sections_[s.sh_link];
      strtab_ = contents(strings).data();
      for (const Elf64_Sym& sym : symbols_) {
        if (sym.st_name >= strings.sh_size) return bad("symbol name outside its table");
        if (sym.st_shndx == SHN_XINDEX) return bad("extended section indices");
        if (sym.st_shndx < SHN_LORESERVE && sym.st_shndx >= sections_.size())
          return bad("symbol in a section that does not exist");
      }
    } else if (name == HP_OBJ_SECTION_DATA && s.sh_type != SHT_NOBITS) {
      if (!data.empty()) return bad("two " HP_OBJ_SECTION_DATA " sections");
      if (s.sh_offset % 8 != 0) return bad(HP_OBJ_SECTION_DATA " is not aligned to 8 bytes");
      data = contents(s);
    } else if (name == HP_OBJ_SECTION_CORE && s.sh_type != SHT_NOBITS) {
      if (!core.empty()) return bad("two " HP_OBJ_SECTION_CORE " sections");
      if (s.sh_offset % 8 != 0) return bad(HP_OBJ_SECTION_CORE " is not aligned to 8 bytes");
      core = contents(s);
    } else if (name == HP_OBJ_SECTION_SOURCE) {
      source_ = contents(s);
    }
  }
  if (!source_.empty() && source_.back() == '\0') source_.remove_suffix(1);
  if (data.empty())
    return bad("no " HP_OBJ_SECTION_DATA " section: probec did not write this file");
  HP_TRYV(parse_tables(data));
  return core.empty() ? Result<>() : parse_core(core);
}

template <class T>
Result<std::span<const T>> Object::table(std::string_view data, int index, const char* what) const {
  hp_obj_table t = header_->tables[index];
  if (t.count == 0) return std::span<const T>();
  if (t.offset % alignof(T) != 0 || !within(t.offset, uint64_t{t.count} * sizeof(T), data.size()))
    return bad(std::string("the table of ") + what + " lies outside the section");
  return std::span<const T>(reinterpret_cast<const T*>(data.data() + t.offset), t.count);
}

Result<> Object::parse_tables(std::string_view data) {
  if (data.size() < sizeof(hp_obj_header)) return bad("header cut short");
  header_ = reinterpret_cast<const hp_obj_header*>(data.data());
  if (header_->magic != HP_OBJ_MAGIC) return bad("wrong magic in " HP_OBJ_SECTION_DATA);
  if (header_->version != HP_OBJ_VERSION)
    return bad("format version " + std::to_string(header_->version) + ", this build reads " +
               std::to_string(HP_OBJ_VERSION) + ": compile the script again");
  if (header_->size > data.size() || header_->size < sizeof(hp_obj_header)) return bad("size");
  data = data.substr(0, header_->size);
  if (header_->strsize == 0 || header_->strsize > kMaxStrsize) return bad("strsize");
  if (header_->locals_size > kMaxLocals) return bad("size of clause-local variables");
  if (header_->globals_size > kMaxGlobals) return bad("size of global variables");

  auto strings = HP_TRY(table<char>(data, HP_TBL_STRINGS, "strings"));
  if (strings.empty() || strings.front() != '\0' || strings.back() != '\0')
    return bad("string table");
  strings_ = strings.data();
  strings_size_ = static_cast<uint32_t>(strings.size());
  descs_ = HP_TRY(table<hp_obj_desc>(data, HP_TBL_DESCS, "probe descriptions"));
  clauses_ = HP_TRY(table<hp_obj_clause>(data, HP_TBL_CLAUSES, "clauses"));
  actions_ = HP_TRY(table<hp_obj_action>(data, HP_TBL_ACTIONS, "actions"));
  fields_ = HP_TRY(table<hp_obj_field>(data, HP_TBL_FIELDS, "fields"));
  aggs_ = HP_TRY(table<hp_obj_agg>(data, HP_TBL_AGGS, "aggregations"));
  aggrefs_ = HP_TRY(table<uint32_t>(data, HP_TBL_AGGREFS, "aggregation references"));
  vars_ = HP_TRY(table<hp_obj_var>(data, HP_TBL_VARS, "variables"));
  options_ = HP_TRY(table<hp_obj_option>(data, HP_TBL_OPTIONS, "options"));
  return check_rows();
}

Result<> Object::check_string(uint32_t offset, const char* what) const {
  if (offset >= strings_size_) return bad(std::string(what) + " outside the string table");
  return {};
}

Result<> Object::check_rows() const {
  auto in = [](hp_obj_range r, size_t total) { return within(r.first, r.count, total); };
  for (const hp_obj_desc& d : descs_) {
    for (uint32_t s : {d.target, d.prov, d.mod, d.func, d.name})
      HP_TRYV(check_string(s, "probe description"));
    if (d.clause >= clauses_.size())
      return bad("probe description of a clause that does not exist");
  }
  for (const hp_obj_clause& c : clauses_) {
    HP_TRYV(check_string(c.symbol, "clause symbol"));
    if (!in(c.descs, descs_.size())) return bad("a clause's probe descriptions");
    if (!in(c.actions, actions_.size())) return bad("a clause's actions");
    if (c.max_record > kMaxRecord || c.max_record % 8 != 0) return bad("a clause's record size");
    if (!within(c.source, c.source_len, source_.size())) return bad("a clause's source text");
  }
  for (const hp_obj_action& a : actions_) {
    if (a.kind == 0 || a.kind > HP_ACT_PCAP) return bad("unknown action");
    HP_TRYV(check_string(a.format, "format"));
    if (!in(a.fields, fields_.size())) return bad("an action's fields");
    if (!in(a.aggs, aggrefs_.size())) return bad("an action's aggregations");
  }
  for (const hp_obj_field& f : fields_) {
    if (f.val == 0 || f.val > HP_VAL_USYM) return bad("unknown field encoding");
    if (f.size > kMaxRecord) return bad("field size");
    HP_TRYV(check_string(f.type, "type name"));
  }
  for (const hp_obj_agg& a : aggs_) {
    HP_TRYV(check_string(a.name, "aggregation name"));
    if (!in(a.keys, fields_.size())) return bad("an aggregation's keys");
    if (a.func < HP_AGG_COUNT || a.func > HP_AGG_LLQUANTIZE)
      return bad("unknown aggregating function");
    uint32_t words = fixed_words(a.func);
    if (words ? a.words != words : (a.words < 2 || a.words > kMaxAggWords))
      return bad("an aggregation's value size");
    if (a.func == HP_AGG_LQUANTIZE &&
        (a.param[2] <= 0 || a.param[1] <= a.param[0] ||
         hp_lquantize_levels(a.param[0], a.param[1], a.param[2]) != uint64_t{a.words} - 2))
      return bad("lquantize parameters");
    if (a.func == HP_AGG_LLQUANTIZE && !llquantize_fits(a)) return bad("llquantize parameters");
  }
  for (uint32_t r : aggrefs_)
    if (r >= aggs_.size()) return bad("reference to an aggregation that does not exist");
  for (const hp_obj_var& v : vars_) {
    HP_TRYV(check_string(v.name, "variable name"));
    HP_TRYV(check_string(v.type, "variable type"));
  }
  for (const hp_obj_option& o : options_) {
    HP_TRYV(check_string(o.name, "option name"));
    HP_TRYV(check_string(o.value, "option value"));
  }
  return {};
}

}  // namespace hp
