// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the part of Python's pickle format in which TorchScript writes a module's attributes. Names
// of classes stay names: nothing is imported or called.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace metamict {

struct PickleError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Holds the values of a pickle. They refer to each other by number, and several may refer to the
/// same one.
class Pickle {
 public:
  using Id = std::uint32_t;
  enum class Kind { nothing, integer, text, name, sequence, table, object, call, persistent };
  struct Value {
    Kind kind = Kind::nothing;
    std::int64_t integer = 0;
    std::string_view text;  ///< of a text; of a class or function "module\nname"
    std::vector<Id> items;  ///< of a sequence; keys and values of a table; object: class, state;
                            ///< call: function, arguments; persistent: its name
  };

  /// The values are views into `bytes`. Throws PickleError for anything not described above, and
  /// above 1 MiB.
  explicit Pickle(std::span<const unsigned char> bytes);

  const Value& root() const { return values_.at(root_); }
  const Value& at(Id id) const { return values_.at(id); }

 private:
  class Machine;
  std::vector<Value> values_;
  Id root_ = 0;
};

}  // namespace metamict
