// SPDX-License-Identifier: GPL-3.0-or-later
// Room behind what `new` gives, for a library that reads there (src/app/process/spare_room.cpp).
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstddef>
#include <new>
#include <vector>

namespace {

constexpr std::size_t room = 16 * sizeof(std::size_t);

TEST(SpareRoom, EveryBlockHasIt) {
  for (const std::size_t bytes : {0, 1, 8, 24, 752, 4096, 135000, 1 << 20}) {
    void* plain = ::operator new(bytes);
    EXPECT_GE(malloc_usable_size(plain), bytes + room) << bytes;
    ::operator delete(plain);
    void* maybe = ::operator new(bytes, std::nothrow);
    EXPECT_GE(malloc_usable_size(maybe), bytes + room) << bytes;
    ::operator delete(maybe, std::nothrow);
  }
}

TEST(SpareRoom, OurOwnCodeMayNotUseIt) {
#ifndef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "nobody watches without a sanitizer";
#else
  const std::vector<std::size_t> numbers(94, 1);
  const volatile std::size_t* data = numbers.data();
  EXPECT_DEATH(static_cast<void>(data[numbers.size()]), "AddressSanitizer");
#endif
}

TEST(SpareRoom, TooMuchIsRefusedAsEver) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer ends the process instead";
#else
  volatile std::size_t all = SIZE_MAX - 8;
  EXPECT_THROW(static_cast<void>(::operator new(all)), std::bad_alloc);
  EXPECT_EQ(::operator new(all, std::nothrow), nullptr);
#endif
}

}  // namespace
