// SPDX-License-Identifier: GPL-3.0-or-later
// Every threshold of the rule `nested`, with its unit and the measurement that set it.
// docs/nested.md tells the rule step by step, and what the maps lose without each of them.
#pragma once

#include <cstddef>
#include <numbers>

namespace metamict {

/// When a border parts two parts: their looks jump across it.
struct JumpOptions {
  /// Least dissimilarity across the border over that inside the rougher part. One real lattice has
  /// 2.3 inside; two real materials have 2.7.
  double ratio = 2.5;
  /// The same where the two touch and neither has a lattice: patches of a cap differ by 2 to 4,
  /// two pockets of glass and a smooth cap by 3 to 4.
  double ratio_without_lattice = 3;
  /// So many times as clear a border parts two even where they are patches of one layer by how they
  /// lie. Patches of a cap reach 1.3.
  double patches = 2;
  /// Least rise of the dissimilarity across the border, as a share of its range over the image. On
  /// the quality bench 0.125 to 0.175 give the same maps but for one.
  double least = 0.125;
  /// Least dissimilarity between the means of two pieces without a lattice that do not touch, as a
  /// share of the range. Of 60 scenes two pockets of one glass differ by up to 0.23, a pocket and a
  /// cap by 0.22 and more.
  double least_apart = 0.2;
  /// Cosine. The range counts as at least this. One lattice has a range of 0.02 to 0.5; in one
  /// image of 30 the places of chips in the cell made a jump of 0.01.
  double least_range = 0.2;
};

/// When two parts are two because one has a lattice and the other has none. Unit: the order index.
struct OrderGapOptions {
  /// Least difference between the two. Order fades over many chips in the gradients of the quality
  /// bench: no jump.
  double least = 0.4;
  /// A part counts as without a lattice up to this share of its neighbour's order. Scan lines and
  /// contamination repeat, too: a glass beside a good crystal reads up to a quarter of it.
  double glass_share = 0.25;
  /// The difference that counts as one whole border when joins are put in order: crystal against
  /// glass.
  double full = 0.6;
};

/// Sizes and places of parts.
struct PartOptions {
  /// Share of the smallest part (a chip and its surroundings); a smaller piece is a splinter and no
  /// region of its own.
  double splinter_share = 0.5;
  /// Half chips. A chip does not choose a part whose core is farther away, unless none is nearer.
  int reach_half_chips = 3;
  /// A part without a core is a border where the way over it from one neighbour to the other turns
  /// by at most so many times the direct way. Two right-angled ways make the square root of 2.
  double longest_detour = std::numbers::sqrt2;
  /// Chips that stand for a part where all pairs would be too many. All pairs give the same maps; a
  /// bound on the time.
  std::size_t sampled_chips = 300;
};

/// The mean grey on cells of a sixteenth of a chip.
struct GreyCellOptions {
  /// Cells. So near another region a cell may show it: a chip knows its border to about a period,
  /// four cells.
  int margin_cells = 5;
  /// Cells: the standard deviation of the Gaussian over the grey, half a period.
  double blur_cells = 2;
};

/// Which of two layers without a lattice a cell belongs to, and whether the two are kept.
struct LayerOptions {
  /// Greys that the cells are cut at, evenly between the darkest and the brightest. The clearest
  /// border counts.
  int thresholds = 10;
  /// Share of the cells on either end that the thresholds leave out.
  double tail_share = 0.05;
  /// Standard deviations of the lattice's pixels: how far around a threshold a cell is a little of
  /// both sides.
  double width = 0.5;
  /// A region of the looks with a smaller share of the cells is a splinter beside the layers.
  double present_share = 0.05;
  /// Regions that share so much of the cells with the layers are the layers already: nothing is
  /// cut.
  double same_share = 0.9;
};

/// When the border between two layers without a lattice is one. Steps are in standard deviations of
/// the lattice's pixels.
struct LayerBorderOptions {
  /// Cells between the border and where either side is read.
  int reach_cells = 3;
  /// Least step over the border, in the median.
  double least_step = 0.7;
  /// Least step nearly everywhere: all but `anywhere_share` of the border has it.
  double least_anywhere = 0.2;
  double anywhere_share = 0.05;
  /// Places where the border is crossed; with fewer it is no border. One chip's edge.
  std::size_t least_crossings = 16;
  /// Length of the border over the sum of its width and height. A layer's border runs straight from
  /// one end to the other (1); patches have longer borders, or several.
  double shortest = 0.85;
  double longest = 1.25;
  /// Width of the narrowest box around the border over its length. Layers of the quality bench have
  /// up to 0.12, patches at the edge of an image 0.22 and more.
  double widest = 0.18;
};

/// When the grey of one lattice steps: two materials with the same structure. Steps are in standard
/// deviations of the lattice's pixels.
struct GreyStepOptions {
  /// Least step. On simulated scenes with drift and wedges one lattice steps by less than 0.10, two
  /// that differ in nothing else by 0.37 and more.
  double least = 0.25;
  /// Least step over what the lattice itself leaves in the cells. True steps stand at 16 and more,
  /// rows of atoms at 1.
  double over_ripple = 6;
  /// Cells between the step and where either side is read.
  int reach_cells = 3;
  /// Places where the step is crossed; with fewer it is no step. One chip's edge.
  std::size_t least_crossings = 16;
  /// Thresholds that are tried: so many by shares of the cells, and so many by even distances. A
  /// quarter of them gives the same maps.
  std::size_t thresholds = 40;
  /// Share of the cells on either end that even distances leave out.
  double tail_share = 0.01;
};

/// When element maps say that two parts are one material.
struct CompositionOptions {
  /// When two parts are two by their composition. The ratio is over what counting alone makes of
  /// two like chips, or over what is inside the rougher part, if that is more.
  JumpOptions jump{3, 3, 2, 0.1, 0.1, 0.2};
  /// Least share of the scatter between chips that is composition. Below it the maps would not see
  /// another material either.
  double least_reliability = 0.9;
};

struct NestedOptions {
  JumpOptions jump;
  OrderGapOptions order;
  PartOptions parts;
  GreyCellOptions cells;
  LayerOptions layers;
  LayerBorderOptions layer_border;
  GreyStepOptions grey_step;
  CompositionOptions composition;
};

}  // namespace metamict
