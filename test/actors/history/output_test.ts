import { assert, assertEquals } from "@std/assert";
import { definition, historyTest, newRun, open, output } from "./history_samples.ts";
import { query } from "../storage/raw_database.ts";

const text = (bytes: Uint8Array | null) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes!);

// S2.6, S2.9
historyTest("output comes back byte for byte, stored as text where it is text", async (temp) => {
  const path = temp.file("taskrun.db");
  const bytes = (...values: number[]) => new Uint8Array(values);
  const all = Uint8Array.from({ length: 1024 * 1024 }, (_, i) => i * 7);
  const cases: [Uint8Array<ArrayBuffer>, string][] = [
    [bytes(), "text"],
    [new TextEncoder().encode("\ufeffgrün ↯ 𝄞\r\n"), "text"],
    [new TextEncoder().encode("before\0after"), "blob"],
    [bytes(0), "blob"],
    [bytes(0xff, 0xfe, 10), "blob"],
    [bytes(0xe2, 0x82), "blob"],
    [all, "blob"],
    [new TextEncoder().encode("ä".repeat(512 * 1024)), "text"],
  ];
  const tasks = cases.map((_, i) => definition(`t${i}`));
  using history = await open(path);
  const id = (await history.begin(newRun(tasks)))!;
  cases.forEach(([stdout], i) => history.ended(id, i, { status: "passed", exitCode: 0, output: output(stdout) }));
  assert(await history.finish(id));
  cases.forEach(([stdout], i) => assertEquals(history.view.task(id, `t${i}`)!.stdout, stdout));
  const types = query<{ type: string }>(path, "select typeof(stdout) type from tasks order by id");
  assertEquals(types.map(({ type }) => type), cases.map(([, type]) => type));
});

// S2.9
historyTest("a line tells how many bytes of the output were dropped", async (temp) => {
  const path = temp.file("taskrun.db");
  const cut = new TextEncoder().encode("ab€").slice(0, 4);
  const cases: [Uint8Array<ArrayBuffer>, Uint8Array | string][] = [
    [new TextEncoder().encode("line\n"), "line\n[7 bytes dropped]\n"],
    [new TextEncoder().encode("half a line"), "half a line\n[7 bytes dropped]\n"],
    [cut, "ab\n[9 bytes dropped]\n"],
    [new Uint8Array(), "[7 bytes dropped]\n"],
    [new Uint8Array([255, 0]), new Uint8Array([255, 0, ...new TextEncoder().encode("\n[7 bytes dropped]\n")])],
  ];
  using history = await open(path);
  const id = (await history.begin(newRun(cases.map((_, i) => definition(`t${i}`)))))!;
  cases.forEach(([stdout], i) => history.ended(id, i, { status: "passed", output: output(stdout, "", 7) }));
  assert(await history.finish(id));
  cases.forEach(([, stored], i) => {
    const { stdout } = history.view.task(id, `t${i}`)!;
    assertEquals(typeof stored === "string" ? text(stdout) : stdout, stored);
  });
});
