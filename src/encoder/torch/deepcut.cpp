// SPDX-License-Identifier: GPL-3.0-or-later
// DeepCut (Aflalo, Bagon, Kashti and Eldar 2023): a small graph network that is trained on one
// image's own graph, with the normalised cut or the correlation clustering of its groups as loss.
#include <ATen/Parallel.h>
#include <torch/optim/adam.h>
#include <torch/torch.h>

#include <exception>
#include <limits>
#include <string>

#include "encoder/torch/torch_plugin.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

/// Hidden units, as in the paper; its learning rate is for ten steps on a few hundred patches.
constexpr int hidden_units = 32, steps = 150;
constexpr double learning_rate = 0.02;

/// The graph as the losses read it.
struct Graph {
  torch::Tensor weights_NN, degrees_N;
  double sum = 0;  ///< of the weights' sizes
};

/// Traces of the matrices of a batch.
torch::Tensor traces(const torch::Tensor& matrices) { return matrices.diagonal(0, 1, 2).sum(1); }

/// Weights within soft groups, R x K x K from R x N x K: all runs in one pass over the weights.
torch::Tensor within(const torch::Tensor& groups, const torch::Tensor& weights) {
  const auto runs = groups.size(0), nodes = groups.size(1), count = groups.size(2);
  const auto side_by_side = groups.permute({1, 0, 2}).reshape({nodes, runs * count});
  const auto product = weights.mm(side_by_side).reshape({nodes, runs, count}).permute({1, 0, 2});
  return groups.transpose(1, 2).bmm(product);
}

/// The normalised cut of soft groups, and how far they are from being of one size (Bianchi et al.
/// 2020): without the second term one group takes all. One value a run.
torch::Tensor normalised_cut(const torch::Tensor& groups, const Graph& graph) {
  const auto inside = traces(within(groups, graph.weights_NN));
  const auto all =
      traces(groups.transpose(1, 2).bmm(graph.degrees_N.unsqueeze(0).unsqueeze(2) * groups));
  const auto overlap = groups.transpose(1, 2).bmm(groups);
  const auto size = overlap.flatten(1).norm(2, 1).unsqueeze(1).unsqueeze(2);
  const auto even = torch::eye(groups.size(2)) / std::sqrt(static_cast<double>(groups.size(2)));
  return -inside / all + (overlap / size - even).flatten(1).norm(2, 1);
}

/// What signed weights lose when groups part the alike or join the unlike. One value a run.
torch::Tensor correlation_cost(const torch::Tensor& groups, const Graph& graph) {
  return -traces(within(groups, graph.weights_NN)) / graph.sum;
}

/// The groups of the best run. The graph convolution is linear before its activation, so the
/// features' means over the neighbours are the same in each step and come in computed.
double train(const torch::Tensor& features, const torch::Tensor& neighbours, const Graph& graph,
             const DeepcutTask& task, torch::Tensor& found_N) {
  torch::manual_seed(task.seed);
  const auto layer = [&](std::int64_t in, std::int64_t out) {
    const double scale = std::sqrt(6.0 / static_cast<double>(in + out));
    return ((torch::rand({task.runs, in, out}) * 2 - 1) * scale).requires_grad_(true);
  };
  torch::Tensor own = layer(task.features, hidden_units),
                around = layer(task.features, hidden_units), out = layer(hidden_units, task.groups);
  torch::optim::Adam optimizer({own, around, out}, torch::optim::AdamOptions(learning_rate));
  double best = std::numeric_limits<double>::infinity();
  for (int step = 0; step <= steps; ++step) {
    const auto hidden = torch::elu(features.matmul(own) + neighbours.matmul(around));
    const auto groups = torch::softmax(hidden.bmm(out), 2);
    const auto losses =
        task.correlation ? correlation_cost(groups, graph) : normalised_cut(groups, graph);
    const auto [least, run] = losses.detach().min(0);
    if (const double value = least.item<double>(); value < best) {
      best = value;
      found_N = groups.detach()[run.item<std::int64_t>()].argmax(1);
    }
    optimizer.zero_grad();
    losses.sum().backward();  // runs share no parameter
    optimizer.step();
  }
  return best;
}

}  // namespace

}  // namespace metamict

extern "C" double metamict_deepcut(const metamict::DeepcutTask& task, std::int32_t* groups_N) try {
  const int threads = at::get_num_threads();
  at::set_num_threads(1);  // a sum over threads would depend on their number
  const auto wrap = [](const float* values, std::int64_t rows, std::int64_t cols) {
    return torch::from_blob(const_cast<float*>(values), {rows, cols}, torch::kFloat32);
  };
  const torch::Tensor features = wrap(task.features_ND, task.nodes, task.features);
  const torch::Tensor weights = wrap(task.weights_NN, task.nodes, task.nodes);
  // The convolution's means are over alike neighbours only, whatever the loss makes of the others.
  const torch::Tensor alike = weights.clamp_min(0);
  const torch::Tensor degrees = alike.sum(1).clamp_min(1e-6);
  const torch::Tensor neighbours = alike.mm(features) / degrees.unsqueeze(1);
  metamict::Graph graph{task.correlation ? weights : alike, degrees,
                        weights.abs().sum().item<double>()};
  torch::Tensor found;
  const double loss = metamict::train(features, neighbours, graph, task, found);
  at::set_num_threads(threads);
  for (std::int64_t i = 0; i < task.nodes; ++i)
    groups_N[i] = static_cast<std::int32_t>(found[i].item<std::int64_t>());
  return loss;
} catch (const std::exception& error) {
  throw metamict::ModelError("deepcut: " + std::string(error.what()).substr(0, 200));
}
