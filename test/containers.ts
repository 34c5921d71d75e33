/**
 * Owns the starting of programs in pid namespaces of their own, as containers have them, for tests of what processes know
 * of each other there.
 *
 * @module
 */

/** What a program is started with to be in a namespace of its own, and to end with it. */
export const OWN_NAMESPACE: readonly string[] = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];

/** Whether that is permitted here. */
export const CAN_UNSHARE = canUnshare();

function canUnshare(): boolean {
  try {
    const [program, ...args] = [...OWN_NAMESPACE, "true"];
    if (new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().success) return true;
  } catch {
    // there is no such program
  }
  console.log("Skipping what needs pid namespaces of its own: unshare is not permitted here");
  return false;
}
