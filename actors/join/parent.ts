/**
 * Owns a member's tie to the process that started it: when that process ends, however it ends, the member is asked to end
 * as by SIGTERM, so that none is left behind.
 *
 * The tie is the member's input, whose other end only the parent holds. There is nothing to poll, no pid that could be
 * given to another process, and no instant after the start in which the parent's death would go unseen.
 *
 * @module
 */

/** Ends this process in good order once its input ends. It does not return before that; nobody needs to await it. */
export async function endWithParent(): Promise<void> {
  const bytes = new Uint8Array(64);
  try {
    while (await Deno.stdin.read(bytes) !== null);
  } catch {
    // an input that cannot be read says as much
  }
  Deno.kill(Deno.pid, "SIGTERM");
}
