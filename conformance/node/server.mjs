// Owns what the Node suite shares: a server for the length of a test file, and the npm client,
// which is installed outside the repository in the folder that PEERAGE_NODE_CLIENTS names.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const helper = join(here, "..", "harness", "server.py");

/** Starts a server. Gives its credentials, and what ends it. */
export async function serve(...options) {
  const child = spawn("python3", ["-B", helper, ...options], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const stop = async () => {
    child.stdin.end();
    await ended;
  };
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    new Promise((resolve) => lines.once("line", resolve)),
    ended.then((code) => {
      throw new Error(`no server: the helper ended with ${code}`);
    }),
  ]);
  return { ...JSON.parse(line), stop };
}

/** The npm client, for a project of a server. */
export function connect(server, more = {}) {
  const require = createRequire(join(process.env.PEERAGE_NODE_CLIENTS, "package.json"));
  return require("mongodb-atlas-api-client")({
    publicKey: server.publicKey,
    privateKey: server.privateKey,
    baseUrl: `${server.baseUrl}/api/atlas/v2`,
    projectId: server.projectId,
    ...more,
  });
}
