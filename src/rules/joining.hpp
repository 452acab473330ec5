// SPDX-License-Identifier: GPL-3.0-or-later
// Whether two parts are two: the parts that no border parts are joined.
#pragma once

#include <vector>

#include "rules/chip_field.hpp"

namespace metamict {

/// Whether a part may be split at all. False where even its least alike chips are too alike for a
/// border's jump.
bool may_hold_a_border(const ChipField& field, const Nodes& part);

/// How clearly the looks of two parts jump between them: 1 or more is a border. Measured over the
/// chips that lie one chip apart, one in each part, against those inside a part. Infinite where no
/// chips lie so.
double clarity_across(const ChipField& field, const Nodes& a, const Nodes& b);

/// Joins the two parts with the least clear border, again and again, until all borders are clear.
/// Neighbours are joined first; parts that nowhere lie one chip apart are then compared as wholes.
/// A part with a lattice and one without are two whatever their looks.
std::vector<Nodes> join_alike(const ChipField& field, std::vector<Nodes> parts);

/// 1 where one part has a lattice and the other none. Below 1 it only puts the joins in order: what
/// fades goes with what is nearest to it in order. Joined by looks alone, it would bridge crystal
/// and glass.
double clarity_of_order(const OrderGapOptions& gap, double low, double high);

}  // namespace metamict
