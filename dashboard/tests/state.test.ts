import { describe, expect, it } from "vitest";
import { layerQuery, monthName, monthsBetween, openingResolution, resolutionOf, resolutionsOffered, resolveView, withResolution, writeView, type View } from "../src/state";
import { OPTIONS } from "./fixtures";

const DESKTOP = 930;
const PHONE = 390;
const at = (address: string): ReturnType<typeof resolveView> => resolveView(new URL(address, "https://naqsha.example/"), OPTIONS, DESKTOP);

const WHOLE = { from: "2023-11", to: "2024-02" };

describe("the address", () => {
  const views: View[] = [
    { studyArea: "pakistan", category: null, period: WHOLE, resolution: null, cell: null, camera: null },
    { studyArea: "west-yorkshire", category: "CY", period: { from: "2023-12", to: "2024-01" }, resolution: 7, cell: "86209a497ffffff", camera: { zoom: 6.25, lat: -33.5, lon: 73.0479 } },
    { studyArea: "pakistan", category: "DT", period: { from: "2024-02", to: "2024-02" }, resolution: null, cell: null, camera: { zoom: 3, lat: 0, lon: -180 } },
  ];
  it.each(views)("brings back the view it was written from: %j", (view) => {
    expect(at(writeView(view, OPTIONS))).toEqual({ view, notes: [] });
  });

  it("of a first visit is the default study area, everything, at the area's own resolution", () => {
    expect(at("/")).toEqual({ view: { studyArea: "pakistan", category: null, period: WHOLE, resolution: 5, cell: null, camera: null }, notes: [] });
  });

  it("leaves defaults out, so that links stay short, but not what depends on the screen", () => {
    const { view } = at("/");
    expect(writeView(view, OPTIONS)).toBe("?study_area=pakistan&resolution=5");
    expect(writeView({ ...view, resolution: null }, OPTIONS)).toBe("?study_area=pakistan&resolution=zoom");
  });

  it.each([
    ["/?study_area=atlantis", "study area “atlantis”", "Pakistan"],
    ["/?category=XX", "category “XX”", "all categories"],
    ["/?resolution=8", "resolution “8”", "fits the study area"],
    ["/?resolution=06", "resolution “06”", "fits the study area"],
    ["/?from=2024-02&to=2023-12", "period “2024-02 to 2023-12”", "the whole period"],
    ["/?from=2019-01", "period “2019-01 to 2024-02”", "the whole period"],
    ["/?to=2024-13", "period “2023-11 to 2024-13”", "the whole period"],
  ])("that asks for what is not there says so and shows the default: %s", (address, named, instead) => {
    const { view, notes } = at(address);
    expect(view).toEqual(at("/").view);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(named);
    expect(notes[0]).toContain(instead);
  });

  it.each(["#6/91/10", "#6/10/181", "#99/1/1", "#6/1", "#panel", "#NaN/1/1"])("with an impossible place starts at the study area: %s", (hash) => {
    expect(at(`/${hash}`).view.camera).toBeNull();
  });

  it("ignores a cell that is no H3 id", () => {
    expect(at("/?cell=<script>").view.cell).toBeNull();
  });
});

describe("the question to the service", () => {
  it("names months by their first and last day, leap years included", () => {
    const query = layerQuery({ ...at("/").view, category: "DT", period: { from: "2024-01", to: "2024-02" }, resolution: 5 });
    expect(Object.fromEntries(query)).toEqual({ study_area: "pakistan", category: "DT", datetime: "2024-01-01/2024-02-29", resolution: "5" });
  });

  it("leaves the resolution to the tiles when it follows the zoom", () => {
    const query = layerQuery(at("/?resolution=zoom").view);
    expect(query.has("resolution")).toBe(false);
    expect(withResolution(query, 4).get("resolution")).toBe("4");
    expect(query.has("resolution")).toBe(false);
  });

  it("has no time where nothing is stored", () => {
    const { view } = resolveView(new URL("https://naqsha.example/"), { ...OPTIONS, periods: null }, DESKTOP);
    expect(view.period).toBeNull();
    expect(layerQuery(view).has("datetime")).toBe(false);
  });
});

describe("months and resolutions", () => {
  it("run over the turn of the year", () => {
    expect(monthsBetween("2023-11-05", "2024-02-29")).toEqual(["2023-11", "2023-12", "2024-01", "2024-02"]);
  });

  it("are named in English", () => {
    expect(monthName("2024-01")).toBe("Jan 2024");
  });

  it.each([
    ["pakistan", DESKTOP, 5],
    ["pakistan", PHONE, 4],
    ["west-yorkshire", DESKTOP, 8],
    ["west-yorkshire", PHONE, 7],
    ["west-yorkshire", 20, 4],
  ])("of an opening view fit the area and the screen: %s on %i pixels", (name, width, resolution) => {
    const area = OPTIONS.studyAreas.find((one) => one.name === name);
    if (area === undefined) throw new Error(`the fixture has no ${name}`);
    const options = { ...OPTIONS, resolutions: { min: 3, max: 9 } };
    expect(openingResolution(area, options, width)).toBe(resolution);
    expect(openingResolution({ ...area, defaultResolution: null }, options, width)).toBeNull();
  });

  it("are offered only where the service has them", () => {
    expect(resolutionsOffered(OPTIONS)).toEqual([4, 5, 6, 7]);
  });

  it.each([["8428309ffffffff", 4], ["86209a497ffffff", 6], ["8820900849fffff", 8]])("are read from a cell's id: %s", (h3, resolution) => {
    expect(resolutionOf(h3)).toBe(resolution);
  });

  it("refuse a service without a study area, and say what to do", () => {
    expect(() => resolveView(new URL("https://naqsha.example/"), { ...OPTIONS, studyAreas: [] }, DESKTOP)).toThrow(/study-area add/);
  });
});
