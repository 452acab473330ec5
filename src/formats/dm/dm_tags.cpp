// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/dm/dm_tags.hpp"

#include <vector>

#include "formats/bytes/encoding.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

constexpr int most_levels = 64;  // real files have about ten
constexpr std::uint64_t most_kept = 200000;
constexpr std::uint64_t most_text = 1 << 16;

enum Encoded {
  i16 = 2,
  i32,
  u16,
  u32,
  f32,
  f64,
  boolean,
  i8,
  octet,
  i64,
  u64,
  structure = 15,
  string = 18,
  array = 20
};

std::uint64_t width_of(std::uint64_t type) {
  switch (type) {
    case boolean:
    case i8:
    case octet:
      return 1;
    case i16:
    case u16:
      return 2;
    case i32:
    case u32:
    case f32:
      return 4;
    case f64:
    case i64:
    case u64:
      return 8;
    default:
      throw InputError("damaged: a tag has the unknown type " + std::to_string(type));
  }
}

void append_utf8(std::string& text, unsigned code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xC0 | (code >> 6));
    text += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    text += static_cast<char>(0xE0 | (code >> 12));
    text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (code & 0x3F));
  }
}

class Parser {
 public:
  explicit Parser(const InputFile& file) : file_(file) {}

  DmTags parse() {
    const auto version = take<std::uint32_t>();
    if (version != 3 && version != 4)
      throw InputError("DM version " + std::to_string(version) + " is not known (3 and 4 are)");
    wide_ = version == 4;
    take_count();  // the file's length, which writers count in different ways
    const auto little = take<std::uint32_t>();
    if (little > 1) throw InputError("damaged: its byte order is neither little nor big");
    tags_.order = little == 1 ? std::endian::little : std::endian::big;
    group("", 0, true);
    return std::move(tags_);
  }

 private:
  const InputFile& file_;
  DmTags tags_;
  std::uint64_t at_ = 0;
  bool wide_ = false;

  template <typename T>
  T take() {
    const T value = file_.get<T>(at_, std::endian::big, "a tag");
    at_ += sizeof(T);
    return value;
  }
  std::uint64_t take_count() { return wide_ ? take<std::uint64_t>() : take<std::uint32_t>(); }
  void skip(std::uint64_t bytes) {
    file_.require(at_, bytes, "a tag's value");
    at_ += bytes;
  }

  void group(const std::string& path, int level, bool keep) {
    if (level > most_levels)
      throw InputError("damaged: its tags are nested more than " + std::to_string(most_levels) +
                       " deep");
    skip(2);  // sorted, open
    const std::uint64_t count = take_count();
    if (count > file_.size())
      throw InputError("truncated or damaged: a group claims " + std::to_string(count) + " tags");
    for (std::uint64_t i = 0; i < count; ++i) entry(path, i, level, keep);
  }

  void entry(const std::string& path, std::uint64_t place, int level, bool keep) {
    const auto kind = take<std::uint8_t>();
    const auto length = take<std::uint16_t>();
    const std::string name =
        length == 0 ? std::to_string(place) : file_.text(at_, length, most_text, "a tag's name");
    at_ += length;
    if (wide_) take_count();  // the tag's size, redundant
    const bool wanted =
        keep && name.size() <= 64 && (level > 0 || name == "ImageList" || name == "Thumbnails");
    const std::string here = !wanted ? std::string() : path.empty() ? name : path + "." + name;
    if (kind == 20) return group(here, level + 1, wanted);
    if (kind != 21)
      throw InputError("damaged: an entry of the unknown kind " + std::to_string(kind) +
                       " at byte " + std::to_string(at_));
    value(here, wanted);
  }

  void value(const std::string& path, bool keep) {
    if (file_.text(at_, 4, 4, "a tag") != "%%%%")
      throw InputError("damaged: no tag where one should be, at byte " + std::to_string(at_));
    at_ += 4;
    const std::uint64_t count = take_count();
    if (count == 0 || count > 4096)
      throw InputError("damaged: a tag is described by " + std::to_string(count) + " numbers");
    std::vector<std::uint64_t> info(static_cast<std::size_t>(count));
    for (auto& number : info) number = take_count();
    DmValue found;
    found.bytes = read_info(info, found);
    found.offset = at_;
    if (info[0] < structure && keep) found.number = number_at(at_, info[0]);
    skip(found.bytes);
    if (!keep) return;
    if (tags_.values.size() >= most_kept)
      throw InputError("damaged: it has more than " + std::to_string(most_kept) + " image tags");
    tags_.values.emplace(path, found);
  }

  // The bytes of the value that `info` describes; fills in a simple array's type and length.
  std::uint64_t read_info(const std::vector<std::uint64_t>& info, DmValue& found) {
    const auto element = [&](std::size_t i) {
      return i < info.size() ? info[i]
                             : throw InputError("damaged: a tag's description is too short");
    };
    switch (info[0]) {
      case structure:
        return structure_width(info, 0);
      case string:
        return times(element(1), 2);
      case array: {
        const std::uint64_t length = info.back();
        if (element(1) == structure) return times(length, structure_width(info, 1));
        found.element = static_cast<int>(element(1));
        found.count = element(2);
        return times(found.count, width_of(element(1)));
      }
      default:
        return width_of(info[0]);
    }
  }

  // A structure: type, length of its name, number of fields, then per field the length of its name
  // and its type.
  std::uint64_t structure_width(const std::vector<std::uint64_t>& info, std::size_t start) {
    const std::uint64_t fields = start + 2 < info.size() ? info[start + 2] : 0;
    if (fields > info.size() || start + 3 + 2 * fields > info.size())
      throw InputError("damaged: a structure claims " + std::to_string(fields) + " fields");
    std::uint64_t bytes = 0;
    for (std::uint64_t i = 0; i < fields; ++i) bytes += width_of(info[start + 4 + 2 * i]);
    return bytes;
  }

  std::uint64_t times(std::uint64_t count, std::uint64_t width) const {
    if (width != 0 && count > file_.size() / width)
      throw InputError("truncated or damaged: a tag claims " + std::to_string(count) + " elements");
    return count * width;
  }

  double number_at(std::uint64_t offset, std::uint64_t type) const {
    const auto as = [&](auto kind) {
      return static_cast<double>(file_.get<decltype(kind)>(offset, tags_.order, "a tag's value"));
    };
    switch (type) {
      case i16:
        return as(std::int16_t{});
      case i32:
        return as(std::int32_t{});
      case u16:
        return as(std::uint16_t{});
      case u32:
        return as(std::uint32_t{});
      case f32:
        return as(float{});
      case f64:
        return as(double{});
      case i64:
        return as(std::int64_t{});
      case u64:
        return as(std::uint64_t{});
      case i8:
        return as(std::int8_t{});
      default:
        return as(std::uint8_t{});
    }
  }
};

}  // namespace

std::optional<double> DmTags::number(const std::string& path) const {
  const auto found = values.find(path);
  return found == values.end() ? std::nullopt : found->second.number;
}

std::string DmTags::text(const InputFile& file, const std::string& path) const {
  const auto found = values.find(path);
  if (found == values.end() || found->second.count == 0 || found->second.count > most_text)
    return {};
  const DmValue& value = found->second;
  std::string text;
  if (value.element == u16) {
    for (std::uint64_t i = 0; i < value.count; ++i)
      append_utf8(text, file.get<std::uint16_t>(value.offset + 2 * i, order, "a text"));
  } else if (value.element == octet || value.element == i8 || value.element == boolean) {
    text = file.text(value.offset, value.count, most_text, "a text");
    text = as_utf8(text);
  }
  return trimmed(text);
}

DmTags read_dm_tags(const InputFile& file) { return Parser(file).parse(); }

}  // namespace metamict
