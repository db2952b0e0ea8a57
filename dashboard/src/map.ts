// The map: cells from vector tiles on plain ground, towns as labels, one cell outlined. No base map, no boundary lines,
// and nothing from another host: the style names no glyph server, so text is drawn with the reader's own fonts and, for
// Urdu, which many machines cannot write in full, with a font that ships with the page.

import {
  AJAXError,
  Map as MapLibre,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
  type FilterSpecification,
  type GeoJSONSource,
  type LayerSpecification,
  type Point,
  type StyleSpecification,
} from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { ApiError, explainRefusal, type Bounds, type Place } from "./api";
import { CELL_FILL, COLOURS } from "./palette";
import { resolutionOf, type Camera } from "./state";

// From our own origin, so that the policy needs `worker-src 'self'` and no blob: exception.
setWorkerUrl(new URL(workerUrl, document.baseURI).href);

/** What the map reports. */
export interface MapEvents {
  /** A cell was clicked, or null for a click beside all cells. */
  readonly cell: (h3: string | null) => void;
  /** The reader moved the map. */
  readonly moved: (camera: Camera) => void;
  /** All tiles are drawn; the resolution is that of the cells on screen, null where there are none. */
  readonly drawn: (resolution: number | null) => void;
  /** A tile or its description could not be loaded. */
  readonly failed: (error: Error) => void;
}

const CELLS = "hotspots";
const PLACES = "places";
/** Room around an area in pixels: the footnote covers the bottom, and the banner appears after the first view. */
const MARGIN = { top: 40, right: 24, bottom: 80, left: 24 };
// The Urdu font covers Arabic script only, so Latin names fall through to the next.
const URDU_FONT = "Noto Naskh Arabic";
const LABEL_FONTS = [URDU_FONT, "Noto Sans", "DejaVu Sans", "Segoe UI", "Helvetica Neue", "Arial", "sans-serif"];

/** The hotspot map in an element of the page. */
export class HotspotMap {
  readonly #map: MapLibre;
  readonly #ready: Promise<void>;

  /** Opens the map on the cells that `tileJson` describes. */
  constructor(container: HTMLElement, tileJson: string, start: Camera | Bounds, events: MapEvents) {
    this.#map = new MapLibre({
      container,
      style: style(tileJson),
      ...("zoom" in start ? { center: [start.lon, start.lat], zoom: start.zoom } : { bounds: [...start], fitBoundsOptions: { padding: MARGIN } }),
      minZoom: 2,
      maxZoom: 14,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      renderWorldCopies: false,
      fadeDuration: 0,
      locale: { "Map.Title": "Map of hot and cold cells. Arrow keys move it, plus and minus zoom, Enter describes the cell in the middle." },
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.keyboard.disableRotation();
    this.#map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.#map.addControl(new ScaleControl({ unit: "metric" }), "bottom-right");
    this.#ready = new Promise((resolve) => {
      this.#map.once("style.load", () => {
        this.#map.addImage("dot", dot(), { pixelRatio: 2 });
        resolve();
      });
    });
    this.#listen(events);
  }

  /** Replaces the cells; the old ones vanish at once, because they answer another question. */
  async show(tileJson: string): Promise<void> {
    await this.#ready;
    // Not setUrl: when a filter changes in the same frame, MapLibre 6.17 keeps the tiles of the old address.
    const layers = cellLayers();
    for (const { id } of layers) this.#map.removeLayer(id);
    this.#map.removeSource(CELLS);
    this.#map.addSource(CELLS, { type: "vector", url: tileJson });
    for (const layer of layers) this.#map.addLayer(layer, PLACES);
  }

  /** Replaces the towns; where labels collide the more populous one stays. */
  async label(places: readonly Place[]): Promise<void> {
    // Glyphs are drawn once and kept: the font has to be there before the first label.
    await document.fonts.load(`16px "${URDU_FONT}"`, "نقشہ");
    await this.#ready;
    this.#map.getSource<GeoJSONSource>(PLACES)?.setData({
      type: "FeatureCollection",
      features: places.map(({ name, nameUrdu, lon, lat, population }) => ({
        type: "Feature",
        geometry: { type: "Point", coordinates: [lon, lat] },
        properties: { name, nameUrdu: nameUrdu ?? "", population },
      })),
    });
  }

  /** Outlines a cell, or none. */
  async select(h3: string | null): Promise<void> {
    await this.#ready;
    for (const layer of ["chosen-halo", "chosen"]) this.#map.setFilter(layer, isCell(h3));
  }

  /** Moves the map to an area. */
  fit(bounds: Bounds): void {
    this.#map.fitBounds([...bounds], { padding: MARGIN, animate: false });
  }

  /** The cell in the middle of the map, for readers who use no pointer. */
  cellInTheMiddle(): string | null {
    return this.#cellAt(this.#map.project(this.#map.getCenter()));
  }

  #listen(events: MapEvents): void {
    const map = this.#map;
    map.on("click", (event) => events.cell(this.#cellAt(event.point)));
    map.on("mousemove", CELLS, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", CELLS, () => (map.getCanvas().style.cursor = ""));
    map.on("moveend", () => {
      const { lng, lat } = map.getCenter();
      events.moved({ zoom: map.getZoom(), lat, lon: lng });
    });
    map.on("idle", () => events.drawn(this.#resolutionOnScreen()));
    map.on("error", ({ error }) => void explained(error).then(events.failed));
    map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key === "Enter") events.cell(this.cellInTheMiddle());
    });
  }

  #cellAt(point: Point): string | null {
    const [found] = this.#map.queryRenderedFeatures(point, { layers: [CELLS] });
    const h3: unknown = found?.properties["h3"];
    return typeof h3 === "string" ? h3 : null;
  }

  #resolutionOnScreen(): number | null {
    const { clientWidth: width, clientHeight: height } = this.#map.getCanvas();
    // A screen can hold many thousand cells: look in the middle first.
    const middle: [[number, number], [number, number]] = [[width / 2 - 20, height / 2 - 20], [width / 2 + 20, height / 2 + 20]];
    const layers = { layers: [CELLS] };
    const found = this.#map.queryRenderedFeatures(middle, layers)[0] ?? this.#map.queryRenderedFeatures(layers)[0];
    const h3: unknown = found?.properties["h3"];
    return typeof h3 === "string" ? resolutionOf(h3) : null;
  }
}

/** A failed request of the map in the words of its problem document. */
async function explained(error: { readonly message: string }): Promise<Error> {
  if (!(error instanceof AJAXError)) return new ApiError(`The map could not be drawn: ${error.message}`, null);
  return new ApiError(await explainRefusal(new Response(error.body, { status: error.status, statusText: error.statusText })), error.status);
}

function isCell(h3: string | null): FilterSpecification {
  return ["==", ["get", "h3"], h3 ?? ""];
}

/** The layers over the cells: their fill, and the outline of the chosen one, which is none at first. */
function cellLayers(): LayerSpecification[] {
  const source = { source: CELLS, "source-layer": "hotspots" } as const;
  const outline = { ...source, type: "line", filter: isCell(null), layout: { "line-join": "round" } } as const;
  return [
    { ...source, id: CELLS, type: "fill", paint: { "fill-color": CELL_FILL, "fill-outline-color": COLOURS.mesh } },
    { ...outline, id: "chosen-halo", paint: { "line-color": "#ffffff", "line-width": 7 } },
    { ...outline, id: "chosen", paint: { "line-color": COLOURS.ink, "line-width": 3 } },
  ];
}

function style(tileJson: string): StyleSpecification {
  return {
    version: 8,
    sources: {
      [CELLS]: { type: "vector", url: tileJson },
      [PLACES]: { type: "geojson", data: { type: "FeatureCollection", features: [] } },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": COLOURS.ground } },
      ...cellLayers(),
      {
        id: PLACES,
        type: "symbol",
        source: PLACES,
        layout: {
          "icon-image": "dot",
          "text-field": ["step", ["zoom"], ["get", "name"], 6.5, ["format", ["get", "name"], {}, "\n", {}, ["get", "nameUrdu"], {}]],
          "text-font": LABEL_FONTS,
          "text-size": ["interpolate", ["linear"], ["get", "population"], 50_000, 11.5, 1_000_000, 13, 8_000_000, 15],
          "text-variable-anchor": ["left", "right", "top", "bottom"],
          "text-radial-offset": 0.55,
          "text-justify": "auto",
          "text-padding": 6,
          "symbol-sort-key": ["-", ["get", "population"]],
        },
        paint: { "text-color": COLOURS.ink, "text-halo-color": "rgba(255, 255, 255, 0.95)", "text-halo-width": 2.2 },
      },
    ],
  };
}

/** A town's dot: 12 × 12 pixels at twice the density, dark with a white rim. */
function dot(): { width: number; height: number; data: Uint8ClampedArray } {
  const size = 12;
  const data = new Uint8ClampedArray(size * size * 4);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const radius = Math.hypot(x - (size - 1) / 2, y - (size - 1) / 2);
      const ink = radius < 3.6 ? 38 : 255;
      const cover = Math.max(0, Math.min(1, size / 2 - radius));
      data.set([ink, ink, ink, Math.round(cover * 255)], (y * size + x) * 4);
    }
  }
  return { width: size, height: size, data };
}
