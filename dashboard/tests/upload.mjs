// The upload page in a real browser against the real service: a file is tried out, sent and its result file fetched.
//
//   node tests/upload.mjs --url http://127.0.0.1:PORT/ [--chromium PATH] [--screenshot FILE]

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values: given } = parseArgs({
  options: { url: { type: "string" }, chromium: { type: "string", default: "/usr/bin/chromium" }, screenshot: { type: "string" } },
});
const HEADER = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Last outcome category,Context\n";
const good = (n) => `id${n},2018-07,WYP,WYP,-1.55,53.80,On or near X,E01,Leeds,Drugs,,\n`;
const FILE = `${HEADER}${Array.from({ length: 12 }, (_, n) => good(n)).join("")}bad,2018-17,WYP,WYP,-1.55,53.80,X,E01,Leeds,Drugs,,\n`;
const page_of = new URL("upload.html", given.url).href;
let checks = 0;

const browser = await chromium.launch({ executablePath: given.chromium, headless: true, args: ["--no-sandbox", "--disable-background-networking", "--no-first-run"] });
try {
  const context = await browser.newContext({ viewport: { width: 900, height: 1000 }, acceptDownloads: true });
  const page = await context.newPage();
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
  await page.goto(page_of);
  await ready(page);
  const batches = async () => (await (await fetch(new URL("collections/incidents/batches", given.url))).json()).batches.length;

  await check("every control has a label, and nothing can be sent yet", async () => {
    for (const label of ["Language", "Key (kept until this page is closed)", "What the file is"]) assert.equal(await page.getByLabel(label).count(), 1, label);
    assert.ok(await page.locator("#commit").isDisabled());
  });
  await page.getByLabel("What the file is").selectOption("open.police-uk");
  await check("the profile says which columns it needs", async () => assert.match(await page.locator("#wants").innerText(), /Crime type/));
  await page.locator("#file").setInputFiles({ name: "street.csv", mimeType: "text/csv", buffer: Buffer.from(FILE) });
  await page.locator("#try").click();
  await done(page);
  await check("a dry run tells counts, codes and rows, and stores nothing", async () => {
    const result = await page.locator("#result").innerText();
    for (const part of ["13", "12", "E301", "Month"]) assert.ok(result.includes(part), `${part}: ${result}`);
    assert.ok(!result.includes("2018-17"), "no value of a row");
    assert.match(await page.locator("#errors tbody tr").first().innerText(), /13\s+Month\s+E301/);
    assert.match(await page.locator("#status").innerText(), /Nothing is stored/);
    assert.equal(await batches(), 0);
  });
  await check("in Urdu the page and the codes are Urdu, from right to left", async () => {
    await page.locator("#language").selectOption("ur");
    assert.equal(await page.evaluate(() => document.documentElement.dir), "rtl");
    assert.match(await page.locator("#errors tbody tr").first().innerText(), /[\u0600-\u06ff]/);
    await page.locator("#language").selectOption("en");
  });
  // The choice of language leaves the profile as it was; the file is still the one chosen.
  await page.locator("#commit").click();
  await done(page);
  await check("sent, it is one batch", async () => {
    assert.match(await page.locator("#status").innerText(), /was taken/);
    assert.equal(await batches(), 1);
  });
  await check("sent again, it is the same request", async () => {
    await page.locator("#commit").click();
    await done(page);
    assert.match(await page.locator("#status").innerText(), /was taken/);
    assert.equal(await batches(), 1);
  });
  await check("the result file has every row with what became of it", async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#download").click()]);
    assert.equal(download.suggestedFilename(), "street-result.csv");
    const text = await readFile(await download.path(), "utf8");
    assert.equal(text.trimEnd().split("\n").length, 14);
    assert.match(text, /,13,rejected,E301,/);
  });
  await check("a refused file says why and what to do", async () => {
    await page.locator("#file").setInputFiles({ name: "empty.csv", mimeType: "text/csv", buffer: Buffer.from(HEADER) });
    await page.locator("#commit").click();
    await page.waitForSelector("#problem:not([hidden])");
    assert.match(await page.locator("#problem").innerText(), /B906[^]*export the file again/);
  });
  if (given.screenshot !== undefined) await page.screenshot({ path: given.screenshot, fullPage: true });
  await check("a typed key is kept nowhere", async () => {
    await page.getByLabel("Key (kept until this page is closed)").fill("secret-of-a-clerk");
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]));
    assert.ok(!kept.includes("secret-of-a-clerk"), kept);
  });
  await check("nothing went wrong unseen", async () => assert.deepEqual(troubles.filter((text) => !/40\d|422/.test(text)), []));
  console.log(`${checks} browser checks passed against ${given.url}`);
} finally {
  await browser.close();
}

async function ready(page) {
  await page.waitForSelector("body[data-state=ready]");
}

async function done(page) {
  await page.waitForSelector("#result:not([hidden])");
  await ready(page);
}

async function check(name, body) {
  await body();
  checks += 1;
  console.log(`ok: ${name}`);
}
