/**
 * Owns a thread that reads large files for their digests, one at a time. It looks between two pieces whether anybody
 * still wants to know.
 *
 * @module
 */
import { beginSha256 } from "../../graph/digest.ts";
import type { HashAnswer, HashQuestion } from "./hash_threads.ts";
import { openRegular } from "../machine/regular_file.ts";
import { lookAt, stampOf } from "../machine/stamp.ts";
import { unreadable } from "../machine/system_error.ts";

/** Read in one go: some milliseconds' work. */
const PIECE = 1024 * 1024;

const thread = self as unknown as {
  onmessage: (event: MessageEvent<HashQuestion>) => void;
  postMessage(answer: HashAnswer): void;
};

thread.onmessage = ({ data }) => thread.postMessage(answer(data));

function answer({ path, stop }: HashQuestion): HashAnswer {
  const isStopped = new Int32Array(stop);
  try {
    const { link } = lookAt(path);
    using file = openRegular(path);
    const stamp = stampOf(file.statSync(), link);
    const hash = beginSha256();
    const buffer = new Uint8Array(PIECE);
    for (let read; (read = file.readSync(buffer)) !== null;) {
      if (Atomics.load(isStopped, 0) !== 0) return { detail: "stopped", missing: false };
      hash.update(buffer.subarray(0, read));
    }
    return { stamp, sha256: hash.digest("hex") };
  } catch (error) {
    return unreadable(error);
  }
}
