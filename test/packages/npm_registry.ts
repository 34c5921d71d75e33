/**
 * Owns a small registry in npm's form on this machine: it has the packages it was given, each in one version, and no others.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** A package that is offered. */
export interface OfferedPackage {
  /** What stands in its package.json. */
  readonly manifest: { readonly name: string; readonly version: string } & Readonly<Record<string, unknown>>;
  readonly tarball: Uint8Array;
}

/** Answers at {@linkcode url} until it is disposed. */
export class NpmRegistry implements AsyncDisposable {
  readonly #packages: ReadonlyMap<string, OfferedPackage>;
  readonly #server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    return this.#answer(new URL(request.url).pathname.slice(1));
  });

  constructor(packages: readonly OfferedPackage[]) {
    this.#packages = new Map(packages.map((offered) => [offered.manifest.name, offered]));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #answer(path: string): Response {
    const offered = this.#packages.get(path.replace(/\.tgz$/, ""));
    if (offered === undefined) return Response.json({ error: "not found" }, { status: 404 });
    const { manifest, tarball } = offered;
    if (path.endsWith(".tgz")) return new Response(tarball as BufferSource);
    const { name, version } = manifest;
    const dist = {
      tarball: `${this.url}${name}.tgz`,
      integrity: `sha512-${createHash("sha512").update(tarball).digest("base64")}`,
    };
    return Response.json({ name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } });
  }
}
