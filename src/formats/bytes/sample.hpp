// SPDX-License-Identifier: GPL-3.0-or-later
// The real number types of image pixels; complex, colour and text are told apart by the readers.
#pragma once

#include <cstddef>
#include <string>

namespace metamict {

enum class Sample { u8, i8, u16, i16, u32, i32, u64, i64, f16, f32, f64 };

std::size_t size_of(Sample sample);  ///< bytes
std::string name_of(Sample sample);  ///< "uint16", as numpy says it

}  // namespace metamict
