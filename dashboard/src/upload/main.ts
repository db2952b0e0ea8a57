// The page that sends a file: choose what it is, try it out, send it, fetch the rows with what became of them.
//
// A key that is typed in stays in this page's memory: nothing is kept in the browser.

import { byId, definitions, element } from "../dom";
import { commit, fetchErrors, fetchProfiles, fetchReport, giveUp, pause, Refusal, stand, tryOut, type Outcome, type Profile, type RowError, type Sending } from "./requests";
import { say, type Language, type Word } from "./words";
import "./upload.css";

const LABELS: readonly (readonly [string, Word])[] = [
  ["subtitle", "subtitle"], ["language-label", "language"], ["key-label", "key"], ["profile-label", "profile"], ["file-label", "file"],
  ["try", "tryOut"], ["commit", "commit"], ["give-up", "giveUp"], ["map-link", "map"],
];

class UploadPage {
  #profiles: readonly Profile[] = [];
  #file: File | null = null;
  /** Of the file with these parameters: sent again, it is the same request. */
  #idempotencyKey: string | null = null;
  #job: string | null = null;
  #busy = false;
  #shown: (() => void) | null = null;

  constructor() {
    input("key").addEventListener("change", () => void this.#load());
    select("language").addEventListener("change", () => this.#label());
    select("profile").addEventListener("change", () => this.#chose());
    input("file").addEventListener("change", () => this.#take(input("file").files?.[0] ?? null));
    const drop = byId("drop");
    drop.addEventListener("dragover", (event) => event.preventDefault());
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      this.#take(event.dataTransfer?.files[0] ?? null);
    });
    byId("try").addEventListener("click", () => void this.#run(() => this.#tryOut()));
    byId("send").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#run(() => this.#commit());
    });
    byId("give-up").addEventListener("click", () => {
      if (this.#job !== null) void giveUp(this.#job, this.#key());
    });
    this.#label();
    void this.#load();
  }

  #language(): Language {
    return select("language").value === "ur" ? "ur" : "en";
  }

  #key(): string {
    return input("key").value.trim();
  }

  #label(): void {
    const language = this.#language();
    document.documentElement.lang = language;
    document.documentElement.dir = language === "ur" ? "rtl" : "ltr";
    for (const [id, word] of LABELS) byId(id).textContent = say(word, language);
    this.#chose();
    this.#shown?.();
  }

  async #load(): Promise<void> {
    await this.#run(async () => {
      this.#profiles = await fetchProfiles(this.#key());
      const options = this.#profiles.map(({ id, agency }) => element("option", { value: id }, `${id} (${agency})`));
      select("profile").replaceChildren(element("option", { value: "" }, say("choose", this.#language())), ...options);
    });
  }

  #profile(): Profile | undefined {
    return this.#profiles.find(({ id }) => id === select("profile").value);
  }

  #chose(): void {
    const profile = this.#profile();
    const required = profile?.required ?? [];
    byId("wants").textContent = required.length === 0 ? "" : say("columns", this.#language()) + required.join(", ");
    const fields = (profile?.parameters ?? []).map(({ name, required: needed }) => {
      const field = element("input", { name, required: needed });
      field.addEventListener("input", () => this.#another());
      return element("label", {}, element("span", {}, name), field);
    });
    byId("parameters").replaceChildren(...fields);
    this.#another();
  }

  #take(file: File | null): void {
    this.#file = file;
    if (file !== null) byId("file-label").textContent = file.name;
    this.#another();
  }

  /** Something else is to be sent. */
  #another(): void {
    this.#idempotencyKey = null;
    this.#enable();
  }

  #enable(): void {
    const ready = !this.#busy && this.#file !== null && this.#profile() !== undefined;
    for (const id of ["try", "commit"]) byId(id).toggleAttribute("disabled", !ready);
    byId("give-up").toggleAttribute("hidden", !(this.#busy && this.#job !== null));
    document.body.dataset["state"] = this.#busy ? "busy" : "ready";
  }

  #sending(): Sending {
    if (this.#file === null) throw new Error("no file is chosen");
    const fields = byId("parameters").querySelectorAll("input");
    const parameters = new Map([...fields].map((field) => [field.name, field.value.trim()] as const));
    return { file: this.#file, profile: select("profile").value, parameters, key: this.#key() };
  }

  /** Runs what asks the service, one thing at a time, and shows why it failed. */
  async #run(work: () => Promise<void>): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    byId("problem").hidden = true;
    this.#enable();
    try {
      await work();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#busy = false;
      this.#job = null;
      byId("progress").hidden = true;
      this.#enable();
    }
  }

  #failed(error: unknown): void {
    const language = this.#language();
    const lines = [error instanceof Error ? error.message : String(error)];
    if (error instanceof Refusal) {
      if (error.said !== null) lines.push(error.said[language]);
      if (error.whatToDo !== null) lines.push(error.whatToDo[language]);
    }
    const problem = byId("problem");
    problem.replaceChildren(...lines.map((line) => element("p", {}, line)));
    problem.hidden = false;
    byId("status").textContent = "";
  }

  /** What was shown is of another file, or of this one before. */
  #forget(): void {
    this.#shown = null;
    byId("result").hidden = true;
  }

  async #tryOut(): Promise<void> {
    this.#forget();
    this.#tell("working");
    const sending = this.#sending();
    const outcome = await tryOut(sending);
    await this.#show("tried", outcome, sending.key);
  }

  async #commit(): Promise<void> {
    this.#forget();
    this.#tell("sending");
    const sending = this.#sending();
    this.#idempotencyKey ??= crypto.randomUUID();
    const job = await commit(sending, this.#idempotencyKey);
    this.#job = job;
    this.#enable();
    this.#tell("working");
    const bar = byId("progress") as HTMLProgressElement;
    bar.hidden = false;
    for (;;) {
      const standing = await stand(job, sending.key);
      if (standing.read !== null) bar.value = standing.read;
      if (standing.outcome !== null) {
        await this.#show(standing.outcome.held === null ? "taken" : "held", standing.outcome, sending.key);
        return;
      }
      if (standing.status === "dismissed") {
        this.#tell("dismissed");
        return;
      }
      if (standing.refusal !== null) throw standing.refusal;
      await pause();
    }
  }

  #tell(word: Word): void {
    byId("status").textContent = say(word, this.#language());
  }

  async #show(word: Word, outcome: Outcome, key: string): Promise<void> {
    const errors = await fetchErrors(outcome.job, key);
    this.#shown = () => {
      const language = this.#language();
      this.#tell(word);
      const result = byId("result");
      result.replaceChildren(counts(outcome, language), codes(outcome, errors, language), rows(errors, language), this.#download(outcome, key));
      result.hidden = false;
    };
    this.#shown();
  }

  #download(outcome: Outcome, key: string): HTMLElement {
    const button = element("button", { type: "button", id: "download" }, say("download", this.#language()));
    button.addEventListener("click", () => {
      void this.#run(async () => {
        const address = URL.createObjectURL(await fetchReport(outcome.job, key));
        const name = `${(this.#file?.name ?? "file").replace(/\.[^.]*$/, "")}-result.csv`;
        element("a", { href: address, download: name }).click();
        setTimeout(() => URL.revokeObjectURL(address), 60_000);
      });
    });
    return button;
  }
}

function counts({ counts: of }: Outcome, language: Language): HTMLElement {
  const line = (word: Word, n: number): readonly [string, string] => [say(word, language), String(n)];
  return definitions([
    line("rows", of.rows), line("accepted", of.accepted), line("warned", of.warned), line("rejected", of.rejected),
    line("duplicate", of.duplicate), line("skipped", of.skipped),
  ]);
}

function codes(outcome: Outcome, errors: readonly RowError[], language: Language): HTMLElement {
  if (outcome.codes.length === 0) return element("p");
  const meaning = (code: string): string => {
    const known = errors.find((error) => error.code === code);
    return known === undefined ? "" : `${known.message[language]}: ${known.whatToDo[language]}`;
  };
  return table(
    "codes",
    [say("code", language), say("count", language), say("where", language), say("meaning", language)],
    outcome.codes.map(({ code, rows: n, columns }) => [code, String(n), columns, meaning(code)]),
  );
}

function rows(errors: readonly RowError[], language: Language): HTMLElement {
  if (errors.length === 0) return element("p");
  const listed = table(
    "errors",
    [say("row", language), say("where", language), say("code", language), say("meaning", language)],
    errors.map((error) => [String(error.row ?? ""), error.column ?? "", error.code, error.message[language]]),
  );
  return element("section", {}, element("h2", {}, say("firstErrors", language)), listed);
}

function table(id: string, head: readonly string[], body: readonly (readonly string[])[]): HTMLElement {
  const cells = (name: "th" | "td", texts: readonly string[]) => element("tr", {}, ...texts.map((text) => element(name, {}, text)));
  return element("table", { id }, element("thead", {}, cells("th", head)), element("tbody", {}, ...body.map((texts) => cells("td", texts))));
}

function input(id: string): HTMLInputElement {
  return byId(id) as HTMLInputElement;
}

function select(id: string): HTMLSelectElement {
  return byId(id) as HTMLSelectElement;
}

new UploadPage();
