// SPDX-License-Identifier: GPL-3.0-or-later
#include "encoder/torchscript/pickle.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace metamict {

namespace {

constexpr std::size_t largest_pickle = std::size_t{1} << 20;  // a ResNet50's has 26 KB

}  // namespace

/// Runs a pickle, which is a program for a stack machine.
class Pickle::Machine {
 public:
  Machine(std::span<const unsigned char> bytes, std::vector<Value>& values)
      : bytes_(bytes), values_(values) {}

  Id run() {
    for (;;) {
      const unsigned char code = byte();
      if (code == '.') return pop();
      step(code);
    }
  }

 private:
  void step(unsigned char code) {
    switch (code) {
      case 0x80:
        byte();
        return;  // the protocol's version
      case 'N':
        push({});
        return;
      case 0x88:
      case 0x89:
        push({Kind::integer, code == 0x88, {}, {}});
        return;
      case 'K':
        push({Kind::integer, static_cast<std::int64_t>(little_endian(1)), {}, {}});
        return;
      case 'M':
        push({Kind::integer, static_cast<std::int64_t>(little_endian(2)), {}, {}});
        return;
      case 'J':
        push({Kind::integer, static_cast<std::int32_t>(little_endian(4)), {}, {}});
        return;
      case 0x8a:
        long_integer();
        return;
      case 'G':
        take(8);
        push({});
        return;  // a double, of which no tensor is made
      case 'X':
        push({Kind::text, 0, take(little_endian(4)), {}});
        return;
      case 'c':
        push({Kind::name, 0, two_lines(), {}});
        return;
      case '}':
        push({Kind::table, 0, {}, {}});
        return;
      case ')':
      case ']':
        push({Kind::sequence, 0, {}, {}});
        return;
      case 0x85:
      case 0x86:
      case 0x87:
        sequence(pop(code - 0x84U));
        return;
      case '(':
        marks_.push_back(stack_.size());
        return;
      case 't':
        sequence(pop_to_mark());
        return;
      case 'a':
      case 's':
        extend(pop(code == 'a' ? 1 : 2));
        return;
      case 'e':
      case 'u':
        extend(pop_to_mark());
        return;
      case 0x81:
        make(Kind::object);
        return;
      case 'R':
        make(Kind::call);
        return;
      case 'b':
        build();
        return;
      case 'Q':
        push({Kind::persistent, 0, {}, pop(1)});
        return;
      case 'q':
        memory_[static_cast<Id>(little_endian(1))] = top();
        return;
      case 'r':
        memory_[static_cast<Id>(little_endian(4))] = top();
        return;
      case 'h':
        recall(static_cast<Id>(little_endian(1)));
        return;
      case 'j':
        recall(static_cast<Id>(little_endian(4)));
        return;
      default:
        throw PickleError("an operation that TorchScript does not write");
    }
  }

  std::string_view take(std::size_t count) {
    if (count > bytes_.size()) throw PickleError("it ends early");
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()), count);
    bytes_ = bytes_.subspan(count);
    return text;
  }
  unsigned char byte() { return static_cast<unsigned char>(take(1)[0]); }
  std::uint64_t little_endian(std::size_t count) {
    std::uint64_t value = 0;
    const std::string_view text = take(count);
    for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(text[i]);
    return value;
  }
  std::string_view two_lines() {
    const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
    const auto first = rest.find('\n'),
               second = first == rest.npos ? first : rest.find('\n', first + 1);
    if (second == rest.npos) throw PickleError("it ends early");
    return take(second + 1).substr(0, second);
  }

  void push(Value value) {
    values_.push_back(std::move(value));
    stack_.push_back(static_cast<Id>(values_.size() - 1));
  }
  Id top() const {
    if (stack_.empty()) throw PickleError("it takes more than it put down");
    return stack_.back();
  }
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  std::vector<Id> pop(std::size_t count) {
    if (stack_.size() < floor() + count) throw PickleError("it takes more than it put down");
    std::vector<Id> taken(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return taken;
  }
  Id pop() { return pop(1).front(); }
  std::vector<Id> pop_to_mark() {
    if (marks_.empty()) throw PickleError("a mark is missing");
    std::vector<Id> taken = pop(stack_.size() - floor());
    marks_.pop_back();
    return taken;
  }
  void recall(Id key) {
    const auto found = memory_.find(key);
    if (found == memory_.end()) throw PickleError("it recalls what was never kept");
    stack_.push_back(found->second);
  }

  void sequence(std::vector<Id> items) { push({Kind::sequence, 0, {}, std::move(items)}); }
  void extend(const std::vector<Id>& more) {
    Value& value = values_[top()];
    if (value.kind != Kind::sequence && value.kind != Kind::table)
      throw PickleError("items of something without items");
    if (value.kind == Kind::table && more.size() % 2 != 0)
      throw PickleError("a key without a value");
    value.items.insert(value.items.end(), more.begin(), more.end());
  }
  void make(Kind kind) { push({kind, 0, {}, pop(2)}); }
  void build() {
    const Id state = pop();
    Value& value = values_[top()];
    if (value.kind != Kind::object) throw PickleError("a state of something that is no object");
    value.items[1] = state;
  }
  void long_integer() {
    const std::size_t count = byte();
    if (count > 8) throw PickleError("a whole number of more than 8 bytes");
    std::uint64_t value = little_endian(count);
    if (count > 0 && count < 8 && (value >> (8 * count - 1) & 1U) != 0)
      value |= ~std::uint64_t{0} << (8 * count);
    push({Kind::integer, static_cast<std::int64_t>(value), {}, {}});
  }

  std::span<const unsigned char> bytes_;
  std::vector<Value>& values_;
  std::vector<Id> stack_;
  std::vector<std::size_t> marks_;
  std::map<Id, Id> memory_;
};

Pickle::Pickle(std::span<const unsigned char> bytes) {
  if (bytes.size() > largest_pickle) throw PickleError("it is too large for a list of weights");
  root_ = Machine(bytes, values_).run();
}

}  // namespace metamict
