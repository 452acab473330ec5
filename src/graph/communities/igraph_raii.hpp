// SPDX-License-Identifier: GPL-3.0-or-later
// Wraps igraph's values in owners, and turns its errors into exceptions. Only igraph_* files
// include it directly.
#pragma once

#include <igraph/igraph.h>

#include <cstdint>
#include <functional>
#include <mutex>

namespace metamict {

/// One session at a time holds igraph, because igraph as Debian builds it is not thread-safe. A
/// session installs the handlers. During long work igraph asks its watcher now and then, which
/// returns false to end the work, or throws.
class IgraphSession {
 public:
  explicit IgraphSession(std::function<bool()> watcher = {});
  ~IgraphSession();
  IgraphSession(const IgraphSession&) = delete;
  IgraphSession& operator=(const IgraphSession&) = delete;

  /// Makes the random numbers of what follows depend on `seed` alone.
  void seed(std::uint64_t seed);

 private:
  std::scoped_lock<std::mutex> lock_;
};

/// Throws when an igraph call failed: what the watcher threw, ResourceError when memory ran out,
/// else std::runtime_error with igraph's own message. Returns false when the watcher ended the
/// work.
bool igraph_succeeded(igraph_error_t status);

class IgraphVector {
 public:
  explicit IgraphVector(std::size_t size = 0) {
    igraph_succeeded(igraph_vector_init(&vector_, static_cast<igraph_integer_t>(size)));
  }
  ~IgraphVector() { igraph_vector_destroy(&vector_); }
  IgraphVector(const IgraphVector&) = delete;
  IgraphVector& operator=(const IgraphVector&) = delete;
  igraph_vector_t* get() { return &vector_; }
  double& operator[](std::size_t k) { return VECTOR(vector_)[k]; }
  std::size_t size() const { return static_cast<std::size_t>(igraph_vector_size(&vector_)); }

 private:
  igraph_vector_t vector_;
};

class IgraphIntegers {
 public:
  explicit IgraphIntegers(std::size_t size = 0) {
    igraph_succeeded(igraph_vector_int_init(&vector_, static_cast<igraph_integer_t>(size)));
  }
  ~IgraphIntegers() { igraph_vector_int_destroy(&vector_); }
  IgraphIntegers(const IgraphIntegers&) = delete;
  IgraphIntegers& operator=(const IgraphIntegers&) = delete;
  igraph_vector_int_t* get() { return &vector_; }
  igraph_integer_t& operator[](std::size_t k) { return VECTOR(vector_)[k]; }
  std::size_t size() const { return static_cast<std::size_t>(igraph_vector_int_size(&vector_)); }

 private:
  igraph_vector_int_t vector_;
};

/// An undirected graph. Edge e joins ends[2e] and ends[2e + 1].
class IgraphGraph {
 public:
  IgraphGraph(std::size_t nodes, IgraphIntegers& ends) {
    igraph_succeeded(igraph_create(&graph_, ends.get(), static_cast<igraph_integer_t>(nodes),
                                   IGRAPH_UNDIRECTED));
  }
  ~IgraphGraph() { igraph_destroy(&graph_); }
  IgraphGraph(const IgraphGraph&) = delete;
  IgraphGraph& operator=(const IgraphGraph&) = delete;
  const igraph_t* get() const { return &graph_; }

 private:
  igraph_t graph_;
};

}  // namespace metamict
