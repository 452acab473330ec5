// SPDX-License-Identifier: GPL-3.0-or-later
// HDF5's C interface with owners, and the few kinds of values that image files keep in it.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace metamict::hdf5 {

/// Closes what it holds; a negative handle is "not there".
class Handle {
 public:
  Handle() = default;
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() { reset(); }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      reset();
      id_ = std::exchange(other.id_, -1);
      close_ = other.close_;
    }
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  explicit operator bool() const { return id_ >= 0; }
  operator hid_t() const {
    return id_;
  }  // NOLINT(google-explicit-constructor): it goes into C functions

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
  void reset() {
    if (id_ >= 0) close_(id_);
    id_ = -1;
  }
};

Handle open_object(
    hid_t in, const std::string& path);  ///< group or dataset by hard or soft links inside the file
Handle open_dataset(hid_t in, const std::string& path);  ///< nothing when it is none
bool has(hid_t in, const std::string& path);
std::vector<std::string> members(hid_t group);  ///< names of hard links, sorted

std::optional<double> number_attribute(hid_t object, const char* name);
std::string text_attribute(hid_t object, const char* name);  ///< UTF-8 text or empty
std::string text_dataset(hid_t in,
                         const std::string& path);  ///< one variable-length or fixed string
std::vector<std::string> texts_attribute(hid_t object, const char* name);  ///< one or more
std::vector<std::string> texts_dataset(hid_t in, const std::string& path);
Handle reference_attribute(hid_t object,
                           const char* name);  ///< the object that the attribute refers to

/// A dataset's sides, or nothing when it is no simple array.
std::optional<std::vector<std::uint64_t>> shape_of(hid_t dataset);

/// numpy's name of its type ("uint16"), "complex64", "rgba8" or "compound" for structures, "text",
/// ... and whether it is a real number or a boolean.
std::pair<std::string, bool> type_of(hid_t dataset);

/// The first numbers of a dataset whose axes but one have the length one, at most `most`.
std::vector<double> first_numbers(hid_t dataset, std::size_t most);
std::optional<double> number_dataset(hid_t in,
                                     const std::string& path);  ///< a dataset of one number

/// The numbers of one row (axis 0) or column (axis 1) of a table; empty when it is no table of
/// numbers.
std::vector<double> table_line(hid_t dataset, int axis, std::uint64_t place);

/// What HDF5 complains about, the innermost cause, and clears it.
std::string complaint();

}  // namespace metamict::hdf5
