/**
 * Owns a small registry in JSR's form on this machine: `deno publish` hands it what is published, with names of packages
 * in the place of names of the import map, and Deno loads it from there. It keeps what it was given in memory, and checks nothing.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";

/** One version of one package. */
interface Version {
  readonly exports: Readonly<Record<string, string>>;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Answers at {@linkcode url} until it is disposed. */
export class JsrRegistry implements AsyncDisposable {
  /** Name and version, as in a path, → what was published. */
  readonly #versions = new Map<string, Version>();
  readonly #server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    return this.#answer(request);
  });

  /** The value of `JSR_URL`. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  /** Paths of the files of a version. */
  files(nameAndVersion: string): string[] {
    return [...this.#versions.get(nameAndVersion)!.files.keys()].sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const api = /^\/api\/scopes\/(\w+)\/packages\/(\w+)(?:\/versions\/([\w.-]+))?/.exec(pathname);
    if (api !== null) {
      const [, scope, name, version] = api;
      if (version === undefined) return Response.json({ scope, name, latestVersion: null });
      if (request.method === "GET") return new Response("unknown", { status: 404 });
      const files = filesOf(gunzipSync(await request.bytes()));
      const config = JSON.parse(new TextDecoder().decode(files.get(searchParams.get("config")!.slice(1))));
      this.#versions.set(`@${scope}/${name}/${version}`, { exports: config.exports, files });
      return Response.json({ id: version, status: "success", error: null });
    }
    if (pathname.startsWith("/api/publish_status/")) {
      return Response.json({ id: pathname.split("/").at(-1), status: "success", error: null });
    }
    return this.#load(pathname.slice(1));
  }

  #load(path: string): Response {
    const [scope, name, version, ...rest] = path.split("/");
    const own = [...this.#versions].filter(([key]) => key.startsWith(`${scope}/${name}/`));
    if (version === "meta.json") {
      const versions = Object.fromEntries(own.map(([key]) => [key.split("/")[2], {}]));
      return Response.json({ scope: scope.slice(1), name, latest: Object.keys(versions).at(-1), versions });
    }
    const meta = this.#versions.get(`${scope}/${name}/${version.replace(/_meta\.json$/, "")}`);
    if (meta === undefined) return new Response("unknown", { status: 404 });
    if (rest.length === 0) {
      const manifest = Object.fromEntries([...meta.files].map(([file, bytes]) => [`/${file}`, {
        size: bytes.length,
        checksum: `sha256-${createHash("sha256").update(bytes).digest("hex")}`,
      }]));
      return Response.json({ exports: meta.exports, manifest });
    }
    const bytes = meta.files.get(rest.join("/"));
    if (bytes === undefined) return new Response("unknown", { status: 404 });
    const type = path.endsWith(".json") ? "application/json" : path.endsWith(".ts") ? "text/typescript" : "text/plain";
    return new Response(bytes as BufferSource, { headers: { "content-type": type } });
  }
}

/** Path → content of the files of a tar. */
function filesOf(tar: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const text = (at: number, size: number) => {
    return new TextDecoder().decode(tar.subarray(at, at + size)).replace(/\0[\s\S]*$/, "");
  };
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const size = parseInt(text(at + 124, 12), 8);
    const folder = text(at + 345, 155);
    const path = (folder === "" ? "" : `${folder}/`) + text(at, 100);
    if (text(at + 156, 1) !== "5") files.set(path.replace(/^\.?\//, ""), tar.slice(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
