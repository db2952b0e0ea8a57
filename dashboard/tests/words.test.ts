import { describe, expect, it } from "vitest";
import { cellRows, countWords, edgeNote, verdict } from "../src/details";
import { excludedSentence, factRows, legendGroups, nullModelWords } from "../src/legend";
import { percentage, probability, quantity } from "../src/numbers";
import { CELL, FACTS, OPTIONS } from "./fixtures";

describe("the legend", () => {
  it("says what hot and cold mean, strongest first", () => {
    const [hot, cold] = legendGroups(0.05);
    expect(`${hot?.title}: ${hot?.meaning}`).toBe("Hot: more incidents here and in neighbouring cells than chance explains");
    expect(`${cold?.title}: ${cold?.meaning}`).toBe("Cold: fewer incidents here and in neighbouring cells than chance explains");
    expect(hot?.steps.map(({ label }) => label)).toEqual(["very strong: q ≤ 0.01", "strong: q ≤ 0.05", "weak: q ≤ 0.10 (a hint, above the limit)"]);
  });

  it("calls a bin a hint only above the limit in force", () => {
    expect(legendGroups(0.1)[0]?.steps.map(({ label }) => label.includes("hint"))).toEqual([false, false, false]);
    expect(legendGroups(0.01)[0]?.steps.map(({ label }) => label.includes("hint"))).toEqual([false, true, true]);
  });

  it("gives every meaning its own colour", () => {
    const colours = legendGroups(0.05).flatMap(({ steps }) => steps.map(({ colour }) => colour));
    expect(new Set(colours).size).toBe(9);
  });

  it("says how many records that may belong here are not on the map and why", () => {
    expect(excludedSentence(FACTS.excluded)).toBe("312 of 9,176 records that may belong here (3.4%) cannot be shown: 312 located too coarsely for cells of this size.");
    expect(excludedSentence({ count: 1512, share: 0.2, reasons: { no_location: 12, too_coarse: 1500, basis: 0 } })).toBe(
      "1,512 of 7,560 records that may belong here (20.0%) cannot be shown: 1,500 located too coarsely for cells of this size; 12 without a location.",
    );
    expect(excludedSentence({ count: 2, share: 0.5, reasons: { some_new_reason: 1, no_location: 1 } })).toContain("1 some new reason");
    expect(excludedSentence({ count: 3, share: 0.5, reasons: {} })).toBe("3 of 6 records that may belong here (50.0%) cannot be shown.");
    expect(excludedSentence({ count: 0, share: 0, reasons: {} })).toBe("Every matching record is on the map.");
  });

  it("does not count records of other places among those that cannot be shown", () => {
    expect(excludedSentence({ count: 90, share: 0.9, reasons: { outside_study_area: 88, no_location: 2 } })).toBe(
      "2 of 12 records that may belong here (16.7%) cannot be shown: 2 without a location. 88 other records lie outside the study area.",
    );
    expect(excludedSentence({ count: 88, share: 0.88, reasons: { outside_study_area: 88 } })).toBe(
      "Every record of the study area is on the map; 88 records outside the study area are not.",
    );
  });

  it("names the area, the tested cells, the limit and the data version", () => {
    const area = OPTIONS.studyAreas[1];
    if (area === undefined) throw new Error("the fixture has two areas");
    const rows = new Map(factRows(FACTS, area, 6));
    expect(rows.get("Study area")).toBe("Pakistan: 20,339 cells, 1,421 with incidents");
    expect(rows.get("Cells tested")).toBe("20,300 of 20,339, H3 resolution 6");
    expect(rows.get("Limit (alpha)")).toMatch(/^0\.05: /);
    expect(rows.get("Correction")).toBe("Benjamini–Hochberg, over all tested cells");
    expect(rows.get("Data version")).toBe("7");
  });

  it("gives the seed of a sampled null and no seed otherwise", () => {
    expect(nullModelWords({ ...FACTS, nullModel: "mc", seed: 42 })).toContain("(seed 42)");
    expect(nullModelWords({ ...FACTS, nullModel: "exact", seed: 42 })).not.toContain("42");
  });
});

describe("the details of a cell", () => {
  it.each([
    [{ class: "hot", bin: 3 }, "Hot, very strong", "More incidents here and in neighbouring cells than chance explains (q ≤ 0.01)."],
    [{ class: "cold", bin: -2 }, "Cold, strong", "Fewer incidents here and in neighbouring cells than chance explains (q ≤ 0.05)."],
    [{ class: "not_significant", bin: 1 }, "Not significant", "Chance alone explains the incidents recorded here and in neighbouring cells (q > 0.05)."],
    [{ class: "isolated", bin: null, q: null }, "Not testable", "The study area has no neighbouring cell, so there is nothing to compare this one with."],
  ])("give the class in words: %j", (change, heading, sentence) => {
    expect(verdict({ ...CELL, ...change }, 0.05)).toEqual({ heading, sentence });
  });

  it("give the numbers behind it", () => {
    expect(cellRows(CELL)).toEqual([
      ["With its neighbours", "15 incidents"],
      ["Expected there by chance", "2.10"],
      ["z (distance from chance)", "6.43"],
      ["p (chance alone, one cell)", "3.0 × 10⁻⁷"],
      ["q (corrected for all cells)", "0.0004"],
      ["Neighbours", "6 cells"],
      ["H3 cell", "86209a497ffffff, resolution 6"],
    ]);
  });

  it("say what could not be computed, and nothing of a sum that was not given", () => {
    const rows = new Map(cellRows({ ...CELL, neighbourhoodN: null, z: null, p: null, q: null }));
    expect(rows.has("With its neighbours")).toBe(false);
    expect(rows.get("z (distance from chance)")).toBe("not computed");
  });

  it("explain a hot cell without incidents of its own", () => {
    expect(countWords({ ...CELL, n: 0 })).toBe("incidents recorded in this cell: those of its neighbours make it hot");
    expect(countWords({ ...CELL, n: 0, class: "cold" })).toBe("incidents recorded in this cell");
    expect(countWords({ ...CELL, n: 1 })).toBe("incident recorded in this cell");
  });

  it("warn at the edge of the study area", () => {
    expect(edgeNote(CELL)).toBeNull();
    expect(edgeNote({ ...CELL, edge: true })).toContain("edge of the study area");
  });
});

describe("numbers", () => {
  it("keep small probabilities apart from zero", () => {
    expect(probability(0.04999)).toBe("0.0500");
    expect(probability(0.00001)).toBe("1.0 × 10⁻⁵");
    expect(probability(9.99e-8)).toBe("1.0 × 10⁻⁷");
    expect(probability(1e-123)).toBe("1.0 × 10⁻¹²³");
    expect(probability(1)).toBe("1.0000");
  });

  it("show as many digits as they deserve", () => {
    expect([quantity(1.344), quantity(-31.66), quantity(12345.6)]).toEqual(["1.34", "−31.7", "12,346"]);
  });

  it("never round a share down to nothing", () => {
    expect([percentage(0), percentage(0.0004), percentage(1)]).toEqual(["0.0%", "less than 0.1%", "100.0%"]);
  });
});
