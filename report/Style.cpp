//===- Style.cpp - how the page looks, and what its script does -----------===//

#include "report/Sections.h"

namespace tenon::report {

const char *const kStyle = R"css(
:root { --ink: #1d2733; --faint: #66717f; --line: #dfe4ea; --paper: #fff; --back: #f5f7f9; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ed; --faint: #98a3b0; --line: #333c47; --paper: #1b2129; --back: #12161b; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1280px; padding: 24px; background: var(--back); color: var(--ink);
  font: 14px/1.45 system-ui, "DejaVu Sans", sans-serif; }
h1 { font-size: 24px; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0 0 4px; }
p, small, .shape, .ops, .mark { color: var(--faint); }
p { margin: 0 0 12px; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 18px 20px;
  margin-top: 18px; }
.facts { display: flex; flex-wrap: wrap; gap: 8px 36px; margin: 14px 0 0; }
.facts dt { color: var(--faint); font-size: 12px; }
.facts dd { margin: 0; font-weight: 600; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; cursor: pointer; color: var(--faint); font-weight: 600; }
th, td { border-bottom: 1px solid var(--line); padding: 6px 10px 6px 0; vertical-align: top; }
td:first-child { min-width: 210px; overflow-wrap: anywhere; }
td.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.why { min-width: 280px; font-size: 12px; color: var(--faint); }
code { color: var(--ink); font: 12px "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.bar { display: inline-block; width: 60px; height: 9px; border-radius: 3px; background: var(--line); }
.bar i { display: block; height: 100%; border-radius: 3px; background: #4477aa; }
.dot { display: inline-block; flex: none; width: 10px; height: 10px; border-radius: 5px; margin-right: 7px; }
svg { display: block; }
#memory svg { width: 100%; }
.buffer { fill-opacity: .75; stroke: var(--paper); stroke-width: .6; }
.grid { stroke: var(--line); }
.mark { fill: var(--faint); font-size: 11px; }
.graph { display: flex; }
.graph svg { flex: none; }
.graph path { fill: none; stroke-width: 1.5; stroke-opacity: .55; }
.graph ol { list-style: none; margin: 0; padding: 0; flex: 1; min-width: 0; }
.step { display: flex; align-items: center; gap: 10px; height: 26px; white-space: nowrap; border-radius: 4px; }
.step .number { width: 32px; text-align: right; color: var(--faint); font-variant-numeric: tabular-nums; }
.step .dot { margin: 0; }
.step b { font-weight: 600; overflow: hidden; text-overflow: ellipsis; }
.step .ops { margin-left: auto; padding-right: 8px; overflow: hidden; text-overflow: ellipsis; }
li.marked { background: var(--line); }
path.marked { stroke-width: 3; stroke-opacity: 1; }
rect.marked { fill-opacity: 1; stroke: var(--ink); stroke-width: 2; }
)css";

const char *const kScript = R"js(
"use strict";
// A step that the pointer is on is marked in all sections.
document.addEventListener("mouseover", event => {
  for (const old of document.querySelectorAll(".marked")) old.classList.remove("marked");
  const over = event.target.closest("[data-step]");
  if (!over) return;
  for (const same of document.querySelectorAll(`[data-step="${over.dataset.step}"]`)) same.classList.add("marked");
});
// A click on a heading sorts by it: numbers the largest first, names from a.
document.querySelectorAll("th").forEach((heading, column) => heading.addEventListener("click", () => {
  const body = heading.closest("table").tBodies[0];
  const key = row => row.cells[column].dataset.key;
  const text = row => (row.cells[column].querySelector("b") ?? row.cells[column]).textContent;
  const order = (a, b) => key(a) === undefined ? text(a).localeCompare(text(b)) : key(b) - key(a);
  body.append(...[...body.rows].sort(order));
}));
)js";

} // namespace tenon::report
