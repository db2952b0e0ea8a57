// Colours of the cells. ColorBrewer's RdBu (colour-blind safe, diverging) for significant cells, warm greys for the rest:
// a reader who cannot tell red from blue still sees dark against pale, and the details say hot or cold in words.

import type { ExpressionSpecification } from "maplibre-gl";
import { element } from "./dom";

/** What a cell looks like. */
export const COLOURS = {
  hot3: "#b2182b",
  hot2: "#d6604d",
  hot1: "#f4a582",
  cold1: "#92c5de",
  cold2: "#4393c3",
  cold3: "#2166ac",
  notSignificant: "#d3d0c7",
  zero: "#efede6",
  untested: "#d5cadb",
  ground: "#faf9f6",
  mesh: "rgba(255, 255, 255, 0.45)",
  ink: "#26231f",
} as const;

/** The bins by strength, in words, with the greatest q of each. */
export const STRENGTHS = [
  { bin: 3, word: "very strong", level: 0.01 },
  { bin: 2, word: "strong", level: 0.05 },
  { bin: 1, word: "weak", level: 0.1 },
] as const;

/** The fill of a cell from its properties, in MapLibre's expression language. */
export const CELL_FILL: ExpressionSpecification = [
  "case",
  ["in", ["get", "class"], ["literal", ["isolated", "insufficient_variation"]]],
  COLOURS.untested,
  [
    "match",
    ["to-number", ["get", "bin"], 0],
    3,
    COLOURS.hot3,
    2,
    COLOURS.hot2,
    1,
    COLOURS.hot1,
    -1,
    COLOURS.cold1,
    -2,
    COLOURS.cold2,
    -3,
    COLOURS.cold3,
    ["case", [">", ["to-number", ["get", "n"], 0], 0], COLOURS.notSignificant, COLOURS.zero],
  ],
];

/** The fill of a cell with this bin; the same rule as [`CELL_FILL`] for tested cells. */
export function colourOfBin(bin: number): string {
  switch (bin) {
    case 3:
      return COLOURS.hot3;
    case 2:
      return COLOURS.hot2;
    case 1:
      return COLOURS.hot1;
    case -1:
      return COLOURS.cold1;
    case -2:
      return COLOURS.cold2;
    case -3:
      return COLOURS.cold3;
    default:
      return COLOURS.notSignificant;
  }
}

/** A small square of a colour, for legends. */
export function swatch(colour: string): HTMLElement {
  const made = element("span", { class: "swatch", "aria-hidden": "true" });
  made.style.backgroundColor = colour;
  return made;
}
