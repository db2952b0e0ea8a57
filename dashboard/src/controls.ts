// The form: study area, category, period and resolution. It shows a view and reports the view that the reader chose.

import type { HotspotOptions } from "./api";
import { element } from "./dom";
import { monthName, monthsBetween, openingResolution, resolutionsOffered, type View } from "./state";

/** What the form decides. */
export type Choice = Pick<View, "studyArea" | "category" | "period" | "resolution">;

type Options = readonly (readonly [value: string, label: string])[];

/** Builds the form beside a map of so many pixels, and calls `changed` with every new choice. */
export function renderControls(form: HTMLElement, options: HotspotOptions, view: View, width: () => number, changed: (choice: Choice) => void): void {
  const months: Options = options.periods === null ? [] : monthsBetween(options.periods.first, options.periods.last).map((month) => [month, monthName(month)]);
  const area = select("study-area", options.studyAreas.map(({ name, title }) => [name, title]), view.studyArea);
  const category = select(
    "category",
    [["", "All categories"], ...options.categories.map(({ code, name }) => [code, `${name} (${code})`] as const)],
    view.category ?? "",
  );
  const from = select("from", months, view.period?.from ?? "");
  const to = select("to", months, view.period?.to ?? "");
  const resolution = select(
    "resolution",
    [["", "By zoom"], ...resolutionsOffered(options).map((one) => [String(one), `${String(one)}: ${CELL_WIDTHS[one] ?? ""}`] as const)],
    view.resolution === null ? "" : String(view.resolution),
  );

  form.replaceChildren(
    labelled("Study area", area),
    labelled("Category", category),
    element("fieldset", { class: "period" }, element("legend", {}, "Period"), labelled("From", from), labelled("To", to)),
    labelled("Cell size (H3 resolution)", resolution),
  );
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => {
    // The end that the reader did not touch follows, so that the period never runs backwards.
    if (from.value > to.value) {
      if (event.target === from) to.value = from.value;
      else from.value = to.value;
    }
    // Areas differ in size, so a resolution for one is nothing for another; “by zoom” suits all.
    if (event.target === area && resolution.value !== "") {
      const chosen = options.studyAreas.find(({ name }) => name === area.value);
      const fitting = chosen === undefined ? null : openingResolution(chosen, options, width());
      resolution.value = fitting === null ? "" : String(fitting);
    }
    changed({
      studyArea: area.value,
      category: category.value === "" ? null : category.value,
      period: months.length === 0 ? null : { from: from.value, to: to.value },
      resolution: resolution.value === "" ? null : Number(resolution.value),
    });
  });
}

/** Mean distance between the centres of neighbouring cells, √3 × the mean edge length of h3geo.org's table. */
const CELL_WIDTHS: Readonly<Record<number, string>> = {
  4: "about 45 km wide",
  5: "about 17 km wide",
  6: "about 6.5 km wide",
  7: "about 2.4 km wide",
  8: "about 900 m wide",
};

function select(id: string, options: Options, value: string): HTMLSelectElement {
  const made = element("select", { id, name: id, disabled: options.length === 0 }, ...options.map(([key, label]) => element("option", { value: key }, label)));
  made.value = value;
  return made;
}

function labelled(label: string, control: HTMLSelectElement): HTMLElement {
  return element("div", { class: "field" }, element("label", { for: control.id }, label), control);
}
