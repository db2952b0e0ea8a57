// What the reader is looking at, and its form in the address bar: `?study_area=…&category=…#zoom/lat/lon`.
// Knows nothing of the page or the network.

import type { HotspotOptions, StudyArea } from "./api";

/** Months, both included, as `YYYY-MM`. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

/** Where the map is. */
export interface Camera {
  readonly zoom: number;
  readonly lat: number;
  readonly lon: number;
}

/** Everything that makes a view; null means “all”, “by zoom”, “none chosen” and “whole study area”. */
export interface View {
  readonly studyArea: string;
  readonly category: string | null;
  readonly period: Period | null;
  readonly resolution: number | null;
  readonly cell: string | null;
  readonly camera: Camera | null;
}

/** A view that the service can show, with a note for each wish that it cannot. */
export interface ResolvedView {
  readonly view: View;
  readonly notes: readonly string[];
}

/** Resolutions that the control offers beside “by zoom”. */
export const OFFERED_RESOLUTIONS: readonly number[] = [4, 5, 6, 7, 8];

/** Mean distance in kilometres between the centres of neighbouring cells, √3 × the mean edge length of h3geo.org's table. */
const CELL_KM: Readonly<Record<number, number>> = { 4: 45, 5: 17, 6: 6.5, 7: 2.4, 8: 0.9 };
const KM_PER_DEGREE = 111.2;
/** Cells narrower than this are specks. */
const LEAST_CELL_PIXELS = 8;

const BY_ZOOM = "zoom";
const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;
const CELL = /^[0-9a-f]{15}$/;
const CAMERA = /^#(\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)$/;

/** Every month from the first to the last day, both included, in order. */
export function monthsBetween(first: string, last: string): string[] {
  const end = last.slice(0, 7);
  const months: string[] = [];
  for (let month = first.slice(0, 7); month <= end; month = monthAfter(month)) months.push(month);
  return months;
}

/**
 * The resolution a study area opens with on a map `width` pixels wide: the area's own, or the next coarser one whose cells
 * can still be told apart there. Null, “by zoom”, where the service names none.
 *
 * A fixed one, because with every resolution the counts, the neighbours and so the hot cells are others.
 */
export function openingResolution(area: StudyArea, options: HotspotOptions, width: number): number | null {
  if (area.defaultResolution === null) return null;
  const [west, south, east, north] = area.bounds;
  const kilometres = (east - west) * KM_PER_DEGREE * Math.cos((((south + north) / 2) * Math.PI) / 180);
  const narrowest = kilometres * (LEAST_CELL_PIXELS / width);
  const offered = resolutionsOffered(options).filter((one) => one <= (area.defaultResolution ?? one));
  return offered.findLast((one) => (CELL_KM[one] ?? 0) >= narrowest) ?? offered[0] ?? null;
}

/** The view that an address asks for, limited to what the service has, on a map `width` pixels wide. */
export function resolveView(address: URL, options: HotspotOptions, width: number): ResolvedView {
  const notes: string[] = [];
  const wish = (name: string): string | null => address.searchParams.get(name);
  const refuse = (name: string, value: string, instead: string): void => {
    notes.push(`The link asks for ${name} “${value}”, which is not available here; showing ${instead}.`);
  };

  let area = options.studyAreas.find(({ isDefault }) => isDefault) ?? options.studyAreas[0];
  if (area === undefined) throw new Error("This service has no study area yet. Add one with “naqsha study-area add”.");
  const wishedArea = wish("study_area");
  if (wishedArea !== null) {
    const found = options.studyAreas.find(({ name }) => name === wishedArea);
    if (found === undefined) refuse("study area", wishedArea, area.title);
    else area = found;
  }

  let category = wish("category");
  if (category !== null && !options.categories.some(({ code }) => code === category)) {
    refuse("category", category, "all categories");
    category = null;
  }

  const wishedResolution = wish("resolution");
  let resolution = openingResolution(area, options, width);
  if (wishedResolution === BY_ZOOM) resolution = null;
  else if (wishedResolution !== null) {
    if (resolutionsOffered(options).some((offered) => String(offered) === wishedResolution)) resolution = Number(wishedResolution);
    else refuse("resolution", wishedResolution, "the one that fits the study area");
  }

  const cell = wish("cell");
  return {
    view: {
      studyArea: area.name,
      category,
      period: resolvePeriod(wish("from"), wish("to"), options, refuse),
      resolution,
      cell: cell !== null && CELL.test(cell) ? cell : null,
      camera: readCamera(address.hash),
    },
    notes,
  };
}

/** Resolutions that the control offers and the service has. */
export function resolutionsOffered(options: HotspotOptions): number[] {
  return OFFERED_RESOLUTIONS.filter((one) => one >= options.resolutions.min && one <= options.resolutions.max);
}

/** The view as query and fragment; what is the default is left out, except what depends on the store or the screen. */
export function writeView(view: View, options: HotspotOptions): string {
  const query = new URLSearchParams({ study_area: view.studyArea });
  if (view.category !== null) query.set("category", view.category);
  if (view.period !== null && options.periods !== null) {
    if (view.period.from !== options.periods.first.slice(0, 7)) query.set("from", view.period.from);
    if (view.period.to !== options.periods.last.slice(0, 7)) query.set("to", view.period.to);
  }
  query.set("resolution", view.resolution === null ? BY_ZOOM : String(view.resolution));
  if (view.cell !== null) query.set("cell", view.cell);
  const camera = view.camera;
  const hash = camera === null ? "" : `#${camera.zoom.toFixed(2)}/${camera.lat.toFixed(4)}/${camera.lon.toFixed(4)}`;
  return `?${query.toString()}${hash}`;
}

/** The parameters of the hotspot layer for a view. */
export function layerQuery(view: View): URLSearchParams {
  const query = new URLSearchParams({ study_area: view.studyArea });
  if (view.category !== null) query.set("category", view.category);
  if (view.period !== null) query.set("datetime", `${view.period.from}-01/${lastDay(view.period.to)}`);
  if (view.resolution !== null) query.set("resolution", String(view.resolution));
  return query;
}

/** The parameters with the resolution that is really drawn, which “by zoom” leaves to the tiles. */
export function withResolution(query: URLSearchParams, resolution: number): URLSearchParams {
  const fixed = new URLSearchParams(query);
  fixed.set("resolution", String(resolution));
  return fixed;
}

/** The resolution of an H3 cell id: bits 52 to 55, which are the second digit of its hexadecimal form. */
export function resolutionOf(h3: string): number {
  return Number.parseInt(h3.charAt(1), 16);
}

/** “Jan 2024” for “2024-01”. */
export function monthName(month: string): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1, 1)).toLocaleDateString("en", { month: "short", year: "numeric", timeZone: "UTC" });
}

function resolvePeriod(
  from: string | null,
  to: string | null,
  options: HotspotOptions,
  refuse: (name: string, value: string, instead: string) => void,
): Period | null {
  if (options.periods === null) return null;
  const first = options.periods.first.slice(0, 7);
  const last = options.periods.last.slice(0, 7);
  const whole = { from: first, to: last };
  const stored = (month: string): boolean => MONTH.test(month) && month >= first && month <= last;
  const period = { from: from ?? first, to: to ?? last };
  if (stored(period.from) && stored(period.to) && period.from <= period.to) return period;
  refuse("period", `${period.from} to ${period.to}`, "the whole period");
  return whole;
}

function readCamera(hash: string): Camera | null {
  const found = CAMERA.exec(hash);
  if (found === null) return null;
  const [zoom = 0, lat = 0, lon = 0] = found.slice(1).map(Number);
  return zoom <= 24 && Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { zoom, lat, lon } : null;
}

function monthAfter(month: string): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return number === 12 ? `${String(year + 1).padStart(4, "0")}-01` : `${month.slice(0, 4)}-${String(number + 1).padStart(2, "0")}`;
}

function lastDay(month: string): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return `${month}-${String(new Date(Date.UTC(year, number, 0)).getUTCDate()).padStart(2, "0")}`;
}
