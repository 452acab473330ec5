// SPDX-License-Identifier: GPL-3.0-or-later
#include "dense_louvain.hpp"

#include <algorithm>
#include <cstdlib>
#include <cmath>
#include <mutex>
#include <numeric>
#include <random>

#include "dense_groups.hpp"
#include "parallel.hpp"

namespace metamict {
namespace {

/// One worker's search, used for run after run.
class DenseSearch {
 public:
  DenseSearch(const DenseGraph& graph, const CommunityOptions& options, const DenseLimits& limits)
      : graph_(graph), options_(options), groups_(graph, limits.kept_groups), order_(graph.nodes()) {}

  template <typename Tell>
  Partition run(std::uint64_t run, const Tell& tell) {
    seed_ = seed_of_run(options_.seed, run);
    random_.seed(seed_);
    const Membership everywhere(graph_.nodes(), 0);
    Partition best; best.modularity=-10;
    static const double AT=getenv("AT")?atof(getenv("AT")):0; static const int AMAX=getenv("AMAX")?atoi(getenv("AMAX")):12, AMIN=getenv("AMIN")?atoi(getenv("AMIN")):1, MIX=getenv("MIX")?atoi(getenv("MIX")):0;
    static const double S0=getenv("S0")?atof(getenv("S0")):0.5, S1=getenv("S1")?atof(getenv("S1")):4;
    const int attempts=std::clamp((int)(AT/(double)graph_.nodes())+1,AMIN,AMAX);
    for(int t=0;t<attempts;t++){
      bool ref = t>0 && (MIX==0 || t%MIX!=0);
      const double u=(double)(random_()>>11U)*0x1p-53;
      seeds_=(std::size_t)(std::sqrt((double)graph_.nodes())*S0*std::pow(S1/S0,u));
      insert(ref ? best.community : everywhere);
    static const int P1=getenv("P1")?atoi(getenv("P1")):0;
    for (std::uint64_t round = 0; round < 100; ++round) {
      move_nodes(tell, round==0?P1:1000);
      const bool fell_apart = split();
      const bool changed = merge(round+100*t);
      if (!fell_apart && !changed) break;
    }
      Partition now=finish(); if(now.modularity>best.modularity) best=now;
    }
    return best;
  }

 private:
  struct Choice {
    std::size_t group;
    double gain;
  };

  /// Random numbers below `limit`, the same on every system.
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }

  void shuffle() {
    std::iota(order_.begin(), order_.end(), 0U);
    for (std::size_t k = order_.size(); k > 1; --k) std::swap(order_[k - 1], order_[below(k)]);
  }

  /// What joining a group adds to the modularity (times 2m); `strength` is the group's without the chip.
  double gain(std::size_t node, std::uint64_t weight, double strength) const {
    return static_cast<double>(weight) - options_.resolution * static_cast<double>(graph_.strength(node)) * strength / graph_.twice_total();
  }

  /// Chips come in one by one, each to the group that gains most from it among those grown within the same part, or to a group of
  /// its own: Louvain's first pass, but for chips that have not come yet, so that the groups stay few.
  void insert(const Membership& part) {
    groups_.clear();
    std::vector<std::int32_t> part_of_group;
    shuffle();
    for (const std::uint32_t node : order_) {
      Choice best{groups_.count(), 0};
      if (seeds_ <= groups_.count() && graph_.strength(node) > 0) {
        const auto& weights = groups_.weights_of(node);
        for (std::size_t group = 0; group < groups_.count(); ++group) {
          if (part_of_group[group] != part[node] || weights[group] == 0) continue;
          const double gained = gain(node, weights[group], groups_.strength(group));
          if (gained > best.gain) best = {group, gained};
        }
      }
      if (best.group == groups_.count()) {
        groups_.add_group();
        part_of_group.push_back(part[node]);
      }
      groups_.put(node, best.group);
    }
  }

  /// Passes over the chips in random order until none gains by moving.
  template <typename Tell>
  void move_nodes(const Tell& tell,int passes) {
    std::size_t empty = groups_.add_group();
    for (bool moved = true; moved&&passes-->0;) {
      tell();
      moved = false;
      shuffle();
      for (const std::uint32_t node : order_) {
        const auto from = static_cast<std::size_t>(groups_.group(node));
        const std::size_t to = best_group(node, from, empty);
        if (to == from) continue;
        groups_.move(node, to);
        if (to == empty) empty = groups_.add_group();
        moved = true;
      }
      groups_.compact();
      empty = groups_.add_group();
    }
    groups_.compact();
  }

  std::size_t best_group(std::size_t node, std::size_t from, std::size_t empty) {
    const auto strength = static_cast<double>(graph_.strength(node));
    if (strength == 0) return from;
    const auto& weights = groups_.weights_of(node);
    // A move must gain more than rounding, or two chips could follow each other for ever.
    Choice best{from, gain(node, weights[from], groups_.strength(from) - strength) + 1e-12 * strength};
    if (best.gain < 0 && groups_.size(from) > 1) best = {empty, 0};
    for (std::size_t group = 0; group < groups_.count(); ++group) {
      if (group == from || weights[group] == 0) continue;
      const double gained = gain(node, weights[group], groups_.strength(group));
      if (gained > best.gain) best = {group, gained};
    }
    return best.group;
  }

  /// A group that has fallen apart becomes one group for each piece, which never lowers the modularity. True when any did.
  bool split() {
    std::vector<std::vector<std::uint32_t>> members(groups_.count());
    for (std::uint32_t node = 0; node < graph_.nodes(); ++node) members[static_cast<std::size_t>(groups_.group(node))].push_back(node);
    bool any = false;
    for (auto& unreached : members) {
      for (bool first = true; !unreached.empty(); first = false) {
        const std::vector<std::uint32_t> piece = take_piece(unreached);
        if (first) continue;
        const std::size_t group = groups_.add_group();
        for (const std::uint32_t node : piece) groups_.move(node, group);
        any = true;
      }
    }
    return any;
  }

  /// The nodes that hang together with the last one; they are taken out of `unreached`.
  std::vector<std::uint32_t> take_piece(std::vector<std::uint32_t>& unreached) {
    std::vector<std::uint32_t> piece{unreached.back()};
    unreached.pop_back();
    for (std::size_t next = 0; next < piece.size() && !unreached.empty(); ++next) {
      const Quantum* row = graph_.row(piece[next]);
      std::size_t left = 0;
      for (const std::uint32_t node : unreached)
        if (graph_.kept().weight(row[node]) > 0)
          piece.push_back(node);
        else
          unreached[left++] = node;
      unreached.resize(left);
    }
    return piece;
  }

  Membership join(const WeightedGraph& g) {
    const std::size_t n = g.nodes, m=g.weights.size();
    std::vector<std::size_t> first(n+1,0); for(size_t e=0;e<m;e++){ auto a=g.ends[2*e],b=g.ends[2*e+1]; if(a!=b){first[a+1]++;first[b+1]++;} }
    std::partial_sum(first.begin(),first.end(),first.begin());
    std::vector<std::pair<std::uint32_t,double>> adj(first[n]); auto at=first; std::vector<double> k(n,0),K,to(n,0);
    for(size_t e=0;e<m;e++){ auto a=g.ends[2*e],b=g.ends[2*e+1]; k[a]+=g.weights[e];k[b]+=g.weights[e]; if(a!=b){adj[at[a]++]={b,g.weights[e]};adj[at[b]++]={a,g.weights[e]};} }
    K=k; Membership group(n); std::iota(group.begin(),group.end(),0); std::vector<std::uint32_t> order(n); std::iota(order.begin(),order.end(),0U);
    for (std::size_t q = n; q > 1; --q) std::swap(order[q - 1], order[below(q)]);
    const double f=options_.resolution/graph_.twice_total();
    for(bool moved=true;moved;){ moved=false; for(auto v:order){ size_t from=static_cast<size_t>(group[v]); for(size_t x=first[v];x<first[v+1];x++) to[static_cast<size_t>(group[adj[x].first])]+=adj[x].second;
      size_t bg=from; double best=to[from]-f*k[v]*(K[from]-k[v])+1e-12*k[v];
      for(size_t x=first[v];x<first[v+1];x++){ size_t c=static_cast<size_t>(group[adj[x].first]); if(c==from||to[c]==0)continue; double gn=to[c]-f*k[v]*K[c]; if(gn>best){best=gn;bg=c;} to[c]=0; }
      to[from]=0; if(bg!=from){K[from]-=k[v];K[bg]+=k[v];group[v]=static_cast<int>(bg);moved=true;} } }
    std::vector<int> name(n,-1); int c=0; for(auto&x:group){ auto& y=name[static_cast<size_t>(x)]; if(y<0)y=c++; x=y; } return group; }

  /// The groups as igraph's Louvain joins them. True when any were.
  bool merge(std::uint64_t round) {
    const std::size_t before = groups_.count();
    { const Membership into = join(groups_.aggregate()); groups_.merge(into, static_cast<std::size_t>(*std::max_element(into.begin(), into.end())) + 1); }
    const WeightedGraph small = groups_.aggregate();
    std::optional<Membership> into;
    {
      IgraphSession session;
      IgraphCommunities communities(session, small);
      session.seed(seed_ + round);
      into = options_.method == CommunityMethod::leiden ? communities.leiden(options_.resolution) : communities.louvain(options_.resolution);
    }
    const auto count = static_cast<std::size_t>(*std::max_element(into->begin(), into->end())) + 1;
    groups_.merge(*into, count);
    return count != before;
  }

  Partition finish() {
    Partition found{groups_.membership(), 0};
    const WeightedGraph small = groups_.aggregate();
    Membership itself(groups_.count());
    std::iota(itself.begin(), itself.end(), 0);
    IgraphSession session;
    found.modularity = IgraphCommunities(session, small).modularity(itself, options_.resolution);
    return found;
  }

  const DenseGraph& graph_;
  const CommunityOptions& options_;
  DenseGroups groups_;
  std::vector<std::uint32_t> order_;
  std::mt19937_64 random_;
  std::uint64_t seed_ = 0; std::size_t seeds_=0;
};

}  // namespace

DenseLimits DenseLimits::of(std::size_t nodes, std::size_t workers) {
  const std::size_t bytes = std::max<std::size_t>(std::size_t{16} << 20U, nodes * nodes * 2 / 5);
  return {bytes / workers / (sizeof(std::uint32_t) * nodes)};
}

std::vector<Partition> dense_runs(const ChipGraph& graph, const CommunityOptions& options, const DenseLimits& limits, const Progress& progress) {
  const DenseGraph dense(graph, options.threads);
  const auto runs = static_cast<std::size_t>(options.runs);
  const auto workers = std::min(runs, static_cast<std::size_t>(options.threads));
  std::vector<DenseSearch> searches;
  for (std::size_t k = 0; k < workers; ++k) searches.emplace_back(dense, options, limits);
  std::vector<Partition> found(runs);
  std::mutex telling;
  std::size_t done = 0;
  const auto tell = [&](std::size_t newly_done) {
    const std::scoped_lock lock(telling);
    done += newly_done;
    if (progress) progress("communities", done, runs);
  };
  parallel_for(runs, static_cast<int>(workers), [&](std::size_t worker, std::size_t run) {
    found[run] = searches[worker].run(run, [&] { tell(0); });
    tell(1);
  });
  return found;
}

}  // namespace metamict
