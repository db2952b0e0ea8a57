// Invented incidents and their Gi* for the mock server: believable on screen, computed with the normal approximation.
// The areas are rough shapes for tests, not boundaries of anything.

import { cellToBoundary, gridDisk, latLngToCell, polygonToCells } from "h3-js";

export const AREAS = [
  {
    name: "pakistan",
    title: "Pakistan",
    resolution: 6,
    synthetic: true,
    isDefault: true,
    ring: [
      [62.0, 25.3], [66.4, 25.3], [67.3, 24.2], [68.2, 23.9], [70.6, 24.7], [70.2, 26.5], [69.8, 27.5], [72.0, 28.3],
      [73.2, 29.8], [74.4, 31.2], [75.0, 32.3], [74.0, 33.2], [73.8, 34.3], [74.4, 35.4], [73.5, 36.3], [71.8, 36.2],
      [71.3, 34.8], [70.2, 33.4], [69.4, 31.8], [67.3, 31.3], [66.4, 29.9], [64.3, 29.5], [61.4, 29.4], [63.1, 27.5],
    ],
  },
  {
    name: "west-yorkshire",
    title: "West Yorkshire (real data in the product, invented in this mock)",
    resolution: 7,
    synthetic: false,
    isDefault: false,
    ring: [[-2.1, 53.55], [-1.25, 53.55], [-1.25, 53.95], [-2.1, 53.95]],
  },
];

export const CATEGORIES = [
  { code: "TF", name: "Terror financing" },
  { code: "DT", name: "Drug trafficking" },
  { code: "HT", name: "Human trafficking" },
  { code: "CY", name: "Cybercrime" },
  { code: "ADJ", name: "Adjacent crimes" },
];

export const PERIODS = { first: "2024-01-01", last: "2024-12-31" };

const TOWNS = {
  pakistan: [
    ["Karachi", "کراچی", 67.01, 24.86, 18868021], ["Lahore", "لاہور", 74.35, 31.55, 13004135], ["Faisalabad", "فیصل آباد", 73.08, 31.42, 3691999],
    ["Rawalpindi", "راولپنڈی", 73.05, 33.6, 3357612], ["Gujranwala", "گوجرانوالہ", 74.19, 32.16, 2511118], ["Multan", "ملتان", 71.47, 30.2, 2215381],
    ["Hyderabad", "حیدرآباد", 68.37, 25.39, 1921275], ["Peshawar", "پشاور", 71.57, 34.01, 1905975], ["Quetta", "کوئٹہ", 67.0, 30.19, 1565546],
    ["Islamabad", "اسلام آباد", 73.05, 33.72, 1108872], ["Bahawalpur", "بہاولپور", 71.68, 29.4, 903795], ["Sargodha", "سرگودھا", 72.67, 32.08, 975886],
    ["Sialkot", "سیالکوٹ", 74.53, 32.49, 911817], ["Sukkur", "سکھر", 68.86, 27.7, 563851], ["Larkana", "لاڑکانہ", 68.21, 27.56, 551716],
    ["Mardan", "مردان", 72.05, 34.2, 368302], ["Dera Ismail Khan", "ڈیرہ اسماعیل خان", 70.9, 31.83, 217457], ["Chaman", "چمن", 66.45, 30.92, 123191],
    ["Turbat", "تربت", 63.05, 26.0, 213557], ["Gwadar", null, 62.33, 25.4, 90762], ["Dalbandin", null, 64.4, 28.89, 16319], ["Khuzdar", "خضدار", 66.61, 27.81, 182927],
  ],
  "west-yorkshire": [
    ["Leeds", null, -1.55, 53.8, 536280], ["Bradford", null, -1.75, 53.79, 359070], ["Huddersfield", null, -1.78, 53.65, 162949],
    ["Wakefield", null, -1.5, 53.68, 99251], ["Halifax", null, -1.86, 53.72, 88134],
  ],
};

export function places(area) {
  return TOWNS[area].map(([name, name_ur, lon, lat, population]) => ({ name, name_ur, lon, lat, population }));
}

const cache = new Map();

/** Features and facts of one analysis. */
export function analyse(area, category, months, resolution) {
  const key = [area.name, category, months.from, months.to, resolution].join("|");
  if (!cache.has(key)) cache.set(key, compute(area, category, months, resolution));
  return cache.get(key);
}

function compute(area, category, months, resolution) {
  const matching = incidents(area).filter((one) => (category === null || one.category === category) && one.month >= months.from && one.month <= months.to);
  const located = matching.filter((one) => one.finest >= resolution);
  const counts = new Map();
  for (const { lat, lon } of located) {
    const cell = latLngToCell(lat, lon, resolution);
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  const ring = area.ring.map(([lon, lat]) => [lat, lon]);
  // Fine cells of a large area would take minutes here; the surroundings of incidents are enough to draw.
  const large = area.name === "pakistan" && resolution > 6;
  const inside = large ? new Set([...counts.keys()].flatMap((cell) => gridDisk(cell, 3))) : new Set(polygonToCells(ring, resolution));
  let outside = 0;
  for (const [cell, n] of counts) {
    if (inside.has(cell)) continue;
    outside += n;
    counts.delete(cell);
  }
  const cells = [...inside].sort();
  const rows = giStar(cells, counts, inside);
  const tooCoarse = matching.length - located.length;
  const excluded = tooCoarse + outside;
  return {
    features: rows.map((row) => ({
      type: "Feature",
      id: row.h3,
      geometry: { type: "Polygon", coordinates: [cellToBoundary(row.h3, true)] },
      properties: row,
    })),
    facts: {
      data_version: 7,
      study_area: { name: area.name, hash: "0".repeat(64), cells: cells.length, occupied: counts.size },
      resolution,
      null: "normal",
      tested: rows.filter(({ p }) => p !== null).length,
      alpha: 0.05,
      fdr: "bh",
      seed: null,
      excluded: {
        count: excluded,
        share: matching.length === 0 ? 0 : excluded / matching.length,
        reasons: { ...(tooCoarse > 0 && { too_coarse: tooCoarse }), ...(outside > 0 && { outside_study_area: outside }) },
      },
      policy: "analyst",
      synthetic: area.synthetic,
    },
  };
}

function giStar(cells, counts, inside) {
  const n = cells.length;
  const sum = cells.reduce((total, cell) => total + (counts.get(cell) ?? 0), 0);
  const squares = cells.reduce((total, cell) => total + (counts.get(cell) ?? 0) ** 2, 0);
  const mean = sum / n;
  const deviation = Math.sqrt(squares / n - mean ** 2);
  const rows = cells.map((h3) => {
    const around = gridDisk(h3, 1).filter((cell) => inside.has(cell));
    const k = around.length;
    const own = counts.get(h3) ?? 0;
    const total = around.reduce((all, cell) => all + (counts.get(cell) ?? 0), 0);
    const row = { h3, n: own, expected: mean * k, neighbours: k - 1, z: null, p: null, q: null, bin: null, class: "insufficient_variation", edge: k < 7, neighbourhood_n: total };
    if (k === 1) return { ...row, class: "isolated" };
    if (deviation === 0) return row;
    const z = (total - mean * k) / (deviation * Math.sqrt((n * k - k * k) / (n - 1)));
    return { ...row, z, p: 2 * upperTail(Math.abs(z)) };
  });
  const tested = rows.filter(({ p }) => p !== null).sort((one, other) => other.p - one.p);
  let least = 1;
  tested.forEach((row, index) => {
    least = Math.min(least, (row.p * tested.length) / (tested.length - index));
    row.q = least;
    const strength = least <= 0.01 ? 3 : least <= 0.05 ? 2 : least <= 0.1 ? 1 : 0;
    row.bin = strength * Math.sign(row.z);
    row.class = least > 0.05 ? "not_significant" : row.z > 0 ? "hot" : "cold";
  });
  return rows;
}

/** Upper tail of the normal law (Abramowitz & Stegun 26.2.17, absolute error below 7.5e-8). */
function upperTail(z) {
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

const made = new Map();

function incidents(area) {
  if (!made.has(area.name)) made.set(area.name, invent(area));
  return made.get(area.name);
}

function invent(area) {
  const random = generator(area.name.length * 7919);
  const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const spread = area.name === "pakistan" ? 0.12 : 0.02;
  const list = [];
  const add = (lon, lat) => {
    const month = `2024-${String(1 + Math.floor(random() * 12)).padStart(2, "0")}`;
    const category = CATEGORIES[Math.min(4, Math.floor(random() ** 1.4 * 5))].code;
    list.push({ lon, lat, month, category, finest: random() < 0.035 ? 3 : 9 });
  };
  for (const { lon, lat, population } of places(area.name)) {
    const size = Math.round(14 * Math.sqrt(population / 10_000));
    for (let i = 0; i < size; i += 1) add(lon + gauss() * spread, lat + gauss() * spread);
  }
  const lons = area.ring.map(([lon]) => lon);
  const lats = area.ring.map(([, lat]) => lat);
  for (let i = 0; i < 900; i += 1) {
    add(Math.min(...lons) + random() * (Math.max(...lons) - Math.min(...lons)), Math.min(...lats) + random() * (Math.max(...lats) - Math.min(...lats)));
  }
  return list;
}

/** Mulberry32: the same numbers on every machine. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
