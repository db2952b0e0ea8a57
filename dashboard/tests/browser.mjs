// The page in a real browser: it loads, draws, explains a clicked cell, keeps its state in the address, shows errors,
// and asks nothing of any other host.
//
//   node tests/browser.mjs [--url http://127.0.0.1:PORT/] [--screenshot FILE] [--phone-screenshot FILE] [--chromium PATH]
//                          [--study-area NAME]
//
// Without --url it starts the mock. Exits 0 when every check passed, 1 otherwise, and prints one line per check.

import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { cellToLatLng } from "h3-js";
import { chromium } from "playwright-core";
import { startMock } from "./mock.mjs";

const FLAGS = [
  "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--no-first-run",
];
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const PATIENCE = 60_000;

const { values: given } = parseArgs({
  options: {
    url: { type: "string" },
    screenshot: { type: "string" },
    "phone-screenshot": { type: "string" },
    chromium: { type: "string", default: "/usr/bin/chromium" },
    "study-area": { type: "string" },
  },
});

let checks = 0;

const mock = given.url === undefined ? await startMock() : null;
const base = new URL(given.url ?? mock.url);
const browser = await chromium.launch({ executablePath: given.chromium, headless: true, args: FLAGS });
try {
  const subject = await chooseSubject();
  await firstVisit(subject);
  await desktop(subject);
  await refusals();
  await phone(subject);
  console.log(`${checks} browser checks passed against ${base.href}`);
} finally {
  await browser.close();
  mock?.close();
}

/** The analysis and its hottest cell, asked from the service itself: the page must say the same. */
async function chooseSubject() {
  const { naqsha: options } = await getJson("collections/hotspots?f=json");
  const area = options.study_areas.find(({ name, default: byDefault }) => (given["study-area"] === undefined ? byDefault : name === given["study-area"])) ?? options.study_areas[0];
  assert.ok(area, "the service has a study area");
  const resolution = Math.min(Math.max(area.default_resolution ?? options.resolutions.default, 4), 8);
  const query = new URLSearchParams({ study_area: area.name, resolution: String(resolution) });
  if (options.periods !== null) query.set("datetime", `${options.periods.first.slice(0, 7)}-01/${lastDay(options.periods.last)}`);
  let hottest = null;
  let facts = null;
  for (let next = `collections/hotspots/items?${query}&limit=10000`; next !== null; ) {
    const page = await getJson(next);
    facts ??= page.naqsha;
    for (const { properties } of page.features) if (properties.class === "hot" && (hottest === null || properties.z > hottest.z)) hottest = properties;
    next = page.links?.find(({ rel }) => rel === "next")?.href ?? null;
  }
  assert.ok(hottest, `${area.name} has a hot cell at resolution ${resolution}`);
  // Each step of resolution makes cells √7 times smaller, which is 1.4 steps of zoom; at this zoom they are about 20 pixels wide.
  const zoom = 7.5 + (resolution - 6) * 1.4;
  return { area, options, resolution, facts, cell: hottest, zoom };
}

/** Without wishes in the address the page chooses a resolution that suits the study area, and keeps it. */
async function firstVisit({ options }) {
  const { page } = await open(DESKTOP);
  await page.goto(base.href);
  await ready(page);
  const chosen = page.getByLabel("Cell size (H3 resolution)");
  const agrees = async (area) => {
    const resolution = Number(await chosen.inputValue());
    assert.ok(resolution >= options.resolutions.min && resolution <= area.default_resolution, `${area.name} opens at resolution ${resolution}`);
    assert.equal(new URL(page.url()).searchParams.get("resolution"), String(resolution));
    const legend = await page.locator("#legend").innerText();
    for (const part of [`${area.title}: `, `H3 resolution ${resolution}`]) assert.ok(legend.includes(part), `legend has “${part}”: ${legend}`);
  };
  const byDefault = options.study_areas.find((area) => area.default);
  await check("a first visit opens at a resolution for its study area", () => agrees(byDefault));
  for (const other of options.study_areas.filter((area) => area !== byDefault)) {
    await page.getByLabel("Study area").selectOption(other.name);
    await ready(page);
    await check(`so does the choice of another: ${other.title}`, () => agrees(other));
  }
  await page.context().close();
}

async function desktop({ area, options, resolution, facts, cell, zoom }) {
  const { page, troubles, requests } = await open(DESKTOP);
  const [lat, lon] = cellToLatLng(cell.h3);
  await page.goto(new URL(`?study_area=${area.name}&resolution=${resolution}#${zoom}/${lat}/${lon}`, base).href);
  await ready(page);
  await check("the title is bilingual", async () => assert.equal(await page.title(), "Naqsha نقشہ"));
  await check("the banner is shown exactly over synthetic data", async () => {
    assert.equal(await page.locator("#banner").isVisible(), facts.synthetic);
    if (facts.synthetic) assert.equal(await page.locator("#banner").innerText(), "SYNTHETIC SAMPLE: not real crime data");
  });
  await check("the legend tells what was analysed and left out", async () => {
    const legend = await page.locator("#legend").innerText();
    const shown = (number) => new Intl.NumberFormat("en").format(number);
    assert.match(legend, /Hot: more incidents here and in neighbouring cells than chance explains\s+very strong: q ≤ 0\.01/);
    for (const part of [area.title, shown(facts.tested), shown(facts.study_area.cells), String(facts.alpha), String(facts.data_version)]) assert.ok(legend.includes(part), `legend has “${part}”`);
    assertExcluded(legend, facts);
  });
  await check("what is left out is said beside the map", async () => {
    const footnote = await page.locator("#footnote").innerText();
    assertExcluded(footnote, facts);
    assert.match(footnote, /reporting and enforcement/);
  });
  await check("every control has a label", async () => {
    for (const label of ["Study area", "Category", "From", "To", "Cell size (H3 resolution)"]) assert.equal(await page.getByLabel(label, { exact: true }).count(), 1, label);
  });
  await check("the hot cell is drawn in its colour", async () => assert.ok((await hotPixels(page)) > 40, "red pixels around the middle of the map"));

  const stage = await page.locator("#map").boundingBox();
  await page.mouse.click(stage.x + stage.width / 2, stage.y + stage.height / 2);
  await page.locator("#details .lead").waitFor({ timeout: PATIENCE });
  await check("a click on a hot cell shows what the service says of it", async () => {
    const details = await page.locator("#details").innerText();
    assert.match(details, /^Hot\b/m);
    assert.match(details, /More incidents here and in neighbouring cells than chance explains \(q ≤/);
    assert.ok(details.includes(cell.h3), `details name ${cell.h3}: ${details}`);
    assert.ok(details.includes(`${new Intl.NumberFormat("en").format(cell.n)} incident`), "details have n");
    assert.ok(details.includes(`${new Intl.NumberFormat("en").format(cell.neighbourhood_n)} incident`), "details have the sum of the neighbourhood");
    const z = Math.abs(cell.z) >= 100 ? new Intl.NumberFormat("en", { maximumFractionDigits: 0 }).format(cell.z) : cell.z.toFixed(cell.z >= 10 ? 1 : 2);
    assert.ok(details.includes(z), `details have z ${z}: ${details}`);
  });
  if (given.screenshot !== undefined) await page.screenshot({ path: given.screenshot });

  await check("the address holds the view", async () => {
    const address = new URL(page.url());
    assert.equal(address.searchParams.get("cell"), cell.h3);
    assert.equal(address.searchParams.get("resolution"), String(resolution));
    assert.ok(address.hash.startsWith(`#${zoom.toFixed(2)}/`), address.hash);
    await page.reload();
    await ready(page);
    await page.locator("#details .lead").waitFor({ timeout: PATIENCE });
    assert.ok((await page.locator("#details").innerText()).includes(cell.h3), "the cell is there again after a reload");
  });

  await check("Enter on the map describes the cell in the middle", async () => {
    await page.getByRole("button", { name: "Close the details" }).click();
    assert.equal(await page.locator("#details").isVisible(), false);
    await page.locator("#map canvas").focus();
    await page.keyboard.press("Enter");
    await page.locator("#details .lead").waitFor({ timeout: PATIENCE });
    assert.ok((await page.locator("#details").innerText()).includes(cell.h3));
  });

  const { code } = options.categories[0];
  await check("choosing a category asks for it and closes the details", async () => {
    const asked = page.waitForRequest((request) => request.url().includes("/collections/hotspots/items?") && new URL(request.url()).searchParams.get("category") === code);
    await page.getByLabel("Category", { exact: true }).selectOption(code);
    await asked;
    await ready(page);
    assert.equal(await page.locator("#details").isVisible(), false);
    assert.equal(new URL(page.url()).searchParams.get("category"), code);
    // The worker's requests are reported through a channel of their own, sometimes after the page is ready.
    await eventually("tiles of the category were asked for", () => requests.some((url) => url.pathname.endsWith(".mvt") && url.searchParams.get("category") === code));
  });
  await check("by zoom, the legend speaks of the resolution on screen", async () => {
    await page.getByLabel("Cell size (H3 resolution)").selectOption("");
    await ready(page);
    assert.match(await page.locator("#legend").innerText(), /H3 resolution \d/);
  });
  for (const { name, title } of options.study_areas.filter((other) => other.name !== area.name)) {
    await check(`another study area can be chosen: ${title}`, async () => {
      await page.getByLabel("Category", { exact: true }).selectOption("");
      await page.getByLabel("Study area").selectOption(name);
      await ready(page);
      assert.equal(new URL(page.url()).searchParams.get("study_area"), name);
      assert.ok((await page.locator("#legend").innerText()).includes(title));
    });
  }
  await check("nothing was asked of another host, and nothing failed", () => {
    assert.deepEqual(requests.filter(({ host, protocol }) => protocol.startsWith("http") && host !== base.host), []);
    assert.deepEqual(troubles, []);
    assert.ok(requests.some(({ pathname }) => pathname.endsWith(".mvt")), "tiles were asked for");
  });
  await page.context().close();
}

/** Each reason's number of records that are not on the map must be said. */
function assertExcluded(text, { excluded }) {
  if (excluded.count === 0) assert.match(text, /Every matching record is on the map/);
  for (const [reason, records] of Object.entries(excluded.reasons)) {
    assert.ok(text.includes(`${new Intl.NumberFormat("en").format(records)} `), `${records} records are left out as ${reason}: ${text}`);
  }
}

/** What the reader sees when the service refuses or the link is wrong. */
async function refusals() {
  const { page } = await open(DESKTOP);
  const detail = "the ledger is being restored; try again in a minute";
  await page.route("**/collections/hotspots/items?*", (route) =>
    route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ title: "Unavailable", status: 503, detail }) }),
  );
  await page.goto(new URL("?category=NONE", base).href);
  await check("an unknown category in the link is named", () => page.getByText("“NONE”, which is not available here").waitFor({ timeout: PATIENCE }));
  await page.getByLabel("Cell size (H3 resolution)").selectOption("5");
  await check("the detail of a problem document is shown", () => page.getByText(detail).waitFor({ timeout: PATIENCE }));
  const again = "tiles rest between two and three";
  await page.route("**/xyz/hotspots.json?*", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ title: "Unavailable", status: 503, detail: again }) }));
  await page.unroute("**/collections/hotspots/items?*");
  await page.getByLabel("Cell size (H3 resolution)").selectOption("6");
  await check("the refusal of tiles is shown too", () => page.getByText(again).waitFor({ timeout: PATIENCE }));
  await page.context().close();
}

async function phone({ area, resolution, cell, zoom }) {
  const { page, troubles } = await open(PHONE);
  const [lat, lon] = cellToLatLng(cell.h3);
  await page.goto(new URL(`?study_area=${area.name}&resolution=${resolution}&cell=${cell.h3}#${zoom}/${lat}/${lon}`, base).href);
  await ready(page);
  await page.locator("#details .lead").waitFor({ timeout: PATIENCE });
  await check("a phone shows all of it without scrolling sideways", async () => {
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    assert.deepEqual(troubles, []);
  });
  if (given["phone-screenshot"] !== undefined) await page.screenshot({ path: given["phone-screenshot"], fullPage: false });
  await page.context().close();
}

async function open(viewport) {
  const context = await browser.newContext({ viewport, deviceScaleFactor: 1 });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const troubles = [];
  const requests = [];
  page.on("pageerror", (error) => troubles.push(`exception: ${error.message}`));
  page.on("console", (message) => {
    // SwiftShader's remarks about its own speed are not the page's.
    if (["error", "warning"].includes(message.type()) && !/GPU stall|GL Driver Message|WebGL/i.test(message.text())) troubles.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => requests.push(new URL(request.url())));
  page.on("response", (response) => {
    if (response.status() >= 400) troubles.push(`${response.status()} ${response.url()}`);
  });
  return { page, troubles, requests };
}

async function ready(page) {
  await page.locator('body[data-state="ready"]').waitFor({ timeout: PATIENCE });
}

/** How many of the pixels around the middle of the map are red as significant hot cells are; counted in a page of its own. */
async function hotPixels(page) {
  const box = await page.locator("#map").boundingBox();
  const clip = { x: box.x + box.width / 2 - 15, y: box.y + box.height / 2 - 15, width: 30, height: 30 };
  const image = (await page.screenshot({ clip })).toString("base64");
  const counter = await browser.newPage();
  const red = await counter.evaluate(async (png) => {
    const picture = new Image();
    picture.src = `data:image/png;base64,${png}`;
    await picture.decode();
    const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
    canvas.drawImage(picture, 0, 0);
    const { data } = canvas.getImageData(0, 0, picture.width, picture.height);
    let found = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i] > data[i + 2] + 60 && data[i] > data[i + 1] + 60) found += 1;
    return found;
  }, image);
  await counter.close();
  return red;
}

async function check(name, body) {
  try {
    await body();
  } catch (error) {
    console.error(`FAILED ${name}`);
    throw error;
  }
  checks += 1;
  console.log(`ok ${name}`);
}

async function eventually(what, holds) {
  for (let waited = 0; !holds(); waited += 100) {
    assert.ok(waited < 5_000, what);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function getJson(path) {
  const response = await fetch(new URL(path, base));
  assert.ok(response.ok, `${path}: ${response.status}`);
  return response.json();
}

function lastDay(date) {
  const [year, month] = date.split("-").map(Number);
  return `${date.slice(0, 7)}-${String(new Date(Date.UTC(year, month, 0)).getUTCDate()).padStart(2, "0")}`;
}
