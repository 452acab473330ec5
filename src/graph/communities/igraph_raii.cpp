// SPDX-License-Identifier: GPL-3.0-or-later
#include "graph/communities/igraph_raii.hpp"

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include "metamict/errors.hpp"

namespace metamict {
namespace {

// What igraph's handlers, plain C functions, share with the session that holds the lock.
std::mutex one_session;
std::function<bool()> watching;
std::exception_ptr thrown;  // by the watcher: it must not fly through igraph's C frames
std::string last_error;
bool memory_ran_out = false;

/// Keeps the message, frees what igraph had allocated, and returns, so that the failing call
/// returns its code. igraph's callers report the same error again without words. Once memory has
/// run out, nothing is freed: igraph 0.10's Louvain leaves a graph that it has destroyed on the
/// stack of what is to be freed (louvain.c, shrink), and goes on after some failed calls as if
/// nothing had happened. That memory is lost, but the process lives.
void keep_error(const char* reason, const char* /*file*/, int /*line*/, igraph_error_t status) {
  memory_ran_out = memory_ran_out || status == IGRAPH_ENOMEM;
  if (memory_ran_out) return;
  if (*reason != '\0') last_error = std::string(reason) + " (" + igraph_strerror(status) + ")";
  IGRAPH_FINALLY_FREE();
}

void swallow_warning(const char* /*reason*/, const char* /*file*/, int /*line*/) {}

igraph_error_t interrupt(void* /*data*/) {
  if (memory_ran_out) return IGRAPH_INTERRUPTED;
  bool go_on = true;
  try {
    go_on = !watching || watching();
  } catch (...) {
    thrown = std::current_exception();
    go_on = false;
  }
  if (go_on) return IGRAPH_SUCCESS;
  IGRAPH_FINALLY_FREE();  // igraph leaves this to whoever interrupts it
  return IGRAPH_INTERRUPTED;
}

void install_handlers_once() {
  static const bool installed = [] {
    igraph_set_error_handler(keep_error);
    igraph_set_warning_handler(swallow_warning);
    igraph_set_interruption_handler(interrupt);
    return true;
  }();
  static_cast<void>(installed);
}

}  // namespace

IgraphSession::IgraphSession(std::function<bool()> watcher) : lock_(one_session) {
  install_handlers_once();
  watching = std::move(watcher);
  thrown = nullptr;
  memory_ran_out = false;
}

IgraphSession::~IgraphSession() { watching = nullptr; }

void IgraphSession::seed(std::uint64_t seed) {
  igraph_succeeded(igraph_rng_seed(igraph_rng_default(), seed));
}

bool igraph_succeeded(igraph_error_t status) {
  if (memory_ran_out || status == IGRAPH_ENOMEM) {
    memory_ran_out = false;
    IGRAPH_FINALLY_CLEAN(IGRAPH_FINALLY_STACK_SIZE());  // forgotten, not freed
    throw ResourceError("igraph ran out of memory: use --engine dense or a larger --stride");
  }
  if (status == IGRAPH_SUCCESS) return true;
  if (thrown) std::rethrow_exception(std::exchange(thrown, nullptr));
  if (status == IGRAPH_INTERRUPTED) return false;
  throw std::runtime_error("igraph failed: " + last_error);
}

}  // namespace metamict
