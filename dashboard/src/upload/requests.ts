// The requests of the upload page and the shapes of their answers. Knows nothing of the page.

import { ApiError, endpoint, explainRefusal } from "../api";
import { asObject, isObject, listAt, numberAt, objectAt, optionalNumberAt, optionalTextAt, textAt, type JsonObject } from "../shape";

/** What files can be read through. */
export interface Profile {
  readonly id: string;
  readonly agency: string;
  /** Each required column by the headers that it may have. */
  readonly required: readonly string[];
  readonly parameters: readonly { readonly name: string; readonly required: boolean }[];
}

/** Text in both languages. */
export interface Said {
  readonly en: string;
  readonly ur: string;
}

/** What became of a file, or would. */
export interface Outcome {
  readonly job: string;
  readonly counts: Readonly<Record<"rows" | "accepted" | "warned" | "rejected" | "duplicate" | "skipped", number>>;
  readonly codes: readonly { readonly code: string; readonly rows: number; readonly columns: string }[];
  readonly held: string | null;
}

/** One thing that is wrong with one row. */
export interface RowError {
  readonly row: number | null;
  readonly column: string | null;
  readonly code: string;
  readonly outcome: string;
  readonly message: Said;
  readonly whatToDo: Said;
}

/** How a job stands. */
export interface Standing {
  readonly status: string;
  /** Fraction of the file that is read, null where that is not told. */
  readonly read: number | null;
  readonly outcome: Outcome | null;
  /** Why it failed. */
  readonly refusal: Refusal | null;
}

/** A file that was refused as a whole, in words. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly said: Said | null,
    readonly whatToDo: Said | null,
  ) {
    super(message);
    this.name = "Refusal";
  }
}

/** What is sent, and by whom. */
export interface Sending {
  readonly file: File;
  readonly profile: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly key: string;
}

/** Errors that the page lists; the result file has all. */
export const SHOWN_ERRORS = 20;

export async function fetchProfiles(key: string): Promise<Profile[]> {
  const answer = await json(await ask("profiles", key));
  return listAt(answer, "profiles").map((entry) => {
    const profile = asObject(entry, "profiles");
    const columns = listAt(profile, "columns").map((column) => asObject(column, "columns"));
    return {
      id: textAt(profile, "profile"),
      agency: textAt(profile, "agency"),
      required: columns
        .filter((column) => column["required"] === true)
        .map((column) => String(listAt(column, "headers")[0] ?? ""))
        .filter((header) => header !== "" && !header.startsWith("{")),
      parameters: Object.entries(objectAt(profile, "parameters")).map(([name, need]) => ({ name, required: need === "required" })),
    };
  });
}

/** Says what would happen to a file; nothing is stored. */
export async function tryOut(sending: Sending): Promise<Outcome> {
  const response = await send(sending, { "dry-run": "true" }, {});
  const answer = await json(response);
  if (response.status !== 202) return readOutcome(answer);
  // A long file is a job even then.
  const job = textAt(answer, "id");
  for (;;) {
    const standing = await stand(job, sending.key);
    if (standing.outcome !== null) return standing.outcome;
    if (standing.refusal !== null) throw standing.refusal;
    await pause();
  }
}

/** Sends a file; gives its job. The same `idempotencyKey` again does nothing twice. */
export async function commit(sending: Sending, idempotencyKey: string): Promise<string> {
  const response = await send(sending, {}, { "Idempotency-Key": idempotencyKey, Prefer: "respond-async" });
  return textAt(await json(response), "id");
}

/** How a job stands. */
export async function stand(job: string, key: string): Promise<Standing> {
  const document = await json(await ask(`jobs/${job}`, key));
  const status = textAt(document, "status");
  const progress = document["progress"];
  const refused = status === "failed" || status === "dismissed";
  return {
    status,
    read: isObject(progress) ? share(progress) : null,
    outcome: status === "successful" ? readOutcome(document) : null,
    refusal: refused ? readRefusal(document) : null,
  };
}

/** The first things that are wrong. */
export async function fetchErrors(job: string, key: string): Promise<RowError[]> {
  const response = await ask(`jobs/${job}/errors`, key);
  if (response.status === 410) return [];
  if (!response.ok) throw new ApiError(await explainRefusal(response), response.status);
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  return lines.slice(0, SHOWN_ERRORS).map((line) => {
    const error = asObject(JSON.parse(line), "errors");
    return {
      row: optionalNumberAt(error, "row"),
      column: optionalTextAt(error, "column"),
      code: textAt(error, "code"),
      outcome: textAt(error, "outcome"),
      message: readSaid(objectAt(error, "message")),
      whatToDo: readSaid(objectAt(error, "what_to_do")),
    };
  });
}

/** The sender's rows with what became of each. */
export async function fetchReport(job: string, key: string): Promise<Blob> {
  const response = await ask(`jobs/${job}/report.csv`, key);
  if (!response.ok) throw new ApiError(await explainRefusal(response), response.status);
  return await response.blob();
}

/** Gives a job up. */
export async function giveUp(job: string, key: string): Promise<void> {
  await ask(`jobs/${job}`, key, { method: "DELETE" });
}

/** How long to wait before a job is asked again, in milliseconds. */
const ASK_AGAIN = 400;

export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ASK_AGAIN));
}

async function send(sending: Sending, asked: Record<string, string>, headers: Record<string, string>): Promise<Response> {
  const query = new URLSearchParams({ profile: sending.profile, ...asked });
  for (const [name, value] of sending.parameters) if (value !== "") query.set(`set.${name}`, value);
  // Header values are Latin; a name in Urdu is sent without one.
  const name = sending.file.name.replace(/["\\]/g, "_");
  const named: Record<string, string> = /^[\x20-\x7e]+$/.test(name) ? { "Content-Disposition": `attachment; filename="${name}"` } : {};
  const response = await ask("collections/incidents/batches", sending.key, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream", ...named, ...headers },
    body: sending.file,
  }, query);
  if (response.ok) return response;
  let problem: unknown = null;
  try {
    problem = await response.clone().json();
  } catch {
    // Not a problem document.
  }
  if (isObject(problem)) throw readRefusal(problem);
  throw new ApiError(await explainRefusal(response), response.status);
}

async function ask(path: string, key: string, options: RequestInit = {}, query?: URLSearchParams): Promise<Response> {
  const headers = new Headers(options.headers);
  if (key !== "") headers.set("Authorization", `Bearer ${key}`);
  try {
    return await fetch(endpoint(path, query), { ...options, headers });
  } catch {
    throw new ApiError("The service does not answer. Is it running, and is the network up?", null);
  }
}

async function json(response: Response): Promise<JsonObject> {
  if (!response.ok) throw new ApiError(await explainRefusal(response), response.status);
  return asObject(await response.json(), "answer");
}

function share(progress: JsonObject): number | null {
  const of = numberAt(progress, "of");
  return of > 0 ? Math.min(1, numberAt(progress, "bytes") / of) : null;
}

/** Reads what became of a file. */
export function readOutcome(answer: JsonObject): Outcome {
  const columns = isObject(answer["columns"]) ? answer["columns"] : {};
  const count = (name: string): number => numberAt(answer, name);
  return {
    job: optionalTextAt(answer, "job") ?? textAt(answer, "id"),
    counts: {
      rows: count("rows"),
      accepted: count("accepted"),
      warned: count("warned"),
      rejected: count("rejected"),
      duplicate: count("duplicate"),
      skipped: count("skipped"),
    },
    codes: Object.entries(objectAt(answer, "codes")).map(([code, rows]) => ({
      code,
      rows: typeof rows === "number" ? rows : 0,
      columns: isObject(columns[code]) ? Object.keys(columns[code]).join(", ") : "",
    })),
    held: optionalTextAt(answer, "held"),
  };
}

/** Reads why a file was refused. */
export function readRefusal(problem: JsonObject): Refusal {
  const words = optionalTextAt(problem, "detail") ?? optionalTextAt(problem, "title") ?? "The service refused it.";
  const said = (member: string): Said | null => (isObject(problem[member]) ? readSaid(problem[member]) : null);
  return new Refusal(words, said("explanation"), said("what_to_do"));
}

function readSaid(said: JsonObject): Said {
  return { en: textAt(said, "en"), ur: textAt(said, "ur") };
}
