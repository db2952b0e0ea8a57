// The legend in words: what the colours mean, what was analysed, what is not on the map, and how not to read it.

import type { Excluded, HotspotFacts, StudyArea } from "./api";
import { definitions, element } from "./dom";
import { count, counted, percentage } from "./numbers";
import { COLOURS } from "./palette";

/** One colour and its meaning. */
export interface LegendEntry {
  readonly colour: string;
  readonly label: string;
  readonly meaning: string;
}

/** The banner over every map of invented data. */
export const SYNTHETIC_BANNER = "SYNTHETIC SAMPLE: not real crime data";

/** How a map of recorded incidents must not be read. */
export const CAVEAT =
  "Recorded incidents show where agencies looked and where people reported, as well as where crime happened. " +
  "More reporting or more enforcement alone can make a cell hot; a seizure at a checkpoint maps the checkpoint, not the market.";

const REASONS: Readonly<Record<string, string>> = {
  too_coarse: "located too coarsely for this resolution",
  no_location: "without a location",
  basis: "located by something other than where the crime happened (such as the victim’s home)",
  outside_study_area: "outside the study area",
};

const NULL_MODELS: Readonly<Record<string, string>> = {
  exact: "exact permutation test: the counts shuffled over the study area, every arrangement taken into account",
  mc: "random permutations of the counts over the study area",
  normal: "normal approximation",
};

/** The colours and their meanings, hottest first, for a false-discovery rate `alpha`. */
export function legendEntries(alpha: number): LegendEntry[] {
  const bins = [
    { level: 0.01, word: "very strong", hot: COLOURS.hot3, cold: COLOURS.cold3 },
    { level: 0.05, word: "strong", hot: COLOURS.hot2, cold: COLOURS.cold2 },
    { level: 0.1, word: "weak", hot: COLOURS.hot1, cold: COLOURS.cold1 },
  ];
  const line = (kind: "Hot" | "Cold", more: string, bin: (typeof bins)[number]): LegendEntry => ({
    colour: kind === "Hot" ? bin.hot : bin.cold,
    label: `${kind}, ${bin.word}`,
    meaning:
      `${more} incidents here and in neighbouring cells than chance explains (q ≤ ${bin.level.toFixed(2)})` +
      (bin.level > alpha ? `; a hint only, above the limit of ${String(alpha)}` : ""),
  });
  return [
    ...bins.map((bin) => line("Hot", "more", bin)),
    ...bins.toReversed().map((bin) => line("Cold", "fewer", bin)),
    { colour: COLOURS.notSignificant, label: "Not significant", meaning: "some incidents, no more and no fewer than chance explains" },
    { colour: COLOURS.zero, label: "None recorded", meaning: "no incident recorded, and nothing unusual around it" },
    { colour: COLOURS.untested, label: "Not testable", meaning: "no neighbouring cells, or too little variation to compare" },
  ];
}

/** What is not on the map and why, in a sentence. */
export function excludedSentence(excluded: Excluded): string {
  if (excluded.count === 0) return "Every matching record is on the map.";
  const reasons = Object.entries(excluded.reasons)
    .filter(([, records]) => records > 0)
    .sort(([, one], [, other]) => other - one)
    .map(([reason, records]) => ({ records, words: REASONS[reason] ?? reason.replaceAll("_", " ") }));
  const head = `${counted(excluded.count, "record")} (${percentage(excluded.share)})`;
  const verb = excluded.count === 1 ? "is" : "are";
  const [only] = reasons;
  if (only !== undefined && reasons.length === 1) return `${head} ${verb} ${only.words} and ${verb} not on the map.`;
  const list = reasons.map(({ records, words }) => `${count(records)} ${words}`).join("; ");
  return `${head} ${verb} not on the map${list === "" ? "" : `: ${list}`}.`;
}

/** How chance was modelled, in words. */
export function nullModelWords(facts: HotspotFacts): string {
  const words = NULL_MODELS[facts.nullModel] ?? facts.nullModel;
  return facts.nullModel === "mc" && facts.seed !== null ? `${words} (seed ${String(facts.seed)})` : words;
}

/** Terms and values that say what was analysed. */
export function factRows(facts: HotspotFacts, area: StudyArea, resolution: number): [string, string][] {
  const { cells, occupied } = facts.studyArea;
  return [
    ["Study area", `${area.title}: ${counted(cells, "cell")}, ${count(occupied)} with incidents`],
    ["Cells tested", `${count(facts.tested)} of ${count(cells)}, H3 resolution ${String(resolution)}`],
    ["Chance means", nullModelWords(facts)],
    ["Limit (alpha)", `${String(facts.alpha)}: of the cells called hot or cold at most this share is expected to be false`],
    ...(facts.fdr === null ? [] : [["Correction", fdrWords(facts.fdr)] satisfies [string, string]]),
    ...(facts.policy === null ? [] : [["Policy", facts.policy] satisfies [string, string]]),
    ["Data version", facts.dataVersion],
  ];
}

/** Draws the legend; `facts` is null while they are on their way. */
export function renderLegend(
  parent: HTMLElement,
  shown: { readonly facts: HotspotFacts; readonly area: StudyArea; readonly resolution: number; readonly download: string } | null,
): void {
  const entries = legendEntries(shown?.facts.alpha ?? 0.05).map(({ colour, label, meaning }) => {
    const swatch = element("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.backgroundColor = colour;
    return element("li", {}, swatch, element("span", {}, element("strong", {}, label), `: ${meaning}`));
  });
  const parts: HTMLElement[] = [element("h2", {}, "What the colours say"), element("ul", { class: "swatches" }, ...entries)];
  if (shown !== null) {
    parts.push(
      element("h2", {}, "Not on the map"),
      element("p", { class: "excluded" }, excludedSentence(shown.facts.excluded)),
      element("h2", {}, "How to read it"),
      element("p", { class: "caveat" }, CAVEAT),
      element("h2", {}, "What was analysed"),
      definitions(factRows(shown.facts, shown.area, shown.resolution)),
      element("p", { class: "download" }, element("a", { href: shown.download }, "These cells as GeoJSON")),
    );
  }
  parent.replaceChildren(...parts);
}

function fdrWords(fdr: string): string {
  switch (fdr.toLowerCase()) {
    case "bh":
    case "benjamini-hochberg":
      return "Benjamini–Hochberg, over all tested cells";
    case "by":
      return "Benjamini–Yekutieli, over all tested cells";
    default:
      return fdr;
  }
}
