import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const OUT = "../src/claude_agent/dashboard";
const FONTS = ["inter", "jetbrains-mono"];

/** Ships the licences of the bundled fonts, and a packed copy of each text file. */
function finish(): Plugin {
  return {
    name: "finish",
    apply: "build",
    closeBundle() {
      mkdirSync(join(OUT, "licenses"), { recursive: true });
      for (const font of FONTS) {
        const source = `node_modules/@fontsource-variable/${font}/LICENSE`;
        copyFileSync(source, join(OUT, "licenses", `${font}.txt`));
      }
      for (const name of readdirSync(join(OUT, "assets"))) {
        if (!/\.(js|css)$/.test(name)) continue;
        const path = join(OUT, "assets", name);
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [react(), finish()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    // The content policy forbids fonts and scripts inside of other files.
    assetsInlineLimit: 0,
    license: { fileName: "licenses/packages.md" },
    target: "es2022",
  },
  test: { environment: "happy-dom", setupFiles: ["src/testing/setup.ts"], css: false },
});
