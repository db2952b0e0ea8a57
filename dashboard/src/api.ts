// The requests the page makes and the shapes of their answers. Knows nothing of the page.

import { asObject, flagAt, isObject, listAt, numberAt, objectAt, optionalNumberAt, optionalTextAt, textAt, type JsonObject } from "./shape";

/** West, south, east, north in degrees. */
export type Bounds = readonly [number, number, number, number];

/** A named area that can be analysed. */
export interface StudyArea {
  readonly name: string;
  readonly title: string;
  readonly bounds: Bounds;
  readonly isDefault: boolean;
  /** Resolution at which the area is usually analysed, or null where the service names none. */
  readonly defaultResolution: number | null;
}

/** A crime category by its code. */
export interface Category {
  readonly code: string;
  readonly name: string;
}

/** What the hotspot layer can be asked. */
export interface HotspotOptions {
  readonly studyAreas: readonly StudyArea[];
  readonly categories: readonly Category[];
  /** First and last day with data, or null where nothing is stored. */
  readonly periods: { readonly first: string; readonly last: string } | null;
  readonly resolutions: { readonly min: number; readonly max: number };
  readonly synthetic: boolean;
}

/** Why cells may not be shown as they are: what was left out of an analysis. */
export interface Excluded {
  readonly count: number;
  /** Fraction of one. */
  readonly share: number;
  readonly reasons: Readonly<Record<string, number>>;
}

/** What was analysed, how, and what was left out. */
export interface HotspotFacts {
  readonly dataVersion: string;
  readonly studyArea: { readonly name: string; readonly cells: number; readonly occupied: number };
  readonly nullModel: string;
  readonly tested: number;
  readonly alpha: number;
  readonly fdr: string | null;
  readonly seed: number | null;
  readonly excluded: Excluded;
  readonly policy: string | null;
  readonly synthetic: boolean;
}

/** The result for one cell; null is what could not be computed. */
export interface HotspotCell {
  readonly h3: string;
  readonly n: number;
  /** Incidents in the cell and its neighbours together. */
  readonly neighbourhoodN: number | null;
  /** Incidents that chance puts there on average. */
  readonly expected: number | null;
  /** Neighbouring cells inside the study area. */
  readonly neighbours: number | null;
  readonly z: number | null;
  readonly p: number | null;
  readonly q: number | null;
  readonly bin: number | null;
  readonly class: string;
  readonly edge: boolean;
}

/** The result for one cell and the limit it was judged by. */
export interface CellAnswer {
  readonly cell: HotspotCell;
  readonly alpha: number;
}

/** A town for orientation. */
export interface Place {
  readonly name: string;
  readonly nameUrdu: string | null;
  readonly lon: number;
  readonly lat: number;
  readonly population: number;
}

/** A request that did not bring what was asked, in words for the reader. */
export class ApiError extends Error {
  constructor(
    message: string,
    /** HTTP status, or null where no answer came. */
    readonly status: number | null,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** The address of an endpoint of the service this page came from. */
export function endpoint(path: string, query?: URLSearchParams): string {
  const url = new URL(path, document.baseURI);
  url.search = query?.toString() ?? "";
  url.hash = "";
  return url.href;
}

/** What the hotspot layer can be asked. */
export async function fetchOptions(signal: AbortSignal): Promise<HotspotOptions> {
  const answer = await getJson(endpoint("collections/hotspots", new URLSearchParams({ f: "json" })), signal);
  return readOptions(answer);
}

/** What an analysis tested and left out, without its cells. */
export async function fetchFacts(query: URLSearchParams, signal: AbortSignal): Promise<HotspotFacts> {
  const one = new URLSearchParams(query);
  one.set("limit", "1");
  return readFacts(objectAt(await getJson(endpoint("collections/hotspots/items", one), signal), "naqsha"));
}

/** The result for one cell, or null where the analysis has no such cell. */
export async function fetchCell(h3: string, query: URLSearchParams, signal: AbortSignal): Promise<CellAnswer | null> {
  try {
    const answer = await getJson(cellAddress(h3, query), signal);
    return { cell: readCell(objectAt(answer, "properties")), alpha: numberAt(objectAt(answer, "naqsha"), "alpha") };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** Where the result for one cell is published. */
export function cellAddress(h3: string, query: URLSearchParams): string {
  return endpoint(`collections/hotspots/items/${encodeURIComponent(h3)}`, query);
}

/** Where the tiles of an analysis are described. */
export function tileJsonAddress(query: URLSearchParams): string {
  return endpoint("xyz/hotspots.json", query);
}

/** Towns of a study area, most populous first. */
export async function fetchPlaces(studyArea: string, signal: AbortSignal): Promise<Place[]> {
  const answer = await getJson(endpoint("places.json", new URLSearchParams({ study_area: studyArea })), signal);
  return listAt(answer, "places").map((entry) => {
    const place = asObject(entry, "places");
    return {
      name: textAt(place, "name"),
      nameUrdu: optionalTextAt(place, "name_ur"),
      lon: numberAt(place, "lon"),
      lat: numberAt(place, "lat"),
      population: optionalNumberAt(place, "population") ?? 0,
    };
  });
}

/** Reads the options from the collection document. */
export function readOptions(collection: JsonObject): HotspotOptions {
  const own = objectAt(collection, "naqsha");
  const resolutions = objectAt(own, "resolutions");
  const periods = own["periods"];
  return {
    studyAreas: listAt(own, "study_areas").map((entry) => {
      const area = asObject(entry, "study_areas");
      const name = textAt(area, "name");
      return {
        name,
        title: optionalTextAt(area, "title") ?? name,
        bounds: readBounds(listAt(area, "bbox")),
        isDefault: flagAt(area, "default"),
        defaultResolution: optionalNumberAt(area, "default_resolution"),
      };
    }),
    categories: listAt(own, "categories").map((entry) => {
      const category = asObject(entry, "categories");
      return { code: textAt(category, "code"), name: textAt(category, "name") };
    }),
    periods: isObject(periods) ? { first: textAt(periods, "first"), last: textAt(periods, "last") } : null,
    resolutions: { min: numberAt(resolutions, "min"), max: numberAt(resolutions, "max") },
    synthetic: flagAt(own, "synthetic"),
  };
}

/** Reads what an analysis tested and left out. */
export function readFacts(own: JsonObject): HotspotFacts {
  const area = objectAt(own, "study_area");
  const excluded = objectAt(own, "excluded");
  const reasons = excluded["reasons"];
  const version = own["data_version"];
  return {
    dataVersion: typeof version === "number" ? String(version) : textAt(own, "data_version"),
    studyArea: { name: textAt(area, "name"), cells: numberAt(area, "cells"), occupied: numberAt(area, "occupied") },
    nullModel: textAt(own, "null"),
    tested: numberAt(own, "tested"),
    alpha: numberAt(own, "alpha"),
    fdr: optionalTextAt(own, "fdr"),
    seed: optionalNumberAt(own, "seed"),
    excluded: {
      count: numberAt(excluded, "count"),
      share: numberAt(excluded, "share"),
      reasons: isObject(reasons) ? readCounts(reasons) : {},
    },
    policy: optionalTextAt(own, "policy"),
    synthetic: flagAt(own, "synthetic"),
  };
}

/** Reads the result for one cell from a feature's properties. */
export function readCell(properties: JsonObject): HotspotCell {
  const edge = properties["edge"];
  return {
    h3: textAt(properties, "h3"),
    n: numberAt(properties, "n"),
    neighbourhoodN: optionalNumberAt(properties, "neighbourhood_n"),
    expected: optionalNumberAt(properties, "expected"),
    neighbours: optionalNumberAt(properties, "neighbours"),
    z: optionalNumberAt(properties, "z"),
    p: optionalNumberAt(properties, "p"),
    q: optionalNumberAt(properties, "q"),
    bin: optionalNumberAt(properties, "bin"),
    class: textAt(properties, "class"),
    edge: edge === true || (typeof edge === "number" && edge > 0),
  };
}

function readBounds(values: readonly unknown[]): Bounds {
  const [west, south, east, north] = values;
  if (typeof west === "number" && typeof south === "number" && typeof east === "number" && typeof north === "number") {
    return [west, south, east, north];
  }
  throw new ApiError("the server's answer has a study area whose bbox is not four numbers", null);
}

function readCounts(reasons: JsonObject): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const reason of Object.keys(reasons)) counts[reason] = numberAt(reasons, reason);
  return counts;
}

async function getJson(url: string, signal: AbortSignal): Promise<JsonObject> {
  let response: Response;
  try {
    response = await fetch(url, { signal, headers: { Accept: "application/geo+json, application/json" } });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiError("The service does not answer. Is it running, and is the network up?", null);
  }
  if (!response.ok) throw new ApiError(await explainRefusal(response), response.status);
  return asObject(await response.json(), new URL(url).pathname);
}

/** The reason in a problem document (RFC 9457), or the bare status where there is none. */
export async function explainRefusal(response: Response): Promise<string> {
  const status = `The service answered ${response.status} ${response.statusText}`.trimEnd();
  try {
    const problem: unknown = await response.json();
    if (!isObject(problem)) return `${status}.`;
    const words = optionalTextAt(problem, "detail") ?? optionalTextAt(problem, "title");
    return words === null ? `${status}.` : words;
  } catch {
    // Not a problem document: a proxy's page, or an empty body.
    return `${status}.`;
  }
}
