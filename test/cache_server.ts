/**
 * Owns a small HTTP cache for tests, in memory, that can be told to fail in any way; and a real nginx as one, where it is
 * installed.
 *
 * @module
 */

/** What the server does with a request instead of what it should; undefined for nothing else. */
export type Fault = (request: Request, path: string) => Response | Promise<Response> | undefined;

/** A cache that listens while it is in scope. */
export class CacheServer implements AsyncDisposable {
  readonly objects = new Map<string, Uint8Array<ArrayBuffer>>();
  /** `GET ac/…` and the like, in order. */
  readonly requests: string[] = [];
  /** Headers of the last request. */
  headers = new Headers();
  fault: Fault | undefined;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** Answers that are never given. */
  readonly #hanging = new Set<() => void>();

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/cache`;
  }

  /** An answer that does not come. */
  hang(): Promise<Response> {
    return new Promise((resolve) => this.#hanging.add(() => resolve(new Response(null, { status: 500 }))));
  }

  /** The number of requests by a method for what begins so. */
  count(method: string, start: string): number {
    return this.requests.filter((request) => request.startsWith(`${method} ${start}`)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#hanging) end();
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname.replace("/cache/", "");
    this.requests.push(`${request.method} ${path}`);
    this.headers = request.headers;
    const odd = await this.fault?.(request, path);
    if (odd !== undefined) return odd;
    if (request.method === "PUT") {
      this.objects.set(path, await request.bytes());
      return new Response(null, { status: 201 });
    }
    const found = this.objects.get(path);
    return new Response(request.method === "HEAD" ? null : found, { status: found === undefined ? 404 : 200 });
  }
}

/** An nginx as a cache; undefined where there is none. */
export class NginxCache implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  private constructor(readonly url: string, readonly data: string, child: Deno.ChildProcess) {
    this.#child = child;
  }

  /** Whether there is an nginx here. */
  static get isInstalled(): boolean {
    return PROGRAMS.some((path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        return false;
      }
    });
  }

  /** Starts it in an empty folder, and waits until it answers. */
  static async start(folder: string): Promise<NginxCache> {
    for (const name of ["data", "tmp"]) Deno.mkdirSync(`${folder}/${name}`, { recursive: true });
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    Deno.writeTextFileSync(`${folder}/nginx.conf`, config(folder, port));
    const program = PROGRAMS.find((path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        return false;
      }
    })!;
    const child = new Deno.Command(program, {
      args: ["-e", `${folder}/error.log`, "-c", `${folder}/nginx.conf`],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const url = `http://127.0.0.1:${port}`;
    while (true) {
      try {
        await (await fetch(url)).body?.cancel();
        return new NginxCache(url, `${folder}/data`, child);
      } catch {
        // It is about to listen: each try takes a connection's time
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }
}

const PROGRAMS = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"];

/** A body goes to a temporary file first, and gets its name once it is whole. */
function config(folder: string, port: number): string {
  return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 256; }
http {
  access_log off;
  log_not_found off;
  default_type application/octet-stream;
  client_max_body_size 64m;
  client_body_temp_path ${folder}/tmp;
  proxy_temp_path ${folder}/tmp;
  fastcgi_temp_path ${folder}/tmp;
  uwsgi_temp_path ${folder}/tmp;
  scgi_temp_path ${folder}/tmp;
  server {
    listen 127.0.0.1:${port};
    root ${folder}/data;
    location ~ "^/(?:ac|cas)/[0-9a-f]{64}$" {
      dav_methods PUT;
      create_full_put_path on;
      dav_access user:rw;
      limit_except GET PUT { deny all; }
    }
    location / { return 404; }
  }
}
`;
}
