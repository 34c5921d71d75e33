import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { shellTrace, type Trace } from "../../graph/fingerprint.ts";
import {
  changedManifest,
  changeText,
  type Manifest,
  type ManifestChange,
  manifestChange,
  manifestDifferences,
  manifestText,
} from "../../graph/manifest.ts";

const MAP = fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__", "toString"), fc.constantFrom("1", "2", "3"), {
  noNullPrototype: true,
});
const MANIFEST: fc.Arbitrary<Manifest> = fc.record({
  action: fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
  env: MAP,
  sources: MAP,
  artifacts: MAP,
});

// S6.9
Deno.test("changedManifest() makes of one manifest any other, by what manifestChange() says", () => {
  fc.assert(fc.property(MANIFEST, MANIFEST, (before, after) => {
    const change = JSON.parse(JSON.stringify(manifestChange(before, after)));
    assertEquals(changedManifest(before, change), after);
    assertEquals(manifestChange(after, after), {});
  }));
});

/** Names and their values, of which the names may come twice. */
const PAIRS = fc.array(fc.tuple(fc.constantFrom("a", 'b"\n', "__proto__"), fc.constantFrom("1", "2")), {
  maxLength: 4,
});
const TRACE: fc.Arbitrary<Trace> = fc.tuple(fc.array(fc.string(), { minLength: 1 }), MAP, PAIRS, PAIRS)
  .map(([action, env, sources, artifacts]) => {
    const lists = [sources, artifacts].flatMap((
      pairs,
    ) => [pairs.map(([name]) => name), pairs.map(([, value]) => value)]);
    return ["0", action, Object.entries(env).flat(), lists[0], lists[1], lists[2], lists[3]];
  });

// S6.9
Deno.test("changeText() tells a trace's manifest as what is otherwise than in another's", () => {
  fc.assert(fc.property(TRACE, TRACE, (before, after) => {
    const whole: Manifest = JSON.parse(manifestText(after));
    const pairs = (names: readonly string[], values: readonly string[]) =>
      Object.fromEntries(names.map((name, at) => [name, values[at]]));
    const env = Object.fromEntries(
      Array.from({ length: after[2].length / 2 }, (_, i) => after[2].slice(2 * i, 2 * i + 2)),
    );
    const [, action, , sources, sourceDigests, artifacts, artifactDigests] = after;
    assertEquals(whole, {
      action,
      env,
      sources: pairs(sources, sourceDigests),
      artifacts: pairs(artifacts, artifactDigests),
    });
    const change: ManifestChange = JSON.parse(changeText(before, after));
    assertEquals(changedManifest(JSON.parse(manifestText(before)), change), whole);
    assertEquals(changeText(after, after), "{}");
  }));
});

// S6.10
Deno.test("manifestDifferences() names each input that differs, with both digests", () => {
  const before: Manifest = {
    action: ["command", "cc a.c"],
    env: { CC: "1" },
    sources: { "a.c": "1", "b.c": "1" },
    artifacts: { o: "1" },
  };
  const after: Manifest = {
    action: ["command", "cc -O2 a.c"],
    env: { CC: "1", LANG: "2" },
    sources: { "a.c": "2", "c.c": "3" },
    artifacts: { o: "1" },
  };
  assertEquals(manifestDifferences(before, after), [
    { what: "command", name: "", before: "cc a.c", after: "cc -O2 a.c" },
    { what: "environment", name: "LANG", before: null, after: "2" },
    { what: "source", name: "a.c", before: "1", after: "2" },
    { what: "source", name: "c.c", before: null, after: "3" },
    { what: "source", name: "b.c", before: "1", after: null },
  ]);
  assertEquals(manifestDifferences(after, after), []);
});

Deno.test("manifestText() takes no value of a variable, only its digest", () => {
  const text = manifestText(shellTrace("deploy", { TOKEN: "secret" })), manifest: Manifest = JSON.parse(text);
  assertEquals(manifest.action, ["command", "deploy"]);
  assertEquals(Object.keys(manifest.env), ["TOKEN"]);
  assertEquals(text.includes("secret"), false);
});
