// SPDX-License-Identifier: GPL-3.0-or-later
// Every threshold by which borders are drawn, with its unit and why it is so. A period is a quarter
// of a chip: one period of the lattice at the usual chip. Decisions 0011 and 0012 tell what was
// measured.
#pragma once

#include <array>
#include <cstddef>

namespace metamict {

/// Pixels of the working image to a period: enough for the reflections that a probe passes, and
/// four times fewer than the encoder needs.
constexpr double border_period_px = 8;

/// What is learnt about two regions that touch, from the pixels around their contact.
struct BorderLearningOptions {
  /// Periods from any border to the pixels that teach: there nothing shows of the other side. Thin
  /// regions get the widest margin that leaves room.
  std::array<double, 3> inner_periods{1.5, 1.0, 0.6};
  /// Square periods of either region that must be left inside.
  double least_inner_area = 4;
  /// Periods around the contact from which pixels teach.
  double context_periods = 8;
  /// Periods: the width of the local planes. Drift and wedges are slower.
  double neighbourhood_periods = 6;
  /// Pixels of either region that teach.
  std::size_t places = 400;
  /// Pixels of the contact at which the two regions are compared, at most.
  std::size_t contact_places = 100;
  /// Share of the covariance that is replaced by its diagonal: 400 places know seven variances
  /// better than all products.
  double shrinkage = 0.05;
};

/// How the line is drawn.
struct BorderDrawingOptions {
  /// Periods: Gaussian windows, the narrowest first. The first that tells the two regions apart is
  /// used. One window for all borders is worse (0.926 in place of 0.928).
  std::array<double, 5> window_periods{0.35, 0.5, 0.7, 1.0, 1.4};
  /// Standard deviations between two regions that are told apart.
  double least_separation = 4;
  /// Standard deviations, in the window that tells two regions of one order apart best, below which
  /// there is no border: they are one region. False borders have 0.2 to 2.9, the least of a true
  /// one is 4.0 (24 one-lattice images, 26 scenes and 8 real images).
  double unseen_separation = 3;
  /// Periods: the line is smoothed by less than a cell.
  double smoothing_periods = 0.4;
  /// Periods that a border may move by. 1.5 is worse where order fades.
  double band_periods = 1;
  /// Borders are drawn so often: the second time the regions that teach are purer. Four rounds add
  /// nothing.
  int rounds = 2;
  /// Lattices that are looked for in the image, for borders where order fades.
  int most_lattices = 6;
};

/// Borders where a lattice fades over many periods.
struct FadedBorderOptions {
  /// Quantile of the amplitudes in the ordered region that counts as full.
  double full_quantile = 0.8;
  /// Quantile of the amplitudes in the region without a lattice; low, because the border may be far
  /// off.
  double empty_quantile = 0.2;
  /// Share of the ordered region's amplitude that the other may have at that quantile.
  double most_without = 1 / 3.;
  /// Share of it by which the amplitude may fall within the few periods that a border could blur;
  /// above, the border is sharp and not drawn here.
  double most_fading = 2 / 3.;
  /// The full amplitude is at least this share of its middle, however steep its slope along the
  /// border.
  double least_full = 0.3;
  /// Share of half the amplitude within which a pixel may change sides: an island there would mean
  /// nothing.
  double undecided_share = 0.5;
  /// Pixels of either region without which nothing is measured.
  int least_pixels = 50;
  /// The border's direction and the slope along it hang together: they are found in turns.
  int rounds = 3;
};

struct BorderOptions {
  BorderLearningOptions learning;
  BorderDrawingOptions drawing;
  FadedBorderOptions faded;
};

}  // namespace metamict
