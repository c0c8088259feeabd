import { createServer } from "node:http";
import { onTestFinished } from "vitest";
import { listenOn } from "../../support/listener.ts";

interface Packument {
  readonly name: string;
  readonly versions: Record<string, { readonly dist: { readonly integrity: string } }>;
  readonly "dist-tags": Record<string, string>;
}

export interface NpmRegistry {
  readonly url: string;
  /** As npm takes them from the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Versions of a package, in the order they were published. */
  versions(name: string): string[];
  tags(name: string): Readonly<Record<string, string>>;
  /** It has this version already, as its latest, published by somebody else. */
  hold(name: string, version: string, integrity: string): void;
  /** How often something was put there, refused or not. */
  putCount(): number;
  /** The next puts are taken, but their connection breaks before the answer. */
  loseAnswers(count: number): void;
  /** The next requests get this status. */
  refuse(count: number, status: number): void;
}

/** A registry as `npm publish` and `npm view` see it; one that has a version already says 403. */
export async function startNpmRegistry(): Promise<NpmRegistry> {
  const packages = new Map<string, Packument>();
  let puts = 0;
  let lost = 0;
  let refused = { count: 0, status: 0 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const answer = (status: number, body: object) =>
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      const name = decodeURIComponent((request.url ?? "").slice(1).split("?")[0] ?? "");
      if (refused.count > 0) {
        refused.count -= 1;
        return answer(refused.status, { error: "try later" });
      }
      if (request.method === "GET") {
        const found = packages.get(name);
        return found === undefined ? answer(404, { error: "not found" }) : answer(200, found);
      }
      puts += 1;
      const sent = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Packument;
      const kept = packages.get(name) ?? { name, versions: {}, "dist-tags": {} };
      if (Object.keys(sent.versions).some((version) => version in kept.versions)) {
        return answer(403, { error: "You cannot publish over the previously published versions" });
      }
      Object.assign(kept.versions, sent.versions);
      Object.assign(kept["dist-tags"], sent["dist-tags"]);
      packages.set(name, kept);
      if (lost > 0) {
        lost -= 1;
        return request.socket.destroy();
      }
      return answer(201, { ok: true });
    });
  });
  const listener = await listenOn(server);
  onTestFinished(() => listener.shut());
  const url = `http://127.0.0.1:${listener.port}/`;
  return {
    url,
    env: {
      npm_config_registry: url,
      // npm reads a registry's token under its address only.
      [`npm_config_//127.0.0.1:${listener.port}/:_authToken`]: "a-token-of-the-test",
      npm_config_fetch_retries: "0",
    },
    versions: (name) => Object.keys(packages.get(name)?.versions ?? {}),
    tags: (name) => packages.get(name)?.["dist-tags"] ?? {},
    hold(name, version, integrity) {
      const versions = { [version]: { name, version, dist: { integrity } } };
      packages.set(name, { name, versions, "dist-tags": { latest: version } });
    },
    putCount: () => puts,
    loseAnswers: (count) => {
      lost = count;
    },
    refuse: (count, status) => {
      refused = { count, status };
    },
  };
}
