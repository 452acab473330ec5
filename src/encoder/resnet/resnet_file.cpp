// SPDX-License-Identifier: GPL-3.0-or-later
#include "encoder/resnet/resnet_file.hpp"

#include <chrono>
#include <filesystem>
#include <new>

#include "base/stopwatch.hpp"
#include "encoder/probe.hpp"
#include "encoder/resnet/resnet_encoder.hpp"
#include "encoder/torchscript/torchscript_file.hpp"
#include "metamict/errors.hpp"
#include "metamict/sidecar.hpp"

namespace metamict {

namespace {

/// Whether LibTorch might find a CUDA card. Only LibTorch can tell whether it does.
bool may_have_cuda() {
  return std::filesystem::exists("/dev/nvidiactl") || std::filesystem::exists("/dev/dxg");
}

bool agrees(const RecordedFeatures& recorded, const RowMatrixXf& features,
            const std::string& precision) {
  if ((features.cols() - 1) / recorded.every + 1 != recorded.rows.cols()) return false;
  RowMatrixXf found(features.rows(), recorded.rows.cols());
  for (Eigen::Index i = 0; i < found.cols(); ++i) found.col(i) = features.col(i * recorded.every);
  return worst_cosine(recorded.rows, found) >= least_cosine(precision);
}

}  // namespace

std::unique_ptr<Encoder> open_resnet_file(std::span<const unsigned char> file,
                                          const EncoderOptions& options, const Sidecar& sidecar,
                                          const Notes& notes) try {
  const DeviceKind device = parse_device(options.device).kind;
  if (device == DeviceKind::cuda || (device == DeviceKind::automatic && may_have_cuda()))
    return nullptr;
  const auto recorded = recorded_features(options.model);
  if (!recorded || sidecar.features != resnet50_features) return nullptr;

  EncoderSeconds seconds;
  auto start = std::chrono::steady_clock::now();
  const auto tensors = stored_tensors(file);
  auto weights = tensors ? fold_resnet50(*tensors, options.threads) : std::nullopt;
  if (!weights) return nullptr;
  auto encoder = std::make_unique<ResnetEncoder>(
      std::make_shared<const FoldedResnet>(std::move(*weights)), options, sidecar, notes);
  seconds.load = seconds_since(start);

  start = std::chrono::steady_clock::now();
  const RowMatrixXf features =
      encoder->features_of(probe_chips(sidecar.input_px, static_cast<int>(recorded->rows.rows())));
  seconds.warm_up = seconds_since(start);
  if (!agrees(*recorded, features, encoder->identity().precision)) return nullptr;
  encoder->set_seconds(seconds);
  encoder->set_checked_against("the features its sidecar records");
  return encoder;
} catch (const std::bad_alloc&) {
  throw ResourceError(options.model.string() + ": not enough memory");
} catch (const dnnl::error& error) {
  if (error.status == dnnl_out_of_memory)
    throw ResourceError(options.model.string() + ": not enough memory");
  throw ModelError(options.model.string() + ": oneDNN refuses it: " + error.what());
}

}  // namespace metamict
