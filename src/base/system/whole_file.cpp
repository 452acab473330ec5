// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/system/whole_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "metamict/errors.hpp"

namespace metamict {

namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

/// Repeats a call that a signal ended before it had done anything.
template <class Call>
auto uninterrupted(const Call& call) {
  while (true)
    if (const auto result = call(); result != -1 || errno != EINTR) return result;
}

[[noreturn]] void fail_with(const std::filesystem::path& path, const std::string& what,
                            int error_number) {
  throw OutputError(path.string() + " " + what + ": " +
                    std::generic_category().message(error_number));
}

}  // namespace

WholeFile::WholeFile(std::filesystem::path path)
    : path_(std::move(path)), part_(path_.string() + ".part") {
  // A leftover goes first: it could be a link, or longer than what will be written.
  ::unlink(part_.c_str());
  descriptor_ = uninterrupted([&] {
    return ::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  });
  if (descriptor_ < 0) fail("cannot be created", errno);
  buffer_.reserve(buffer_bytes);
}

WholeFile::~WholeFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!finished_) ::unlink(part_.c_str());
}

void WholeFile::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > buffer_bytes) flush();
  buffer_.append(bytes);
  if (buffer_.size() > buffer_bytes) flush();
}

void WholeFile::flush() {
  sha256_.update({reinterpret_cast<const unsigned char*>(buffer_.data()), buffer_.size()});
  bytes_ += buffer_.size();
  for (std::string_view rest = buffer_; !rest.empty();) {
    const ::ssize_t written =
        uninterrupted([&] { return ::write(descriptor_, rest.data(), rest.size()); });
    if (written < 0) fail("cannot be written", errno);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

WrittenFile WholeFile::finish() {
  flush();
  if (uninterrupted([&] { return ::fsync(descriptor_); }) != 0)
    fail("cannot be brought to the disk", errno);
  // Linux closes the file even when a signal comes between, and the bytes are on the disk by now.
  if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR)
    fail("cannot be closed", errno);
  if (uninterrupted([&] { return ::rename(part_.c_str(), path_.c_str()); }) != 0)
    fail("cannot be given its name", errno);
  finished_ = true;
  return {path_, sha256_.hex(), bytes_};
}

void WholeFile::fail(const std::string& what, int error_number) const {
  fail_with(path_, what, error_number);
}

void sync_folder(const std::filesystem::path& folder) {
  const int descriptor = uninterrupted([&] {
    return ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  });
  if (descriptor < 0) fail_with(folder, "cannot be opened", errno);
  // Some network file systems know no fsync of a folder and answer EINVAL: there is nothing to be
  // done about it then.
  const int failure =
      uninterrupted([&] { return ::fsync(descriptor); }) != 0 && errno != EINVAL ? errno : 0;
  ::close(descriptor);
  if (failure != 0) fail_with(folder, "cannot be brought to the disk", failure);
}

}  // namespace metamict
