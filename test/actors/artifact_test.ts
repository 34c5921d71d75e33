// How an artifact comes to be, on real files and in one thread; several writers and crashes are in test/faults.
import { assert, assertEquals } from "@std/assert";
import {
  adoptInPlace,
  type Publication,
  publishConcatenation,
  publishContent,
  publishCopy,
  publishTemporary,
  removeIfPresent,
  type Target,
  temporaryPath,
} from "../../actors/artifact.ts";
import { sha256 } from "../../graph/digest.ts";

/** A folder with a target in it. */
class Place implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "troupe-test-" });
  readonly target: Target = {
    path: `${this.folder}/out/artifact`,
    name: "out/artifact",
    temporary: temporaryPath(`${this.folder}/out/artifact`, 3),
  };

  write(path: string, text: string): string {
    Deno.mkdirSync(`${this.folder}/out`, { recursive: true });
    Deno.writeTextFileSync(`${this.folder}/${path}`, text);
    return `${this.folder}/${path}`;
  }

  /** Names in the folder of the artifact. */
  names(): string[] {
    return [...Deno.readDirSync(`${this.folder}/out`)].map(({ name }) => name).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** Checks that a text was published, and is all there is. */
function assertPublished(place: Place, publication: Publication | undefined, text: string): void {
  assert(publication !== undefined && "published" in publication, JSON.stringify(publication));
  const { mtime, ino } = Deno.statSync(place.target.path);
  assertEquals(publication.published, {
    sha256: sha256(text),
    size: new TextEncoder().encode(text).length,
    mtimeMs: mtime!.getTime(),
    inode: ino!,
  });
  assertEquals(Deno.readTextFileSync(place.target.path), text);
  assertEquals(place.names(), ["artifact"]);
}

// S0.35
Deno.test("temporaryPath() is {output}.tmp.{pid}.{tid}", () => {
  assertEquals(temporaryPath("/x/out", 7), `/x/out.tmp.${Deno.pid}.7`);
});

// S0.34, S0.40
Deno.test("publishContent() makes folders as needed and answers with the digest", () => {
  using place = new Place();
  assertPublished(place, publishContent(place.target, "grüezi\n"), "grüezi\n");
  assertPublished(place, publishContent(place.target, ""), "");
});

// S0.34: the old artifact stands until the new one has its name
Deno.test("publishing gives the path a new file and leaves the old one whole for those who have it open", () => {
  using place = new Place();
  publishContent(place.target, "old");
  using open = Deno.openSync(place.target.path);
  assertPublished(place, publishContent(place.target, "new and longer"), "new and longer");
  const buffer = new Uint8Array(100);
  assertEquals(new TextDecoder().decode(buffer.subarray(0, open.readSync(buffer)!)), "old");
});

Deno.test("publishTemporary() publishes what a command left at the temporary path, mode included", () => {
  using place = new Place();
  Deno.chmodSync(place.write(`out/artifact.tmp.${Deno.pid}.3`, "made"), 0o750);
  assertPublished(place, publishTemporary(place.target), "made");
  assertEquals(Deno.statSync(place.target.path).mode! & 0o777, 0o750);
});

Deno.test("publishConcatenation() joins files in order, whatever their size", () => {
  using place = new Place();
  const large = "0123456789".repeat(100_000);
  const paths = [place.write("b", "second"), place.write("a", large), place.write("c", "")];
  assertPublished(place, publishConcatenation(place.target, paths, ["b", "a", "c"]), "second" + large);
  assertPublished(place, publishConcatenation(place.target, [], []), "");
});

// S0.39
Deno.test("publishConcatenation() names a source that is gone, and leaves nothing", () => {
  using place = new Place();
  publishContent(place.target, "old");
  const publication = publishConcatenation(place.target, [place.write("a", "x"), `${place.folder}/no`], ["a", "no"]);
  assertEquals(publication, { failure: { kind: "source", path: "no", detail: "No such file or directory" } });
  assertEquals([place.names(), Deno.readTextFileSync(place.target.path)], [["artifact"], "old"]);
});

Deno.test("publishCopy() copies content and mode, and only what is still as it should be", () => {
  using place = new Place();
  const from = place.write("from", "text");
  Deno.chmodSync(from, 0o755);
  assertPublished(place, publishCopy(place.target, from, sha256("text")), "text");
  assertEquals(Deno.statSync(place.target.path).mode! & 0o777, 0o755);
  assertEquals(publishCopy(place.target, from, sha256("other")), undefined);
  assertEquals(publishCopy(place.target, `${place.folder}/none`, sha256("text")), undefined);
  assertEquals([place.names(), Deno.readTextFileSync(place.target.path)], [["artifact"], "text"]);
});

// S0.40
Deno.test("an artifact that is not as expected is not published, and the last one stands", () => {
  using place = new Place();
  publishContent(place.target, "old");
  const target = { ...place.target, expectedSha256: sha256("expected") };
  const failure = { kind: "checksum", path: "out/artifact", expected: sha256("expected"), actual: sha256("new") };
  assertEquals(publishContent(target, "new"), { failure } as Publication);
  place.write(`out/artifact.tmp.${Deno.pid}.3`, "new");
  assertEquals(publishTemporary(target), { failure } as Publication);
  assertEquals([place.names(), Deno.readTextFileSync(place.target.path)], [["artifact"], "old"]);
  assertPublished(place, publishContent(target, "expected"), "expected");
});

// S0.40
Deno.test("adoptInPlace() takes an artifact where it lies, and deletes one that is not as expected", () => {
  using place = new Place();
  place.write("out/artifact", "in place");
  assertPublished(place, adoptInPlace(place.target), "in place");
  const target = { ...place.target, expectedSha256: sha256("else") };
  const publication = adoptInPlace(target);
  assert("failure" in publication && publication.failure.kind === "checksum");
  assertEquals(place.names(), []);
});

// S0.39
Deno.test("publishing tells what the system refused, and leaves no temporary file", () => {
  using place = new Place();
  place.write("out/artifact", "");
  Deno.removeSync(place.target.path);
  Deno.mkdirSync(`${place.target.path}/taken`, { recursive: true });
  const publication = publishContent(place.target, "text");
  assertEquals(publication, {
    failure: { kind: "io", doing: "write artifact", path: "out/artifact", detail: "Is a directory" },
  });
  assertEquals(place.names(), ["artifact"]);
});

Deno.test("removeIfPresent() removes a file or folder, and minds nothing that is not there", () => {
  using place = new Place();
  const path = place.write("a", "");
  removeIfPresent(path);
  removeIfPresent(path);
  Deno.mkdirSync(`${path}/b/c`, { recursive: true });
  removeIfPresent(path);
  assertEquals([...Deno.readDirSync(place.folder)].map(({ name }) => name), ["out"]);
});
