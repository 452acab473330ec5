// SPDX-License-Identifier: GPL-3.0-or-later
// Velox EMD: /Data/Image/<uuid> with the frame as last axis and, per frame, a column of JSON.
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "formats/bytes/encoding.hpp"
#include "formats/bytes/lenient_json.hpp"
#include "formats/hdf5/child/layouts.hpp"

namespace metamict::hdf5 {

namespace {

using nlohmann::json;

// The member at a path of keys, or null.
const json& member(const json& value, std::initializer_list<const char*> keys) {
  static const json nothing;
  const json* at = &value;
  for (const char* key : keys) {
    if (!at->is_object() || !at->contains(key)) return nothing;
    at = &(*at)[key];
  }
  return *at;
}

std::string text(const json& value) {
  return value.is_string()   ? value.get<std::string>()
         : value.is_number() ? value.dump()
                             : std::string();
}

// The first column of the metadata matrix, padded with NUL.
json metadata_of(hid_t group) {
  constexpr hsize_t most = 1 << 24;
  const Handle dataset = open_dataset(group, "Metadata");
  const auto shape = dataset ? shape_of(dataset) : std::nullopt;
  if (!shape || shape->size() != 2 || (*shape)[0] > most || (*shape)[1] == 0) return {};
  const hsize_t start[2] = {0, 0}, count[2] = {(*shape)[0], 1};
  std::string bytes(static_cast<std::size_t>(count[0]), '\0');
  const Handle file_space(H5Dget_space(dataset), H5Sclose),
      memory_space(H5Screate_simple(1, count, nullptr), H5Sclose);
  if (H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, nullptr, count, nullptr) < 0 ||
      H5Dread(dataset, H5T_NATIVE_UCHAR, memory_space, file_space, H5P_DEFAULT, bytes.data()) < 0)
    return {};
  return parse_json(bytes);
}

std::string percent_decoded(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](std::size_t k) {
      return k < text.size() && std::isxdigit(static_cast<unsigned char>(text[k])) != 0;
    };
    if (text[i] == '%' && digit(i + 1) && digit(i + 2)) {
      result += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return is_utf8(result) ? result : text;
}

// What the displays call each dataset. Newer versions go through a table of references.
std::map<std::string, std::string> titles_of(hid_t file) {
  std::map<std::string, std::string> titles;
  for (const std::string where : {"Presentation/Displays/ImageDisplay", "Displays/ImageDisplay"}) {
    const Handle displays = open_object(file, where);
    for (const auto& name : members(displays)) {
      const json display = parse_json(text_dataset(displays, name));
      std::string title = text(member(display, {"display", "label"})),
                  path = text(member(display, {"dataPath"}));
      if (title.empty()) title = text(member(display, {"title"}));
      if (const std::string reference = text(member(display, {"data"}));
          path.empty() && !reference.empty())
        path = text(member(parse_json(text_dataset(file, reference)), {"dataPath"}));
      if (!path.empty() && !title.empty()) titles[path] = percent_decoded(title);
    }
  }
  return titles;
}

// The detectors of the scan that the operations name for a dataset's path.
std::map<std::string, std::string> operation_detectors(hid_t file) {
  std::map<std::string, std::string> detectors;
  const Handle operations = open_object(file, "Operations");
  for (const auto& kind : members(operations)) {
    const Handle group = open_object(operations, kind);
    for (const auto& id : members(group)) {
      const json operation = parse_json(text_dataset(group, id));
      for (const char* key : {"detector", "detectorName", "cameraName"})
        if (const std::string name = text(member(operation, {key})); !name.empty())
          detectors.emplace(text(member(operation, {"dataPath"})), name);
    }
  }
  return detectors;
}

bool is_true(const json& value) {
  return value == true || text(value) == "true" || text(value) == "1";
}

// Of the detectors that the metadata describe: the only one, or the only one that was in use.
std::string only_detector(const json& metadata) {
  const json& detectors = member(metadata, {"Detectors"});
  if (!detectors.is_object()) return {};
  std::set<std::string> all, used;
  for (const auto& [key, detector] : detectors.items()) {
    const std::string name = text(member(detector, {"DetectorName"}));
    if (name.empty()) continue;
    all.insert(name);
    if (is_true(member(detector, {"Enabled"})) || is_true(member(detector, {"Inserted"})))
      used.insert(name);
  }
  return all.size() == 1 ? *all.begin() : used.size() == 1 ? *used.begin() : std::string();
}

// "Detectors[HAADF].CollectionAngleRange": the only detector that the properties of the image speak
// of.
std::string property_detector(const json& metadata) {
  const json& properties = member(metadata, {"CustomProperties"});
  if (!properties.is_object()) return {};
  std::set<std::string> names;
  for (const auto& [key, value] : properties.items())
    if (const auto end = key.find(']'); key.starts_with("Detectors[") && end != std::string::npos)
      names.insert(key.substr(10, end - 10));
  return names.size() == 1 ? *names.begin() : std::string();
}

// Velox names the detector at the result, by an index, with the operation, or only by describing no
// other.
std::string detector_of(const json& metadata, const std::string& operation) {
  const json& result = member(metadata, {"BinaryResult"});
  if (std::string name = text(member(result, {"Detector"})); !name.empty()) return name;
  if (const std::string index = text(member(result, {"DetectorIndex"})); !index.empty())
    if (std::string name =
            text(member(metadata, {"Detectors", ("Detector-" + index).c_str(), "DetectorName"}));
        !name.empty())
      return name;
  if (!operation.empty()) return operation;
  const std::string only = only_detector(metadata);
  return only.empty() ? property_detector(metadata) : only;
}

std::string name_of(const std::string& title, const std::string& detector, const std::string& id) {
  if (title.empty()) return detector.empty() ? id : detector;
  return detector.empty() || title.find(detector) != std::string::npos
             ? title
             : title + " (" + detector + ")";
}

struct Names {
  std::map<std::string, std::string> titles, detectors;  ///< by the dataset's path
};

std::string find(const std::map<std::string, std::string>& names, const std::string& path) {
  const auto found = names.find("/" + path);
  return found == names.end() ? std::string() : found->second;
}

Image read_image(hid_t file, const std::string& id, const Names& names) {
  const std::string path = "Data/Image/" + id;
  Image image = describe(file, path + "/Data", true);
  const json metadata = metadata_of(open_object(file, path));
  image.info.name =
      name_of(find(names.titles, path), detector_of(metadata, find(names.detectors, path)), id);
  const json& result = member(metadata, {"BinaryResult"});
  const auto width = parse_number(text(member(result, {"PixelSize", "width"}))),
             height = parse_number(text(member(result, {"PixelSize", "height"})));
  if (width && height)
    set_pixel_size(image.info, pixel_size_from({*height, *width},
                                               {parse_unit(text(member(result, {"PixelUnitY"}))),
                                                parse_unit(text(member(result, {"PixelUnitX"})))},
                                               "Velox metadata"));
  return image;
}

}  // namespace

std::vector<Image> velox_images(hid_t file) {
  const Names names{titles_of(file), operation_detectors(file)};
  std::vector<Image> images;
  for (const auto& id : members(open_object(file, "Data/Image")))
    images.push_back(read_image(file, id, names));
  for (const std::string kind : {"Spectrum", "SpectrumImage", "EelsSpectrum", "EelsSpectrumImage"})
    for (const auto& id : members(open_object(file, "Data/" + kind))) {
      Image image = describe(file, "Data/" + kind + "/" + id + "/Data", true);
      image.info.name = kind + " " + id.substr(0, 6);
      image.info.image = false;
      image.info.reason = kind.ends_with("Image") ? "a spectrum image" : "a spectrum";
      images.push_back(std::move(image));
    }
  return images;
}

}  // namespace metamict::hdf5
