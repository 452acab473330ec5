// SPDX-License-Identifier: GPL-3.0-or-later
#include "encoder/probe.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>
#include <oneapi/dnnl/dnnl.hpp>
#include <string_view>

#include "metamict/errors.hpp"
#include "metamict/sidecar.hpp"

namespace metamict {

namespace {

bool has_isa(
    dnnl::cpu_isa wanted) {  // the values are sets of bits: a larger set holds every smaller one
  const auto present = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  return (present & static_cast<unsigned>(wanted)) == static_cast<unsigned>(wanted);
}

}  // namespace

DeviceChoice parse_device(const std::string& text) {
  if (text == "auto") return {};
  if (text == "cpu") return {DeviceKind::cpu, 0};
  if (text == "cuda") return {DeviceKind::cuda, 0};
  constexpr std::string_view prefix = "cuda:";
  DeviceChoice choice{DeviceKind::cuda, 0};
  if (text.starts_with(prefix)) {
    const auto [end, failure] =
        std::from_chars(text.data() + prefix.size(), text.data() + text.size(), choice.index);
    if (failure == std::errc{} && end == text.data() + text.size() && choice.index >= 0 &&
        choice.index < 128)
      return choice;
  }
  throw UsageError("device is \"" + text + "\", expected auto, cpu, cuda or cuda:N");
}

bool has_amx_bfloat16() { return has_isa(dnnl::cpu_isa::avx512_core_amx); }
bool has_bfloat16() { return has_isa(dnnl::cpu_isa::avx512_core_bf16); }
bool has_int8() {
  return has_isa(dnnl::cpu_isa::avx512_core_vnni) || has_isa(dnnl::cpu_isa::avx2_vnni);
}

std::vector<float> probe_chips(int px, int count) {
  std::vector<float> chips;
  chips.reserve(static_cast<std::size_t>(px) * static_cast<std::size_t>(px) *
                static_cast<std::size_t>(count));
  for (long k = 0; k < count; ++k)
    for (long y = 0; y < px; ++y)
      for (long x = 0; x < px; ++x)
        chips.push_back(
            static_cast<float>((3 * x * x + 5 * y * y + (7 * k + 1) * x * y) % 257) / 64.0F - 2.0F);
  return chips;
}

std::optional<RecordedFeatures> recorded_features(const std::filesystem::path& model) try {
  std::ifstream file(std::filesystem::path(model).replace_extension(".json"));
  const nlohmann::json probe = nlohmann::json::parse(file).at("probe");
  RecordedFeatures recorded;
  recorded.every = probe.at("every").get<int>();
  const auto chips = probe.at("features").get<std::vector<std::vector<float>>>();
  if (chips.empty() || chips.size() > 16 || chips.front().empty() || recorded.every < 1)
    return std::nullopt;
  recorded.rows.resize(static_cast<Eigen::Index>(chips.size()),
                       static_cast<Eigen::Index>(chips.front().size()));
  for (std::size_t i = 0; i < chips.size(); ++i) {
    if (chips[i].size() != chips.front().size()) return std::nullopt;
    recorded.rows.row(static_cast<Eigen::Index>(i)) =
        Eigen::Map<const Eigen::RowVectorXf>(chips[i].data(), recorded.rows.cols());
  }
  return recorded;
} catch (const nlohmann::json::exception&) {
  return std::nullopt;
}

double worst_cosine(const RowMatrixXf& a, const RowMatrixXf& b) {
  double worst = 1;
  for (Eigen::Index i = 0; i < a.rows(); ++i) {
    const Eigen::RowVectorXd x = a.row(i).cast<double>(), y = b.row(i).cast<double>();
    const double cosine = x.dot(y) / (x.norm() * y.norm());
    worst = cosine > -1 ? std::min(worst, cosine) : -1;  // NaN compares false
    if (worst == -1) break;
  }
  return worst;
}

double least_cosine(const std::string& precision) {
  return precision == "float32" ? 0.99999 : 0.99;
}

EncoderIdentity identity_of(const Sidecar& sidecar) {
  EncoderIdentity identity;
  identity.name = sidecar.name;
  identity.sha256 = sidecar.sha256;
  identity.kind = sidecar.kind;
  identity.provenance = sidecar.provenance;
  identity.features = sidecar.features;
  identity.input_px = sidecar.input_px;
  identity.cells_per_chip = sidecar.cells_per_chip;
  identity.similarity = sidecar.similarity;
  return identity;
}

}  // namespace metamict
