// SPDX-License-Identifier: GPL-3.0-or-later
// What the reports gain where JavaScript runs: a tip at the pointer, and the first map
// switched from rule to rule.
#pragma once

#include <string_view>

namespace metamict::html {

/// Reads `section.maps` as html::open_maps writes it. Everything it shows stands in the page
/// without it, but for the values of single chips, which the pictures show as colours.
inline constexpr std::string_view script = R"(
(() => {
  "use strict";
  const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
  const nearest = (centres, at) =>
    centres.reduce((best, c, i) => Math.abs(c - at) < Math.abs(centres[best] - at) ? i : best, 0);
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);

  for (const title of document.querySelectorAll(".regions title")) {  // or the browser's own tip would lie over ours
    title.parentNode.setAttribute("aria-label", title.textContent);
    title.remove();
  }

  const listen = maps => {
    const across = JSON.parse(maps.dataset.across), down = JSON.parse(maps.dataset.down);
    const order = bytes(maps.dataset.order);
    const say = event => {
      const panel = event.target.closest("svg.panel");
      tip.hidden = !panel;
      if (!panel) return;
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(panel.getScreenCTM().inverse());
      const map = panel.dataset.rule ? panel : maps.querySelector("svg[data-rule]");
      const region = [...map.querySelectorAll(".regions path")].find(path => path.isPointInFill(at));
      const chip = nearest(down, at.y) * across.length + nearest(across, at.x);
      const value = of => (of[chip] / 250).toFixed(2);
      tip.textContent = (region ? region.getAttribute("aria-label") : "unassigned") + "\nhere: order " + value(order) +
        ", stability " + value(bytes(map.dataset.stability));
      const x = event.clientX + 14, y = event.clientY + 18;
      tip.style.left = Math.max(4, Math.min(x, innerWidth - tip.offsetWidth - 4)) + "px";
      tip.style.top = (y + tip.offsetHeight < innerHeight ? y : event.clientY - tip.offsetHeight - 10) + "px";
    };
    maps.addEventListener("pointermove", say);
    maps.addEventListener("pointerdown", say);
    maps.addEventListener("pointerleave", () => { tip.hidden = true; });
  };

  const addSwitch = maps => {
    const [shown, ...others] = maps.querySelectorAll("svg[data-rule]");
    if (others.length < 2) return;
    const bar = document.createElement("p");
    bar.className = "switch";
    bar.append("Regions by ");
    for (const other of others) {
      const button = document.createElement("button");
      button.textContent = other.dataset.rule;
      button.setAttribute("aria-pressed", other.dataset.rule === shown.dataset.rule);
      button.addEventListener("click", () => {
        for (const one of bar.children) one.setAttribute("aria-pressed", one === button);
        shown.replaceChildren(...other.cloneNode(true).childNodes);
        shown.setAttribute("aria-label", other.getAttribute("aria-label"));
        shown.dataset.rule = other.dataset.rule;
        shown.dataset.stability = other.dataset.stability;
        shown.closest("figure").querySelector(".rule").textContent = other.dataset.rule;
      });
      bar.append(button);
    }
    shown.closest(".row").before(bar);
  };

  for (const maps of document.querySelectorAll(".maps")) {
    listen(maps);
    addSwitch(maps);
  }
})();
)";

/// Sorts a table by the column whose title is clicked, numbers as numbers; a second click turns the
/// order round.
inline constexpr std::string_view sort_script = R"(
(() => {
  "use strict";
  for (const table of document.querySelectorAll("table")) {
    const body = table.tBodies[0], titles = [...table.tHead.rows[0].cells];
    titles.forEach((title, column) => {
      title.tabIndex = 0;
      title.className = "sortable";
      const value = row => row.cells[column].textContent.trim();
      const sort = () => {
        const down = title.getAttribute("aria-sort") === "ascending";
        for (const other of titles) other.removeAttribute("aria-sort");
        title.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows];
        rows.sort((a, b) => value(a).localeCompare(value(b), undefined, { numeric: true }) * (down ? -1 : 1));
        body.append(...rows);
      };
      title.addEventListener("click", sort);
      title.addEventListener("keydown", event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(); } });
    });
  }
})();
)";

}  // namespace metamict::html
