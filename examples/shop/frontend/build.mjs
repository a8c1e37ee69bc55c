// Bundles src/ into dist/assets/ with hashed names, and writes dist/manifest.json.
// The new files are complete before they take the place of the old ones.
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { build } from "esbuild";

const next = "dist.next";
rmSync(next, { recursive: true, force: true });
mkdirSync(next);

const result = await build({
  entryPoints: ["src/main.ts", "src/style.css"],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  outdir: `${next}/assets`,
  entryNames: "[name]-[hash]",
  metafile: true,
});

const manifest = {};
for (const [file, output] of Object.entries(result.metafile.outputs)) {
  const kind = file.slice(file.lastIndexOf("."));
  const source = basename(output.entryPoint).replace(/\.[a-z]+$/, "");
  manifest[`${source}${kind}`] = `assets/${basename(file)}`;
}
writeFileSync(`${next}/manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);

rmSync("dist", { recursive: true, force: true });
renameSync(next, "dist");
console.log(Object.values(manifest).join("\n"));
