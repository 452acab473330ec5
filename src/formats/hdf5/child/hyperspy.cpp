// SPDX-License-Identifier: GPL-3.0-or-later
// HyperSpy: /Experiments/<name>/data with a group of attributes for each axis.
#include <algorithm>

#include "formats/hdf5/child/layouts.hpp"

namespace metamict::hdf5 {

namespace {

struct HyperSpyAxis {
  Axis axis;
  std::optional<bool> navigate;
  std::uint64_t length = 0;
};

HyperSpyAxis read_hyperspy_axis(hid_t experiment, std::size_t i, std::uint64_t length) {
  const Handle axis = open_object(experiment, "axis-" + std::to_string(i));
  if (!axis) return {};
  const auto navigate = number_attribute(axis, "navigate");
  return {{number_attribute(axis, "scale").value_or(0),
           parse_unit(text_attribute(axis, "units")),
           {},
           number_attribute(axis, "offset")},
          navigate ? std::optional(*navigate != 0) : std::nullopt,
          length};
}

// Whether there is a spectrum at every point. A map of single numbers, which is a spectrum of the
// length one to HyperSpy, is an image.
bool is_spectra(hid_t experiment, const std::vector<HyperSpyAxis>& axes) {
  if (std::all_of(axes.begin(), axes.end(),
                  [](const auto& axis) { return axis.navigate.has_value(); })) {
    const auto is_signal = [](const auto& axis) { return !*axis.navigate; };
    return std::count_if(axes.begin(), axes.end(), is_signal) == 1 &&
           std::find_if(axes.begin(), axes.end(), is_signal)->length > 1;
  }
  for (const char* where : {"metadata/Signal", "mapped_parameters"}) {
    const Handle description = open_object(experiment, where);
    if (const std::string kind = text_attribute(description, "record_by"); !kind.empty())
      return kind != "image";
  }
  return false;
}

Image read_experiment(hid_t experiments, const std::string& name) {
  Image image = describe(experiments, name + "/data");
  image.path = "Experiments/" + image.path;
  image.info.name = name;
  const Handle experiment = open_object(experiments, name);
  const Handle data = open_dataset(experiments, name + "/data");
  const auto shape = data ? shape_of(data) : std::nullopt;
  if (!shape || shape->size() < 2) return image;
  std::vector<HyperSpyAxis> axes;
  std::vector<Axis> plain;
  for (std::size_t i = 0; i < shape->size(); ++i) {
    axes.push_back(read_hyperspy_axis(experiment, i, (*shape)[i]));
    plain.push_back(axes.back().axis);
  }
  if (is_spectra(experiment, axes)) {
    const auto channels = std::find_if(axes.begin(), axes.end(), [](const HyperSpyAxis& axis) {
      return axis.navigate ? !*axis.navigate : is_energy(axis.axis.unit);
    });
    set_channels(image, *shape, static_cast<std::size_t>(channels - axes.begin()),
                 channels == axes.end() ? Axis() : channels->axis);
    refuse(image.info, image.info.channels ? "a spectrum image, which --maps takes" : "spectra");
  }
  if (text_attribute(open_object(experiment, "metadata/Signal"), "signal_type")
          .ends_with("diffraction"))
    refuse(image.info, "diffraction: the file calls itself so");
  set_axes(image, plain, "HyperSpy axes");
  const auto elements = texts_dataset(experiment, "metadata/Sample/_list_elements");
  if (static_cast<int>(elements.size()) == image.info.frames) image.info.frame_names = elements;
  return image;
}

}  // namespace

std::vector<Image> hyperspy_images(hid_t file) {
  std::vector<Image> images;
  const Handle experiments = open_object(file, "Experiments");
  for (const auto& name : members(experiments))
    images.push_back(read_experiment(experiments, name));
  return images;
}

}  // namespace metamict::hdf5
