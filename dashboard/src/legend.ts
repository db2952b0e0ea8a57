// The legend in words: what the colours mean, what was analysed, what is not on the map, and how not to read it.

import type { Excluded, HotspotFacts, StudyArea } from "./api";
import { definitions, element } from "./dom";
import { count, counted, percentage } from "./numbers";
import { COLOURS, colourOfBin, STRENGTHS, swatch } from "./palette";

/** One colour and what it means within its group. */
export interface LegendStep {
  readonly colour: string;
  readonly label: string;
}

/** Colours that share a meaning. */
export interface LegendGroup {
  readonly title: string;
  readonly meaning: string;
  readonly steps: readonly LegendStep[];
}

/** The banner over every map of invented data. */
export const SYNTHETIC_BANNER = "SYNTHETIC SAMPLE: not real crime data";

/** How a map of recorded incidents must not be read. */
export const CAVEAT =
  "Recorded incidents show where agencies looked and where people reported, as well as where crime happened. " +
  "More reporting or more enforcement alone can make a cell hot; a seizure at a checkpoint maps the checkpoint, not the market.";

const REASONS: Readonly<Record<string, string>> = {
  too_coarse: "located too coarsely for cells of this size",
  no_location: "without a location",
  basis: "located by something other than where the crime happened (such as the victim’s home)",
};

/** The reason of records that are known to lie elsewhere. */
const ELSEWHERE = "outside_study_area";

const NULL_MODELS: Readonly<Record<string, string>> = {
  exact: "exact permutation test: the counts shuffled over the study area, every arrangement taken into account",
  mc: "random permutations of the counts over the study area",
  normal: "normal approximation",
};

/** The colours and their meanings, hottest first, for a false-discovery rate `alpha`. */
export function legendGroups(alpha: number): LegendGroup[] {
  const steps = (direction: 1 | -1): LegendStep[] =>
    STRENGTHS.map(({ bin, word, level }) => ({
      colour: colourOfBin(direction * bin),
      label: `${word}: q ≤ ${level.toFixed(2)}${level > alpha ? " (a hint, above the limit)" : ""}`,
    }));
  const single = (colour: string, title: string, meaning: string): LegendGroup => ({ title, meaning, steps: [{ colour, label: "" }] });
  return [
    { title: "Hot", meaning: "more incidents here and in neighbouring cells than chance explains", steps: steps(1) },
    { title: "Cold", meaning: "fewer incidents here and in neighbouring cells than chance explains", steps: steps(-1) },
    single(COLOURS.notSignificant, "Not significant", "some incidents, no more and no fewer than chance explains"),
    single(COLOURS.zero, "None recorded", "no incident here, and nothing unusual around"),
    single(COLOURS.untested, "Not testable", "no neighbouring cells, or too little variation"),
  ];
}

/**
 * What is not on the map and why. Records that are known to lie elsewhere are told apart from those that may belong here
 * but cannot be placed: only the second kind makes the map incomplete.
 */
export function excludedSentence(excluded: Excluded): string {
  const { count: all, share, reasons } = excluded;
  const elsewhere = reasons[ELSEWHERE] ?? 0;
  const unplaced = all - elsewhere;
  const outside = `${counted(elsewhere, "record")} outside the study area ${elsewhere === 1 ? "is" : "are"} not.`;
  if (unplaced <= 0) return elsewhere === 0 ? "Every matching record is on the map." : `Every record of the study area is on the map; ${outside}`;

  // The share is of all matching records; what is wanted here is the share of those that may belong here.
  const candidates = share > 0 ? Math.max(unplaced, Math.round(all / share) - elsewhere) : unplaced;
  const why = Object.entries(reasons)
    .filter(([reason, records]) => reason !== ELSEWHERE && records > 0)
    .sort(([, one], [, other]) => other - one)
    .map(([reason, records]) => `${count(records)} ${REASONS[reason] ?? reason.replaceAll("_", " ")}`)
    .join("; ");
  const head = `${count(unplaced)} of ${counted(candidates, "record")} that may belong here (${percentage(unplaced / candidates)}) cannot be shown`;
  const tail = elsewhere === 0 ? "" : ` ${counted(elsewhere, "other record")} ${elsewhere === 1 ? "lies" : "lie"} outside the study area.`;
  return `${head}${why === "" ? "" : `: ${why}`}.${tail}`;
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

/** What must be read beside every map, however small the screen: what is left out, and that records are not crime. */
export function renderFootnote(parent: HTMLElement, facts: HotspotFacts): void {
  parent.hidden = false;
  parent.textContent = `${excludedSentence(facts.excluded)} Records show reporting and enforcement as well as crime.`;
}

/** Draws the legend; `shown` is null while the facts are on their way. */
export function renderLegend(
  parent: HTMLElement,
  shown: { readonly facts: HotspotFacts; readonly area: StudyArea; readonly resolution: number; readonly download: string } | null,
): void {
  const parts: HTMLElement[] = [element("h2", {}, "What the colours say"), ...legendGroups(shown?.facts.alpha ?? 0.05).map(groupElement)];
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

function groupElement({ title, meaning, steps }: LegendGroup): HTMLElement {
  const words = element("p", {}, element("strong", {}, title), `: ${meaning}`);
  const [only] = steps;
  if (only !== undefined && steps.length === 1) return element("div", { class: "group single" }, swatch(only.colour), words);
  const items = steps.map(({ colour, label }) => element("li", {}, swatch(colour), label));
  return element("div", { class: "group" }, words, element("ul", {}, ...items));
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
