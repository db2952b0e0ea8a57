// Reading JSON of unknown shape: every member that the page relies on is checked once, here, and a missing one is
// named. Knows nothing of what the members mean.

/** A JSON object whose members are not yet known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** An answer that lacks a member or has it in another type. */
export class ShapeError extends Error {
  constructor(path: string, wanted: string) {
    super(`the server's answer has no ${wanted} at “${path}”`);
    this.name = "ShapeError";
  }
}

/** Is it an object with named members (not null, not an array)? */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as an object. */
export function asObject(value: unknown, path: string): JsonObject {
  if (isObject(value)) return value;
  throw new ShapeError(path, "object");
}

/** The member as an object. */
export function objectAt(parent: JsonObject, key: string): JsonObject {
  return asObject(parent[key], key);
}

/** The member as a list. */
export function listAt(parent: JsonObject, key: string): readonly unknown[] {
  const value = parent[key];
  if (Array.isArray(value)) return value;
  throw new ShapeError(key, "list");
}

/** The member as text. */
export function textAt(parent: JsonObject, key: string): string {
  const value = parent[key];
  if (typeof value === "string") return value;
  throw new ShapeError(key, "text");
}

/** The member as text, or null where it is absent, null or of another type. */
export function optionalTextAt(parent: JsonObject, key: string): string | null {
  const value = parent[key];
  return typeof value === "string" && value !== "" ? value : null;
}

/** The member as a finite number. */
export function numberAt(parent: JsonObject, key: string): number {
  const value = optionalNumberAt(parent, key);
  if (value !== null) return value;
  throw new ShapeError(key, "number");
}

/** The member as a finite number, or null where it is absent, null or of another type. */
export function optionalNumberAt(parent: JsonObject, key: string): number | null {
  const value = parent[key];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** The member as true or false; absent means false. */
export function flagAt(parent: JsonObject, key: string): boolean {
  return parent[key] === true;
}
