// A small server with the endpoints that the page uses, for work on the page without the Rust service.
// `node tests/mock.mjs [PORT]` serves dist/ and the API; startMock() does the same for the browser test.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { GeoJSONVT } from "@maplibre/geojson-vt";
import { fromGeojsonVt } from "@maplibre/vt-pbf";
import { AREAS, CATEGORIES, PERIODS, analyse, places } from "./mock-data.mjs";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const RESOLUTIONS = { min: 3, max: 9, default: 6 };
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };

/** The policy under which the page must work; README.md recommends it. */
export const POLICY =
  "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

class Problem extends Error {
  constructor(status, title, detail) {
    super(detail);
    this.status = status;
    this.title = title;
  }
}

/** Starts the mock on a port (0: any free one) of the loopback address. */
export function startMock(port = 0) {
  const server = createServer((request, response) => {
    answer(new URL(request.url, `http://${request.headers.host}`), response).catch((error) => {
      const status = error instanceof Problem ? error.status : 500;
      const title = error instanceof Problem ? error.title : "Internal error";
      send(response, status, "application/problem+json", JSON.stringify({ type: "about:blank", title, status, detail: error.message, errors: [] }));
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve({ url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() }));
  });
}

async function answer(url, response) {
  const tile = /^\/xyz\/hotspots\/(\d+)\/(\d+)\/(\d+)\.mvt$/.exec(url.pathname);
  const item = /^\/collections\/hotspots\/items\/([0-9a-f]+)$/.exec(url.pathname);
  if (tile !== null) return sendTile(response, url, tile.slice(1).map(Number));
  if (item !== null) return sendItem(response, url, item[1]);
  switch (url.pathname) {
    case "/collections":
      return sendJson(response, { collections: [{ id: "hotspots", title: "Hotspots", description: "Gi* of incident counts." }], links: [] });
    case "/collections/hotspots":
      return sendJson(response, collection());
    case "/collections/hotspots/items":
      return sendItems(response, url);
    case "/xyz/hotspots.json":
      return sendTileJson(response, url);
    case "/places.json":
      return sendJson(response, { places: places(readArea(url).name) });
    case "/readyz":
      return send(response, 200, "text/plain", "ready\n");
    default:
      return sendPage(response, url.pathname);
  }
}

function collection() {
  return {
    id: "hotspots",
    title: "Hotspots",
    description: "Gi* of incident counts.",
    links: [],
    naqsha: {
      study_areas: AREAS.map((area) => ({ name: area.name, title: area.title, bbox: boundsOf(area), default: area.isDefault, default_resolution: area.resolution })),
      categories: CATEGORIES,
      periods: PERIODS,
      resolutions: RESOLUTIONS,
      synthetic: true,
    },
  };
}

function sendItems(response, url) {
  const { features, facts } = read(url, readArea(url).resolution);
  const limit = Number(url.searchParams.get("limit") ?? 10);
  const page = features.slice(0, limit);
  const body = { type: "FeatureCollection", features: page, numberMatched: features.length, numberReturned: page.length, links: [], naqsha: facts };
  send(response, 200, "application/geo+json", JSON.stringify(body));
}

function sendItem(response, url, h3) {
  const { features, facts } = read(url, Number.parseInt(h3[1], 16));
  const found = features.find(({ id }) => id === h3);
  if (found === undefined) throw new Problem(404, "Not found", `hotspots has no feature ${h3}`);
  send(response, 200, "application/geo+json", JSON.stringify({ ...found, links: [], naqsha: facts }));
}

function sendTileJson(response, url) {
  const area = readArea(url);
  read(url, RESOLUTIONS.default);
  const tiles = [`${url.origin}/xyz/hotspots/{z}/{x}/{y}.mvt${url.search}`];
  sendJson(response, { tilejson: "3.0.0", tiles, minzoom: 0, maxzoom: 12, bounds: boundsOf(area), vector_layers: [{ id: "hotspots", fields: {} }] });
}

const indexes = new WeakMap();

function sendTile(response, url, [z, x, y]) {
  const analysis = read(url, z <= 4 ? 4 : z === 5 ? 5 : z <= 7 ? 6 : z <= 9 ? 7 : 8);
  if (!indexes.has(analysis)) {
    const features = analysis.features.map((one) => ({ ...one, properties: Object.fromEntries(Object.entries(one.properties).filter(([, value]) => value !== null)) }));
    indexes.set(analysis, new GeoJSONVT({ type: "FeatureCollection", features }, { maxZoom: 12, indexMaxZoom: 4, extent: 4096, buffer: 64 }));
  }
  const tile = indexes.get(analysis).getTile(z, x, y);
  if (tile === null || tile === undefined) return send(response, 204, "application/vnd.mapbox-vector-tile", "");
  return send(response, 200, "application/vnd.mapbox-vector-tile", Buffer.from(fromGeojsonVt({ hotspots: tile }, { version: 2, extent: 4096 })));
}

async function sendPage(response, pathname) {
  const path = normalize(join(DIST, pathname === "/" ? "index.html" : pathname));
  const body = path.startsWith(DIST) ? await readFile(path).catch(() => null) : null;
  if (body === null) throw new Problem(404, "Not found", `there is nothing at ${pathname}; is dist/ built?`);
  send(response, 200, TYPES[extname(path)] ?? "application/octet-stream", body);
}

function read(url, byDefault) {
  const query = url.searchParams;
  const category = query.get("category");
  if (category !== null && !CATEGORIES.some(({ code }) => code === category)) throw new Problem(400, "Bad request", `category: “${category}” is none of TF, DT, HT, CY, ADJ`);
  const resolution = Number(query.get("resolution") ?? byDefault);
  if (!(resolution >= RESOLUTIONS.min && resolution <= RESOLUTIONS.max)) throw new Problem(400, "Bad request", "resolution: must be 3 to 9");
  const [from, to] = (query.get("datetime") ?? `${PERIODS.first}/${PERIODS.last}`).split("/");
  return analyse(readArea(url), category, { from: from.slice(0, 7), to: to.slice(0, 7) }, resolution);
}

function readArea(url) {
  const name = url.searchParams.get("study_area");
  const area = AREAS.find((one) => (name === null ? one.isDefault : one.name === name));
  if (area === undefined) throw new Problem(400, "Bad request", `study_area: there is no “${name}”`);
  return area;
}

function boundsOf({ ring }) {
  const lons = ring.map(([lon]) => lon);
  const lats = ring.map(([, lat]) => lat);
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}

function sendJson(response, body) {
  send(response, 200, "application/json", JSON.stringify(body));
}

function send(response, status, type, body) {
  response.writeHead(status, { "Content-Type": type, "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff" });
  response.end(body);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startMock(Number(process.argv[2] ?? 8080));
  console.log(`mock of the Naqsha service: ${url}`);
}
