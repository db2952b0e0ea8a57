// One cell in words and numbers.

import type { HotspotCell } from "./api";
import { definitions, element } from "./dom";
import { count, counted, probability, quantity } from "./numbers";
import { colourOfBin, COLOURS, STRENGTHS, swatch } from "./palette";
import { resolutionOf } from "./state";

/** What a click on a cell leads to. */
export type Details =
  | { readonly kind: "loading"; readonly h3: string }
  | { readonly kind: "absent"; readonly h3: string }
  | { readonly kind: "failed"; readonly h3: string; readonly message: string }
  | { readonly kind: "cell"; readonly cell: HotspotCell; readonly alpha: number; readonly source: string };

/** A cell's class as a heading and a sentence that gives its reason. */
export function verdict(cell: HotspotCell, alpha: number): { heading: string; sentence: string } {
  const strength = STRENGTHS.find(({ bin }) => bin === Math.abs(cell.bin ?? 0));
  const kind = (word: string): string => (strength === undefined ? word : `${word}, ${strength.word}`);
  const limit = (strength?.level ?? alpha).toString();
  switch (cell.class) {
    case "hot":
      return { heading: kind("Hot"), sentence: `More incidents here and in neighbouring cells than chance explains${qClause(cell, "≤", limit)}.` };
    case "cold":
      return { heading: kind("Cold"), sentence: `Fewer incidents here and in neighbouring cells than chance explains${qClause(cell, "≤", limit)}.` };
    case "not_significant":
      return {
        heading: "Not significant",
        sentence: `Chance alone explains the incidents recorded here and in neighbouring cells${qClause(cell, ">", String(alpha))}.`,
      };
    case "isolated":
      return { heading: "Not testable", sentence: "The study area has no neighbouring cell, so there is nothing to compare this one with." };
    case "insufficient_variation":
      return { heading: "Not testable", sentence: "Too few incidents, or all cells alike: there is too little variation to tell hot from cold." };
    default:
      return { heading: cell.class.replaceAll("_", " "), sentence: "" };
  }
}

/** Terms and values of a cell; what could not be computed says so. */
export function cellRows(cell: HotspotCell): [string, string][] {
  const or = (value: number | null, write: (value: number) => string): string => (value === null ? "not computed" : write(value));
  return [
    ...(cell.neighbourhoodN === null ? [] : [["With its neighbours", counted(cell.neighbourhoodN, "incident")] satisfies [string, string]]),
    ["Expected there by chance", or(cell.expected, quantity)],
    ["z (distance from chance)", or(cell.z, quantity)],
    ["p (chance alone, one cell)", or(cell.p, probability)],
    ["q (corrected for all cells)", or(cell.q, probability)],
    ...(cell.neighbours === null ? [] : [["Neighbours", counted(cell.neighbours, "cell")] satisfies [string, string]]),
    ["H3 cell", `${cell.h3}, resolution ${String(resolutionOf(cell.h3))}`],
  ];
}

/** The words after the number of incidents; without them a hot cell that is empty itself looks like a mistake. */
export function countWords(cell: HotspotCell): string {
  if (cell.n === 0 && cell.class === "hot") return "incidents recorded in this cell: those of its neighbours make it hot";
  return `${cell.n === 1 ? "incident" : "incidents"} recorded in this cell`;
}

/** What to say of a cell at the rim of the study area, or null inside. */
export function edgeNote(cell: HotspotCell): string | null {
  return cell.edge
    ? "At the edge of the study area: some neighbours lie outside it and are not counted. The test allows for that."
    : null;
}

/** Shows the details, or hides the panel for null. `close` is called by its button. */
export function renderDetails(parent: HTMLElement, details: Details | null, close: () => void): void {
  parent.hidden = details === null;
  if (details === null) {
    parent.replaceChildren();
    return;
  }
  const button = element("button", { type: "button", class: "close", "aria-label": "Close the details" }, "×");
  button.addEventListener("click", close);
  parent.replaceChildren(button, ...contents(details));
}

function contents(details: Details): HTMLElement[] {
  switch (details.kind) {
    case "loading":
      return [element("h2", {}, "Cell"), element("p", {}, `Asking about ${details.h3} …`)];
    case "absent":
      return [element("h2", {}, "No such cell"), element("p", {}, `This analysis has no cell ${details.h3}; it belongs to another study area or resolution.`)];
    case "failed":
      return [element("h2", {}, "Not available"), element("p", {}, details.message)];
    case "cell":
      return cellContents(details.cell, details.alpha, details.source);
  }
}

function cellContents(cell: HotspotCell, alpha: number, source: string): HTMLElement[] {
  const { heading, sentence } = verdict(cell, alpha);
  const note = edgeNote(cell);
  return [
    element("h2", {}, swatch(colourOf(cell)), heading),
    element("p", { class: "lead" }, sentence),
    element("p", { class: "count" }, element("strong", {}, count(cell.n)), ` ${countWords(cell)}`),
    definitions(cellRows(cell)),
    ...(note === null ? [] : [element("p", { class: "note" }, note)]),
    element("p", { class: "download" }, element("a", { href: source }, "This cell as GeoJSON")),
  ];
}

function colourOf(cell: HotspotCell): string {
  if (cell.class === "isolated" || cell.class === "insufficient_variation") return COLOURS.untested;
  if ((cell.bin ?? 0) === 0 && cell.n === 0) return COLOURS.zero;
  return colourOfBin(cell.bin ?? 0);
}

function qClause(cell: HotspotCell, relation: "≤" | ">", limit: string): string {
  return cell.q === null ? "" : ` (q ${relation} ${limit})`;
}
