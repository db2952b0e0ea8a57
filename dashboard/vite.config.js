// How the page is built: plain files under dist/, found relative to the page, nothing inlined that a strict
// Content-Security-Policy would refuse.

import { defineConfig } from "vite";

const service = process.env.NAQSHA_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  // Relative, so that the same files serve at "/" and behind a proxy's prefix.
  base: "./",
  build: {
    target: "es2022",
    // No data: URLs for scripts or styles, and no polyfill that the supported browsers do not need.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // MapLibre alone is over the default of 500 kB; its size is known and served compressed.
    chunkSizeWarningLimit: 1400,
    rolldownOptions: {
      input: ["index.html", "upload.html"],
      output: {
        // The worker ships as .mjs, for which some servers know no media type.
        assetFileNames: ({ names }) =>
          names.some((name) => name.endsWith(".mjs")) ? "assets/[name]-[hash].js" : "assets/[name]-[hash][extname]",
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ["/collections", "/xyz", "/places.json", "/readyz", "/profiles", "/jobs"].map((path) => [path, { target: service }]),
    ),
  },
  test: { include: ["tests/*.test.ts"] },
});
