// Naqsha's map: the hotspot layer of the service this page came from.
//
// state.ts holds what the reader looks at, controls.ts lets them change it, api.ts asks the service, and map.ts,
// legend.ts and details.ts show the answer. This file only connects them.

import { cellAddress, endpoint, fetchCell, fetchFacts, fetchOptions, fetchPlaces, tileJsonAddress, type HotspotOptions } from "./api";
import { renderControls, type Choice } from "./controls";
import { renderDetails, type Details } from "./details";
import { byId, element } from "./dom";
import { renderFootnote, renderLegend, SYNTHETIC_BANNER } from "./legend";
import { HotspotMap } from "./map";
import { layerQuery, resolutionOf, resolveView, withResolution, writeView, type Camera, type View } from "./state";
import "./style.css";

/** The page while it runs: one view, the analysis behind it, and the requests under way. */
class Page {
  readonly #options: HotspotOptions;
  readonly #map: HotspotMap;
  #view: View;
  /** Resolution of the facts in the legend, null while they are on their way. */
  #factsResolution: number | null = null;
  #drawn = false;
  #factsRequest = new AbortController();
  #cellRequest = new AbortController();
  #placesRequest = new AbortController();

  constructor(options: HotspotOptions, view: View, notes: readonly string[]) {
    this.#options = options;
    this.#view = view;
    this.#map = new HotspotMap(byId("map"), this.#tileJson(), view.camera ?? this.#area().bounds, {
      cell: (h3) => this.#choose(h3),
      moved: (camera) => this.#moved(camera),
      drawn: (resolution) => this.#wasDrawn(resolution),
      failed: (error) => this.#failed(error),
    });
    renderControls(byId("controls"), options, view, mapWidth, (choice) => this.#change(choice));
    renderLegend(byId("legend"), null);
    this.#label();
    this.#announce("loading");
    if (view.resolution !== null) this.#loadFacts(view.resolution);
    if (view.cell !== null) this.#choose(view.cell);
    notes.forEach(showProblem);
  }

  #change(choice: Choice): void {
    const before = this.#view;
    this.#view = { ...before, ...choice, cell: null };
    this.#factsResolution = null;
    this.#drawn = false;
    this.#factsRequest.abort();
    this.#choose(null);
    clearProblem();
    this.#announce("loading");
    void this.#map.show(this.#tileJson());
    if (before.studyArea !== choice.studyArea) {
      this.#map.fit(this.#area().bounds);
      this.#label();
    }
    if (choice.resolution !== null) this.#loadFacts(choice.resolution);
    this.#remember();
  }

  #moved(camera: Camera): void {
    this.#view = { ...this.#view, camera };
    this.#remember();
  }

  #wasDrawn(onScreen: number | null): void {
    this.#drawn = true;
    // By zoom, the tiles decide the resolution; the legend must speak of the same one.
    const resolution = this.#view.resolution ?? onScreen ?? this.#factsResolution ?? this.#options.resolutions.min;
    if (this.#factsResolution === resolution) this.#announce("ready");
    else if (this.#view.resolution === null) this.#loadFacts(resolution);
  }

  #loadFacts(resolution: number): void {
    const request = restart(this.#factsRequest);
    this.#factsRequest = request;
    this.#announce("loading");
    const query = withResolution(layerQuery(this.#view), resolution);
    fetchFacts(query, request.signal)
      .then((answer) => {
        this.#factsResolution = resolution;
        const download = endpoint("collections/hotspots/items", query);
        renderLegend(byId("legend"), { facts: answer, area: this.#area(), resolution, download });
        renderFootnote(byId("footnote"), answer);
        showBanner(answer.synthetic);
        this.#announce(this.#drawn ? "ready" : "loading");
      })
      .catch((error: unknown) => {
        if (request.signal.aborted) return;
        // Better a warning too many than invented data that looks real.
        showBanner(this.#options.synthetic);
        this.#failed(error);
      });
  }

  #choose(h3: string | null): void {
    const request = restart(this.#cellRequest);
    this.#cellRequest = request;
    this.#view = { ...this.#view, cell: h3 };
    this.#remember();
    void this.#map.select(h3);
    if (h3 === null) {
      this.#describe(null);
      return;
    }
    this.#describe({ kind: "loading", h3 });
    const query = withResolution(layerQuery(this.#view), resolutionOf(h3));
    fetchCell(h3, query, request.signal)
      .then((answer) => {
        if (answer === null) this.#describe({ kind: "absent", h3 });
        else this.#describe({ kind: "cell", ...answer, source: cellAddress(h3, query) });
      })
      .catch((error: unknown) => {
        if (!request.signal.aborted) this.#describe({ kind: "failed", h3, message: wordsOf(error) });
      });
  }

  #describe(details: Details | null): void {
    renderDetails(byId("details"), details, () => {
      this.#choose(null);
      document.querySelector<HTMLElement>("#map canvas")?.focus();
    });
  }

  #label(): void {
    const request = restart(this.#placesRequest);
    this.#placesRequest = request;
    fetchPlaces(this.#view.studyArea, request.signal)
      .then((places) => this.#map.label(places))
      .catch((error: unknown) => {
        if (!request.signal.aborted) this.#failed(error);
      });
  }

  #failed(error: unknown): void {
    showProblem(wordsOf(error));
    announce("error", "");
  }

  #announce(state: "loading" | "ready"): void {
    if (state === "loading") announce(state, "Loading …");
    else announce(state, "");
  }

  #remember(): void {
    history.replaceState(null, "", writeView(this.#view, this.#options));
  }

  #tileJson(): string {
    return tileJsonAddress(layerQuery(this.#view));
  }

  #area(): HotspotOptions["studyAreas"][number] {
    const area = this.#options.studyAreas.find(({ name }) => name === this.#view.studyArea);
    if (area === undefined) throw new Error(`no study area “${this.#view.studyArea}”`);
    return area;
  }
}

function restart(request: AbortController): AbortController {
  request.abort();
  return new AbortController();
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function announce(state: "loading" | "ready" | "error", words: string): void {
  document.body.dataset["state"] = state;
  byId("status").textContent = words;
}

function showBanner(synthetic: boolean): void {
  const banner = byId("banner");
  banner.hidden = !synthetic;
  banner.textContent = synthetic ? SYNTHETIC_BANNER : "";
}

/** Adds a message to those on show, once: a failure must not hide what was said before it. */
function showProblem(message: string): void {
  const problem = byId("problem");
  const shown = problem.hidden ? [] : [...problem.querySelectorAll("p")].map((one) => one.textContent);
  if (shown.includes(message)) return;
  const close = element("button", { type: "button", class: "close", "aria-label": "Close this message" }, "×");
  close.addEventListener("click", clearProblem);
  problem.replaceChildren(close, ...[...shown, message].map((words) => element("p", {}, words)));
  problem.hidden = false;
}

function clearProblem(): void {
  byId("problem").hidden = true;
}

function mapWidth(): number {
  return byId("map").clientWidth;
}

async function start(): Promise<void> {
  const options = await fetchOptions(new AbortController().signal);
  const { view, notes } = resolveView(new URL(location.href), options, mapWidth());
  new Page(options, view, notes);
}

// An edited address is another view; moving the map does not come here because it replaces the address silently.
addEventListener("hashchange", () => location.reload());
byId("skip").addEventListener("click", () => byId("panel").focus());

start().catch((error: unknown) => {
  showProblem(wordsOf(error));
  announce("error", "");
});
