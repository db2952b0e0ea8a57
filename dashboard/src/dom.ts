// Making and finding elements. Text is always set as text, never parsed as markup, because names come from files.

type Attributes = Readonly<Record<string, string | boolean>>;

/** A new element with attributes and children; `false` leaves an attribute out. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** The element of the page with this id; the page is ours, so its absence is a mistake in it. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element #${id}`);
  return found;
}

/** Terms and their descriptions. */
export function definitions(rows: readonly (readonly [string, string])[]): HTMLDListElement {
  return element(
    "dl",
    {},
    ...rows.map(([term, description]) => element("div", {}, element("dt", {}, term), element("dd", {}, description))),
  );
}
