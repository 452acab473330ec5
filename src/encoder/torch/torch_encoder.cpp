// SPDX-License-Identifier: GPL-3.0-or-later
// Any TorchScript encoder through LibTorch: the only file that includes a torch header.
#include <ATen/Parallel.h>
#include <omp.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/cuda.h>
#include <torch/script.h>
#include <torch/version.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "encoder/batch_queue.hpp"
#include "encoder/probe.hpp"
#include "encoder/resnet/resnet_encoder.hpp"
#include "encoder/torch/torch_plugin.hpp"
#include "metamict/errors.hpp"
#include "metamict/sidecar.hpp"

namespace metamict {

namespace {

using torch::jit::Module;

/// Takes the first line that says something. LibTorch's messages go over many lines (sources,
/// backtraces).
std::string first_sentence(std::string text) {
  const auto start = text.find_first_not_of(" \n\t");
  text.erase(0, start == std::string::npos ? text.size() : start);
  text.resize(std::min(text.size(), text.find('\n')));
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

/// Makes this thread compute by itself. LibTorch and OpenMP would otherwise split every operation
/// over all cores.
class SingleThreaded {
 public:
  SingleThreaded() : openmp_before_(omp_get_max_threads()) { at::set_num_threads(1); }
  ~SingleThreaded() { omp_set_num_threads(openmp_before_); }
  SingleThreaded(const SingleThreaded&) = delete;
  SingleThreaded& operator=(const SingleThreaded&) = delete;

 private:
  int openmp_before_;
};

/// Holds all that depends on LibTorch's version or reaches behind its documented interface. The
/// rest is the same in 1.13 and 2.x.
namespace version {

const std::string name = std::string("LibTorch ") + TORCH_VERSION;

/// Without this, the first forward pass only records shapes and the second compiles again, which
/// takes as long.
void switch_off_profiling() { torch::jit::getProfilingMode() = false; }

}  // namespace version

std::string shape_text(const at::Tensor& tensor) {
  std::string text = "[";
  for (const auto size : tensor.sizes())
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

/// Converts the tensor constants of a frozen graph to another type. Batch normalisation was folded
/// in float32 before, because folding is the worst place to round to half precision.
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
  const auto available =
      torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
  if (choice.kind == DeviceKind::cpu || (choice.kind == DeviceKind::automatic && available == 0))
    return at::Device(at::kCPU);
  if (available == 0)
    throw UsageError("device is \"" + options.device + "\" but " + version::name +
                     " finds no CUDA device here; use cpu");
  if (choice.index >= available)
    throw UsageError("device is \"" + options.device + "\" but there are only " +
                     std::to_string(available) + " CUDA devices");
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(choice.index));
}

/// Chooses the type asked for, or the fastest that the device has.
at::ScalarType choose_type(const EncoderOptions& options, const at::Device& device, Notes& notes) {
  if (options.precision == Precision::int8)
    notes.push_back(
        "int8 is only for a ResNet50 on the processor: the encoder computes in floating point");
  if (options.precision == Precision::float32) return at::kFloat;
  if (device.is_cuda()) return options.precision == Precision::bfloat16 ? at::kBFloat16 : at::kHalf;
  if (options.precision == Precision::bfloat16 && !has_bfloat16()) {
    notes.push_back("bfloat16 is not supported by this processor: float32 is used");
    return at::kFloat;
  }
  return options.precision == Precision::bfloat16 || has_amx_bfloat16() ? at::kBFloat16
                                                                        : at::kFloat;
}

const char* type_name(at::ScalarType type) {
  switch (type) {
    case at::kBFloat16:
      return "bfloat16";
    case at::kHalf:
      return "float16";
    default:
      return "float32";
  }
}

/// A module ready to run somewhere in some number type.
struct Runner {
  Module module;
  at::Device device = at::Device(at::kCPU);
  at::ScalarType type = at::kFloat;
};

at::Tensor checked_output(const c10::IValue& value, const at::Tensor& input,
                          const EncoderOptions& options, const Sidecar& sidecar) {
  const std::string model = options.model.string();
  const std::string expected = ", expected a tensor [" + std::to_string(input.size(0)) + ", " +
                               std::to_string(sidecar.features) + "] for an input " +
                               shape_text(input) + " as its sidecar says";
  if (!value.isTensor()) throw ModelError(model + ": gives " + value.tagKind() + expected);
  at::Tensor out = value.toTensor();
  if (out.dim() != 2 || out.size(0) != input.size(0) || out.size(1) != sidecar.features)
    throw ModelError(model + ": gives a tensor " + shape_text(out) + expected);
  return out;
}

/// Turns one batch [B, 1, px, px] of grey chips in the processor's memory into features [B, D].
RowMatrixXf forward(Runner runner, const at::Tensor& grey, const EncoderOptions& options,
                    const Sidecar& sidecar) {
  return translated(options.model.string() + ": failed on a batch of chips", [&] {
    at::init_num_threads();
    const c10::InferenceMode inference;
    const at::Tensor mean = at::tensor(at::ArrayRef<float>(sidecar.mean)).view({1, 3, 1, 1});
    const at::Tensor std = at::tensor(at::ArrayRef<float>(sidecar.std)).view({1, 3, 1, 1});
    const at::Tensor input = ((grey - mean) / std)
                                 .to(runner.device, runner.type)
                                 .contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor found =
        checked_output(runner.module.forward({input}), input, options, sidecar);
    const at::Tensor out = found.to(at::kCPU, at::kFloat).contiguous();
    return RowMatrixXf(
        Eigen::Map<const RowMatrixXf>(out.data_ptr<float>(), out.size(0), out.size(1)));
  });
}

/// Freezes a module for a device and a number type. Freezing folds batch normalisation in float32.
Runner prepare(Module module, const at::Device& device, at::ScalarType type,
               const EncoderOptions& options) {
  return translated(options.model.string() + ": cannot be prepared for " + device.str(), [&] {
    const c10::InferenceMode inference;
    module.to(device);
    Module frozen = torch::jit::freeze(module);
    if (type != at::kFloat)
      convert_constants(frozen.get_method("forward").graph()->block(), type);
    else if (device.is_cpu())
      frozen = torch::jit::optimize_for_inference(frozen);
    return Runner{frozen, device, type};
  });
}

class TorchEncoder : public Encoder {
 public:
  TorchEncoder(Runner runner, EncoderOptions options, Sidecar sidecar, Notes notes,
               const EncoderSeconds& seconds)
      : runner_(std::move(runner)),
        options_(std::move(options)),
        sidecar_(std::move(sidecar)),
        notes_(std::move(notes)),
        seconds_(seconds) {}

  EncoderIdentity identity() const override {
    EncoderIdentity identity = identity_of(sidecar_);
    identity.precision = type_name(runner_.type);
    identity.device = runner_.device.str();
    identity.embedding = "chip";
    identity.path = version::name;
    return identity;
  }
  Notes notes() const override { return notes_; }
  EncoderSeconds seconds() const override { return seconds_; }

  RowMatrixXf encode(const Micrograph& canonical, const ChipGrid& grid, Normalise normalise,
                     const Progress& progress) override {
    const long px = sidecar_.input_px;
    const auto size = static_cast<std::size_t>(batch()), pixels = static_cast<std::size_t>(px * px);
    RowMatrixXf rows_ND(static_cast<Eigen::Index>(grid.chips()), sidecar_.features);
    const auto work = [&](std::size_t, const Batch& chips) {
      // Varying shapes would grow oneDNN's caches: the last batch is padded with chips of zeros.
      const at::Tensor grey = at::zeros({batch(), 1, px, px}, at::kFloat);
      for (std::size_t i = 0; i < chips.count; ++i)
        gather_chip(canonical.pixels, grid.chip(chips.first + i), normalise,
                    grey.data_ptr<float>() + i * pixels);
      const auto count = static_cast<Eigen::Index>(chips.count);
      rows_ND.middleRows(static_cast<Eigen::Index>(chips.first), count) =
          forward(runner_, grey, options_, sidecar_).topRows(count);
    };
    // A card computes one batch while the next is gathered.
    for_each_batch(cut_into_batches(grid.chips(), size, size),
                   runner_.device.is_cuda() ? 2 : options_.threads, work, progress);
    return rows_ND;
  }

 private:
  /// The number of chips in a batch: on a processor as many pixels as 32 chips of 64 px, on a card
  /// more.
  long batch() const {
    const long chips_64px = runner_.device.is_cuda() ? 1024 : 32;
    return std::max(
        8L, chips_64px * 64 * 64 / (static_cast<long>(sidecar_.input_px) * sidecar_.input_px));
  }

  Runner runner_;
  EncoderOptions options_;
  Sidecar sidecar_;
  Notes notes_;
  EncoderSeconds seconds_;
};

/// A tensor of the module in float32, row by row, by its name.
struct NamedTensors {
  StateDict views;
  std::vector<at::Tensor> owners;

  explicit NamedTensors(const Module& module) {
    for (const auto& item : module.named_parameters()) add(item.name, item.value);
    for (const auto& item : module.named_buffers()) add(item.name, item.value);
  }
  void add(const std::string& name, const at::Tensor& tensor) {
    owners.push_back(tensor.detach().to(at::kCPU, at::kFloat).contiguous());
    views[name] = {owners.back().sizes().vec(), owners.back().data_ptr<float>()};
  }
};

/// Opens one file. Every faster way of running the module is checked against the untouched module
/// in float32 on the processor.
class Opening {
 public:
  Opening(const EncoderOptions& options, const Sidecar& sidecar, Notes notes)
      : options_(options),
        sidecar_(sidecar),
        notes_(std::move(notes)),
        device_(choose_device(options)) {}

  std::unique_ptr<Encoder> open() {
    const SingleThreaded scope;
    version::switch_off_profiling();
    timed(seconds_.load, [&] { module_ = load_module(options_.model); });
    timed(seconds_.check, [&] { reference_ = forward({module_}, probe(), options_, sidecar_); });
    if (!reference_.allFinite())
      throw ModelError(options_.model.string() + ": gives features that are not finite");
    if (device_.is_cpu())
      if (auto encoder = open_resnet()) return encoder;
    return open_torch();
  }

 private:
  template <class Function>
  static void timed(double& seconds, const Function& function) {
    const auto start = std::chrono::steady_clock::now();
    function();
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  at::Tensor probe() const {
    std::vector<float> chips = probe_chips(sidecar_.input_px, probes);
    return at::from_blob(chips.data(), {probes, 1, sidecar_.input_px, sidecar_.input_px},
                         at::kFloat)
        .clone();
  }

  /// Opens the module through oneDNN when it is a ResNet50 and nothing else. Otherwise returns
  /// nothing, with a note when it looked like one.
  std::unique_ptr<Encoder> open_resnet() {
    std::unique_ptr<ResnetEncoder> encoder;
    timed(seconds_.load, [&] {
      const NamedTensors tensors(module_);
      auto weights = fold_resnet50(tensors.views, options_.threads);
      if (weights && sidecar_.features == resnet50_features)
        encoder = std::make_unique<ResnetEncoder>(
            std::make_shared<const FoldedResnet>(std::move(*weights)), options_, sidecar_, notes_);
    });
    if (!encoder) return nullptr;
    RowMatrixXf found;
    timed(seconds_.warm_up,
          [&] { found = encoder->features_of(probe_chips(sidecar_.input_px, probes)); });
    const double cosine = worst_cosine(reference_, found);
    encoder->set_seconds(seconds_);
    encoder->set_checked_against(version::name);
    if (cosine >= least_cosine(encoder->identity().precision)) return encoder;
    notes_.push_back("the encoder has a ResNet50's weights but not its features (cosine " +
                     number(cosine) + "): it runs through LibTorch");
    return nullptr;
  }

  std::unique_ptr<Encoder> open_torch() {
    if (options_.embedding == EmbeddingMode::shared)
      notes_.push_back(
          "the shared embedding needs a ResNet50 on the processor: each chip is embedded by "
          "itself");
    const at::ScalarType type = choose_type(options_, device_, notes_);
    Runner runner;
    timed(seconds_.load, [&] { runner = prepare(module_, device_, type, options_); });
    if (type != at::kFloat && !agrees(runner))
      runner = prepare(module_, device_, at::kFloat, options_);
    return std::make_unique<TorchEncoder>(runner, options_, sidecar_, notes_, seconds_);
  }

  bool agrees(const Runner& runner) {
    double cosine = -1;
    try {
      timed(seconds_.warm_up, [&] {
        cosine = worst_cosine(reference_, forward(runner, probe(), options_, sidecar_));
      });
    } catch (const ModelError&) {  // an operation without a kernel for this type
    }
    if (cosine >= least_cosine(type_name(runner.type))) return true;
    notes_.push_back(std::string("the encoder's features in ") + type_name(runner.type) +
                     " do not agree with float32 (cosine " + number(cosine) + "): float32 is used");
    return false;
  }

  static constexpr int probes = 2;
  const EncoderOptions& options_;
  const Sidecar& sidecar_;
  Notes notes_;
  at::Device device_;
  EncoderSeconds seconds_;
  Module module_;
  RowMatrixXf reference_;
};

}  // namespace

}  // namespace metamict

metamict::Encoder* metamict_open_torch_encoder(const metamict::EncoderOptions& options,
                                               const metamict::Sidecar& sidecar,
                                               const metamict::Notes& notes) {
  return metamict::translated(options.model.string(), [&] {
    return metamict::Opening(options, sidecar, notes).open().release();
  });
}
