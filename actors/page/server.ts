/**
 * Owns the serving of a live page: on 127.0.0.1 alone, under an address with a random token, to nobody whom another site has
 * sent. What is served it is given as functions; it knows no history.
 *
 * A browser lets any site ask 127.0.0.1, and a name may be made to point there; hence `Host` must be the address that was
 * told, `Origin` and `Sec-Fetch-Site` must not be another site's, and whoever does not know the token learns nothing.
 *
 * @module
 */

/** What a server is asked for; undefined where there is nothing of that number. */
export interface Served {
  readonly page: () => Promise<{ readonly html: string; readonly policy: string }>;
  readonly data: (run: number) => Promise<unknown>;
  readonly detail: (run: number, task: number) => Promise<unknown>;
  /** Begins to tell of a run until the signal aborts. */
  readonly follow: (run: number, send: SendEvent, ended: AbortSignal) => void;
  /** Told of an error that is nobody's but troupe's own. */
  readonly onBug: (error: unknown) => void;
}

/** Sends an event; answers whether the reader keeps up, or has so much to read that it is left out. */
export type SendEvent = (name: string, value: unknown) => boolean;

/** A server that runs. */
export interface PageServer extends AsyncDisposable {
  /** The address with its token. */
  readonly url: string;
}

const HOST = "127.0.0.1";
const TOKEN_BYTES = 24;

/** So many events wait for a reader who does not read. */
const MOST_WAITING = 8;

const COMMON = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/**
 * Begins to serve; 0 is any free port.
 *
 * @throws {Deno.errors.AddrInUse} When the port is taken.
 */
export function servePage(port: number, served: Served): PageServer {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  const token = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const ending = new AbortController();
  let host = "";
  const onError = (error: unknown) => {
    served.onBug(error);
    return plain(500);
  };
  const server = Deno.serve({ hostname: HOST, port, onListen: () => {}, onError }, (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (!isOwn(request, host)) return plain(403);
    if (request.method !== "GET") return plain(405);
    const [, key, what, ...more] = pathname.split("/");
    if (!isSame(key, token) || what === undefined || more.length > 0) return plain(404);
    return answer(what, searchParams);
  });
  host = `${HOST}:${server.addr.port}`;
  return {
    url: `http://${host}/${token}/`,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await server.shutdown();
    },
  };

  async function answer(what: string, query: URLSearchParams): Promise<Response> {
    const run = numberOf(query.get("run")), task = numberOf(query.get("task"));
    switch (what) {
      case "": {
        const { html, policy } = await served.page();
        const headers = {
          ...COMMON,
          "content-type": "text/html; charset=utf-8",
          "content-security-policy": `${policy}; frame-ancestors 'none'`,
        };
        return new Response(html, { headers });
      }
      case "data":
        return run === undefined ? plain(400) : json(await served.data(run));
      case "detail":
        return run === undefined || task === undefined ? plain(400) : json(await served.detail(run, task));
      case "events":
        return run === undefined ? plain(400) : events(run);
      default:
        return plain(404);
    }
  }

  function events(run: number): Response {
    const encoder = new TextEncoder();
    const closing = new AbortController();
    const over = AbortSignal.any([ending.signal, closing.signal]);
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        over.addEventListener("abort", () => {
          try {
            controller.close();
          } catch {
            // Its reader has gone first.
          }
        });
        // So that the reader knows at once that it is heard.
        controller.enqueue(encoder.encode(": troupe\n\n"));
        served.follow(run, (name, value) => {
          if (over.aborted || (controller.desiredSize ?? 0) < -MOST_WAITING) return false;
          controller.enqueue(encoder.encode(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`));
          return true;
        }, over);
      },
      cancel: () => closing.abort(),
    });
    return new Response(body, { headers: { ...COMMON, "content-type": "text/event-stream" } });
  }
}

function isOwn({ headers }: Request, host: string): boolean {
  const origin = headers.get("origin"), site = headers.get("sec-fetch-site");
  return headers.get("host") === host && (origin === null || origin === `http://${host}`) &&
    (site === null || site === "none" || site === "same-origin");
}

/** In a time that does not tell how much of it was right. */
function isSame(given: string, token: string): boolean {
  if (given.length !== token.length) return false;
  let difference = 0;
  for (let at = 0; at < token.length; at++) difference |= given.charCodeAt(at) ^ token.charCodeAt(at);
  return difference === 0;
}

function numberOf(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function plain(status: number): Response {
  return new Response(`${status}\n`, { status, headers: { ...COMMON, "content-type": "text/plain" } });
}

function json(value: unknown): Response {
  if (value === undefined) return plain(404);
  return Response.json(value, { headers: COMMON });
}
