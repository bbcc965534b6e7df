#include "probec_session.hpp"

#include <algorithm>

using namespace hp;
using probec::Option;

host::TextOptions text_options(const probec::Options& options) {
  host::TextOptions t;
  t.quiet = options.flag(Option::quiet);
  t.flowindent = options.flag(Option::flowindent);
  t.rawbytes = options.flag(Option::rawbytes);
  t.sort.by_key = options.flag(Option::aggsortkey);
  t.sort.key_position = static_cast<uint32_t>(options.number(Option::aggsortkeypos));
  t.sort.position = static_cast<uint32_t>(options.number(Option::aggsortpos));
  t.sort.reverse = options.flag(Option::aggsortrev);
  t.histogram.agghist = options.flag(Option::agghist);
  t.histogram.aggpack = options.flag(Option::aggpack);
  t.histogram.aggzoom = options.flag(Option::aggzoom);
  t.pcapsize = static_cast<uint32_t>(options.number(Option::pcapsize));
  t.stackindent = static_cast<int>(options.number(Option::stackindent));
  return t;
}

host::SessionOptions session_options(const Cli& cli) {
  const probec::Options& options = cli.options;
  host::SessionOptions s;
  s.program = cli.program;
  s.text = text_options(options);
  s.consumer.droptags = options.flag(Option::droptags);
  s.segment.bufsize = options.number(Option::bufsize);
  const std::string& policy = options.text(Option::bufpolicy);
  s.segment.bufpolicy = policy == "fill"   ? HP_BUF_FILL
                        : policy == "ring" ? HP_BUF_RING
                                           : HP_BUF_SWITCH;
  s.segment.aggsize = options.number(Option::aggsize);
  s.segment.dynvarsize = options.number(Option::dynvarsize);
  s.segment.specsize = options.number(Option::specsize);
  s.segment.nspec = static_cast<uint32_t>(options.number(Option::nspec));
  s.segment.scratchsize = options.number(Option::scratchsize);
  s.switchrate = std::max(options.number(Option::switchrate), kShortestRound);
  s.statusrate = std::max(options.number(Option::statusrate), kShortestRound);
  if ((cli.fleet || cli.mode == Mode::Attach) && options.is_set(Option::aggrate))
    s.print_every = std::max(options.number(Option::aggrate), kShortestRound);
  s.command = cli.command;
  s.gate = cli.gate;
  s.fleet = cli.fleet;
  s.verbose = cli.verbose > 0;
  s.socket = cli.socket;
  s.submit.skip_failing = options.text(Option::onfail) == "skip";
  s.submit.detach = cli.detach;
  s.output = cli.output;
  return s;
}
