// How an artifact comes to be, on real files and in one thread; several writers and crashes are in test/faults.
import { assert, assertEquals } from "@std/assert";
import {
  adoptInPlace,
  publishConcatenation,
  publishContent,
  publishCopy,
  publishTemporary,
  removeIfPresent,
} from "../../../actors/storage/artifact.ts";
import { temporaryPath } from "../../../actors/storage/temporaries.ts";
import type { ArtifactTarget, Publication } from "../../../actors/storage/publication.ts";
import { lookAt } from "../../../actors/machine/stamp.ts";
import { sha256 } from "../../../graph/digest.ts";
import { isTemporary } from "../../../graph/own_files.ts";

/** A folder with a target in it. */
class Place implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "troupe-test-" });
  readonly target: ArtifactTarget = {
    folder: this.folder,
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
  assertEquals(publication.published, [
    { path: "out/artifact", sha256: sha256(text), ...lookAt(place.target.path) },
  ]);
  assertEquals(Deno.readTextFileSync(place.target.path), text);
  assertEquals(place.names(), ["artifact"]);
}

// S0.35, K71
Deno.test("temporaryPath() is {output}.tmp.{pid}.{tid}, with a crew's claim for the process id", () => {
  assertEquals(temporaryPath("/x/out", 7), `/x/out.tmp.${Deno.pid}.7`);
  assertEquals(temporaryPath("/x/out", 7, 2 ** 50), "/x/out.tmp.1125899906842624.7");
  assert(isTemporary(temporaryPath("out", 7, 2 ** 50)));
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
  assertPublished(place, publishCopy(place.target, from, { sha256: sha256("text") }), "text");
  assertEquals(Deno.statSync(place.target.path).mode! & 0o777, 0o755);
  assertEquals(publishCopy(place.target, from, { sha256: sha256("other") }), undefined);
  assertEquals(publishCopy(place.target, `${place.folder}/none`, { sha256: sha256("text") }), undefined);
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
  assertPublished(place, adoptInPlace(place.target, { isRewritten: true }), "in place");
  const target = { ...place.target, expectedSha256: sha256("else") };
  const publication = adoptInPlace(target, { isRewritten: true });
  assert("failure" in publication && publication.failure.kind === "checksum");
  assertEquals(place.names(), []);
});

// K121
Deno.test("adoptInPlace() follows no link out of the config's folder, and spares what it leads to", () => {
  using place = new Place();
  using outside = new Place();
  const victim = outside.write("out/victim", "theirs");
  place.write("inside", "ours");
  Deno.symlinkSync(victim, place.target.path);
  assertEquals(adoptInPlace(place.target, { isRewritten: true }), {
    failure: {
      kind: "io",
      doing: "publish artifact",
      path: "out/artifact",
      detail: "it is a link that leads out of the config's folder",
    },
  });
  assertEquals(Deno.readTextFileSync(victim), "theirs");
  Deno.removeSync(place.target.path);
  Deno.symlinkSync("../inside", place.target.path);
  const publication = adoptInPlace(place.target, { isRewritten: true });
  assert("published" in publication && publication.published[0].sha256 === sha256("ours"));
});

// K4
Deno.test("adoptInPlace() deletes nothing that its command has not written", () => {
  using place = new Place();
  place.write("out/artifact", "left as it was");
  const publication = adoptInPlace({ ...place.target, expectedSha256: sha256("else") }, { isRewritten: false });
  assert("failure" in publication && publication.failure.kind === "checksum");
  assertEquals(Deno.readTextFileSync(place.target.path), "left as it was");
});

// K5
Deno.test("publishTemporary() leaves no second name of an artifact that is the very file in place", () => {
  using place = new Place();
  const one = place.write("one", "one");
  for (const text of ["one", "another"]) {
    Deno.writeTextFileSync(one, text);
    place.write("out/.keep", "");
    Deno.linkSync(one, place.target.temporary);
    Deno.removeSync(`${place.folder}/out/.keep`);
    assertPublished(place, publishTemporary(place.target), text);
  }
});

// K3
for (const [what, make] of Object.entries({ FIFO: ["mkfifo"], folder: ["mkdir", "-p"] })) {
  Deno.test(`a ${what} is never opened, and no artifact`, () => {
    using place = new Place();
    place.write("out/whole", "whole");
    const odd = `${place.folder}/odd`;
    const at = (path: string) => {
      const { success } = new Deno.Command(make[0], { args: [...make.slice(1), path] }).outputSync();
      assert(success);
    };
    at(odd);
    at(place.target.temporary);
    const failure = { kind: "io", doing: "publish artifact", path: "out/artifact", detail: "not a regular file" };
    assertEquals(publishTemporary(place.target), { failure } as Publication);
    assertEquals(place.names(), ["whole"]);
    at(place.target.path);
    assertEquals(adoptInPlace(place.target, { isRewritten: false }), { failure } as Publication);
    assertEquals(publishCopy(place.target, odd, { sha256: sha256("") }), undefined);
    assertEquals(publishConcatenation(place.target, [`${place.folder}/out/whole`, odd], ["whole", "odd"]), {
      failure: { kind: "source", path: "odd", detail: "not a regular file" },
    });
    assertEquals(place.names(), ["artifact", "whole"]);
  });
}

// S0.39
Deno.test("publishing tells what the system refused, and leaves no temporary file", () => {
  using place = new Place();
  place.write("out/artifact", "");
  Deno.removeSync(place.target.path);
  Deno.mkdirSync(`${place.target.path}/taken`, { recursive: true });
  const publication = publishContent(place.target, "text");
  assertEquals(publication, {
    failure: { kind: "io", doing: "publish artifact", path: "out/artifact", detail: "not a regular file" },
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
