// Requests end by themselves, whatever the other side does.
import { assert, assertEquals } from "@std/assert";
import { Connection } from "../../../actors/remote/connection.ts";
import { remoteLine } from "../../../actors/remote/remote_line.ts";
import { remoteSettings } from "../../../actors/remote/settings.ts";
import { folderOfBlobs } from "../../../actors/storage/folder_artifact.ts";
import { putBytes } from "../../../actors/storage/blobs.ts";
import { sha256 } from "../../../graph/digest.ts";
import { CacheServer } from "../../cache_server.ts";
import { TempFolder } from "../temp_folder.ts";

function settings(url: string) {
  return { url, headers: {}, writes: true, minMs: 0 };
}

// S5.33
Deno.test("a connection gives up an answer that comes too slowly, and all others after three errors", async () => {
  await using server = new CacheServer();
  using folder = new TempFolder();
  let end = () => {};
  server.fault = () =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(new Uint8Array(1));
          end = () => controller.close();
        },
      }),
    );
  const connection = new Connection(settings(server.url), { patienceMs: 1500, floorBytes: 1e6 });
  assertEquals(await connection.blob("a".repeat(64), 10, folder.file("x")), false);
  end();
  assertEquals(connection.errors, { count: 1, reason: "too slow", isOff: false });
  server.fault = () => new Response(null, { status: 503 });
  const others = Array.from({ length: 5 }, (_, at) => connection.record(String(at).repeat(64)));
  assertEquals(await Promise.all(others), Array(5).fill(undefined));
  assertEquals(connection.errors, { count: 3, reason: "status 503", isOff: true });
  const asked = server.requests.length;
  assertEquals([await connection.has("a".repeat(64)), await connection.record("b".repeat(64))], [false, undefined]);
  assertEquals(server.requests.length, asked, "nobody is asked any more");
});

// S5.31
Deno.test("a connection answers with what has its digest and its size, and no more", async () => {
  await using server = new CacheServer();
  using folder = new TempFolder();
  const bytes = new TextEncoder().encode("content"), digest = sha256(bytes);
  const connection = new Connection(settings(server.url));
  assertEquals(await connection.put(`cas/${digest}`, bytes, bytes.length), true);
  assertEquals([await connection.has(digest), await connection.has("0".repeat(64))], [true, false]);
  assertEquals(await connection.blob(digest, bytes.length, folder.file("good")), true);
  assertEquals(Deno.readTextFileSync(folder.file("good")), "content");
  assertEquals(await connection.blob(digest, bytes.length - 1, folder.file("longer")), false);
  assertEquals(await connection.blob("0".repeat(64), 1, folder.file("none")), false);
  assertEquals(connection.errors.count, 1);
  connection.close();
  assertEquals(await connection.record(digest), undefined);
});

// S5.31
Deno.test("a connection that ends in the middle of an answer has brought nothing", async () => {
  using folder = new TempFolder();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    using peer = await listener.accept();
    await peer.read(new Uint8Array(4096));
    await peer.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"));
  })();
  const connection = new Connection(settings(`http://127.0.0.1:${listener.addr.port}`));
  assertEquals(await connection.blob(sha256("abcdefghij"), 10, folder.file("x")), false);
  assertEquals(connection.errors.count, 1);
  await served;
});

// S5.30
Deno.test("remoteSettings() takes the flag, then the environment, then the config, and shows no password", () => {
  const none = () => undefined;
  const of = (variables: Record<string, string>) => (name: string) => variables[name];
  assertEquals(remoteSettings({}, {}, none), undefined);
  assertEquals(remoteSettings({ remote: false }, { remoteUrl: "http://c" }, none), undefined);
  const all = of({
    TROUPE_REMOTE: "http://b/",
    TROUPE_REMOTE_WRITE: "1",
    TROUPE_REMOTE_KEY: "k",
    TROUPE_REMOTE_MIN_MS: "5",
  });
  assertEquals(remoteSettings({}, { remoteUrl: "http://c" }, all), {
    url: "http://b",
    headers: {},
    writes: true,
    secret: "k",
    minMs: 5,
  });
  assertEquals(remoteSettings({ remote: "https://u:p%40@a/x//" }, { remoteMinMs: 9 }, none), {
    url: "https://a/x",
    headers: { Authorization: `Basic ${btoa("u:p@")}` },
    writes: false,
    minMs: 9,
  });
  const wrong: Record<string, string>[] = [
    { TROUPE_REMOTE: "x" },
    { TROUPE_REMOTE: "http://x", TROUPE_REMOTE_HEADER: "nothing" },
    { TROUPE_REMOTE: "http://x", TROUPE_REMOTE_MIN_MS: "-1" },
  ];
  for (const variables of wrong) {
    let message = "";
    try {
      remoteSettings({}, {}, of(variables));
    } catch (error) {
      message = (error as Error).message;
    }
    assert(message.startsWith("TROUPE_REMOTE"), message);
  }
});

// S5.33
Deno.test("remoteLine() tells what it was good for, and nothing of one that was not used", () => {
  const none = { hits: 0, misses: 0, uploaded: 0, count: 0, isOff: false };
  assertEquals(remoteLine(none), undefined);
  assertEquals(
    remoteLine({ ...none, hits: 40, misses: 3, count: 3, reason: "timeout", isOff: true }),
    "Remote cache: 40 hits, 3 misses, off after 3 errors (timeout)",
  );
  assertEquals(
    remoteLine({ ...none, hits: 1, misses: 1, uploaded: 2, count: 1, reason: "status 500" }),
    "Remote cache: 1 hit, 1 miss, 2 uploaded, 1 error (status 500)",
  );
});

// S5.31: what comes from elsewhere writes through no link
Deno.test("folderOfBlobs() makes nothing outside of its folder", () => {
  using folder = new TempFolder();
  const bytes = new TextEncoder().encode("x"), digest = sha256(bytes);
  putBytes(folder.file("blobs"), digest, bytes);
  Deno.mkdirSync(folder.file("victim"));
  const file = { path: "l/x", kind: "file", sha256: digest, size: 1 } as const;
  for (const listing of [[{ path: "l", kind: "link", target: "../victim" } as const, file], [file]]) {
    let failed = false;
    try {
      folderOfBlobs(folder.file("blobs"), listing, folder.file(`made${listing.length}`));
    } catch {
      failed = true;
    }
    assert(failed);
  }
  assertEquals(folder.names("victim"), []);
});
