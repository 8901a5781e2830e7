import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Compressed once, when built: the server picks the best that a browser takes. */
function compressed(folder: string): Plugin {
  return {
    name: "compressed",
    closeBundle() {
      for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
        if (!/\.(js|css|svg)$/.test(entry)) continue;
        const path = join(folder, entry);
        const content = readFileSync(path);
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
        writeFileSync(`${path}.br`, brotliCompressSync(content));
      }
    },
  };
}

// A compiler only: Django serves the pages and what lies in dist/, in development too, so that the same
// content security policy holds everywhere.
export default defineConfig({
  base: "/static/",
  plugins: [compressed(here("dist"))],
  build: {
    outDir: here("dist"),
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    // light-dark() is younger than many a phone; for these it is written out as what they know.
    cssTarget: ["chrome111", "safari16.4", "firefox114"],
    // Its inline helper would be one more thing to explain to the policy; every browser we serve preloads by itself.
    modulePreload: { polyfill: false },
    // The policy allows no data: styles or fonts, and small images cache better as files.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: {
        site: here("src/site.ts"),
        arena: here("src/arena.ts"),
        board: here("src/board.ts"),
        category: here("src/category.ts"),
        embed: here("src/embed.ts"),
        entry: here("src/entry.ts"),
        privacy: here("src/privacy.ts"),
        exports: here("src/exports.ts"),
        appeals: here("src/appeals.ts"),
        team: here("src/team.ts"),
      },
    },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts"],
  },
});
