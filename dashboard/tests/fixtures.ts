// Answers of a service, as small as the unit tests need them.

import type { HotspotCell, HotspotFacts, HotspotOptions } from "../src/api";

export const OPTIONS: HotspotOptions = {
  studyAreas: [
    { name: "west-yorkshire", title: "West Yorkshire", bounds: [-2.2, 53.5, -1.2, 54], isDefault: false, defaultResolution: 8 },
    { name: "pakistan", title: "Pakistan", bounds: [60.9, 23.6, 77.1, 37.1], isDefault: true, defaultResolution: 5 },
  ],
  categories: [
    { code: "DT", name: "Drug trafficking" },
    { code: "CY", name: "Cybercrime" },
  ],
  periods: { first: "2023-11-05", last: "2024-02-29" },
  resolutions: { min: 3, max: 7 },
  synthetic: true,
};

export const FACTS: HotspotFacts = {
  dataVersion: "7",
  studyArea: { name: "pakistan", cells: 20339, occupied: 1421 },
  nullModel: "exact",
  tested: 20300,
  alpha: 0.05,
  fdr: "bh",
  seed: null,
  excluded: { count: 312, share: 0.034, reasons: { too_coarse: 312 } },
  policy: null,
  synthetic: true,
};

export const CELL: HotspotCell = {
  h3: "86209a497ffffff",
  n: 1,
  expected: 2.1,
  neighbourhoodN: 15,
  neighbours: 6,
  z: 6.4321,
  p: 3e-7,
  q: 0.00042,
  bin: 3,
  class: "hot",
  edge: false,
};
