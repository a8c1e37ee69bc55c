// Makes src/api/schema.gen.ts from the server's OpenAPI document.
//   npm run types                        from the server that runs on CLAUDE_AGENT_HOME
//   npm run types -- FILE [OUT]          from a file, into another one
import { readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import openapiTS, { astToString } from "openapi-typescript";

const HEAD = "// Made by `npm run types` from the server's /openapi.json. Do not edit.\n";
const [source, out = "src/api/schema.gen.ts"] = process.argv.slice(2);

async function fromServer() {
  const home = process.env.CLAUDE_AGENT_HOME ?? join(homedir(), ".local/state/claude-agent");
  const { url } = JSON.parse(readFileSync(join(home, "server.json"), "utf8"));
  const token = readFileSync(join(home, "token"), "utf8").trim();
  const answer = await fetch(`${url}/openapi.json`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  if (!answer.ok) throw new Error(`${url}/openapi.json answered ${answer.status}`);
  return answer.text();
}

const text = source ? readFileSync(source, "utf8") : await fromServer();
writeFileSync(out, HEAD + astToString(await openapiTS(JSON.parse(text))));
