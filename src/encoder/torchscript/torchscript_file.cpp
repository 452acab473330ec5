// SPDX-License-Identifier: GPL-3.0-or-later
#include "encoder/torchscript/torchscript_file.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>

#include "encoder/torchscript/pickle.hpp"

namespace metamict {

namespace {

using Bytes = std::span<const unsigned char>;

std::uint32_t number_at(Bytes bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | bytes[at + i];
  return value;
}

std::optional<Bytes> part(Bytes bytes, std::size_t first, std::size_t count) {
  if (first > bytes.size() || count > bytes.size() - first) return std::nullopt;
  return bytes.subspan(first, count);
}

// PKWARE's APPNOTE 6.3: fixed parts of the three records, and the numbers they begin with.
constexpr std::size_t end_bytes = 22, central_bytes = 46, local_bytes = 30;
constexpr std::uint32_t end_mark = 0x06054b50, central_mark = 0x02014b50, local_mark = 0x04034b50;

/// Finds the end record. Only a comment may stand behind it.
std::optional<Bytes> end_record(Bytes file) {
  if (file.size() < end_bytes) return std::nullopt;
  const std::size_t last = file.size() - end_bytes, longest_comment = 65535;
  for (std::size_t back = 0; back <= std::min(last, longest_comment); ++back)
    if (number_at(file, last - back, 4) == end_mark) return file.subspan(last - back, end_bytes);
  return std::nullopt;
}

std::optional<Bytes> stored_entry(Bytes file, Bytes central) {
  const bool encrypted = (number_at(central, 8, 2) & 1U) != 0;
  const std::uint32_t method = number_at(central, 10, 2), packed = number_at(central, 20, 4),
                      size = number_at(central, 24, 4);
  const std::uint32_t header = number_at(central, 42, 4);
  const auto local = part(file, header, local_bytes);
  if (encrypted || method != 0 || packed != size || !local || number_at(*local, 0, 4) != local_mark)
    return std::nullopt;
  return part(file, header + local_bytes + number_at(*local, 26, 2) + number_at(*local, 28, 2),
              size);
}

constexpr std::int64_t most_elements = std::int64_t{1} << 31;

struct NotUnderstood {};

/// Walks through the module's attributes. A pickle can refer to a part of itself many times over,
/// so both depth and length of the walk are limited.
class Tensors {
 public:
  Tensors(const Pickle& pickle, const ZipEntries& entries, std::string archive)
      : pickle_(pickle), entries_(entries), archive_(std::move(archive)) {}

  StateDict all() {
    walk(pickle_.root(), "", 0);
    return std::move(found_);
  }

 private:
  using Kind = Pickle::Kind;
  using Value = Pickle::Value;

  const Value& item(const Value& of, std::size_t i, Kind kind) const {
    if (i >= of.items.size() || pickle_.at(of.items[i]).kind != kind) throw NotUnderstood{};
    return pickle_.at(of.items[i]);
  }

  void walk(const Value& value, const std::string& name, int depth) {
    if (depth > 32 || ++visited_ > 200'000 || name.size() > 1000) throw NotUnderstood{};
    if (value.kind == Kind::object) {
      const Value& state = item(value, 1, Kind::table);
      for (std::size_t i = 0; i < state.items.size(); i += 2)
        walk(pickle_.at(state.items[i + 1]),
             (name.empty() ? "" : name + ".") + std::string(item(state, i, Kind::text).text),
             depth + 1);
    } else if (value.kind == Kind::call &&
               item(value, 0, Kind::name).text == "torch._utils\n_rebuild_tensor_v2") {
      found_[name] = view(item(value, 1, Kind::sequence));
    }
  }

  /// Reads the arguments of _rebuild_tensor_v2: storage, offset, sizes, strides. The others do not
  /// matter here.
  TensorView view(const Value& arguments) const {
    // ("storage", type, key, device, elements)
    const Value& storage = item(item(arguments, 0, Kind::persistent), 0, Kind::sequence);
    const Value &sizes = item(arguments, 2, Kind::sequence),
                &strides = item(arguments, 3, Kind::sequence);
    TensorView tensor;
    std::int64_t count = 1;
    for (std::size_t i = 0; i < sizes.items.size(); ++i) {
      const std::int64_t size = item(sizes, i, Kind::integer).integer;
      if (size < 1 || size > most_elements / count) throw NotUnderstood{};
      tensor.shape.push_back(size);
      count *= size;
    }
    std::int64_t step = 1;  // row by row, or it is a view of something else
    for (std::size_t i = sizes.items.size(); i-- > 0; step *= tensor.shape[i])
      if (tensor.shape[i] > 1 && item(strides, i, Kind::integer).integer != step)
        throw NotUnderstood{};
    const std::string_view type = item(storage, 1, Kind::name).text;
    const std::size_t bytes = type == "torch\nFloatStorage"  ? 4
                              : type == "torch\nHalfStorage" ? 2
                                                             : 0;
    if (bytes == 0) return tensor;
    const unsigned char* data =
        elements(storage, item(arguments, 1, Kind::integer).integer, count, bytes);
    if (bytes == 4)
      // cppcheck-suppress invalidPointerCast ; little-endian, as stored_tensors requires, and
      // aligned, as elements() does
      tensor.data = reinterpret_cast<const float*>(data);
    else
      tensor.half = reinterpret_cast<const std::uint16_t*>(data);
    return tensor;
  }

  const unsigned char* elements(const Value& storage, std::int64_t offset, std::int64_t count,
                                std::size_t bytes) const {
    const auto entry =
        entries_.find(archive_ + "data/" + std::string(item(storage, 2, Kind::text).text));
    if (entry == entries_.end() || offset < 0 || offset > most_elements) throw NotUnderstood{};
    const auto data = part(entry->second, static_cast<std::size_t>(offset) * bytes,
                           static_cast<std::size_t>(count) * bytes);
    if (!data || reinterpret_cast<std::uintptr_t>(data->data()) % bytes != 0) throw NotUnderstood{};
    return data->data();
  }

  const Pickle& pickle_;
  const ZipEntries& entries_;
  const std::string archive_;
  StateDict found_;
  int visited_ = 0;
};

}  // namespace

std::optional<ZipEntries> stored_entries(Bytes file) {
  const auto end = end_record(file);
  if (!end) return std::nullopt;
  ZipEntries entries;
  std::size_t at = number_at(*end, 16, 4);
  for (std::uint32_t left = number_at(*end, 10, 2); left > 0; --left) {
    const auto central = part(file, at, central_bytes);
    if (!central || number_at(*central, 0, 4) != central_mark) return std::nullopt;
    const std::size_t name_bytes = number_at(*central, 28, 2);
    const auto name = part(file, at + central_bytes, name_bytes);
    const auto entry = stored_entry(file, *central);
    if (!name) return std::nullopt;
    if (entry) entries[{reinterpret_cast<const char*>(name->data()), name->size()}] = *entry;
    at += central_bytes + name_bytes + number_at(*central, 30, 2) + number_at(*central, 32, 2);
  }
  return entries;
}

std::optional<StateDict> stored_tensors(Bytes file) {
  if constexpr (std::endian::native != std::endian::little) return std::nullopt;
  const auto entries = stored_entries(file);
  if (!entries) return std::nullopt;
  constexpr std::string_view pickle_name = "/data.pkl";
  for (const auto& [name, bytes] : *entries) {
    if (!name.ends_with(pickle_name)) continue;
    try {
      const Pickle pickle(bytes);
      return Tensors(pickle, *entries,
                     std::string(name.substr(0, name.size() - pickle_name.size() + 1)))
          .all();
    } catch (const PickleError&) {
      return std::nullopt;
    } catch (const NotUnderstood&) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace metamict
