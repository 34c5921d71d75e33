// Who is answered by the server of a live page.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type SendEvent, servePage } from "../../../actors/page/server.ts";

const bugs: unknown[] = [];

/** Serves a page and runs of which there is number 1. */
function serve(follow: (run: number, send: SendEvent, ended: AbortSignal) => void = () => {}) {
  return servePage(0, {
    page: () => Promise.resolve({ html: "<p>page</p>", policy: "default-src 'none'" }),
    data: (run) => Promise.resolve(run === 1 ? { run } : undefined),
    detail: (run, task) => task === 666 ? Promise.reject(new Error("a bug")) : Promise.resolve({ run, task }),
    follow,
    onBug: (error) => bugs.push(error),
  });
}

/** Asks by a socket, since fetch sets `Host` itself; answers with the status. */
async function ask(url: string, path: string, headers: Record<string, string>, method = "GET"): Promise<number> {
  const { port } = new URL(url);
  using socket = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  const lines = [`${method} ${path} HTTP/1.1`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
  await socket.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`));
  const answer = await new Response(socket.readable).text();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
}

// S6.13
Deno.test("only who knows the token, and comes from no other site, is answered", async () => {
  await using server = serve();
  const { url } = server;
  assertMatch(url, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{48}\/$/);
  const { host, pathname, port } = new URL(url);
  const good = { Host: host };
  assertEquals(await ask(url, pathname, good), 200);
  assertEquals(await ask(url, pathname, { ...good, Origin: `http://${host}` }), 200);
  assertEquals(await ask(url, pathname, { ...good, "Sec-Fetch-Site": "none" }), 200);
  for (
    const [path, headers, status] of [
      ["/", good, 404],
      [`/${"0".repeat(48)}/`, good, 404],
      [pathname.slice(0, -1), good, 404],
      [`${pathname}../../etc/passwd`, good, 404],
      [`${pathname}data/1`, good, 404],
      [`${pathname}data?run=2`, good, 404],
      [`${pathname}data?run=-1`, good, 400],
      [`${pathname}detail?run=1`, good, 400],
      [`${pathname}nothing`, good, 404],
      [pathname, { Host: `evil.example:${port}` }, 403],
      [pathname, { Host: `localhost:${port}` }, 403],
      [pathname, { ...good, Origin: "http://evil.example" }, 403],
      [pathname, { ...good, Origin: "null" }, 403],
      [pathname, { ...good, "Sec-Fetch-Site": "cross-site" }, 403],
    ] as const
  ) {
    assertEquals(await ask(url, path, headers), status, `${path} ${JSON.stringify(headers)}`);
  }
  assertEquals(await ask(url, pathname, { ...good, "Content-Length": "0" }, "POST"), 405);
});

// S6.13
Deno.test("a page comes with what keeps it to itself, and data as JSON", async () => {
  await using server = serve();
  const page = await fetch(server.url);
  assertEquals(await page.text(), "<p>page</p>");
  assertEquals(page.headers.get("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
  for (
    const [name, value] of Object.entries({
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
    })
  ) {
    assertEquals(page.headers.get(name), value, name);
  }
  assertEquals(await (await fetch(`${server.url}data?run=1`)).json(), { run: 1 });
  assertEquals(await (await fetch(`${server.url}detail?run=1&task=4`)).json(), { run: 1, task: 4 });
  const wrong = await fetch(`${server.url}detail?run=1&task=666`);
  assertEquals([wrong.status, await wrong.text(), String(bugs)], [500, "500\n", "Error: a bug"]);
});

// S6.13
Deno.test("events are told until the reader leaves, and to nobody who does not read", async () => {
  const heard = Promise.withResolvers<{ send: SendEvent; ended: AbortSignal }>();
  await using server = serve((_run, send, ended) => heard.resolve({ send, ended }));
  const answer = await fetch(`${server.url}events?run=1`);
  assertEquals(answer.headers.get("content-type"), "text/event-stream");
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  const { send, ended } = await heard.promise;
  assert(send("change", { text: "two\nlines" }));
  let told = "";
  while (!told.includes("\n\n", 12)) told += (await reader.read()).value;
  assertEquals(told, `: troupe\n\nevent: change\ndata: {"text":"two\\nlines"}\n\n`);
  const left = new Promise((resolve) => ended.addEventListener("abort", resolve));
  const large = "x".repeat(1_000_000);
  let sent = 0;
  while (sent < 1000 && send("change", large)) sent++;
  assert(sent < 1000, "without end");
  await reader.cancel();
  await left;
  assertEquals(send("change", 1), false);
});
