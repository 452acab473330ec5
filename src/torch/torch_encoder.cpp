// SPDX-License-Identifier: GPL-3.0-or-later
// Any TorchScript encoder through LibTorch: the only file that includes a torch header.
#include "torch/torch_plugin.hpp"

#include <torch/cuda.h>
#include <torch/script.h>
#include <torch/version.h>

#include <torch/csrc/jit/runtime/graph_executor.h>

#include <ATen/Parallel.h>
#include <omp.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "batch_queue.hpp"
#include "inference.hpp"
#include "metamict/errors.hpp"
#include "text.hpp"

namespace metamict {

namespace {

using torch::jit::Module;

/// LibTorch's messages go over many lines (sources, backtraces); the first that says something is enough.
std::string first_sentence(std::string text) {
  const auto start = text.find_first_not_of(" \n\t");
  text.erase(0, start == std::string::npos ? text.size() : start);
  text = text.substr(0, text.find('\n'));
  constexpr std::size_t longest = 300;
  return text.size() <= longest ? text : text.substr(0, longest) + " ...";
}

/// Runs `function` and turns LibTorch's exceptions into ModelError, "<what>: <first line>".
template <class Function>
auto translated(const std::string& what, Function&& function) {
  try {
    return function();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw ResourceError(what + ": not enough memory");
  } catch (const c10::Error& error) {
    throw ModelError(what + ": " + first_sentence(error.what_without_backtrace()));
  } catch (const std::exception& error) {
    throw ModelError(what + ": " + first_sentence(error.what()));
  }
}

/// This thread computes by itself: LibTorch and OpenMP would otherwise split every operation over all cores.
class SingleThreaded {
 public:
  SingleThreaded() : openmp_before_(omp_get_max_threads()) { at::set_num_threads(1); }
  ~SingleThreaded() { omp_set_num_threads(openmp_before_); }
  SingleThreaded(const SingleThreaded&) = delete;
  SingleThreaded& operator=(const SingleThreaded&) = delete;

 private:
  int openmp_before_;
};

/// All that depends on LibTorch's version or reaches behind its documented interface; the rest is the same in 1.13 and 2.x.
namespace version {

const std::string name = std::string("LibTorch ") + TORCH_VERSION;

/// Otherwise the first forward pass only records shapes and the second compiles again, which takes as long.
void switch_off_profiling() { torch::jit::getProfilingMode() = false; }

}  // namespace version

std::string shape_text(const at::Tensor& tensor) {
  std::string text = "[";
  for (const auto size : tensor.sizes()) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

/// Tensor constants of a frozen graph to another type. Batch normalisation was folded in float32 before; folding in half
/// precision is the worst place to round.
void convert_constants(torch::jit::Block* block, at::ScalarType type) {
  for (torch::jit::Node* node : block->nodes()) {
    for (torch::jit::Block* inner : node->blocks()) convert_constants(inner, type);
    if (node->kind() != c10::prim::Constant || !node->hasAttribute(c10::attr::value)) continue;
    if (node->kindOf(c10::attr::value) != torch::jit::AttributeKind::t) continue;
    const at::Tensor value = node->t(c10::attr::value);
    if (value.is_floating_point()) node->t_(c10::attr::value, value.to(type));
  }
}

Module load_module(const std::filesystem::path& path) {
  return translated(path.string() + ": cannot be loaded as TorchScript", [&] {
    Module module = torch::jit::load(path.string(), at::Device(at::kCPU));
    module.to(at::kFloat);
    module.eval();
    return module;
  });
}

at::Device choose_device(const EncoderOptions& options) {
  const DeviceChoice choice = parse_device(options.device);
  const auto available = torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
  if (choice.kind == DeviceKind::cpu || (choice.kind == DeviceKind::automatic && available == 0)) return at::Device(at::kCPU);
  if (available == 0) throw UsageError("device is \"" + options.device + "\" but " + version::name + " finds no CUDA device here; use cpu");
  if (choice.index >= available)
    throw UsageError("device is \"" + options.device + "\" but there are only " + std::to_string(available) + " CUDA devices");
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(choice.index));
}

/// The type asked for, or the fastest that the device has.
at::ScalarType choose_type(const EncoderOptions& options, const at::Device& device, Notes& notes) {
  if (options.precision == Precision::float32) return at::kFloat;
  if (device.is_cuda()) return options.precision == Precision::bfloat16 ? at::kBFloat16 : at::kHalf;
  if (options.precision == Precision::bfloat16 && !has_bfloat16()) {
    notes.push_back("bfloat16 is not supported by this processor: float32 is used");
    return at::kFloat;
  }
  return options.precision == Precision::bfloat16 || has_amx_bfloat16() ? at::kBFloat16 : at::kFloat;
}

const char* type_name(at::ScalarType type) {
  switch (type) {
    case at::kBFloat16: return "bfloat16";
    case at::kHalf: return "float16";
    default: return "float32";
  }
}

class TorchEncoder : public Encoder {
 public:
  TorchEncoder(EncoderOptions options, Sidecar sidecar, Notes notes)
      : options_(std::move(options)), sidecar_(std::move(sidecar)), notes_(std::move(notes)), device_(choose_device(options_)) {
    const SingleThreaded scope;
    version::switch_off_profiling();
    const Module module = load_module(options_.model);
    const RowMatrixXf reference = check_shape(module);
    prepare(module, choose_type(options_, device_, notes_));
    if (type_ != at::kFloat && !agrees(reference)) prepare(module, at::kFloat);
  }

  EncoderIdentity identity() const override {
    return {sidecar_.name,     sidecar_.sha256,          sidecar_.kind,     sidecar_.provenance, sidecar_.features, sidecar_.input_px,
            sidecar_.cells_per_chip, type_name(type_), device_.str(), "chip",        version::name};
  }
  Notes notes() const override { return notes_; }

  RowMatrixXf encode(const Micrograph& canonical, const ChipGrid& grid, Normalise normalise, const Progress& progress) override {
    RowMatrixXf rows_ND(static_cast<Eigen::Index>(grid.chips()), sidecar_.features);
    const auto pixels = static_cast<std::size_t>(sidecar_.input_px) * static_cast<std::size_t>(sidecar_.input_px);
    for_each_batch(grid.chips(), batch(), device_.is_cuda() ? 2 : options_.threads, [&](std::size_t, std::size_t first, std::size_t count) {
      // Varying shapes would grow oneDNN's caches: the last batch is padded with chips of zeros.
      at::Tensor chips = at::zeros({static_cast<long>(batch()), 1, sidecar_.input_px, sidecar_.input_px}, at::kFloat);
      for (std::size_t i = 0; i < count; ++i)
        gather_chip(canonical.pixels, grid.chip(first + i), normalise, chips.data_ptr<float>() + i * pixels);
      rows_ND.middleRows(static_cast<Eigen::Index>(first), static_cast<Eigen::Index>(count)) =
          forward(module_, chips).topRows(static_cast<Eigen::Index>(count));
    }, progress);
    return rows_ND;
  }

 private:
  /// Chips of about 32 × 64² pixels on a processor; a card wants more at a time.
  std::size_t batch() const {
    const double chips_64px = device_.is_cuda() ? 1024 : 32;
    const double share = 64.0 * 64.0 / (static_cast<double>(sidecar_.input_px) * sidecar_.input_px);
    return static_cast<std::size_t>(std::max(8.0, chips_64px * share));
  }

  /// One batch [B, 1, px, px] of grey chips on the CPU to features [B, D].
  RowMatrixXf forward(Module& module, const at::Tensor& grey) const {
    return translated(options_.model.string() + ": failed on a batch of chips", [&] {
      at::init_num_threads();
      const c10::InferenceMode inference;
      const at::Tensor mean = at::tensor(at::ArrayRef<float>(sidecar_.mean)).view({1, 3, 1, 1});
      const at::Tensor std = at::tensor(at::ArrayRef<float>(sidecar_.std)).view({1, 3, 1, 1});
      const at::Tensor input = ((grey - mean) / std).to(device_, type_).contiguous(at::MemoryFormat::ChannelsLast);
      const at::Tensor out = checked_output(module.forward({input}), input).to(at::kCPU, at::kFloat).contiguous();
      return RowMatrixXf(Eigen::Map<const RowMatrixXf>(out.data_ptr<float>(), out.size(0), out.size(1)));
    });
  }

  at::Tensor checked_output(const c10::IValue& value, const at::Tensor& input) const {
    const std::string expected = ", expected a tensor [" + std::to_string(input.size(0)) + ", " + std::to_string(sidecar_.features) +
                                 "] for an input " + shape_text(input) + " as its sidecar says";
    if (!value.isTensor()) throw ModelError(options_.model.string() + ": gives " + value.tagKind() + expected);
    const at::Tensor out = value.toTensor();
    if (out.dim() != 2 || out.size(0) != input.size(0) || out.size(1) != sidecar_.features)
      throw ModelError(options_.model.string() + ": gives a tensor " + shape_text(out) + expected);
    return out;
  }

  at::Tensor probe() const {
    const int px = sidecar_.input_px;
    std::vector<float> chips = probe_chips(px, probes);
    return at::from_blob(chips.data(), {probes, 1, px, px}, at::kFloat).clone();
  }

  /// The untouched module on the probe chips, in float32 on the processor: what every faster way is compared with.
  RowMatrixXf check_shape(Module module) {
    const at::Device chosen = std::exchange(device_, at::Device(at::kCPU));
    RowMatrixXf features = forward(module, probe());
    device_ = chosen;
    if (!features.allFinite()) throw ModelError(options_.model.string() + ": gives features that are not finite");
    return features;
  }

  /// Freezes the module (which folds batch normalisation) for the device and type.
  void prepare(Module module, at::ScalarType type) {
    type_ = type;
    module_ = translated(options_.model.string() + ": cannot be prepared", [&] {
      const c10::InferenceMode inference;
      module.to(device_);
      Module frozen = torch::jit::freeze(module);
      if (type != at::kFloat) convert_constants(frozen.get_method("forward").graph()->block(), type);
      else if (device_.is_cpu()) frozen = torch::jit::optimize_for_inference(frozen);
      return frozen;
    });
  }

  bool agrees(const RowMatrixXf& reference) {
    const std::string asked = type_name(type_);
    double cosine = -1;
    try {
      cosine = worst_cosine(reference, forward(module_, probe()));
    } catch (const ModelError&) {  // an operation without a kernel for this type
    }
    if (cosine >= least_cosine_bfloat16) return true;
    notes_.push_back("the encoder's features in " + asked + " do not agree with float32 (cosine " + number(cosine) + "): float32 is used");
    return false;
  }

  static constexpr long probes = 2;
  EncoderOptions options_;
  Sidecar sidecar_;
  Notes notes_;
  at::Device device_;
  at::ScalarType type_ = at::kFloat;
  Module module_;
};

}  // namespace

}  // namespace metamict

metamict::Encoder* metamict_open_torch_encoder(const metamict::EncoderOptions& options, const metamict::Sidecar& sidecar,
                                               const metamict::Notes& notes) {
  return metamict::translated(options.model.string(), [&] { return new metamict::TorchEncoder(options, sidecar, notes); });
}
