import { assertEquals } from "@std/assert";
import { readManifest, writeManifests } from "../../../actors/history/manifests.ts";
import { HISTORY_SCHEMA } from "../../../actors/history/schema.ts";
import type { Trace } from "../../../graph/fingerprint.ts";
import { changeText, type Manifest, manifestText, shortFingerprint } from "../../../graph/manifest.ts";
import { historyTest } from "./history_samples.ts";
import { query, RawDatabase } from "../storage/raw_database.ts";
import { openDatabase } from "../../../actors/storage/open_database.ts";

/** After so many edits of one of a hundred files. */
function trace(edits: number): Trace {
  const files = Array.from({ length: 100 }, (_, i) => `src/${i}`);
  const fingerprint = edits.toString(16).padStart(64, "0").split("").reverse().join("");
  return [fingerprint, ["command", "cc"], [], files, files.map((_, i) => i === edits % 100 ? `${edits}` : "x"), [], []];
}

function manifestOf(trace: Trace): Manifest {
  return JSON.parse(manifestText(trace));
}

// S6.9
historyTest(
  "manifests are kept as changes, and read as they were, however often something was edited",
  async (temp) => {
    const database = await openDatabase(temp.file("h.db"), { schema: HISTORY_SCHEMA, access: "write" });
    try {
      const edits = Array.from({ length: 200 }, (_, i) => i);
      for (const i of edits) {
        await database.write(() =>
          writeManifests(database, [{ trace: trace(i), before: i === 0 ? undefined : trace(i - 1) }])
        );
      }
      for (const i of edits) {
        assertEquals(readManifest(database, shortFingerprint(trace(i)[0])), manifestOf(trace(i)));
      }
      const whole = query<{ n: number }>(temp.file("h.db"), "select count(*) n from manifests where base is null")[0].n;
      assertEquals(whole, 7); // of 200, every 33rd
      // The one before is not on record: it is told whole.
      await database.write(() => writeManifests(database, [{ trace: trace(1000), before: trace(999) }]));
      assertEquals(readManifest(database, shortFingerprint(trace(1000)[0])), manifestOf(trace(1000)));
      assertEquals(readManifest(database, "0123456789abcdef"), undefined);
    } finally {
      database.close();
    }
  },
);

// S6.9, S8.5
historyTest(
  "manifests of an older version are all there, whole and told as changes, and more are told by them",
  async (temp) => {
    const path = temp.file("h.db");
    {
      using old = new RawDatabase(path);
      for (const step of HISTORY_SCHEMA.steps.slice(0, 5)) old.exec(step);
      old.exec(`pragma application_id=${HISTORY_SCHEMA.applicationId}; pragma user_version=5`);
      const insert = old.prepare("insert into manifests (fingerprint, base, depth, content) values (?, ?, ?, ?)");
      const [first, second] = [1, 2].map((edits) => shortFingerprint(trace(edits)[0]));
      insert.run(first, null, 0, manifestText(trace(1)));
      insert.run(second, first, 1, changeText(trace(1), trace(2)));
    }
    const database = await openDatabase(path, { schema: HISTORY_SCHEMA, access: "write" });
    try {
      await database.write(() => writeManifests(database, [{ trace: trace(3), before: trace(2) }]));
      for (const edits of [1, 2, 3]) {
        assertEquals(readManifest(database, shortFingerprint(trace(edits)[0])), manifestOf(trace(edits)));
      }
      assertEquals(query(path, "select depth from manifests order by id").map((row) => ({ ...row as object })), [
        { depth: 0 },
        { depth: 1 },
        { depth: 2 },
      ]);
      // The same again changes nothing, whatever it is told by.
      await database.write(() =>
        writeManifests(database, [{ trace: trace(3), before: trace(1) }, { trace: trace(2) }, {
          trace: trace(1),
          before: trace(1),
        }])
      );
      assertEquals(query(path, "select 1 from manifests").length, 3);
    } finally {
      database.close();
    }
  },
);
