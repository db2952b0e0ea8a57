import { describe, expect, it } from "vitest";
import { explainRefusal, readCell, readFacts, readOptions } from "../src/api";
import { ShapeError } from "../src/shape";

const facts = {
  data_version: 12,
  study_area: { name: "pakistan", hash: "ab", cells: 10, occupied: 3 },
  null: "exact",
  tested: 10,
  alpha: 0.05,
  fdr: "bh",
  seed: null,
  excluded: { count: 1, share: 0.1, reasons: { too_coarse: 1 } },
  policy: "none",
  synthetic: true,
};

describe("answers", () => {
  it("are read by name, and a missing member is named", () => {
    expect(readFacts(facts)).toMatchObject({ dataVersion: "12", nullModel: "exact", synthetic: true, excluded: { reasons: { too_coarse: 1 } } });
    expect(() => readFacts({ ...facts, tested: undefined })).toThrow(new ShapeError("tested", "number"));
    expect(() => readFacts({ ...facts, excluded: [] })).toThrow(/excluded/);
  });

  it("of a store without data have no periods", () => {
    const own = { study_areas: [{ name: "a", title: "A", bbox: [1, 2, 3, 4], default: true }], categories: [], periods: null, resolutions: { min: 3, max: 9, default: 6 }, synthetic: false };
    expect(readOptions({ naqsha: own })).toMatchObject({ periods: null, studyAreas: [{ name: "a", bounds: [1, 2, 3, 4], isDefault: true }] });
    expect(() => readOptions({ naqsha: { ...own, study_areas: [{ name: "a", bbox: [1, 2, 3] }] } })).toThrow(/bbox/);
  });

  it("about an isolated cell keep null apart from zero", () => {
    const cell = readCell({ h3: "86209a497ffffff", n: 0, expected: null, neighbours: 0, neighbourhood_n: 0, z: null, p: null, q: null, bin: null, class: "isolated", edge: true });
    expect(cell).toMatchObject({ n: 0, neighbourhoodN: 0, expected: null, neighbours: 0, p: null, bin: null, edge: true });
  });
});

describe("refusals", () => {
  const problem = (body: string, status = 400): Promise<string> => explainRefusal(new Response(body, { status, statusText: "Bad Request" }));

  it("are explained by the problem's detail, else its title, else the status", async () => {
    expect(await problem('{"title":"Bad request","detail":"resolution: must be 3 to 9"}')).toBe("resolution: must be 3 to 9");
    expect(await problem('{"title":"Bad request"}')).toBe("Bad request");
    expect(await problem("{}")).toBe("The service answered 400 Bad Request.");
    expect(await problem("<html>gateway</html>")).toBe("The service answered 400 Bad Request.");
  });
});
