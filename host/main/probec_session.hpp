/* What D's options and the command line mean for a session: which of them the consumer, the segment and
 * the printed text follow. Options that act while compiling are not its business. */
#pragma once

#include "host/session.hpp"
#include "probec_cli.hpp"

/* Rates ask for as often as can be: no more often than this, in ns. */
inline constexpr uint64_t kShortestRound = 1'000'000;

/* Again after setopt() has changed an option. */
hp::host::TextOptions text_options(const hp::probec::Options&);
hp::host::SessionOptions session_options(const hp::Cli&);
