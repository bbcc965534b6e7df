#include "handler/segment_view.hpp"

#include <sys/stat.h>

namespace hp::handler {

Result<SegmentView> SegmentView::attach(int fd) {
  auto bad = [](const char* what) {
    return fail(std::string("not a valid program segment: ") + what);
  };
  struct stat st;
  if (::fstat(fd, &st) != 0) return fail_errno("cannot read the program segment");
  auto size = static_cast<uint64_t>(st.st_size);
  if (st.st_size < 0 || size < sizeof(hp_seg_header)) return bad("too short");

  SegmentView v;
  v.mapping_ = HP_TRY(Mapping::shared(fd, size));
  hp_seg_header h = *v.header();
  if (h.magic != HP_SEG_MAGIC) return bad("wrong magic");
  if (h.version != HP_SEG_VERSION) return bad("written by another version of Hyprobe");
  if (h.size != size) return bad("size");
  auto within = [&](uint64_t offset, uint64_t n, uint64_t align = 8) {
    return offset % align == 0 && offset >= sizeof(hp_seg_header) && offset <= size &&
           n <= size - offset;
  };
  if (h.max_probes == 0 || h.max_probes > (1u << 24) ||
      !within(h.probes_off, uint64_t{h.max_probes} * sizeof(hp_seg_probe)))
    return bad("probe table");
  if (!within(h.guests_off, uint64_t{HP_MAX_GUESTS} * sizeof(hp_seg_guest)))
    return bad("guest table");
  if (h.max_modules != 0 &&
      (h.max_modules > (1u << 20) ||
       !within(h.modules_off, uint64_t{h.max_modules} * sizeof(hp_seg_module))))
    return bad("module table");
  if (!within(h.symbols_off, h.symbols_size) || h.symbols_size > (1ull << 32))
    return bad("kernel symbols");
  if (!within(h.globals_off, h.globals_size)) return bad("global variables");
  if (!within(h.dynvars_off, h.dynvars_size)) return bad("dynamic variables");
  if (!within(h.spec_off, h.spec_size)) return bad("speculations");
  if (h.nspec != 0) {
    const uint64_t table = (h.nspec * sizeof(hp_spec) + 4095) & ~uint64_t{4095};
    if (table > h.spec_size || h.spec_stride % 8 != 0 ||
        h.spec_stride > (h.spec_size - table) / h.nspec)
      return bad("speculations");
  }
  if (h.nslots == 0 || h.nslots > 65536) return bad("number of slots");
  constexpr uint64_t kMaxPart = 1ull << 40;
  if (h.principal_size > kMaxPart || h.agg_size > kMaxPart || h.scratch_size > kMaxPart ||
      h.principal_size % 8 != 0 || h.agg_size % 8 != 0 || h.slot_stride % 8 != 0 ||
      h.agg_size < HP_AGG_BUCKETS * sizeof(uint32_t))
    return bad("buffer sizes");
  uint64_t need = sizeof(hp_slot) + 2 * (h.principal_size + h.agg_size) + h.scratch_size;
  if (h.slot_stride < need || h.slot_stride > size / h.nslots ||
      !within(h.slots_off, h.nslots * h.slot_stride))
    return bad("slots");
  if (h.strsize == 0 || h.strsize > (1u << 20)) return bad("strsize");

  v.probes_off_ = h.probes_off;
  v.guests_off_ = h.guests_off;
  v.modules_off_ = h.modules_off;
  v.max_modules_ = h.max_modules;
  v.symbols_off_ = h.symbols_off;
  v.symbols_size_ = h.symbols_size;
  v.slots_off_ = h.slots_off;
  v.slot_stride_ = h.slot_stride;
  v.principal_size_ = h.principal_size;
  v.agg_size_ = h.agg_size;
  v.scratch_size_ = h.scratch_size;
  v.globals_off_ = h.globals_off;
  v.globals_size_ = h.globals_size;
  v.nslots_ = h.nslots;
  v.max_probes_ = h.max_probes;
  v.strsize_ = h.strsize;
  return v;
}

}  // namespace hp::handler
