/* What the coordinator uses of Asio. Included from here only: Asio 1.22 looks for aligned_alloc with a macro of
 * libstdc++'s that may not be defined yet, so that two files may come to allocate and free differently. */
#pragma once
#define ASIO_DISABLE_STD_ALIGNED_ALLOC 1
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
