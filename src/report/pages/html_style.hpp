// SPDX-License-Identifier: GPL-3.0-or-later
// The look of every HTML report.
#pragma once

#include <string_view>

namespace metamict::html {

inline constexpr std::string_view style = R"(
:root { color-scheme: light; --ink: #222; --quiet: #5b6470; --rule: #d8dde3; --soft: #f5f7f9; }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; color: var(--ink); background: #fff; }
main { max-width: 1160px; margin: 0 auto; padding: 28px 24px 48px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 38px 0 12px; padding-top: 14px; border-top: 1px solid var(--rule); }
h3 { font-size: 15px; margin: 22px 0 6px; }
p { margin: 6px 0; max-width: 76ch; }
.lead { color: var(--quiet); margin-bottom: 18px; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px 26px; margin: 18px 0 0; }
dl.facts dt { color: var(--quiet); font-size: 12.5px; }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
dl.facts small, td small { color: var(--quiet); font-size: 12.5px; }
.notes { margin: 22px 0 0; padding: 10px 18px 12px; background: #fff8e6; border-left: 4px solid #e69f00; }
.notes h2 { border: 0; padding: 0; margin: 0 0 4px; font-size: 15px; }
.notes ul { margin: 0; padding-left: 18px; }
.notes li { overflow-wrap: anywhere; }
.row { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 22px; align-items: start; }
.row.three { grid-template-columns: repeat(3, minmax(0, 1fr)); }
.row.four { grid-template-columns: repeat(4, minmax(0, 1fr)); }
.row.three > .words { grid-column: span 2; }
figure { margin: 0; break-inside: avoid; }
figcaption { margin-top: 7px; font-size: 13.5px; color: var(--quiet); }
figcaption b { color: var(--ink); }
img, svg.panel { display: block; width: 100%; height: auto; }
svg.hidden { position: absolute; }
svg.bar { display: block; width: 190px; max-width: 100%; margin: 8px 0 0 -5px; font-size: 10.5px; fill: var(--quiet); }
svg.swatch { width: 26px; height: 18px; vertical-align: -4px; }
svg text { font-family: "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; }
.regions path { fill-opacity: .42; fill-rule: evenodd; stroke: #fff; stroke-width: 1px; vector-effect: non-scaling-stroke; }
.regions path:hover { fill-opacity: .68; }
.regions path.doubt { fill: none; stroke: #000; stroke-width: 1.6px; stroke-dasharray: 6 5; pointer-events: none; }
.numbers text { fill: #fff; stroke: rgba(0, 0, 0, .75); paint-order: stroke; stroke-linejoin: round; text-anchor: middle; font-weight: bold; pointer-events: none; }
.front { fill: none; stroke: #fff; stroke-width: 2.5px; stroke-linejoin: round; vector-effect: non-scaling-stroke; paint-order: stroke; }
.front.under { stroke: #000; stroke-width: 5px; stroke-opacity: .6; }
ul.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 6px 22px; padding: 0; margin: 14px 0 0; }
svg.chart { display: block; width: 100%; height: auto; font-size: 11px; fill: var(--ink); }
svg.chart .axis { stroke: #222; stroke-width: 1; fill: none; }
svg.chart .grid { stroke: #e3e6ea; stroke-width: 1; }
svg.chart .quiet { fill: var(--quiet); }
.tip { position: fixed; z-index: 1; max-width: 300px; padding: 5px 10px; border-radius: 3px; background: #222; color: #fff; font-size: 12.5px; white-space: pre-line; pointer-events: none; }
.tip[hidden] { display: none; }
.switch { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; margin: 0 0 14px; }
.switch button { font: inherit; font-size: 13.5px; padding: 3px 12px; border: 1px solid #aab2bb; border-radius: 3px; background: #fff; color: var(--ink); cursor: pointer; }
.switch button[aria-pressed=true] { background: var(--ink); border-color: var(--ink); color: #fff; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 6px 0; }
th, td { text-align: right; padding: 5px 14px 5px 0; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th { font-weight: 600; font-size: 13px; color: var(--quiet); }
th:first-child, td:first-child { text-align: left; }
th.sortable { cursor: pointer; }
th[aria-sort=ascending]::after { content: " ▲"; }
th[aria-sort=descending]::after { content: " ▼"; }
img.thumb { width: auto; max-width: 160px; max-height: 120px; }
td .swatch { margin-right: 4px; }
td:last-child small { display: inline-block; max-width: 300px; white-space: normal; text-align: left; }
details { margin: 12px 0; }
summary { cursor: pointer; color: var(--quiet); }
code, pre { font: 13px/1.5 "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
pre { background: var(--soft); padding: 10px 14px; overflow-x: auto; white-space: pre-wrap; }
footer { margin-top: 40px; padding-top: 12px; border-top: 1px solid var(--rule); color: var(--quiet); font-size: 13px; }
@media (max-width: 700px) {
  main { padding: 18px 14px 32px; }
  .row, .row.three, .row.four { grid-template-columns: minmax(0, 1fr); }
  .row.three > .words { grid-column: auto; }
}
@media print {
  @page { margin: 14mm; }
  .switch, .tip { display: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  .row { gap: 12px; break-inside: avoid; }
  .row.four, .row.charts { grid-template-columns: repeat(2, minmax(0, 1fr)); }  /* or their words would be 4 points high */
  dl.facts, .scroll { break-inside: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 9pt; }
  th { font-size: 8.5pt; }
  th, td { white-space: normal; padding-right: 8px; }
  h2, h3, h2 + p { break-after: avoid; }
  tr, .notes, pre { break-inside: avoid; }
}
)";

}  // namespace metamict::html
