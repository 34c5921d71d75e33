// A remote cache spares work, and never costs more than a moment: whatever it does, the artifacts are right.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { CacheServer, type Fault, NginxCache } from "../cache_server.ts";
import { type Ended, Rig, rigTest } from "../rig.ts";
import { executed } from "./said.ts";

/** Leaves of several kinds, and one task that needs them all. */
function tasksOf(leaves: number): Record<string, unknown>[] {
  const names = Array.from({ length: leaves }, (_, i) => `t${i}`);
  const kinds = [
    (name: string) => ({ output: `out/${name}`, command: `echo says ${name}; (cat $IN; echo ${name}) > "$OUT"` }),
    (name: string) => ({
      outputs: [`out/${name}/`],
      command: `mkdir $OUT/d; echo ${name} > $OUT/d/x; ln -s d/x $OUT/l`,
    }),
    (name: string) => ({ output: `out/${name}`, command: `echo ${name} > "$OUT"; chmod 755 "$OUT"` }),
  ];
  const all = names.map((name, i) => ({ name, source_files: ["a.txt"], ...kinds[i % kinds.length](name) }));
  const whole = {
    name: "all",
    dependencies: names,
    output: "whole",
    command: "find $DEPS -type f | sort | xargs cat > $OUT",
  };
  return [...all, whole];
}

function write(rig: Rig, folder: string, leaves: number, more: Record<string, unknown> = {}): void {
  rig.write(`${folder}/build.json`, { tasks: tasksOf(leaves), remote_min_ms: 0, ...more });
  rig.write(`${folder}/a.txt`, "A\n");
}

/** All that lies in a folder of artifacts, with modes and links. */
function tree(rig: Rig, folder: string): Record<string, string> {
  const found: Record<string, string> = { whole: rig.read(`${folder}/whole`) };
  const walk = (path: string) => {
    for (const { name } of Deno.readDirSync(rig.path(`${folder}/${path}`))) {
      const inner = `${path}/${name}`, absolute = rig.path(`${folder}/${inner}`), info = Deno.lstatSync(absolute);
      if (info.isDirectory) walk(inner);
      else {found[inner] = info.isSymlink
          ? Deno.readLinkSync(absolute)
          : `${info.mode! & 0o777} ${Deno.readTextFileSync(absolute)}`;}
    }
  };
  walk("out");
  return found;
}

function fromRemote({ stdout }: Ended): number {
  return stdout.match(/^Task '.+' restored: remote hit/gm)?.length ?? 0;
}

function remoteLine({ stdout }: Ended): string | undefined {
  return /^Remote cache: .*$/m.exec(stdout)?.[0];
}

const WRITE = { TROUPE_REMOTE_WRITE: "1" };

if (!NginxCache.isInstalled) console.log("Skipped: nginx is not installed, so no build is shared by way of one");

// S5.34
rigTest(
  "two folders, one nginx: the second one builds 101 tasks with no command, and the artifacts are equal",
  async (rig) => {
    Deno.mkdirSync(rig.path("nginx"));
    await using nginx = await NginxCache.start(rig.path("nginx"));
    for (const folder of ["one", "two", "three"]) write(rig, folder, 100);
    const first = await rig.build(["--remote", nginx.url, "--remote-write", "-j", "4"], { cwd: "one" });
    assertEquals([first.code, executed(first).length, first.stderr], [0, 101, ""]);
    assertEquals(remoteLine(first), "Remote cache: 0 hits, 101 misses, 101 uploaded");
    const second = await rig.build(["-j", "4"], { cwd: "two", env: { TROUPE_REMOTE: nginx.url } });
    assertEquals([second.code, executed(second), fromRemote(second)], [0, [], 101]);
    assertEquals(remoteLine(second), "Remote cache: 101 hits, 0 misses");
    assertStringIncludes(second.stdout, "Task 'all' restored: remote hit (artifact: whole)\n");
    assertEquals(tree(rig, "two"), tree(rig, "one"));
    // Records without their blobs, and blobs that are not what they are called
    const blobs = rig.files("nginx/data/cas");
    for (const [at, blob] of blobs.entries()) {
      if (at % 3 > 0) {
        at % 3 === 1 ? rig.remove(blob) : rig.write(blob, "other");
      }
    }
    const third = await rig.build(["-j", "4", "--remote", nginx.url], { cwd: "three" });
    assertEquals(third.code, 0);
    assertEquals(tree(rig, "three"), tree(rig, "one"));
  },
  { ignore: !NginxCache.isInstalled },
);

// S5.34: 101 of 101 right each time; S5.33
const FAULTS: Record<string, { fault: (server: CacheServer) => Fault; line: RegExp; hits?: number }> = {
  "hangs": {
    fault: (server) => () => server.hang(),
    line: /^Remote cache: 0 hits, \d+ misses, off after 3 errors \(timeout\)$/,
  },
  "answers with garbage": {
    fault: () => (request) => request.method === "GET" ? new Response("<html>") : undefined,
    line: /^Remote cache: 0 hits, \d+ misses, off after 3 errors \(no record\)$/,
  },
  "answers 500": {
    fault: () => () => new Response("sorry", { status: 500 }),
    line: /^Remote cache: 0 hits, \d+ misses, off after 3 errors \(status 500\)$/,
  },
  "has records without their blobs": {
    fault: () => (_, path) => path.startsWith("cas/") ? new Response(null, { status: 404 }) : undefined,
    line: /^Remote cache: 0 hits, 101 misses$/,
  },
  "has other blobs than their names say": {
    fault: () => (request, path) => request.method === "GET" && path.startsWith("cas/") ? new Response("x") : undefined,
    line: /^Remote cache: 0 hits, \d+ misses, off after 3 errors \(wrong digest\)$/,
  },
};

/** What a cache holds once a build of 101 tasks has been shared by it, and what that build made: the same for all faults. */
let shared: Promise<{ objects: CacheServer["objects"]; made: Record<string, string> }> | undefined;

async function share(): Promise<Awaited<NonNullable<typeof shared>>> {
  await using rig = new Rig();
  await using server = new CacheServer();
  write(rig, "one", 100);
  const first = await rig.build(["--remote", server.url, "--remote-write"], { cwd: "one" });
  assertEquals([first.code, remoteLine(first)], [0, "Remote cache: 0 hits, 101 misses, 101 uploaded"]);
  return { objects: server.objects, made: tree(rig, "one") };
}

for (const [what, { fault, line }] of Object.entries(FAULTS)) {
  rigTest(`a remote cache that ${what} costs a moment, and all of 101 artifacts are right`, async (rig) => {
    await using server = new CacheServer();
    const { objects, made } = await (shared ??= share());
    for (const [path, bytes] of objects) server.objects.set(path, bytes);
    write(rig, "two", 100);
    server.fault = fault(server);
    const ended = await rig.build(["--remote", server.url], { cwd: "two" });
    assertEquals([ended.code, executed(ended).length, ended.stderr], [0, 101, ""]);
    assertMatch(remoteLine(ended) ?? "", line);
    assertEquals(tree(rig, "two"), made);
    // What was not whole has left nothing in the store that would be taken for it
    rig.remove("two/out");
    rig.remove("two/whole");
    assertEquals((await rig.build(["--no-remote"], { cwd: "two" })).code, 0);
    assertEquals(tree(rig, "two"), made);
  });
}

// S5.33
rigTest("a remote cache that is not there costs a moment, and a full one too", async (rig) => {
  write(rig, "one", 10);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}`;
  listener.close();
  const dead = await rig.build(["--remote", url], { cwd: "one" });
  assertEquals([dead.code, executed(dead).length], [0, 11]);
  assertMatch(remoteLine(dead) ?? "", /^Remote cache: 0 hits, \d+ misses, off after 3 errors \(no connection\)$/);
  await using server = new CacheServer();
  server.fault = (request) => request.method === "PUT" ? new Response(null, { status: 507 }) : undefined;
  const full = await rig.build(["--remote", server.url, "--remote-write", "--force"], { cwd: "one" });
  assertEquals(full.code, 0);
  assertMatch(remoteLine(full) ?? "", /^Remote cache: 0 hits, 0 misses, off after 3 errors \(status 507\)$/);
  server.fault = (request) => request.method === "PUT" ? new Response(null, { status: 413 }) : undefined;
  const large = await rig.build(["--remote", server.url, "--remote-write", "--force"], { cwd: "one" });
  assertEquals([large.code, remoteLine(large)], [0, undefined], "what is too large for it is no error");
});

// S5.31, S5.32
rigTest(
  "a remote cache is only read unless that is asked for, blobs go before their record, and quick work stays here",
  async (rig) => {
    await using server = new CacheServer();
    write(rig, "one", 6);
    const read = await rig.build([], { cwd: "one", env: { TROUPE_REMOTE: server.url } });
    assertEquals([read.code, server.count("PUT", "")], [0, 0]);
    assertEquals(remoteLine(read), "Remote cache: 0 hits, 7 misses");
    const slow = { name: "slow", output: "slow", command: "sleep 0.12; echo slow; echo slow > $OUT" };
    rig.write("quick/build.json", { remote: { url: server.url }, remote_min_ms: 3_600_000, tasks: [slow] });
    const quick = await rig.build([], { cwd: "quick", env: WRITE });
    assertEquals([remoteLine(quick), server.count("PUT", "")], ["Remote cache: 0 hits, 1 miss", 0]);
    rig.write("slow/build.json", { remote: { url: server.url }, tasks: [slow] });
    const env = { ...WRITE, TROUPE_REMOTE_HEADER: "Authorization: Bearer abc\nX-Other: 1" };
    const sent = await rig.build([], { cwd: "slow", env });
    assertEquals(remoteLine(sent), "Remote cache: 0 hits, 1 miss, 1 uploaded");
    const puts = server.requests.filter((request) => request.startsWith("PUT"));
    assertEquals(puts.map((request) => request.slice(0, 7)), ["PUT cas", "PUT ac/"]);
    assertEquals([server.headers.get("authorization"), server.headers.get("x-other")], ["Bearer abc", "1"]);
    const [record] = [...server.objects].filter(([path]) => path.startsWith("ac/")).map(([, bytes]) =>
      JSON.parse(new TextDecoder().decode(bytes))
    );
    const { outputFiles: [{ path, digest }], exitCode, stdoutRaw } = record;
    assertEquals([path, digest.sizeBytes, exitCode, atob(stdoutRaw)], ["slow", "5", 0, "slow\n"]);
    assert(server.objects.has(`cas/${digest.hash}`));
  },
);

// S5.32
rigTest("records that are not signed, or by another key, are a miss", async (rig) => {
  await using server = new CacheServer();
  const build = async (folder: string, key: string | undefined, write: boolean) => {
    rig.write(`${folder}/build.json`, { tasks: tasksOf(3), remote_min_ms: 0 });
    rig.write(`${folder}/a.txt`, "A\n");
    const env = {
      TROUPE_REMOTE: server.url,
      ...write ? WRITE : {},
      ...key === undefined ? {} : { TROUPE_REMOTE_KEY: key },
    };
    const ended = await rig.build([], { cwd: folder, env });
    assertEquals(ended.code, 0);
    return fromRemote(ended);
  };
  assertEquals(await build("unsigned", undefined, true), 0);
  assertEquals(await build("asks", "secret", true), 0, "there is none that is signed");
  assertEquals(await build("same", "secret", false), 4);
  assertEquals(await build("other", "Secret", false), 0);
  assertEquals(await build("any", undefined, false), 4, "who has no key believes all");
  // One that was changed after it was signed, and one under another's name
  const records = [...server.objects].filter(([path]) => path.startsWith("ac/"));
  for (const [at, [path, bytes]] of records.entries()) {
    const text = new TextDecoder().decode(bytes);
    const changed = at % 2 === 0
      ? text.replace('"exitCode":0', '"exitCode":0,"x":1')
      : new TextDecoder().decode(records[0][1]);
    server.objects.set(path, new TextEncoder().encode(changed));
  }
  assertEquals(await build("changed", "secret", false), 0);
});

// S5.33: the end waits 10 s at most, and not at all for who stops it
rigTest("a build that is stopped does not wait for what is being sent", async (rig) => {
  await using server = new CacheServer();
  const held = rig.hold("held");
  rig.write("build.json", {
    remote_min_ms: 0,
    tasks: [{ name: "a", output: "a", command: "echo a > $OUT" }, { name: "b", output: "b", command: held.command }],
  });
  server.fault = (request) => request.method === "PUT" ? server.hang() : undefined;
  const running = rig.start(["--remote", server.url, "--remote-write"]);
  await held.started();
  await running.says(/Completed task 'a'/);
  running.kill("SIGTERM");
  assertEquals((await running.ended).code, 143);
});

// S5.30
rigTest("a wrong address of a remote cache is told, from wherever it comes", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", output: "a", content: "a" }] });
  const ask = async (args: string[]) => {
    const { code, stderr } = await rig.ask(["build", ...args]);
    return `${code} ${stderr}`;
  };
  assertEquals(
    await ask(["--remote", "cache:8080"]),
    "2 --remote must be an http or https address, not 'cache:8080'\n",
  );
  assertEquals(
    await ask(["--remote", "http://x", "--no-store"]),
    "2 What comes out of a remote cache goes through the store: leave out --no-store\n",
  );
  assertEquals(await ask(["--remote", "http://x", "--no-remote"]), "2 --remote and --no-remote exclude each other\n");
  rig.write("build.json", { remote: { ulr: "x" }, tasks: [{ name: "a", output: "a", content: "a" }] });
  assertMatch(await ask([]), /^2 Unknown key 'ulr'.*\n(.*\n)+.*did you mean 'url'\?/);
});
